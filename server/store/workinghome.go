package store

import (
	"errors"
	"slices"
)

// workingHome is a home that a writing transaction has looked at. Its change numbers are counted here and written by
// flush, once before the commit, however many objects were written. Everything else is written at once.
type workingHome struct {
	stored *Home // what the tables say, as to change numbers; nil: there is none
	now    *Home // with the changes of this transaction; nil: deleted
}

// workOn finds a home among those that this transaction works on, or takes it up. Where one process does all the
// writing, by turns, what the cache holds is what the tables hold.
func (tx *Tx) workOn(owner string) (*Home, error) {
	if !tx.write {
		return nil, errReadOnly
	}
	if err := tx.usable(); err != nil {
		return nil, err
	}
	w, ok := tx.homes[owner]
	if !ok {
		var h *Home
		if tx.rowLock == "" {
			h = tx.s.homes.peek(owner)
		}
		if h == nil {
			var err error
			if h, err = tx.loadHome(owner); err != nil {
				return nil, err
			}
		}
		w = tx.takeUp(owner, h)
	}
	if w.now == nil {
		return nil, ErrNotFound
	}
	return w.now, nil
}

func (tx *Tx) takeUp(owner string, h *Home) workingHome {
	w := workingHome{stored: h, now: h}
	tx.homes[owner] = w
	if tx.heldHome != nil {
		tx.heldHome(owner)
	}
	return w
}

// hold keeps what a writing transaction reads of a home true until its end, where other processes write too: it locks
// the home that has the id, or that has the collection with the id, if there is any.
func (tx *Tx) hold(id int64) error {
	if tx.rowLock == "" || id == 0 {
		return nil
	}
	if _, err := tx.workOnID(id); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// workOnID finds the home that has the id, or that has the collection with the id.
func (tx *Tx) workOnID(id int64) (*Home, error) {
	has := func(h *Home) bool { return h != nil && (h.ID == id || h.CollectionByID(id) != nil) }
	owner, known := tx.s.homes.owner(id)
	if known { // an invitation of many has as many homes in its transaction
		if h := tx.homes[owner].now; has(h) {
			return h, nil
		}
	}
	for _, w := range tx.homes {
		if has(w.now) {
			return w.now, nil
		}
	}
	if known {
		if h, err := tx.workOn(owner); err != nil || has(h) {
			return h, err
		}
		return nil, ErrNotFound // removed by this transaction
	}
	err := tx.row(`SELECT owner FROM home WHERE id = $1 UNION ALL
		SELECT h.owner FROM collection c JOIN home h ON h.id = c.home_id WHERE c.id = $1`, []any{id}, &owner)
	if err != nil {
		return nil, err
	}
	return tx.workOn(owner)
}

// collection finds a collection and its home to work on.
func (tx *Tx) collection(id int64) (*Home, *Collection, error) {
	h, err := tx.workOnID(id)
	if err != nil {
		return nil, nil, err
	}
	c := h.CollectionByID(id)
	if c == nil {
		return nil, nil, ErrNotFound
	}
	return h, c, nil
}

// next gives the home its next change number, in a new picture.
func (tx *Tx) next(h *Home) *Home {
	now := *h
	now.Change++
	return tx.keep(&now)
}

func (tx *Tx) keep(h *Home) *Home {
	tx.homes[h.Owner] = workingHome{stored: tx.homes[h.Owner].stored, now: h}
	return h
}

// nextOf gives the home its next change number and the collection the same, in a new picture.
func (tx *Tx) nextOf(h *Home, c *Collection) (*Home, *Collection) {
	now := *c
	home := tx.next(h)
	now.Change = home.Change
	now.Modified = tx.now
	home.Collections = slices.Clone(home.Collections)
	home.Collections[slices.Index(home.Collections, c)] = &now
	return home, &now
}

// tell notes a change for the observers.
func (tx *Tx) tell(h *Home, collectionID int64, object string, deleted bool) {
	tx.changes = append(tx.changes, Change{HomeOwner: h.Owner, CollectionID: collectionID, Number: h.Change,
		Object: object, Deleted: deleted})
}

// flush writes the change numbers that have moved.
func (w workingHome) flush(c conn) error {
	if w.now == nil || w.now == w.stored || w.now.Change == w.stored.Change {
		return nil
	}
	if err := c.exec("UPDATE home SET change = $1 WHERE id = $2", w.now.Change, w.now.ID); err != nil {
		return err
	}
	for _, col := range w.now.Collections {
		if old := w.stored.CollectionByID(col.ID); old != nil && old.Change == col.Change {
			continue
		}
		err := c.exec("UPDATE collection SET change = $1, modified = $2 WHERE id = $3",
			col.Change, microseconds(col.Modified), col.ID)
		if err != nil {
			return err
		}
	}
	return nil
}
