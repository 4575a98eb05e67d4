package store

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// listSizes are for how many names or ids a query of SQLite has places: few texts, so that each is prepared once.
var listSizes = [...]int{8, 64, 500}

// The places have no numbers, which the driver would look for by name. Of ids, each is looked for as it comes, without a
// table of them being made first.
var objectsByName, dataByID = func() (names [len(listSizes)][parts]string, ids [len(listSizes)]string) {
	for i, size := range listSizes {
		names[i] = forParts("WHERE o.collection_id = ? AND o.name IN (?" + strings.Repeat(", ?", size-1) + ")")
		ids[i] = "SELECT d.object_id, d.data FROM (VALUES (?)" + strings.Repeat(", (?)", size-1) + ") v " +
			"CROSS JOIN object_data d ON d.object_id = v.column1"
	}
	return names, ids
}()

// inLists cuts values into lists for the queries of SQLite, by the index of their size. Places left over have NULL,
// which is equal to nothing.
func inLists[T any](values []T) iter.Seq2[int, []any] {
	return func(yield func(int, []any) bool) {
		for len(values) > 0 {
			size := 0
			for size < len(listSizes)-1 && listSizes[size] < len(values) {
				size++
			}
			args := make([]any, listSizes[size])
			n := min(len(values), len(args))
			for i := range n {
				args[i] = values[i]
			}
			values = values[n:]
			if !yield(size, args) {
				return
			}
		}
	}
}

// objectsOfNames looks for each name by itself: left to choose, PostgreSQL reads the whole collection for a few.
var objectsOfNames = func() (texts [parts]string) {
	for p, text := range objectByName {
		text = strings.Replace(text, "o.name = $2", "o.name = n.name", 1)
		texts[p] = "SELECT f.* FROM unnest(CAST($2 AS TEXT[])) AS n(name) CROSS JOIN LATERAL (" + text + " LIMIT 1) AS f"
	}
	return texts
}()

// ObjectsByName streams those of the named objects that exist, in no order, each once however often it is named. What is
// not in memory is read by one query for up to 500, of PostgreSQL one for all. The data of each is there until the next
// one comes.
func (tx *Tx) ObjectsByName(collectionID int64, names []string, part Part) iter.Seq2[Object, error] {
	if part&Facts != 0 || len(names) < listSizes[0] { // what is kept has no facts, and few names cost less than asking for it
		return tx.readByName(collectionID, names, part)
	}
	return func(yield func(Object, error) bool) {
		l, _, err := tx.listing(collectionID)
		if err != nil {
			yield(Object{}, err)
			return
		}
		tags := tx.readByName(collectionID, names, Tags)
		if l != nil {
			tags = tx.listed(l, names)
		}
		if part&Data != 0 {
			tags = tx.withData(collectionID, tags)
		}
		tags(yield)
	}
}

// listed yields those of the names that the listing has, each once.
func (tx *Tx) listed(l *listing, names []string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		seen := make(map[string]bool, len(names))
		tx.streaming = true
		defer func() { tx.streaming = false }()
		for _, name := range names {
			o, found := l.find(name)
			if !found || seen[name] {
				continue
			}
			seen[name] = true
			if !yield(o, nil) {
				return
			}
		}
	}
}

// withData gives the objects their data: first it yields those that need not be read, then those that must be.
func (tx *Tx) withData(collectionID int64, tags iter.Seq2[Object, error]) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		var unread []tagged
		room := make([]byte, 4<<10) // for the data of one after the other
		for o, err := range tags {
			if err == nil {
				if o.Data = tx.s.objects.data(room, collectionID, o.Name, o.ETag); o.Data == nil {
					unread = append(unread, tagged{id: o.ID, name: o.Name, etag: o.ETag})
					continue
				}
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
		read := make([]Object, 0, min(len(unread), keptAtOnce))
		for o, err := range tx.readData(collectionID, unread) {
			if err == nil && !tx.write && len(o.Data) <= largestKept {
				read = append(read, o)
			}
			if !yield(o, err) || err != nil {
				return
			}
			if len(read) == keptAtOnce { // however many come, no more wait here
				tx.s.objects.keep(tx.epoch, collectionID, Data, read...)
				read = read[:0]
			}
		}
		tx.s.objects.keep(tx.epoch, collectionID, Data, read...)
	}
}

// tagged are the Tags of an object, which take less room than one with all its fields.
type tagged struct {
	id         int64
	name, etag string
	read       bool // its data
}

const dataOfIDs = "SELECT object_id, data FROM object_data WHERE object_id = ANY($1)" // PostgreSQL's

// readData yields the objects of a collection with their data, each once. It sorts them by id. What has its data in
// common with others is not found by id, and is looked for by name.
func (tx *Tx) readData(collectionID int64, objects []tagged) iter.Seq2[Object, error] {
	slices.SortFunc(objects, func(a, b tagged) int { return cmp.Compare(a.id, b.id) })
	objects = slices.CompactFunc(objects, func(a, b tagged) bool { return a.id == b.id })
	return func(yield func(Object, error) bool) {
		for o, err := range tx.readOwnData(objects) {
			if !yield(o, err) || err != nil {
				return
			}
		}
		var names []string
		for _, o := range objects {
			if !o.read {
				names = append(names, o.name)
			}
		}
		if len(names) > 0 {
			tx.readByName(collectionID, names, Data)(yield)
		}
	}
}

// readOwnData yields those of the objects, sorted by id, that have their data for themselves, and marks them.
func (tx *Tx) readOwnData(objects []tagged) iter.Seq2[Object, error] {
	ids := make([]int64, len(objects))
	for i := range objects {
		ids[i] = objects[i].id
	}
	read := func(text string, args []any, yield func(Object, error) bool) (goesOn bool) {
		for r, err := range tx.rows(text, args...) {
			var o Object
			if err == nil {
				err = r.Scan(&o.ID, &o.Data)
			}
			if i, found := slices.BinarySearch(ids, o.ID); found {
				o.Name, o.ETag, objects[i].read = objects[i].name, objects[i].etag, true
			}
			if !yield(o, err) || err != nil {
				return false
			}
		}
		return true
	}
	return func(yield func(Object, error) bool) {
		switch {
		case len(ids) == 0:
		case tx.s.latest != nil:
			read(dataOfIDs, []any{ids}, yield)
		default:
			for size, args := range inLists(ids) {
				if !read(dataByID[size], args, yield) {
					return
				}
			}
		}
	}
}

// readByName is ObjectsByName from the database.
func (tx *Tx) readByName(collectionID int64, names []string, part Part) iter.Seq2[Object, error] {
	if tx.s.latest != nil {
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !storable(name) })
		slices.Sort(names)
		return tx.objects(part, objectsOfNames[part], collectionID, slices.Compact(names))
	}
	if len(names) > listSizes[len(listSizes)-1] { // one list finds an object once, several do not
		names = slices.Compact(slices.Sorted(slices.Values(names)))
	}
	return func(yield func(Object, error) bool) {
		for size, args := range inLists(names) {
			for o, err := range tx.objects(part, objectsByName[size][part], collectionID, args...) {
				if !yield(o, err) || err != nil {
					return
				}
			}
		}
	}
}
