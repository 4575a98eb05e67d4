package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"sort"
	"strings"
)

// listing is the Tags of the objects of a collection as they were after one change, in order of name. It is immutable,
// and its objects are no pointers, so that the collector passes over them.
//
// Whatever changes an object gives its collection the next number, so a listing is exact for every transaction that
// finds the collection at the same one; and one that is older is brought up to date by the log of changes.
type listing struct {
	change int64
	text   string   // name and ETag of the first, of the second, and so on
	ends   []uint32 // where each ends in text
	ids    []int64
	common int      // octets that all names begin with
	keys   []uint64 // what follows them in each name, as far as keyOf reads it: ascending
}

const (
	listingsRoom = 8 << 20 // octets, of some 90 an object

	tagSize   = 32 // length of an ETag
	perObject = 20 // octets beside the text
)

func (l *listing) size() int { return len(l.text) + perObject*len(l.ends) }

// at is the object in a place, by its Tags.
func (l *listing) at(i int) Object {
	start := uint32(0)
	if i > 0 {
		start = l.ends[i-1]
	}
	end := l.ends[i]
	return Object{Name: l.text[start : end-tagSize], ETag: l.text[end-tagSize : end], ID: l.ids[i]}
}

func (l *listing) all() iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for i := range l.ends {
			if !yield(l.at(i), nil) {
				return
			}
		}
	}
}

// keyOf is the beginning of a name as a number that is compared as the name is.
func keyOf(name string) uint64 {
	var start [8]byte
	copy(start[:], name)
	return binary.BigEndian.Uint64(start[:])
}

// find returns the object of that name. It looks at names only when their keys are equal: what is compared lies close
// together, and the names of a large listing do not.
func (l *listing) find(name string) (o Object, found bool) {
	if len(l.keys) == 0 || len(name) < l.common || l.at(0).Name[:l.common] != name[:l.common] {
		return Object{}, false
	}
	key := keyOf(name[l.common:])
	first, _ := slices.BinarySearch(l.keys, key)
	same := sort.Search(len(l.keys)-first, func(i int) bool { return l.keys[first+i] > key })
	at, found := sort.Find(same, func(i int) int { return strings.Compare(name, l.at(first+i).Name) })
	if !found {
		return Object{}, false
	}
	return l.at(first + at), true
}

// listingMaker puts a listing together in order of name.
type listingMaker struct {
	text []byte
	ends []uint32
	ids  []int64
}

func (m *listingMaker) add(o *Object) {
	m.text = append(append(m.text, o.Name...), o.ETag...)
	m.ends = append(m.ends, uint32(len(m.text)))
	m.ids = append(m.ids, o.ID)
}

// tooLarge says whether the listing would not be kept.
func (m *listingMaker) tooLarge() bool { return len(m.text)+perObject*len(m.ends) > listingsRoom/2 }

func (m *listingMaker) listing(change int64) *listing {
	l := &listing{change: change, text: string(m.text), ends: slices.Clip(m.ends), ids: slices.Clip(m.ids)}
	if len(l.ends) == 0 {
		return l
	}
	first, last := l.at(0).Name, l.at(len(l.ends)-1).Name
	for l.common < min(len(first), len(last)) && first[l.common] == last[l.common] {
		l.common++
	}
	l.keys = make([]uint64, len(l.ends))
	for i := range l.keys {
		l.keys[i] = keyOf(l.at(i).Name[l.common:])
	}
	return l
}

// with is the listing after changes that come in order of name, each name once.
func (l *listing) with(changes []ObjectChange, change int64) *listing {
	n := len(l.ends) + len(changes)
	m := listingMaker{text: make([]byte, 0, len(l.text)+len(changes)*2*tagSize), ends: make([]uint32, 0, n), ids: make([]int64, 0, n)}
	i := 0
	for _, c := range changes {
		for i < len(l.ends) {
			o := l.at(i)
			if o.Name > c.Name {
				break
			}
			if o.Name < c.Name {
				m.add(&o)
			}
			i++
		}
		if !c.Deleted {
			m.add(&c.Object)
		}
	}
	for ; i < len(l.ends); i++ {
		o := l.at(i)
		m.add(&o)
	}
	return m.listing(change)
}

// maxCatchUp is how many changes are made up for; a listing that is further behind is read anew.
const maxCatchUp = 1000

// listing returns what is kept of a collection, up to date for this transaction, and the number of the collection's
// last change; nil if nothing is, and 0 if nothing can be. In a writing transaction nothing can: numbers are written last.
func (tx *Tx) listing(collectionID int64) (l *listing, change int64, err error) {
	if tx.write {
		return nil, 0, nil
	}
	err = tx.row("SELECT change FROM collection WHERE id = $1", []any{collectionID}, &change)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			err = nil
		}
		return nil, 0, err
	}
	if l = tx.s.listings.find(collectionID); l == nil || l.change >= change {
		return l.ifAt(change), change, nil
	}
	tx.s.catchUp.Lock() // what others make up for meanwhile need not be made up for again
	defer tx.s.catchUp.Unlock()
	if l = tx.s.listings.find(collectionID); l == nil || l.change >= change {
		return l.ifAt(change), change, nil
	}
	var changes []ObjectChange
	for c, err := range tx.Changes(collectionID, l.change, maxCatchUp, Tags) {
		if err != nil {
			return nil, 0, err
		}
		changes = append(changes, c)
	}
	if len(changes) == maxCatchUp {
		return nil, change, nil
	}
	slices.SortFunc(changes, func(a, b ObjectChange) int { return cmp.Compare(a.Name, b.Name) })
	l = l.with(changes, change)
	tx.s.listings.keep(collectionID, l, l.size())
	return l, change, nil
}

// ifAt is the listing if it is the one after that change.
func (l *listing) ifAt(change int64) *listing {
	if l == nil || l.change != change {
		return nil
	}
	return l
}

// keepListing keeps one that was read, unless there is a newer one.
func (s *Store) keepListing(collectionID int64, l *listing) {
	s.catchUp.Lock()
	defer s.catchUp.Unlock()
	if kept := s.listings.find(collectionID); kept == nil || kept.change < l.change {
		s.listings.keep(collectionID, l, l.size())
	}
}

// tags streams the Tags of a collection's objects in order of name, from memory if they are kept there, and
// otherwise keeps them.
func (tx *Tx) tags(collectionID int64) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		l, change, err := tx.listing(collectionID)
		if err != nil {
			yield(Object{}, err)
			return
		}
		if l != nil {
			tx.streaming = true // though nothing is: what must not be done in a loop must not depend on what is kept
			defer func() { tx.streaming = false }()
			l.all()(yield)
			return
		}
		m := listingMaker{}
		keep := change != 0
		if keep {
			_, others := tx.s.making.LoadOrStore(collectionID, nil)
			if keep = !others; keep {
				defer tx.s.making.Delete(collectionID)
			}
		}
		for o, err := range tx.objects(Tags, objectsOfCollection[Tags], collectionID) {
			if !yield(o, err) || err != nil {
				return
			}
			if keep {
				m.add(&o)
				keep = !m.tooLarge()
			}
		}
		if keep {
			tx.s.keepListing(collectionID, m.listing(change))
		}
	}
}
