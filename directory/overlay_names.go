package directory

import (
	"slices"
)

// Where names lead in a snapshot that lies over another.

// name is a folded name in one of the indexes.
type name struct {
	which int
	key   string
}

// renamed marks the names that lead elsewhere now that before has become after; either may be nil.
func renamed(before, after *Principal, stale map[name]bool) {
	names := func(p *Principal) map[name]bool { // whether it is the preferred address
		found := make(map[name]bool)
		if p != nil {
			for which, key := range p.keys() {
				found[name{which, key}] = which == addresses && Fold(p.Mail()) == key
			}
		}
		return found
	}
	old, now := names(before), names(after)
	for n, preferred := range old {
		if still, has := now[n]; !has || still != preferred {
			stale[n] = true
		}
	}
	for n := range now {
		if _, had := old[n]; !had {
			stale[n] = true
		}
	}
}

// reindex finds where stale names lead.
func (s *Snapshot) reindex(stale map[name]bool) {
	if len(stale) == 0 {
		return
	}
	holders := make(map[name][]int32, len(stale))
	hold := func(i int32) {
		if s.all[i] == nil {
			return
		}
		for which, key := range s.all[i].keys() {
			n := name{which, key}
			if stale[n] && !slices.Contains(holders[n], i) {
				holders[n] = append(holders[n], i)
			}
		}
	}
	for i := range s.later.touched {
		hold(i)
	}
	contested := false
	for n := range stale {
		x := &s.indexes[n.which]
		i, ok := x.base[n.key]
		switch {
		case x.contested[n.key]:
			contested = true
		case ok && !s.later.touched[i]:
			holders[n] = append(holders[n], i)
		}
	}
	if contested { // a scan, reached only by a name that several have
		for i := range s.later.order {
			if !s.later.touched[int32(i)] {
				hold(int32(i))
			}
		}
	}
	for n := range stale {
		s.indexes[n.which].over[n.key] = s.resolve(n.which, n.key, holders[n])
	}
}
