package store

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// nameCounts are how many names one query asks for: few texts, so that each is prepared once.
var nameCounts = [...]int{8, 64, 500}

var objectsByName = func() (texts [len(nameCounts)][parts]string) {
	for i, count := range nameCounts {
		places := make([]string, count)
		for n := range places {
			places[n] = "$" + strconv.Itoa(n+2)
		}
		texts[i] = forParts("WHERE o.collection_id = $1 AND o.name IN (" + strings.Join(places, ", ") + ")")
	}
	return texts
}()

// objectsOfNames looks for each name by itself: left to choose, PostgreSQL reads the whole collection for a few.
var objectsOfNames = func() (texts [parts]string) {
	for p, text := range objectByName {
		text = strings.Replace(text, "o.name = $2", "o.name = n.name", 1)
		texts[p] = "SELECT f.* FROM unnest(CAST($2 AS TEXT[])) AS n(name) CROSS JOIN LATERAL (" + text + " LIMIT 1) AS f"
	}
	return texts
}()

// ObjectsByName streams those of the named objects that exist, in no order, each once however often it is named. What is
// not in memory is read by one query for up to 500 names, of PostgreSQL one for all.
func (tx *Tx) ObjectsByName(collectionID int64, names []string, part Part) iter.Seq2[Object, error] {
	if part&Facts != 0 || len(names) < nameCounts[0] { // what is kept has no facts, and few names cost less than asking for it
		return tx.readByName(collectionID, names, part)
	}
	return func(yield func(Object, error) bool) {
		l, _, err := tx.listing(collectionID)
		if err != nil {
			yield(Object{}, err)
			return
		}
		if l != nil {
			var goesOn bool
			if names, goesOn = tx.kept(l, names, part, yield); !goesOn || len(names) == 0 {
				return
			}
		}
		for o, err := range tx.readByName(collectionID, names, part) {
			if err == nil && part&Data != 0 {
				tx.s.data.keep(o.ETag, o.Data, len(o.Data)+len(o.ETag))
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}

// kept yields the named objects that are in memory, as far as that is wanted, and returns the names of those that must
// be read.
func (tx *Tx) kept(l *listing, names []string, part Part, yield func(Object, error) bool) (unread []string, goesOn bool) {
	tx.streaming = true
	defer func() { tx.streaming = false }()
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		o, found := l.find(name)
		if !found || seen[name] {
			continue
		}
		seen[name] = true
		if part&Data != 0 {
			if o.Data = tx.s.data.find(o.ETag); o.Data == nil {
				unread = append(unread, name)
				continue
			}
		}
		if !yield(o, nil) {
			return nil, false
		}
	}
	return unread, true
}

// readByName is ObjectsByName from the database.
func (tx *Tx) readByName(collectionID int64, names []string, part Part) iter.Seq2[Object, error] {
	if tx.s.latest != nil {
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !storable(name) })
		slices.Sort(names)
		return tx.objects(part, objectsOfNames[part], collectionID, slices.Compact(names))
	}
	return func(yield func(Object, error) bool) {
		for len(names) > 0 {
			size := 0
			for size < len(nameCounts)-1 && nameCounts[size] < len(names) {
				size++
			}
			args := make([]any, 0, nameCounts[size])
			asked := min(len(names), nameCounts[size])
			for _, name := range names[:asked] {
				args = append(args, name)
			}
			for len(args) < cap(args) {
				args = append(args, names[0]) // an IN list finds a row once, however often it names it
			}
			names = names[asked:]
			for o, err := range tx.objects(part, objectsByName[size][part], collectionID, args...) {
				if !yield(o, err) || err != nil {
					return
				}
			}
		}
	}
}
