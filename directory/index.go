package directory

import (
	"iter"
	"slices"
)

// index leads from a folded name to a position, or to shared. What differs from base since it was made lies over it.
type index struct {
	base, over map[string]int32
	contested  map[string]bool // names in base that several have, whoever they lead to
}

const (
	shared = -1 // a name that leads to more than one principal
	absent = -2 // in over: a name that leads to nobody any more
)

// which numbers the indexes of names: those of short names by their kind, then these.
const (
	logins    = len(kinds)     // short names, mails and login names of people
	addresses = len(kinds) + 1 // mails of every kind
)

func newIndex(size int) index {
	return index{base: make(map[string]int32, size), contested: make(map[string]bool)}
}

// find answers the position of a name, shared, or false. It folds without allocating.
func (x index) find(name string) (int32, bool) {
	var room [128]byte
	key := appendFold(room[:0], name)
	if i, ok := x.over[string(key)]; ok {
		return i, i != absent
	}
	i, ok := x.base[string(key)]
	return i, ok
}

// keys yields the names by which a principal is found and the index that each is for, with repetitions.
func (p *Principal) keys() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		each := func(which int, names ...string) bool {
			for _, name := range names {
				if key := Fold(name); key != "" && !yield(which, key) {
					return false
				}
			}
			return true
		}
		_ = each(int(p.Kind), p.ShortName) && each(addresses, p.Mails...) &&
			(p.Kind != Individual || each(logins, p.ShortName) && each(logins, p.Mails...) && each(logins, p.LoginNames...))
	}
}

// enter puts a name of the principal at position i into an index that is being made.
func (s *Snapshot) enter(which int, key string, i int32) {
	x := s.indexes[which]
	other, taken := x.base[key]
	if !taken || other == i {
		x.base[key] = i
		return
	}
	x.contested[key] = true
	if which == addresses {
		x.base[key] = s.preferring(key, other, i)
	} else {
		x.base[key] = shared
	}
}

// preferring lets an address lead to the only principal that has it, or to the only one that prefers it: an alias
// never takes an address away from the principal whose own it is. other is who has it so far, at least one.
func (s *Snapshot) preferring(key string, other, i int32) int32 {
	prefers := func(p *Principal) bool { return p != nil && Fold(p.Mail()) == key }
	mine := prefers(s.all[i])
	if other == shared {
		// A scan, reached only by an address that at least three principals have.
		if mine && !slices.ContainsFunc(s.all[:i], prefers) {
			return i
		}
		return shared
	}
	switch theirs := prefers(s.all[other]); {
	case mine && !theirs:
		return i
	case mine == theirs:
		return shared
	}
	return other
}

// resolve answers where a name leads that some have: the position of the only one, for an address the only one of
// them who prefers it, else shared; absent if nobody has it.
func (s *Snapshot) resolve(which int, key string, holders []int32) int32 {
	switch len(holders) {
	case 0:
		return absent
	case 1:
		return holders[0]
	}
	if which != addresses {
		return shared
	}
	preferring := slices.DeleteFunc(slices.Clone(holders), func(i int32) bool { return Fold(s.all[i].Mail()) != key })
	if len(preferring) == 1 {
		return preferring[0]
	}
	return shared
}
