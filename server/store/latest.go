package store

import (
	"context"
	"slices"
	"sync"
)

// latest asks the database how new a home is, so that a picture in memory is never taken for the present when another
// process has committed a change. Its cost is bounded: one question is under way at a time, and those who come
// meanwhile share the next one, which begins after they came. So a single client pays a round trip for each request,
// and a hundred at once pay a few between them.
type latest struct {
	ask func(owners []string) (map[string]version, error)

	mu      sync.Mutex
	running bool
	next    *question // nil: nobody waits for one
}

// version is what tells one picture of a home from another.
type version struct{ id, change int64 }

// seenBy says whether a picture is not older.
func (v version) seenBy(h *Home) bool { return h.ID == v.id && h.Change >= v.change }

type question struct {
	owners map[string]struct{}
	done   chan struct{}
	found  map[string]version // valid after done, as err
	err    error
}

// of finds the version of the owner's home, as new as any commit that returned before the call. Without a home it is
// zero.
func (l *latest) of(ctx context.Context, owner string) (version, error) {
	l.mu.Lock()
	q := l.next
	if q == nil {
		q = &question{owners: map[string]struct{}{}, done: make(chan struct{})}
		l.next = q
	}
	q.owners[owner] = struct{}{}
	leads := !l.running
	l.running = true
	l.mu.Unlock()
	if leads {
		l.runNext()
	}
	select {
	case <-q.done:
		return q.found[owner], q.err
	case <-ctx.Done():
		return version{}, ctx.Err()
	}
}

// runNext asks the question that waits, and leaves the one after it to another goroutine.
func (l *latest) runNext() {
	l.mu.Lock()
	q := l.next
	l.next = nil
	l.running = q != nil
	l.mu.Unlock()
	if q == nil {
		return
	}
	owners := make([]string, 0, len(q.owners))
	for owner := range q.owners {
		owners = append(owners, owner)
	}
	q.found, q.err = l.ask(owners)
	close(q.done)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next == nil {
		l.running = false
		return
	}
	go l.runNext()
}

// askVersions reads the versions of homes, and the epoch with them.
func (e *postgresEngine) askVersions(owners []string) (map[string]version, error) {
	c, err := e.asking.take(context.Background())
	if err != nil {
		return nil, err
	}
	defer e.asking.give(c)
	owners = slices.DeleteFunc(owners, func(owner string) bool { return !storable(owner) })
	rows, err := c.query(`SELECT owner, id, change, (SELECT epoch FROM store_state WHERE id = 1)
		FROM home WHERE owner = ANY($1)`, owners)
	if err != nil {
		return nil, err
	}
	found := make(map[string]version, len(owners))
	for rows.Next() {
		var owner string
		var v version
		var epoch int64
		if err := rows.Scan(&owner, &v.id, &v.change, &epoch); err != nil {
			rows.Close()
			return nil, err
		}
		found[owner] = v
		e.s.epoch.Store(epoch)
	}
	return found, rows.Close()
}
