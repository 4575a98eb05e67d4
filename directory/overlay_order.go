package directory

import (
	"cmp"
	"iter"
	"slices"
)

// The order of names in a snapshot that lies over another.

// loose is a principal whose position is not its place in the order: it stands before the position at.
type loose struct {
	ordered
	position, at int32
}

// arrange finds the places of those at some positions in the order.
func (s *Snapshot) arrange(positions []int32) {
	o := s.later
	o.loose = slices.DeleteFunc(slices.Clone(o.loose), func(l loose) bool { return slices.Contains(positions, l.position) })
	for _, i := range positions {
		p := s.all[i]
		if p == nil {
			continue
		}
		place := inOrder(p)
		if int(i) < len(o.order) && compareOrder(place, inOrder(o.order[i])) == 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(o.order, place, func(q *Principal, place ordered) int { return compareOrder(inOrder(q), place) })
		o.loose = append(o.loose, loose{place, i, int32(at)})
	}
	slices.SortFunc(o.loose, func(a, b loose) int { return cmp.Or(cmp.Compare(a.at, b.at), compareOrder(a.ordered, b.ordered)) })
	o.rank = make(map[int32]uint64, len(o.loose))
	for n, l := range o.loose {
		o.rank[l.position] = uint64(l.at)<<32 | uint64(n)
	}
}

// sort brings positions into the order of names.
func (s *Snapshot) sort(positions []int32) {
	if s.later == nil {
		slices.Sort(positions)
		return
	}
	rank := func(i int32) uint64 {
		if r, ok := s.later.rank[i]; ok {
			return r
		}
		return uint64(i)<<32 | 1<<31
	}
	slices.SortFunc(positions, func(a, b int32) int { return cmp.Compare(rank(a), rank(b)) })
}

// indexed is the number of positions that the indexes were made of.
func (s *Snapshot) indexed() int {
	if s.later == nil {
		return len(s.all)
	}
	return len(s.later.order)
}

// sorted yields those at some ascending positions, and all who are loose, in the order of names.
func (s *Snapshot) sorted(positions iter.Seq[int]) iter.Seq[*Principal] {
	if s.later == nil {
		return func(yield func(*Principal) bool) {
			for i := range positions {
				if !yield(s.all[i]) {
					return
				}
			}
		}
	}
	return func(yield func(*Principal) bool) {
		rest := s.later.loose
		for i := range positions {
			for ; len(rest) > 0 && int(rest[0].at) <= i; rest = rest[1:] {
				if !yield(rest[0].Principal) {
					return
				}
			}
			if _, elsewhere := s.later.rank[int32(i)]; !elsewhere && s.all[i] != nil && !yield(s.all[i]) {
				return
			}
		}
		for _, l := range rest {
			if !yield(l.Principal) {
				return
			}
		}
	}
}
