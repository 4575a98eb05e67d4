package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// news carries the changes of each process to the observers of the others by NOTIFY. It is no part of the writing
// transactions, since PostgreSQL lets only one that notifies commit at a time; and nothing relies on it: pictures of
// homes are compared with the database, see latest.
type news struct {
	e    *postgresEngine
	node string // tells our own from others'
	end  context.CancelFunc
	all  sync.WaitGroup

	mu      sync.Mutex
	pending []Change
	wake    chan struct{} // holds one when there is something pending
}

// The channel, and the longest text that a notification may have (PostgreSQL manual, NOTIFY).
const (
	newsChannel = "calport"
	maxNews     = 7999
)

// bulletin is the text of a notification.
type bulletin struct {
	Node    string
	Changes []Change
}

func startNews(ctx context.Context, e *postgresEngine) (*news, error) {
	c, err := listen(ctx, e)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	n := &news{e: e, node: uuid.NewString(), end: end, wake: make(chan struct{}, 1)}
	n.all.Go(func() { n.hear(ctx, c) })
	n.all.Go(func() { n.send(ctx) })
	return n, nil
}

func (n *news) stop() {
	if n == nil {
		return
	}
	n.end()
	n.all.Wait()
}

// announce has others told of changes, soon.
func (n *news) announce(changes []Change) {
	if len(changes) == 0 {
		return
	}
	n.mu.Lock()
	n.pending = append(n.pending, changes...)
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *news) take() []Change {
	n.mu.Lock()
	defer n.mu.Unlock()
	changes := n.pending
	n.pending = nil
	return changes
}

// send tells of what is pending until the end, and then of the rest.
func (n *news) send(ctx context.Context) {
	for more := true; more; {
		select {
		case <-n.wake:
		case <-ctx.Done():
			more = false
		}
		if err := n.notify(n.take()); err != nil {
			n.e.s.log.Warn("store: other nodes hear nothing of some changes", "error", n.e.explain(err))
		}
	}
}

func (n *news) notify(changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	c, err := n.e.writers.take(context.Background())
	if err != nil {
		return err
	}
	defer n.e.writers.give(c)
	if err := c.begin(true); err != nil {
		return err
	}
	for _, text := range n.bulletins(changes) {
		if err := c.exec("SELECT pg_notify($1, $2)", newsChannel, text); err != nil {
			return errors.Join(err, c.rollback())
		}
	}
	if err := c.commit(); err != nil {
		return errors.Join(err, c.rollback())
	}
	return nil
}

// bulletins packs changes into as few texts as may be. A name too long for one is left out: the collection changed.
func (n *news) bulletins(changes []Change) []string {
	text, err := json.Marshal(bulletin{n.node, changes})
	switch {
	case err != nil:
		return nil // nothing in a Change can fail to be marshalled
	case len(text) <= maxNews:
		return []string{string(text)}
	case len(changes) == 1:
		changes[0].Object = ""
		changes[0].Deleted = false
		text, _ = json.Marshal(bulletin{n.node, changes})
		return []string{string(text)}
	}
	half := len(changes) / 2
	return append(n.bulletins(changes[:half:half]), n.bulletins(slices.Clone(changes[half:]))...)
}

// listen opens a connection that hears of the changes of others.
func listen(ctx context.Context, e *postgresEngine) (*postgresConn, error) {
	return openPostgresConn(ctx, e.db, readerSettings+"; LISTEN "+newsChannel)
}

// hear passes on what others tell, until the end. A lost connection is replaced.
func (n *news) hear(ctx context.Context, c *postgresConn) {
	for {
		err := n.follow(ctx, c)
		lostAt := n.e.s.now()
		c.close()
		if ctx.Err() != nil {
			return
		}
		n.e.s.log.Warn("store: nothing is heard of other nodes", "error", n.e.explain(lost(err)))
		for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
			if c, err = listen(ctx, n.e); err == nil {
				break
			}
			pause(ctx, wait)
			if ctx.Err() != nil {
				return
			}
		}
		if err := n.tellMissed(ctx, lostAt); err != nil {
			n.e.s.log.Warn("store: some changes of other nodes stay unheard", "error", n.e.explain(err))
		}
	}
}

// follow passes on notifications until the connection fails.
func (n *news) follow(ctx context.Context, c *postgresConn) error {
	for {
		said, err := c.pg.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var b bulletin
		if err := json.Unmarshal([]byte(said.Payload), &b); err != nil {
			n.e.s.log.Warn("store: a notification of somebody else", "channel", newsChannel, "error", err)
			continue
		}
		if b.Node == n.node {
			continue
		}
		for _, ch := range b.Changes {
			if held := n.e.s.homes.peek(ch.HomeOwner); held != nil && held.Change < ch.Number {
				n.e.s.homes.forget(held)
			}
		}
		n.e.s.tell(b.Changes)
	}
}

// clockSlack is by how much the clocks of two nodes may differ before missed changes stay unheard.
const clockSlack = time.Minute

// tellMissed tells of collections that changed while nothing was heard. What is gone by now is not found.
func (n *news) tellMissed(ctx context.Context, since time.Time) error {
	var missed []Change
	err := n.e.s.Read(ctx, func(tx *Tx) (err error) {
		rows := tx.rows(`SELECT h.owner, c.id, c.change FROM collection c JOIN home h ON h.id = c.home_id
			WHERE c.modified >= $1 ORDER BY c.change`, microseconds(since.Add(-clockSlack)))
		missed, err = collect(rows, func(r cursor) (ch Change, err error) {
			err = r.Scan(&ch.HomeOwner, &ch.CollectionID, &ch.Number)
			return ch, err
		})
		return err
	})
	n.e.s.tell(missed)
	return err
}
