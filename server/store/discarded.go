package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Discarded is a collection that was taken out of its home, and can be brought back with all that was in it.
type Discarded struct {
	ID         int64  // the collection's, which it keeps
	HomeID     int64  // the home that it was in
	Owner      string // of that home
	Name       string // that it had there
	Kind       CollectionKind
	Components []string
	Properties Properties
	At         time.Time // when it was taken out
	Settled    bool      // what its end means to others has been carried out: see Tx.SettleDiscarded
	Objects    int       // that are in it
}

// DiscardCollection takes a collection out of its home: to everybody who looks it is as gone as after DeleteCollection,
// and its UIDs are free. RestoreCollection brings it back, PurgeDiscarded ends it. ErrNotFound.
func (tx *Tx) DiscardCollection(id int64) error {
	h, c, err := tx.collection(id)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		text string
		args []any
	}{
		{"INSERT INTO discarded (id, home_id, name, at, settled) VALUES ($1, $2, $3, $4, 0)",
			[]any{id, h.ID, c.Name, microseconds(tx.now)}},
		{"UPDATE collection SET home_id = $2, name = $3 WHERE id = $1", []any{id, -h.ID, idTarget(id)}},
		{"UPDATE property SET holder = $3 WHERE holder = $1 AND target = $2", []any{h.ID, idTarget(id), -h.ID}},
		{"UPDATE object SET uid_home = NULL WHERE collection_id = $1", []any{id}},
	} {
		if err := tx.exec(step.text, step.args...); err != nil {
			return err
		}
	}
	h = tx.next(h)
	h.Collections = slices.DeleteFunc(slices.Clone(h.Collections), func(other *Collection) bool { return other == c })
	tx.tell(h, id, "", true)
	return tx.buryCollection(h, c.Name)
}

// DiscardedCollections lists what was discarded of a home, the last first.
func (tx *Tx) DiscardedCollections(homeID int64) ([]Discarded, error) {
	all, err := tx.discarded("WHERE d.home_id = $1 ORDER BY d.at DESC, d.id DESC", homeID)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	properties, err := tx.loadProperties(-homeID)
	for i := range all {
		all[i].Properties = properties[idTarget(all[i].ID)]
	}
	return all, err
}

func (tx *Tx) discarded(where string, args ...any) ([]Discarded, error) {
	rows := tx.rows(`SELECT d.id, d.home_id, h.owner, d.name, d.at, d.settled, c.kind, c.components,
		(SELECT count(*) FROM object o WHERE o.collection_id = d.id)
		FROM discarded d JOIN collection c ON c.id = d.id JOIN home h ON h.id = d.home_id `+where, args...)
	return collect(rows, func(r cursor) (d Discarded, err error) {
		var at, settled int64
		var components string
		err = r.Scan(&d.ID, &d.HomeID, &d.Owner, &d.Name, &at, &settled, &d.Kind, &components, &d.Objects)
		d.At, d.Settled, d.Components = fromMicroseconds(at), settled != 0, strings.Fields(components)
		return d, err
	})
}

// DiscardedCollection finds one, without its Properties, and keeps others from restoring or ending it; ErrNotFound.
func (tx *Tx) DiscardedCollection(id int64) (Discarded, error) {
	var home int64
	if err := tx.row("SELECT home_id FROM discarded WHERE id = $1"+tx.rowLock, []any{id}, &home); err != nil {
		return Discarded{}, err
	}
	all, err := tx.discarded("WHERE d.id = $1", id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Discarded{}, err
	}
	return all[0], nil
}

// DiscardedWithUID finds the collection, among those discarded of a home and not settled, that has an object with a UID; 0
// is none.
func (tx *Tx) DiscardedWithUID(homeID int64, uid string) (id int64, err error) {
	if err := tx.hold(homeID); err != nil {
		return 0, err
	}
	err = tx.row(`SELECT d.id FROM discarded d JOIN object o ON o.collection_id = d.id
		WHERE d.home_id = $1 AND d.settled = 0 AND o.uid = $2 ORDER BY d.at DESC, d.id DESC LIMIT 1`, []any{homeID, uid}, &id)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return id, err
}

