package ical

import (
	linked "container/list"
	"sync"
	"time"
)

// Cache keeps objects that were read for their times, so that what is asked
// about often, a recurring series above all, is parsed once. It is bounded: what
// was not asked about for longest goes first. It is safe for concurrent use; a nil
// Cache keeps nothing.
//
// An object is known by a hash of its bytes, so that one in the cache is never
// stale: when its bytes change, so does the name that it is looked for by.
type Cache struct {
	mu    sync.Mutex
	room  int // octets, by footprint
	taken int
	kept  map[cacheKey]*linked.Element // of *Kept
	order linked.List                  // the one asked about last comes first
}

// cacheKey is all that an [Object] depends on.
type cacheKey struct {
	hash     string
	floating *time.Location
	abridged bool // it is from readEvent
}

// Kept is an object that several may want to use at the same time.
type Kept struct {
	key  cacheKey
	size int

	mu sync.Mutex // Object is not safe for concurrent use
	o  *Object
}

// Use calls f with the object, which is nobody else's until f returns.
func (k *Kept) Use(f func(*Object)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(k.o)
}

// NewCache returns a cache for objects of so many octets of memory, more or less.
func NewCache(room int) *Cache {
	return &Cache{room: room, kept: map[cacheKey]*linked.Element{}}
}

// Find returns the object whose bytes have that hash, nil if it is not kept.
// Its floating times and dates are in the given location, UTC if nil.
func (c *Cache) Find(hash string, floating *time.Location) *Kept {
	return c.find(keyOf(hash, floating))
}

// FindTimes is Find for somebody who needs no more than [Cache.ReadTimes] gives.
func (c *Cache) FindTimes(hash string, floating *time.Location) *Kept {
	key := keyOf(hash, floating)
	whole := c.find(key)
	if whole != nil {
		return whole
	}
	key.abridged = true
	return c.find(key)
}

func (c *Cache) find(key cacheKey) *Kept {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.kept[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*Kept)
}

// Read returns the object that the data holds, as [Parse] and [NewObject] read it,
// and keeps it. The hash must be one of all of the data.
func (c *Cache) Read(hash string, floating *time.Location, data []byte) (*Kept, error) {
	key := keyOf(hash, floating)
	if k := c.find(key); k != nil {
		return k, nil
	}
	cal, err := Parse(data)
	if err != nil {
		return nil, err
	}
	k := &Kept{key: key, size: footprint(len(data)), o: NewObject(cal, floating)}
	c.keep(k)
	return k, nil
}

// ReadTimes is Read for somebody who asks when an object takes time, whose, and
// what it is called: an event may come without the rest, which is not parsed.
func (c *Cache) ReadTimes(hash string, floating *time.Location, data []byte) (*Kept, error) {
	if k := c.FindTimes(hash, floating); k != nil {
		return k, nil
	}
	o, size := readEvent(data, floating)
	if o == nil {
		return c.Read(hash, floating, data)
	}
	k := &Kept{key: keyOf(hash, floating), size: footprint(size), o: o}
	k.key.abridged = true
	c.keep(k)
	return k, nil
}

func keyOf(hash string, floating *time.Location) cacheKey {
	if floating == nil {
		floating = time.UTC
	}
	return cacheKey{hash: hash, floating: floating}
}

// footprint estimates the memory of an object by the size of its source: that, for each line of
// which there is a property, and what is the same for all. Measured, it is right
// to a few per cent for events of 100 octets to 10,000.
func footprint(size int) int { return 4*size + 2560 }

func (c *Cache) keep(k *Kept) {
	if c == nil || k.size > c.room || !lasting(k.key.floating) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept[k.key] != nil {
		return // somebody was quicker
	}
	c.kept[k.key] = c.order.PushFront(k)
	c.taken += k.size
	for c.taken > c.room {
		oldest := c.order.Remove(c.order.Back()).(*Kept)
		delete(c.kept, oldest.key)
		c.taken -= oldest.size
	}
}

// lasting says whether a location will be asked about again: those made of a
// VTIMEZONE are new each time.
func lasting(loc *time.Location) bool {
	known, ok := LookupZone(loc.String())
	return loc == time.UTC || ok && known == loc
}
