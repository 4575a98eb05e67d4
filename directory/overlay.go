package directory

import (
	"cmp"
	"maps"
	"slices"
)

// overlay is what has changed since the indexes of a snapshot were made. A snapshot made of another by with shares
// the indexes, and positions keep their meaning; what differs lies over them, so that a change costs little more
// than the copy of one array of pointers. After overlayLimit changes everything is made anew.
type overlay struct {
	order   []*Principal   // those whom the indexes were made of
	touched map[int32]bool // positions of those who changed, came or went
	loose   []loose        // sorted
	rank    map[int32]uint64
}

const overlayLimit = 1000

// with answers the snapshot after some principals have come, changed or gone. It takes those who changed over.
func (s *Snapshot) with(changed []*Principal, gone []string) *Snapshot {
	if s.later.size()+len(changed)+len(gone) > overlayLimit {
		return s.anew(changed, gone)
	}
	n := s.overlaid()
	var relink []int32
	for _, p := range changed {
		if _, ok := n.guids.find(p.GUID); !ok && p.GUID != "" {
			key := Fold(p.GUID)
			n.guids.over[key] = int32(len(n.all))
			n.all = append(n.all, nil)
			relink = append(relink, n.unknown.of(key)...)
		}
	}
	stale := make(map[name]bool)
	put := func(guid string, p *Principal) {
		i, ok := n.guids.find(guid)
		if !ok || p == nil && n.all[i] == nil {
			return
		}
		n.undelegate(i)
		renamed(n.all[i], p, stale)
		n.put(i, p)
		relink = append(relink, i)
	}
	for _, guid := range gone {
		put(guid, nil)
	}
	for _, p := range changed {
		put(p.GUID, p)
	}
	slices.Sort(relink)
	relink = slices.Compact(relink)
	for _, i := range relink {
		n.relink(i)
	}
	n.arrange(relink)
	n.reindex(stale)
	return n
}

// anew is with, by a snapshot that shares nothing.
func (s *Snapshot) anew(changed []*Principal, gone []string) *Snapshot {
	not := make(map[string]bool, len(changed)+len(gone))
	for _, guid := range gone {
		not[Fold(guid)] = true
	}
	after := make(map[string]*Principal, len(changed))
	for _, p := range changed {
		after[Fold(p.GUID)] = p
	}
	all := make([]*Principal, 0, len(s.all)+len(after))
	for key, p := range after {
		if not[key] = true; key != "" {
			all = append(all, p)
		}
	}
	for p := range s.All() {
		if !not[Fold(p.GUID)] {
			all = append(all, p)
		}
	}
	n := newSnapshot(sortedByName(all), s.dropped, s.taken)
	n.search()
	return n
}

// overlaid copies what with changes.
func (s *Snapshot) overlaid() *Snapshot {
	n := *s
	n.all = append(make([]*Principal, 0, len(s.all)+8), s.all...)
	n.guids.over = copied(s.guids.over)
	for w := range n.indexes {
		n.indexes[w].over = copied(s.indexes[w].over)
	}
	n.graph.members.over, n.graph.parents.over = copied(s.graph.members.over), copied(s.graph.parents.over)
	n.delegates.over, n.unknown.over = copied(s.delegates.over), copied(s.unknown.over)
	n.later = &overlay{order: s.all}
	if s.later != nil {
		*n.later = *s.later
	}
	n.later.touched = copied(n.later.touched)
	return &n
}

func copied[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return make(map[K]V)
	}
	return maps.Clone(m)
}

func (o *overlay) size() int {
	if o == nil {
		return 0
	}
	return len(o.touched)
}

// addTo adds those who changed to the candidates of a search, for the index knows them as they were.
func (o *overlay) addTo(found set) {
	if o == nil {
		return
	}
	for i := range o.touched {
		if int(i) < len(o.order) {
			found[i/64] |= 1 << (i % 64)
		}
	}
}

// put lets p, nil for nobody, be at position i.
func (s *Snapshot) put(i int32, p *Principal) {
	if old := s.all[i]; old != nil {
		s.count[old.Kind]--
	}
	if p != nil {
		s.count[p.Kind]++
	}
	s.all[i] = p
	s.later.touched[i] = true
}

// relink makes the edges of the principal at position i anew, from it as a group, and its delegations.
func (s *Snapshot) relink(i int32) {
	p := s.all[i]
	nobody := func(key string) {
		if before := s.unknown.of(key); !slices.Contains(before, i) {
			s.unknown.over[key] = append(slices.Clone(before), i)
		}
	}
	var members []int32
	if p != nil {
		for _, guid := range p.Members {
			if m, ok := s.guids.find(guid); !ok {
				nobody(Fold(guid))
			} else if m != i {
				members = append(members, m)
			}
		}
	}
	lost, won := differing(s.graph.members.of(i), members)
	if len(lost)+len(won) > 0 {
		s.graph.members.over[i] = members
	}
	parents := s.graph.parents
	for _, m := range lost {
		parents.over[m] = slices.DeleteFunc(slices.Clone(parents.of(m)), func(g int32) bool { return g == i })
	}
	for _, m := range won {
		parents.over[m] = append(slices.Clone(parents.of(m)), i)
	}
	s.undelegate(i)
	s.eachDelegate(p, func(d int32, write bool) {
		s.delegates.over[d] = append(slices.Clone(s.delegates.of(d)), delegation{i, write})
	}, nobody)
}

// undelegate forgets what the principal now at position i delegates.
func (s *Snapshot) undelegate(i int32) {
	s.eachDelegate(s.all[i], func(d int32, _ bool) {
		s.delegates.over[d] = slices.DeleteFunc(slices.Clone(s.delegates.of(d)), func(given delegation) bool { return given.of == i })
	}, func(string) {})
}

// differing answers what is only in before and what is only in after.
func differing(before, after []int32) (lost, won []int32) {
	before, after = slices.Sorted(slices.Values(before)), slices.Sorted(slices.Values(after))
	before, after = slices.Compact(before), slices.Compact(after)
	for len(before) > 0 && len(after) > 0 {
		switch c := cmp.Compare(before[0], after[0]); {
		case c < 0:
			lost, before = append(lost, before[0]), before[1:]
		case c > 0:
			won, after = append(won, after[0]), after[1:]
		default:
			before, after = before[1:], after[1:]
		}
	}
	return append(lost, before...), append(won, after...)
}