// RestoreCollection brings a discarded collection back into its home under a name, as it was: with its id, its log and
// its objects. Objects whose UID another one of the home has got meanwhile are left out and named; they leave
// tombstones. ErrNotFound, ErrExists for the name.
func (tx *Tx) RestoreCollection(id int64, name string) (c *Collection, left []string, err error) {
	d, err := tx.DiscardedCollection(id)
	if err != nil {
		return nil, nil, err
	}
	h, err := tx.workOnID(d.HomeID)
	if err != nil {
		return nil, nil, err
	}
	at, found := h.search(name)
	if found {
		return nil, nil, ErrExists
	}
	for _, step := range []struct {
		text string
		args []any
	}{
		{"DELETE FROM discarded WHERE id = $1", []any{id}},
		{"UPDATE collection SET home_id = $2, name = $3 WHERE id = $1", []any{id, h.ID, name}},
		{"UPDATE property SET holder = $3 WHERE holder = $1 AND target = $2", []any{-h.ID, idTarget(id), h.ID}},
		{"DELETE FROM collection_tombstone WHERE home_id = $1 AND name = $2", []any{h.ID, name}},
	} {
		if err := tx.exec(step.text, step.args...); err != nil {
			return nil, nil, err
		}
	}
	if c, err = tx.restored(h, id); err != nil {
		return nil, nil, err
	}
	h = tx.next(h)
	c.Change, c.Modified = h.Change, tx.now
	h.Collections = slices.Insert(slices.Clone(h.Collections), at, c)
	tx.tell(h, id, "", false)
	left, err = tx.claimUIDs(c)
	return c, left, err
}

// restored reads a collection that is back in its home.
func (tx *Tx) restored(h *Home, id int64) (*Collection, error) {
	all, err := tx.loadCollections(h.ID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(c *Collection) bool { return c.ID == id })
	if i < 0 {
		return nil, ErrNotFound
	}
	all[i].Properties, err = tx.Properties(OnCollection(all[i]))
	return all[i], err
}

// claimUIDs makes the UIDs of a collection's objects those of its home again. What has one that is taken goes.
func (tx *Tx) claimUIDs(c *Collection) (left []string, err error) {
	if c.Kind != Calendar {
		return nil, nil
	}
	rows := tx.rows(`SELECT o.name FROM object o WHERE o.collection_id = $1
		AND EXISTS (SELECT 1 FROM object x WHERE x.uid_home = $2 AND x.uid = o.uid) ORDER BY o.name`, c.ID, c.HomeID)
	left, err = collect(rows, func(r cursor) (name string, err error) {
		err = r.Scan(&name)
		return name, err
	})
	if err != nil {
		return nil, err
	}
	for _, name := range left {
		if err := tx.DeleteObject(c.ID, name); err != nil {
			return nil, err
		}
	}
	return left, tx.exec("UPDATE object SET uid_home = $2 WHERE collection_id = $1", c.ID, c.HomeID)
}

// SettleDiscarded notes that what the end of a discarded collection means to others has been carried out, in this
// transaction; ErrNotFound, also if it was noted before.
func (tx *Tx) SettleDiscarded(id int64) error {
	n, err := tx.count("UPDATE discarded SET settled = 1 WHERE id = $1 AND settled = 0", id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// PurgeDiscarded ends a discarded collection with its objects and its log; ErrNotFound.
func (tx *Tx) PurgeDiscarded(id int64) error {
	d, err := tx.DiscardedCollection(id)
	if err != nil {
		return err
	}
	if err := tx.dropCollection(id); err != nil {
		return err
	}
	if err := tx.DeleteValues(WaitingFor(id)); err != nil {
		return err
	}
	err = tx.exec("DELETE FROM property WHERE holder = $1 AND target = $2", -d.HomeID, idTarget(id))
	if err != nil {
		return err
	}
	return tx.exec("DELETE FROM discarded WHERE id = $1", id)
}

// DiscardedBefore lists the ids of collections that were discarded before a time, the oldest first: only those that are
// settled, or only those that are not.
func (s *Store) DiscardedBefore(ctx context.Context, before time.Time, settled bool) (ids []int64, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows("SELECT id FROM discarded WHERE settled = $1 AND at < $2 ORDER BY at", truth(settled), microseconds(before))
		ids, err = collect(rows, func(r cursor) (id int64, err error) {
			err = r.Scan(&id)
			return id, err
		})
		return err
	})
	return ids, err
}

// purgeDiscardedOf ends all that was discarded of a home.
func (tx *Tx) purgeDiscardedOf(homeID int64) error {
	all, err := tx.DiscardedCollections(homeID)
	if err != nil {
		return err
	}
	for i := range all {
		if err := tx.PurgeDiscarded(all[i].ID); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}
