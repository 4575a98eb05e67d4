package store

import (
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// listSizes are for how many names or ids a query of SQLite has places: few texts, so that each is prepared once.
var listSizes = [...]int{8, 64, 500}

var objectsByName, dataByID = func() (names [len(listSizes)][parts]string, ids [len(listSizes)]string) {
	for i, size := range listSizes {
		names[i] = forParts("WHERE o.collection_id = $1 AND o.name IN (" + placeList(2, size) + ")")
		ids[i] = "SELECT object_id, data FROM object_data WHERE object_id IN (" + placeList(1, size) + ")"
	}
	return names, ids
}()

// placeList is so many places for arguments, from the one with that number on.
func placeList(first, count int) string {
	places := make([]string, count)
	for i := range places {
		places[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(places, ", ")
}

// inLists cuts values into lists for the queries of SQLite, by the index of their size. Places left over have the first
// value again: a list finds a row once, however often it names it.
func inLists[T any](values []T) iter.Seq2[int, []any] {
	return func(yield func(int, []any) bool) {
		for len(values) > 0 {
			size := 0
			for size < len(listSizes)-1 && listSizes[size] < len(values) {
				size++
			}
			args := make([]any, listSizes[size])
			n := min(len(values), len(args))
			for i := range args {
				args[i] = values[0]
				if i < n {
					args[i] = values[i]
				}
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
// not in memory is read by one query for up to 500, of PostgreSQL one for all.
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
		unread := map[int64]Object{}
		for o, err := range tags {
			if err == nil {
				if o.Data = tx.s.data.find(o.ETag); o.Data == nil {
					unread[o.ID] = o
					continue
				}
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
		for o, err := range tx.readData(collectionID, unread) {
			if err == nil {
				tx.s.data.keep(strings.Clone(o.ETag), o.Data, len(o.Data)+len(o.ETag)) // the ETag may be a piece of a whole listing
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}

const dataOfIDs = "SELECT object_id, data FROM object_data WHERE object_id = ANY($1)" // PostgreSQL's

// readData yields the objects of a collection, which go by their ids, with their data. What has its data in common with
// others is not found by id, and is looked for by name.
func (tx *Tx) readData(collectionID int64, objects map[int64]Object) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for o, err := range tx.readOwnData(objects) {
			if !yield(o, err) || err != nil {
				return
			}
			delete(objects, o.ID)
		}
		if len(objects) == 0 {
			return
		}
		var names []string
		for _, o := range objects {
			names = append(names, o.Name)
		}
		tx.readByName(collectionID, names, Data)(yield)
	}
}

// readOwnData yields those of the objects that have their data for themselves.
func (tx *Tx) readOwnData(objects map[int64]Object) iter.Seq2[Object, error] {
	read := func(text string, args []any, yield func(Object, error) bool) (goesOn bool) {
		for r, err := range tx.rows(text, args...) {
			var id int64
			var data []byte
			if err == nil {
				err = r.Scan(&id, &data)
			}
			o := objects[id]
			o.Data = data
			if !yield(o, err) || err != nil {
				return false
			}
		}
		return true
	}
	ids := slices.Collect(maps.Keys(objects))
	return func(yield func(Object, error) bool) {
		if tx.s.latest != nil {
			read(dataOfIDs, []any{ids}, yield)
			return
		}
		slices.Sort(ids)
		for size, args := range inLists(ids) {
			if !read(dataByID[size], args, yield) {
				return
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
