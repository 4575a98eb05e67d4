package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Home is everything known of one calendar home but its objects. A *Home and all that it leads to is immutable and
// may be shared and kept: it is the picture as of Change.
type Home struct {
	ID    int64
	Owner string // the principal's GUID in lower case

	// Change is the number of the last change to the home or to anything below it. Every change to anything in the
	// home takes the next number, so that the numbers of one collection rise too, with gaps.
	Change      int64
	Collections []*Collection // sorted by Name, bytewise
	Properties  Properties    // of the home itself
	Created     time.Time
}

// Collection returns the collection of that name, nil if there is none.
func (h *Home) Collection(name string) *Collection {
	i, found := h.search(name)
	if !found {
		return nil
	}
	return h.Collections[i]
}

func (h *Home) search(name string) (at int, found bool) {
	return slices.BinarySearchFunc(h.Collections, name, func(c *Collection, name string) int {
		return strings.Compare(c.Name, name)
	})
}

// CollectionByID returns the collection with that id, nil if there is none.
func (h *Home) CollectionByID(id int64) *Collection {
	for _, c := range h.Collections {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// Home returns the picture of the owner's home (GUID in lower case), as new as the last Write that returned;
// ErrNotFound. As a rule it comes from memory.
func (s *Store) Home(ctx context.Context, owner string) (*Home, error) {
	load := func() (h *Home, err error) {
		err = s.Read(ctx, func(tx *Tx) error {
			h, err = tx.loadHome(owner)
			return err
		})
		return h, err
	}
	if s.latest == nil {
		return s.homes.home(owner, load)
	}
	for {
		now, err := s.latest.of(ctx, owner)
		if err != nil {
			return nil, s.engine.explain(err)
		}
		if now.id == 0 {
			return nil, ErrNotFound
		}
		if held := s.homes.peek(owner); held != nil && !now.seenBy(held) {
			s.homes.forget(held)
		}
		h, err := s.homes.home(owner, load)
		if errors.Is(err, ErrNotFound) || err == nil && !now.seenBy(h) {
			continue // it changed meanwhile, or the load began before we asked
		}
		return h, err
	}
}

// Owners lists the owners of all homes, sorted.
func (s *Store) Owners(ctx context.Context) (owners []string, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		owners, err = collect(tx.rows("SELECT owner FROM home"), func(r cursor) (owner string, err error) {
			err = r.Scan(&owner)
			return owner, err
		})
		return err
	})
	slices.Sort(owners)
	return owners, err
}

// Home is the owner's home as this transaction sees it; ErrNotFound. In a writing transaction it shows the changes
// made so far, while a *Home returned earlier stays as it was.
func (tx *Tx) Home(owner string) (*Home, error) {
	if tx.write {
		return tx.workOn(owner)
	}
	return tx.loadHome(owner)
}

// loadHome reads a home with its collections and all their properties. A picture in memory may be newer or older than
// what this transaction sees: the numbers tell. A writing transaction locks the home, so that what it sees stays true.
func (tx *Tx) loadHome(owner string) (*Home, error) {
	held := tx.s.homes.peek(owner)
	h := &Home{Owner: owner}
	var created int64
	err := tx.row("SELECT id, change, created FROM home WHERE owner = $1"+tx.rowLock, []any{owner},
		&h.ID, &h.Change, &created)
	if err != nil {
		return nil, err
	}
	if held != nil && held.ID == h.ID && held.Change == h.Change {
		return held, nil
	}
	h.Created = fromMicroseconds(created)
	if h.Collections, err = tx.loadCollections(h.ID); err != nil {
		return nil, err
	}
	properties, err := tx.loadProperties(h.ID)
	if err != nil {
		return nil, err
	}
	h.Properties = properties[idTarget(h.ID)]
	for _, c := range h.Collections {
		c.Properties = properties[idTarget(c.ID)]
	}
	return h, nil
}

// idTarget is how the table property names what has an id.
func idTarget(id int64) string { return strconv.FormatInt(id, 10) }

// CreateHome makes a home with its first collections; ErrExists if the owner has one.
func (tx *Tx) CreateHome(owner string, collections []NewCollection) (*Home, error) {
	if _, err := tx.workOn(owner); !errors.Is(err, ErrNotFound) {
		return nil, cmp.Or(err, ErrExists)
	}
	h := &Home{ID: tx.s.newID(), Owner: owner, Change: 1, Created: tx.now}
	n, err := tx.count(`INSERT INTO home (id, owner, change, created) VALUES ($1, $2, $3, $4)
		ON CONFLICT (owner) DO NOTHING`, h.ID, owner, h.Change, microseconds(h.Created))
	if err != nil {
		return nil, err
	}
	if n == 0 { // made meanwhile by another process
		return nil, ErrExists
	}
	tx.takeUp(owner, h)
	tx.tell(h, 0, "", false)
	for _, c := range collections {
		if _, err := tx.CreateCollection(h.ID, c); err != nil {
			return nil, err
		}
	}
	return tx.workOn(owner)
}

// DeleteHome removes a home with everything in it, its logs included; ErrNotFound.
func (tx *Tx) DeleteHome(owner string) error {
	h, err := tx.workOn(owner)
	if err != nil {
		return err
	}
	for _, c := range h.Collections {
		if err := tx.dropCollection(c.ID); err != nil {
			return err
		}
	}
	if err := tx.purgeDiscardedOf(h.ID); err != nil {
		return err
	}
	for _, bucket := range []string{BusyLinks, Imports, Delegates} {
		if err := tx.DeleteValue(bucket, owner); err != nil {
			return err
		}
	}
	err = tx.execs([]any{h.ID},
		"DELETE FROM property WHERE holder = $1",
		"DELETE FROM collection WHERE home_id = $1",
		"DELETE FROM collection_tombstone WHERE home_id = $1",
		"DELETE FROM group_attendee WHERE home_id = $1",
		"DELETE FROM home WHERE id = $1")
	if err != nil {
		return err
	}
	gone := *h
	gone.Change++
	tx.homes[owner] = workingHome{}
	tx.tell(&gone, 0, "", true)
	return nil
}

// Usage is the number of objects in a home's collections and their total size in octets.
func (tx *Tx) Usage(homeID int64) (objects, size int64, err error) {
	if err := tx.hold(homeID); err != nil {
		return 0, 0, err
	}
	err = tx.row(`SELECT count(*), CAST(coalesce(sum(o.size), 0) AS BIGINT)
		FROM collection c JOIN object o ON o.collection_id = c.id WHERE c.home_id = $1`,
		[]any{homeID}, &objects, &size)
	return objects, size, err
}

// Counts is the number of objects in each collection of a home that has any, by id.
func (tx *Tx) Counts(homeID int64) (map[int64]int, error) {
	if err := tx.hold(homeID); err != nil {
		return nil, err
	}
	all := map[int64]int{}
	rows := tx.rows(`SELECT o.collection_id, count(*) FROM collection c JOIN object o ON o.collection_id = c.id
		WHERE c.home_id = $1 GROUP BY o.collection_id`, homeID)
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		var id int64
		var n int
		if err := r.Scan(&id, &n); err != nil {
			return nil, err
		}
		all[id] = n
	}
	return all, nil
}

// sortCollections puts them in the order of Home.Collections, which is no collation's.
func sortCollections(all []*Collection) {
	slices.SortFunc(all, func(a, b *Collection) int { return strings.Compare(a.Name, b.Name) })
}
