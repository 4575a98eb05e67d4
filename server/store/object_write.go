package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
)

// NewObject is what the caller decides of an object to be written. The store keeps Data octet by octet and makes the
// rest of Object; the facts are the caller's reading of Data.
type NewObject struct {
	Name        string
	UID         string
	Component   string
	ScheduleTag string
	FirstStart  int64 // Unix seconds or NoStart
	LastEnd     int64 // Unix seconds or NoEnd
	Organizer   string
	Recurring   bool
	Access      int // how much of it others see; 0 is all
	Data        []byte
	Shared      *Shared // in place of Data, if other objects of the transaction have the same
}

// etag is the ETag of what is to be written.
func (n *NewObject) etag() string {
	if n.Shared != nil {
		return n.Shared.etag
	}
	return hashData(n.Data)
}

// hashData is the ETag of data: the same octets have the same tag, so that a restore or a PUT of what is there already
// makes no client fetch it again.
func hashData(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// existing is what a write needs to know of an object that is there already.
type existing struct {
	id, born, created int64
	shared            int64 // where its data is; 0: with the object
}

// existing looks for an object; the zero value means that there is none.
func (tx *Tx) existing(collectionID int64, name string) (e existing, err error) {
	err = tx.row("SELECT id, born, created, coalesce(shared, 0) FROM object WHERE collection_id = $1 AND name = $2",
		[]any{collectionID, name}, &e.id, &e.born, &e.created, &e.shared)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return e, err
}

// standing is what there is where an object is to be put.
type standing struct {
	object existing // id 0: none
	buried bool     // a tombstone has the name, since the number born
	born   int64
	rival  Object // has the UID in a calendar of the home; ID 0: none, or object itself
}

const standingQuery = `SELECT 0, id, born, created, coalesce(shared, 0), collection_id, '' FROM object WHERE collection_id = $1 AND name = $2
	UNION ALL SELECT 1, 0, born, 0, 0, 0, '' FROM object_tombstone WHERE collection_id = $1 AND name = $2
	UNION ALL SELECT 2, id, 0, 0, 0, collection_id, name FROM object WHERE uid_home = $3 AND uid = $4`

// standing looks at a place in one query.
func (tx *Tx) standing(c *Collection, name, uid string) (st standing, err error) {
	var kind, id, born, created, shared, collection int64
	var holder string
	for r, err := range tx.rows(standingQuery, c.ID, name, uidHome(c), uid) {
		if err != nil {
			return standing{}, err
		}
		if err := r.Scan(&kind, &id, &born, &created, &shared, &collection, &holder); err != nil {
			return standing{}, err
		}
		switch kind {
		case 0:
			st.object = existing{id: id, born: born, created: created, shared: shared}
		case 1:
			st.buried, st.born = true, born
		case 2:
			st.rival = Object{ID: id, CollectionID: collection, Name: holder}
		}
	}
	if st.rival.ID == st.object.id {
		st.rival = Object{}
	}
	return st, nil
}

// PutObject writes an object, new or in place of the one with its name; the answer holds its Facts. A UID that another
// object of the home's calendars has gets a *UIDConflictError and nothing is written; ErrNotFound for the collection.
func (tx *Tx) PutObject(collectionID int64, n NewObject) (written Object, created bool, err error) {
	h, c, err := tx.collection(collectionID)
	if err != nil {
		return Object{}, false, err
	}
	place, err := tx.standing(c, n.Name, n.UID)
	if err != nil {
		return Object{}, false, err
	}
	if place.rival.ID != 0 {
		return Object{}, false, uidConflict(h, n.UID, place.rival)
	}
	written, err = tx.putObject(h, c, place, n)
	return written, place.object.id == 0, err
}

// AddObject writes an object without looking, which saves a question: nothing in the collection has or had its name, and
// nothing in the home's calendars its UID, as the caller is sure of. Otherwise the transaction fails.
func (tx *Tx) AddObject(collectionID int64, n NewObject) (Object, error) {
	h, c, err := tx.collection(collectionID)
	if err != nil {
		return Object{}, err
	}
	return tx.putObject(h, c, standing{}, n)
}

func (tx *Tx) putObject(h *Home, c *Collection, place standing, n NewObject) (Object, error) {
	if n.Shared != nil {
		n.Data = n.Shared.data
	}
	shared, err := tx.shared(n.Shared)
	if err != nil {
		return Object{}, err
	}
	old := place.object
	o := Object{
		Name: n.Name, ETag: n.etag(), Change: h.Change + 1, ID: old.id, CollectionID: c.ID, UID: n.UID,
		Component: n.Component, ScheduleTag: n.ScheduleTag, Size: int64(len(n.Data)), FirstStart: n.FirstStart,
		LastEnd: n.LastEnd, Organizer: n.Organizer, Recurring: n.Recurring,
		Created: fromMicroseconds(old.created), Modified: tx.now,
	}
	if old.id == 0 {
		o.ID, o.Created = tx.s.newID(), tx.now
		err = tx.insertObject(o, place, uidHome(c), n.Access, shared)
	} else {
		err = tx.updateObject(o, uidHome(c), n.Access, shared)
	}
	if err == nil {
		err = tx.saveData(o.ID, old, shared, n.Data)
	}
	if err != nil {
		return Object{}, err
	}
	tx.s.objects.written(tx, o, n.Data)
	h, _ = tx.nextOf(h, c)
	tx.tell(h, c.ID, o.Name, false)
	return o, nil
}

// uidHome is the home in which the UIDs of a collection's objects are unique, if in any.
func uidHome(c *Collection) sql.NullInt64 {
	return sql.NullInt64{Int64: c.HomeID, Valid: c.Kind == Calendar}
}

func (tx *Tx) insertObject(o Object, place standing, uidHome sql.NullInt64, access int, shared int64) error {
	born := o.Change
	if place.buried {
		born = place.born
	}
	err := tx.exec(`INSERT INTO object (collection_id, name, etag, change, id, born, uid, uid_home, component,
		schedule_tag, size, span, first_start, last_end, organizer, recurring, created, modified, access, shared)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		o.CollectionID, o.Name, o.ETag, o.Change, o.ID, born, o.UID, uidHome, o.Component,
		o.ScheduleTag, o.Size, spanOf(o, uidHome), o.FirstStart, o.LastEnd, o.Organizer,
		truth(o.Recurring), microseconds(o.Created), microseconds(o.Modified), access, orNull(shared))
	if err != nil || !place.buried {
		return err
	}
	return tx.exhume(o.CollectionID, o.Name)
}

func (tx *Tx) updateObject(o Object, uidHome sql.NullInt64, access int, shared int64) error {
	return tx.exec(`UPDATE object SET etag = $3, change = $4, uid = $5, uid_home = $6, component = $7,
		schedule_tag = $8, size = $9, span = $10, first_start = $11, last_end = $12, organizer = $13,
		recurring = $14, modified = $15, access = $16, shared = $17 WHERE collection_id = $1 AND name = $2`,
		o.CollectionID, o.Name, o.ETag, o.Change, o.UID, uidHome, o.Component,
		o.ScheduleTag, o.Size, spanOf(o, uidHome), o.FirstStart, o.LastEnd, o.Organizer,
		truth(o.Recurring), microseconds(o.Modified), access, orNull(shared))
}

// saveData stores the data of an object that is written, unless it is shared, in place of what it had.
func (tx *Tx) saveData(id int64, old existing, shared int64, data []byte) error {
	tx.release(old.shared)
	hasOwn := old.id != 0 && old.shared == 0
	switch {
	case shared != 0 && hasOwn:
		return tx.exec("DELETE FROM object_data WHERE object_id = $1", id)
	case shared != 0:
		return nil
	case hasOwn:
		return tx.exec("UPDATE object_data SET data = $2 WHERE object_id = $1", id, notNil(data))
	}
	return tx.exec("INSERT INTO object_data (object_id, data) VALUES ($1, $2)", id, notNil(data))
}

// orNull is how an id is stored where there may be none.
func orNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// uidConflict names the object of the home that has the UID.
func uidConflict(h *Home, uid string, o Object) error {
	conflict := &UIDConflictError{UID: uid, Name: o.Name}
	if c := h.CollectionByID(o.CollectionID); c != nil {
		conflict.Collection = c.Name
	}
	return conflict
}

// truth is how a bool is stored.
func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// notNil keeps no data from becoming NULL.
func notNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

// DeleteObject removes an object with its properties and leaves a tombstone; ErrNotFound.
func (tx *Tx) DeleteObject(collectionID int64, name string) error {
	h, c, err := tx.collection(collectionID)
	if err != nil {
		return err
	}
	old, err := tx.existing(c.ID, name)
	if err != nil {
		return err
	}
	if old.id == 0 {
		return ErrNotFound
	}
	if err := tx.dropObject(c.ID, name, old); err != nil {
		return err
	}
	h, _ = tx.nextOf(h, c)
	tx.tell(h, c.ID, name, true)
	return tx.bury(c.ID, name, h.Change, old.born)
}

// dropObject deletes the rows of an object.
func (tx *Tx) dropObject(collectionID int64, name string, old existing) error {
	tx.release(old.shared)
	if err := tx.exec("DELETE FROM object WHERE collection_id = $1 AND name = $2", collectionID, name); err != nil {
		return err
	}
	if err := tx.exec("DELETE FROM object_data WHERE object_id = $1", old.id); err != nil {
		return err
	}
	if err := tx.DeleteValue(EarlierETags, idTarget(old.id)); err != nil {
		return err
	}
	return tx.exec("DELETE FROM property WHERE holder = $1 AND target = $2", collectionID, idTarget(old.id))
}
