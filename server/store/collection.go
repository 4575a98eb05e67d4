package store

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// CollectionKind says what a collection of a home is for. The values are stored: never renumber them.
type CollectionKind int

// The kinds of collections.
const (
	Calendar      CollectionKind = 1 // RFC 4791 section 4.2; the only kind in which UIDs are unique in the home
	Inbox         CollectionKind = 2 // RFC 6638 section 2.2
	Outbox        CollectionKind = 3 // RFC 6638 section 2.1
	Notifications CollectionKind = 4 // Apple's notification collection
	Subscription  CollectionKind = 5 // CS:subscribed
)

// Collection is one collection directly below a home.
type Collection struct {
	ID         int64 // never reused; survives a rename
	HomeID     int64
	Name       string // its path segment, decoded; unique in the home
	Kind       CollectionKind
	Components []string // e.g. VEVENT; empty means any
	ResourceID string   // a UUID in lower-case text form, for DAV:resource-id (RFC 5842 section 3.1)

	// Change is the number of the last change to the collection, its properties or any of its objects: the number of
	// its sync token and ctag.
	Change            int64
	Created, Modified time.Time
	Properties        Properties
}

// NewCollection is what the caller decides of a collection to be made.
type NewCollection struct {
	Name       string
	Kind       CollectionKind
	Components []string // names without spaces
	Properties []PropertyChange
}

func (tx *Tx) loadCollections(homeID int64) ([]*Collection, error) {
	rows := tx.rows(`SELECT id, name, kind, components, resource_id, change, created, modified
		FROM collection WHERE home_id = $1`, homeID)
	all, err := collect(rows, func(r cursor) (*Collection, error) {
		c := &Collection{HomeID: homeID}
		var components string
		var created, modified int64
		err := r.Scan(&c.ID, &c.Name, &c.Kind, &components, &c.ResourceID, &c.Change, &created, &modified)
		c.Components = strings.Fields(components)
		c.Created, c.Modified = fromMicroseconds(created), fromMicroseconds(modified)
		return c, err
	})
	sortCollections(all)
	return all, err
}

// CreateCollection makes a collection in a home; ErrNotFound for the home, ErrExists for the name.
func (tx *Tx) CreateCollection(homeID int64, n NewCollection) (*Collection, error) {
	h, err := tx.workOnID(homeID)
	if err != nil {
		return nil, err
	}
	at, found := h.search(n.Name)
	if found {
		return nil, ErrExists
	}
	h = tx.next(h)
	c := &Collection{ID: tx.s.newID(), HomeID: h.ID, Name: n.Name, Kind: n.Kind, Components: slices.Clone(n.Components),
		ResourceID: uuid.NewString(), Change: h.Change, Created: tx.now, Modified: tx.now}
	err = tx.exec(`INSERT INTO collection
		(id, home_id, name, kind, components, resource_id, change, created, modified)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		c.ID, c.HomeID, c.Name, c.Kind, strings.Join(c.Components, " "), c.ResourceID, c.Change,
		microseconds(c.Created), microseconds(c.Modified))
	if err != nil {
		return nil, err
	}
	err = tx.exec("DELETE FROM collection_tombstone WHERE home_id = $1 AND name = $2", h.ID, c.Name)
	if err != nil {
		return nil, err
	}
	if c.Properties, err = tx.apply(h.ID, idTarget(c.ID), nil, n.Properties); err != nil {
		return nil, err
	}
	h.Collections = slices.Insert(slices.Clone(h.Collections), at, c)
	tx.tell(h, c.ID, "", false)
	return c, nil
}

// DeleteCollection removes a collection with its objects and its log; ErrNotFound.
func (tx *Tx) DeleteCollection(id int64) error {
	h, c, err := tx.collection(id)
	if err != nil {
		return err
	}
	if err := tx.dropCollection(id); err != nil {
		return err
	}
	err = tx.execs([]any{h.ID, idTarget(id)}, "DELETE FROM property WHERE holder = $1 AND target = $2")
	if err != nil {
		return err
	}
	h = tx.next(h)
	h.Collections = slices.DeleteFunc(slices.Clone(h.Collections), func(other *Collection) bool { return other == c })
	tx.tell(h, id, "", true)
	return tx.buryCollection(h, c.Name)
}

// dropCollection deletes the rows of a collection and of all below it.
func (tx *Tx) dropCollection(id int64) error {
	if err := tx.releaseAll(id); err != nil {
		return err
	}
	return tx.execs([]any{id},
		"DELETE FROM stored_value WHERE bucket = '"+EarlierETags+"' AND name IN (SELECT CAST(id AS TEXT) FROM object WHERE collection_id = $1)",
		"DELETE FROM object_data WHERE object_id IN (SELECT id FROM object WHERE collection_id = $1)",
		"DELETE FROM object WHERE collection_id = $1",
		"DELETE FROM object_tombstone WHERE collection_id = $1",
		"DELETE FROM property WHERE holder = $1", // of its objects
		"DELETE FROM collection WHERE id = $1")
}

func (tx *Tx) buryCollection(h *Home, name string) error {
	return tx.exec(`INSERT INTO collection_tombstone (home_id, name, change) VALUES ($1, $2, $3)
		ON CONFLICT (home_id, name) DO UPDATE SET change = excluded.change`, h.ID, name, h.Change)
}

// RenameCollection gives a collection another name in its home, where it keeps its id, objects and log; ErrNotFound,
// ErrExists for the name.
func (tx *Tx) RenameCollection(id int64, name string) (*Collection, error) {
	h, c, err := tx.collection(id)
	if err != nil {
		return nil, err
	}
	if h.Collection(name) != nil {
		return nil, ErrExists
	}
	if err := tx.exec("UPDATE collection SET name = $1 WHERE id = $2", name, id); err != nil {
		return nil, err
	}
	err = tx.exec("DELETE FROM collection_tombstone WHERE home_id = $1 AND name = $2", h.ID, name)
	if err != nil {
		return nil, err
	}
	buried := tx.next(h) // a number of its own: two lines of one log never share one
	if err := tx.buryCollection(buried, c.Name); err != nil {
		return nil, err
	}
	h, c = tx.nextOf(buried, c)
	c.Name = name
	sortCollections(h.Collections)
	tx.tell(h, id, "", false)
	return c, nil
}

// SetComponents replaces the components that a collection holds; ErrNotFound.
func (tx *Tx) SetComponents(id int64, components []string) error {
	h, c, err := tx.collection(id)
	if err != nil {
		return err
	}
	err = tx.exec("UPDATE collection SET components = $1 WHERE id = $2", strings.Join(components, " "), id)
	if err != nil {
		return err
	}
	h, c = tx.nextOf(h, c)
	c.Components = slices.Clone(components)
	tx.tell(h, id, "", false)
	return nil
}
