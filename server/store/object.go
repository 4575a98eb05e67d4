package store

import (
	"context"
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
	ID   int64  // never reused; survives a move

	// Filled with Facts.
	Change       int64 // number of the change that last wrote or moved it; by Tx.Changes always
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

	// Filled with Data. Others may have it too: it must not be changed.
	Data []byte
}

// Part says how much of an object is wanted: a set of Facts and Data, beside Tags, which are always there.
// Each column costs as much as a third of a row of Tags.
type Part int

// The parts of an object.
const (
	Tags  Part = 0 // Name, ETag and ID: what a listing needs
	Facts Part = 1 // everything but Data
	Data  Part = 2 // its octets
	Whole      = Facts | Data
	parts      = Whole + 1
)

const (
	tagColumns  = "o.name, o.etag, o.id"
	factColumns = ", o.change, o.collection_id, o.uid, o.component, o.schedule_tag, o.size, " +
		"o.first_start, o.last_end, o.organizer, o.recurring, o.created, o.modified"
	// Not by a JOIN, which SQLite prepares anew for each use, at more than what a small query costs.
	dataColumns = ", coalesce((SELECT d.data FROM object_data d WHERE d.object_id = o.id), " +
		"(SELECT s.data FROM shared_data s WHERE s.id = o.shared))"
)

// objectColumns are the columns of each part, in the order of objectRow.dest.
var objectColumns = [parts]string{
	Tags:  tagColumns,
	Facts: tagColumns + factColumns,
	Data:  tagColumns + dataColumns,
	Whole: tagColumns + factColumns + dataColumns,
}

// forParts makes a query for each part of the objects that where finds.
func forParts(where string) (texts [parts]string) {
	for p := range texts {
		texts[p] = "SELECT " + objectColumns[p] + " FROM object o " + where
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
	all := append(make([]any, 0, 18), &r.Name, &r.ETag, &r.ID) // room for what Tx.Changes adds
	if part&Facts != 0 {
		all = append(all, &r.Change, &r.CollectionID, &r.UID, &r.Component, &r.ScheduleTag, &r.Size,
			&r.FirstStart, &r.LastEnd, &r.Organizer, &r.recurring, &r.created, &r.modified)
	}
	if part&Data != 0 {
		all = append(all, &r.Data)
	}
	return all
}

// object finishes the object from the columns received.
func (r *objectRow) object(part Part) Object {
	if part&Facts != 0 {
		r.Recurring = r.recurring != 0
		r.Created, r.Modified = fromMicroseconds(r.created), fromMicroseconds(r.modified)
	}
	return r.Object
}

// objects streams what a query made by forParts finds in a collection.
func (tx *Tx) objects(part Part, query string, collectionID int64, args ...any) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		if err := tx.hold(collectionID); err != nil {
			yield(Object{}, err)
			return
		}
		var row objectRow
		dest := row.dest(part)
		for r, err := range tx.rows(query, append([]any{collectionID}, args...)...) {
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
	if err := tx.hold(collectionID); err != nil {
		return Object{}, err
	}
	var row objectRow
	err := tx.row(objectByName[part], []any{collectionID, name}, row.dest(part)...)
	if err != nil {
		return Object{}, err
	}
	return row.object(part), nil
}

// objectByPath needs no picture of the home.
var objectByPath = forParts(`WHERE o.collection_id = (SELECT c.id FROM collection c
	WHERE c.home_id = (SELECT h.id FROM home h WHERE h.owner = $1) AND c.name = $2) AND o.name = $3`)

// Object reads one object by path, with one query at most; ErrNotFound for the home, the collection or the object.
func (s *Store) Object(ctx context.Context, owner, collection, name string, part Part) (Object, error) {
	if s.latest != nil {
		return s.object(ctx, part, objectByPath[part], owner, collection, name)
	}
	h, err := s.Home(ctx, owner)
	if err != nil {
		return Object{}, err
	}
	c := h.Collection(collection)
	if c == nil {
		return Object{}, ErrNotFound
	}
	if o, found := s.objects.find(c.ID, name); found {
		return o, nil
	}
	epoch := s.objects.now()
	o, err := s.object(ctx, part, objectByName[part], c.ID, name)
	if err == nil && part == Whole {
		s.objects.keep(epoch, c.ID, Whole, o)
	}
	return o, err
}

// object reads one object outside of any transaction.
func (s *Store) object(ctx context.Context, part Part, query string, args ...any) (Object, error) {
	conn, err := s.readers.take(ctx)
	if err != nil {
		return Object{}, s.engine.explain(err)
	}
	defer s.readers.give(conn)
	var row objectRow
	if err := queryRow(conn, query, args, row.dest(part)...); err != nil {
		return Object{}, s.engine.explain(err)
	}
	return row.object(part), nil
}

var objectByUID = forParts("WHERE o.uid_home = $1 AND o.uid = $2")

// ObjectByUID finds the object with that UID in the calendars of a home, of which there is one at most; ErrNotFound.
func (tx *Tx) ObjectByUID(homeID int64, uid string, part Part) (Object, error) {
	if err := tx.hold(homeID); err != nil {
		return Object{}, err
	}
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
	if part == Tags {
		return tx.tags(collectionID)
	}
	return tx.objects(part, objectsOfCollection[part], collectionID)
}

var objectsOnwards = forParts("WHERE o.collection_id = $1 AND o.name > $2 ORDER BY o.name")

// ObjectsOnwards streams the objects of a collection whose names come after one, in order of name, bytewise.
func (tx *Tx) ObjectsOnwards(collectionID int64, after string, part Part) iter.Seq2[Object, error] {
	return tx.objects(part, objectsOnwards[part], collectionID, after)
}

var objectsAfter = forParts("WHERE (o.collection_id, o.name) > ($1, $2) ORDER BY o.collection_id, o.name LIMIT $3")

// ObjectsAfter reads at most limit objects, whole, of all collections, in the order of CollectionID and Name after those
// given.
func (s *Store) ObjectsAfter(ctx context.Context, collectionID int64, name string, limit int) (all []Object, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		var row objectRow
		dest := row.dest(Whole)
		rows := tx.rows(objectsAfter[Whole], collectionID, name, limit)
		all, err = collect(rows, func(r cursor) (Object, error) {
			row.Data = nil // so that each has its own
			err := r.Scan(dest...)
			return row.object(Whole), err
		})
		return err
	})
	return all, err
}

// OldObjects lists at most limit objects, in the collections of a kind, that have not been written since a time, with no
// more than CollectionID and Name.
func (s *Store) OldObjects(ctx context.Context, kind CollectionKind, before time.Time, limit int) (all []Object, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows(`SELECT c.id, o.name FROM collection c JOIN object o ON o.collection_id = c.id
			WHERE c.kind = $1 AND o.modified < $2 LIMIT $3`, int64(kind), microseconds(before), limit)
		all, err = collect(rows, func(r cursor) (o Object, err error) {
			err = r.Scan(&o.CollectionID, &o.Name)
			return o, err
		})
		return err
	})
	return all, err
}
