package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"iter"
	"math"
	"time"
)

// Bounds of Object.FirstStart and Object.LastEnd for what has no beginning or no end.
const (
	NoStart int64 = math.MinInt64
	NoEnd   int64 = math.MaxInt64
)

// Object is one calendar object resource (RFC 4791 section 4.1) or another member of a collection. Which of its
// fields are filled depends on the Part that was asked for.
type Object struct {
	// Filled with Tags.
	Name string // its path segment, decoded; unique in the collection
	ETag string // 32 hex digits, a hash of Data, without quotes

	// Filled with Facts.
	Change       int64 // number of the change that last wrote or moved it; by Tx.Changes always
	ID           int64 // never reused; survives a move
	CollectionID int64
	UID          string
	Component    string // e.g. VEVENT
	ScheduleTag  string // RFC 6638 section 3.2.10, without quotes; "" is none
	Size         int64  // of Data, in octets
	FirstStart   int64  // Unix seconds, NoStart if it has no beginning
	LastEnd      int64  // Unix seconds, NoEnd if it goes on for ever
	Organizer    string
	Recurring    bool
	Created      time.Time
	Modified     time.Time // when its data was last written

	// Filled with Whole.
	Data []byte
}

// Part says how much of an object is wanted. Each holds the one before it.
type Part int

// The parts of an object, cheapest first.
const (
	Tags  Part = iota // Name and ETag: what a listing needs
	Facts             // everything but Data
	Whole             // Data as well
	parts
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
	Data        []byte
}

// objectColumns are the columns of each part, in the order of objectRow.dest.
var (
	objectColumns = [parts]string{
		Tags: "o.name, o.etag",
		Facts: "o.name, o.etag, o.change, o.id, o.collection_id, o.uid, o.component, o.schedule_tag, o.size, " +
			"o.first_start, o.last_end, o.organizer, o.recurring, o.created, o.modified",
		Whole: "o.name, o.etag, o.change, o.id, o.collection_id, o.uid, o.component, o.schedule_tag, o.size, " +
			"o.first_start, o.last_end, o.organizer, o.recurring, o.created, o.modified, d.data",
	}
	objectTables = [parts]string{
		Tags:  "object o",
		Facts: "object o",
		Whole: "object o JOIN object_data d ON d.object_id = o.id",
	}
)

// forParts makes a query for each part of the objects that where finds.
func forParts(where string) (texts [parts]string) {
	for p := range texts {
		texts[p] = "SELECT " + objectColumns[p] + " FROM " + objectTables[p] + " " + where
	}
	return texts
}

// objectRow receives the columns of an object.
type objectRow struct {
	Object
	recurring, created, modified int64
}

// dest lists where the columns of a part go.
func (r *objectRow) dest(part Part) []any {
	all := []any{&r.Name, &r.ETag, &r.Change, &r.ID, &r.CollectionID, &r.UID, &r.Component, &r.ScheduleTag, &r.Size,
		&r.FirstStart, &r.LastEnd, &r.Organizer, &r.recurring, &r.created, &r.modified, &r.Data}
	return all[:[parts]int{Tags: 2, Facts: 15, Whole: 16}[part]]
}

// object finishes the object from the columns received.
func (r *objectRow) object(part Part) Object {
	if part >= Facts {
		r.Recurring = r.recurring != 0
		r.Created, r.Modified = fromMicroseconds(r.created), fromMicroseconds(r.modified)
	}
	return r.Object
}

// objects streams what a query made by forParts finds.
func (tx *Tx) objects(part Part, query string, args ...any) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		var row objectRow
		dest := row.dest(part)
		for r, err := range tx.rows(query, args...) {
			if err != nil {
				yield(Object{}, err)
				return
			}
			row.Data = nil // so that each has its own
			if err := r.Scan(dest...); err != nil {
				yield(Object{}, err)
				return
			}
			if !yield(row.object(part), nil) {
				return
			}
		}
	}
}

var objectByName = forParts("WHERE o.collection_id = $1 AND o.name = $2")

// Object reads one object; ErrNotFound.
func (tx *Tx) Object(collectionID int64, name string, part Part) (Object, error) {
	var row objectRow
	err := tx.row(objectByName[part], []any{collectionID, name}, row.dest(part)...)
	if err != nil {
		return Object{}, err
	}
	return row.object(part), nil
}

var objectByUID = forParts("WHERE o.uid_home = $1 AND o.uid = $2")

// ObjectByUID finds the object with that UID in the calendars of a home, of which there is one at most; ErrNotFound.
func (tx *Tx) ObjectByUID(homeID int64, uid string, part Part) (Object, error) {
	var row objectRow
	err := tx.row(objectByUID[part], []any{homeID, uid}, row.dest(part)...)
	if err != nil {
		return Object{}, err
	}
	return row.object(part), nil
}

var objectsOfCollection = forParts("WHERE o.collection_id = $1 ORDER BY o.name")

// Objects streams the objects of a collection, in the same order every time.
func (tx *Tx) Objects(collectionID int64, part Part) iter.Seq2[Object, error] {
	return tx.objects(part, objectsOfCollection[part], collectionID)
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
}

