package store

import (
	"container/list"
	"sync"
)

// homeCache keeps the pictures of the homes used last. What it holds is never older than the last commit: a commit
// publishes its homes before its Write returns, and spoils the loads under way, whose snapshot may be older.
type homeCache struct {
	mu      sync.Mutex
	size    int
	byOwner map[string]*list.Element // of *Home
	order   *list.List               // the last used first
	owners  map[int64]string         // of the homes held, by id of home and of collection
	loads   map[string]*homeLoad     // under way
}

// homeLoad is one reading of a home that all who ask for it wait for.
type homeLoad struct {
	done    chan struct{}
	home    *Home // valid after done, unless spoiled
	err     error
	spoiled bool // a commit changed the home since the load began
}

func newHomeCache(size int) *homeCache {
	return &homeCache{size: size, byOwner: map[string]*list.Element{}, order: list.New(),
		owners: map[int64]string{}, loads: map[string]*homeLoad{}}
}

// peek returns the picture held, nil if there is none.
func (c *homeCache) peek(owner string) *Home {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.get(owner)
}

// owner finds the owner of the home or collection with that id among the homes held.
func (c *homeCache) owner(id int64) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	owner, ok := c.owners[id]
	return owner, ok
}

// home returns the picture held, or reads it by read, once for all that ask at the same time.
func (c *homeCache) home(owner string, read func() (*Home, error)) (*Home, error) {
	for {
		c.mu.Lock()
		if h := c.get(owner); h != nil {
			c.mu.Unlock()
			return h, nil
		}
		l, running := c.loads[owner]
		if !running {
			l = &homeLoad{done: make(chan struct{})}
			c.loads[owner] = l
		}
		c.mu.Unlock()
		if running {
			<-l.done
		} else {
			c.run(owner, l, read)
		}
		if !l.spoiled {
			return l.home, l.err
		}
	}
}

// run reads a home and keeps it. A load that panics or ends early leaves its companions to try for themselves.
func (c *homeCache) run(owner string, l *homeLoad, read func() (*Home, error)) {
	finished := false
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.loads, owner)
		l.spoiled = l.spoiled || !finished
		if !l.spoiled && l.err == nil {
			c.put(l.home)
		}
		close(l.done)
	}()
	l.home, l.err = read()
	finished = true
}

// publish takes over the homes of a commit.
func (c *homeCache) publish(homes map[string]workingHome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for owner, w := range homes {
		if l := c.loads[owner]; l != nil {
			l.spoiled = true
		}
		if w.now == nil {
			c.remove(owner)
			continue
		}
		c.put(w.now)
	}
}

// forget drops a picture that is out of date, if it is still the one held.
func (c *homeCache) forget(h *Home) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byOwner[h.Owner]; e != nil && e.Value.(*Home) == h {
		c.remove(h.Owner)
	}
}

// clear forgets everything, when it is not known what a commit did.
func (c *homeCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.loads {
		l.spoiled = true
	}
	clear(c.byOwner)
	clear(c.owners)
	c.order.Init()
}

// get, put and remove are called with mu held.

func (c *homeCache) get(owner string) *Home {
	e := c.byOwner[owner]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*Home)
}

func (c *homeCache) put(h *Home) {
	e := c.byOwner[h.Owner]
	if e != nil && e.Value.(*Home) == h {
		return
	}
	if e == nil {
		e = c.order.PushFront(h)
		c.byOwner[h.Owner] = e
	} else {
		c.forgetIDs(e.Value.(*Home))
		e.Value = h
		c.order.MoveToFront(e)
	}
	c.owners[h.ID] = h.Owner
	for _, col := range h.Collections {
		c.owners[col.ID] = h.Owner
	}
	if c.order.Len() > c.size {
		c.remove(c.order.Back().Value.(*Home).Owner)
	}
}

func (c *homeCache) remove(owner string) {
	e := c.byOwner[owner]
	if e == nil {
		return
	}
	c.forgetIDs(e.Value.(*Home))
	delete(c.byOwner, owner)
	c.order.Remove(e)
}

func (c *homeCache) forgetIDs(h *Home) {
	delete(c.owners, h.ID)
	for _, col := range h.Collections {
		delete(c.owners, col.ID)
	}
}