// existing looks for an object; the zero value means that there is none.
func (tx *Tx) existing(collectionID int64, name string) (e existing, err error) {
	err = tx.row("SELECT id, born, created FROM object WHERE collection_id = $1 AND name = $2",
		[]any{collectionID, name}, &e.id, &e.born, &e.created)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return e, err
}

// PutObject writes an object, new or in place of the one with its name; the answer holds its Facts. A UID that another
// object of the home's calendars has gets a *UIDConflictError and nothing is written; ErrNotFound for the collection.
func (tx *Tx) PutObject(collectionID int64, n NewObject) (written Object, created bool, err error) {
	h, c, err := tx.collection(collectionID)
	if err != nil {
		return Object{}, false, err
	}
	old, err := tx.existing(c.ID, n.Name)
	if err != nil {
		return Object{}, false, err
	}
	o := Object{
		Name: n.Name, ETag: hashData(n.Data), Change: h.Change + 1, ID: old.id, CollectionID: c.ID, UID: n.UID,
		Component: n.Component, ScheduleTag: n.ScheduleTag, Size: int64(len(n.Data)), FirstStart: n.FirstStart,
		LastEnd: n.LastEnd, Organizer: n.Organizer, Recurring: n.Recurring,
		Created: fromMicroseconds(old.created), Modified: tx.now,
	}
	if old.id == 0 {
		o.ID, o.Created = tx.s.newID(), tx.now
		err = tx.insertObject(o, uidHome(c), n.Data)
	} else {
		err = tx.updateObject(o, uidHome(c), n.Data)
	}
	if isDuplicate(err) {
		return Object{}, false, tx.uidConflict(h, n.UID)
	}
	if err != nil {
		return Object{}, false, err
	}
	h, _ = tx.nextOf(h, c)
	tx.tell(h, c.ID, o.Name, false)
	return o, old.id == 0, nil
}

// uidHome is the home in which the UIDs of a collection's objects are unique, if in any.
func uidHome(c *Collection) sql.NullInt64 {
	return sql.NullInt64{Int64: c.HomeID, Valid: c.Kind == Calendar}
}

func (tx *Tx) insertObject(o Object, uidHome sql.NullInt64, data []byte) error {
	born, buried, err := tx.tombstone(o.CollectionID, o.Name)
	if err != nil {
		return err
	}
	if !buried {
		born = o.Change
	}
	_, err = tx.exec(`INSERT INTO object (collection_id, name, etag, change, id, born, uid, uid_home, component,
		schedule_tag, size, span, first_start, last_end, organizer, recurring, created, modified)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		o.CollectionID, o.Name, o.ETag, o.Change, o.ID, born, o.UID, uidHome, o.Component,
		o.ScheduleTag, o.Size, spanClass(o.FirstStart, o.LastEnd), o.FirstStart, o.LastEnd, o.Organizer,
		truth(o.Recurring), microseconds(o.Created), microseconds(o.Modified))
	if err != nil {
		return err
	}
	if buried {
		if err := tx.exhume(o.CollectionID, o.Name); err != nil {
			return err
		}
	}
	_, err = tx.exec("INSERT INTO object_data (object_id, data) VALUES ($1, $2)", o.ID, notNil(data))
	return err
}

func (tx *Tx) updateObject(o Object, uidHome sql.NullInt64, data []byte) error {
	_, err := tx.exec(`UPDATE object SET etag = $3, change = $4, uid = $5, uid_home = $6, component = $7,
		schedule_tag = $8, size = $9, span = $10, first_start = $11, last_end = $12, organizer = $13,
		recurring = $14, modified = $15 WHERE collection_id = $1 AND name = $2`,
		o.CollectionID, o.Name, o.ETag, o.Change, o.UID, uidHome, o.Component,
		o.ScheduleTag, o.Size, spanClass(o.FirstStart, o.LastEnd), o.FirstStart, o.LastEnd, o.Organizer,
		truth(o.Recurring), microseconds(o.Modified))
	if err != nil {
		return err
	}
	_, err = tx.exec("UPDATE object_data SET data = $2 WHERE object_id = $1", o.ID, notNil(data))
	return err
}

// uidConflict names the object of the home that has the UID.
func (tx *Tx) uidConflict(h *Home, uid string) error {
	o, err := tx.ObjectByUID(h.ID, uid, Facts)
	if err != nil {
		return err
	}
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
	if err := tx.dropObject(c.ID, name, old.id); err != nil {
		return err
	}
	h, _ = tx.nextOf(h, c)
	tx.tell(h, c.ID, name, true)
	return tx.bury(c.ID, name, h.Change, old.born)
}

// dropObject deletes the rows of an object.
func (tx *Tx) dropObject(collectionID int64, name string, id int64) error {
	if _, err := tx.exec("DELETE FROM object WHERE collection_id = $1 AND name = $2", collectionID, name); err != nil {
		return err
	}
	if _, err := tx.exec("DELETE FROM object_data WHERE object_id = $1", id); err != nil {
		return err
	}
	_, err := tx.exec("DELETE FROM property WHERE holder = $1 AND target = $2", collectionID, idTarget(id))
	return err
}
