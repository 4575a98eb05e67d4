package directory

import (
	"maps"
	"slices"
)

// same reports whether nothing of a principal differs.
func (p *Principal) same(q *Principal) bool {
	if p == q {
		return true
	}
	if p == nil || q == nil || p.Kind != q.Kind || p.GUID != q.GUID || p.State != q.State || (p.Place == nil) != (q.Place == nil) ||
		p.Place != nil && *p.Place != *q.Place {
		return false
	}
	theirs := q.texts()
	for i, text := range p.texts() {
		if *text != *theirs[i] {
			return false
		}
	}
	return sameLists(p.lists(), q.lists()) && sameLists(p.references(), q.references()) &&
		maps.EqualFunc(p.Attributes, q.Attributes, slices.Equal)
}

func sameLists[L [2]*[]string | [3]*[]string](a, b L) bool {
	for i := range len(a) {
		if !slices.Equal(*a[i], *b[i]) {
			return false
		}
	}
	return true
}

// released answers those who name somebody gone, without that name: groups, and whom the gone were delegates of.
// Principals among changed are told as they are now, and are left out.
func (s *Snapshot) released(changed []*Principal, gone []string) []*Principal {
	known := make(map[string]bool, len(changed)+len(gone))
	for _, p := range changed {
		known[Fold(p.GUID)] = true
	}
	lost := make(map[string]bool, len(gone))
	var naming []*Principal
	groupGone := false
	for _, guid := range gone {
		i, p, ok := s.live(guid)
		if key := Fold(guid); ok && !known[key] {
			lost[key] = true
			groupGone = groupGone || p.Kind == Group
			naming = append(naming, s.Naming(guid)...)
			for _, d := range s.delegates.of(i) {
				naming = append(naming, s.all[d.of])
			}
		}
	}
	if groupGone {
		naming = slices.AppendSeq(naming, s.All(Room, Resource))
	}
	var after []*Principal
	for _, p := range naming {
		key := Fold(p.GUID)
		if known[key] || lost[key] {
			continue
		}
		known[key] = true
		if q := p.without(lost); !p.same(q) {
			after = append(after, q)
		}
	}
	return after
}

// without copies a principal but for its references to others.
func (p *Principal) without(lost map[string]bool) *Principal {
	q := *p
	for _, guids := range q.references() {
		if kept := slices.DeleteFunc(slices.Clone(*guids), func(guid string) bool { return lost[Fold(guid)] }); len(kept) < len(*guids) {
			*guids = kept
		}
	}
	if p.Place != nil && lost[Fold(p.Place.AutoAcceptGroup)] {
		place := *p.Place
		place.AutoAcceptGroup = ""
		q.Place = &place
	}
	return &q
}

// differences lists, sorted, the GUIDs of all who are not in after as they were in before.
func differences(before, after *Snapshot) []string {
	var guids []string
	for p := range before.All() {
		if !p.same(after.ByGUID(p.GUID)) {
			guids = append(guids, p.GUID)
		}
	}
	for p := range after.All() {
		if before.ByGUID(p.GUID) == nil {
			guids = append(guids, p.GUID)
		}
	}
	return affected(before, after, guids)
}

// affected lists, sorted, those who changed and those whom that concerns through groups: who came into a group or
// left it, directly or with another group, and everybody in a group that is called otherwise now.
func affected(before, after *Snapshot, changed []string) []string {
	found := make(map[string]string, len(changed)) // by folded GUID
	add := func(p *Principal) { found[Fold(p.GUID)] = p.GUID }
	below := func(s *Snapshot, guid string) {
		if i, _, ok := s.live(guid); ok {
			for _, m := range s.reach(s.graph.members, i) {
				add(s.all[m])
			}
		}
	}
	for _, guid := range changed {
		old, now := before.ByGUID(guid), after.ByGUID(guid)
		for _, p := range [...]*Principal{old, now} {
			if p != nil {
				add(p)
			}
		}
		left, came := old.membersBeside(now), now.membersBeside(old)
		for _, side := range [...]struct {
			s     *Snapshot
			guids []string
		}{{before, left}, {after, came}} {
			for _, member := range side.guids {
				if p := side.s.ByGUID(member); p != nil {
					add(p)
					if p.Kind == Group {
						below(side.s, member)
					}
				}
			}
		}
		if old.renamedGroup(now) {
			below(after, guid)
		}
	}
	return slices.Sorted(maps.Values(found))
}

// membersBeside lists the members of a group, nil for none, that another one does not have.
func (p *Principal) membersBeside(other *Principal) []string {
	if p == nil || p.Kind != Group {
		return nil
	}
	if other == nil || other.Kind != Group {
		return p.Members
	}
	has := make(map[string]bool, len(other.Members))
	for _, guid := range other.Members {
		has[guid] = true
	}
	return slices.DeleteFunc(slices.Clone(p.Members), func(guid string) bool { return has[guid] })
}

// renamedGroup reports whether a group differs from q in more than its members.
func (p *Principal) renamedGroup(q *Principal) bool {
	if p == nil || q == nil || q.Kind != Group {
		return false
	}
	other := *p
	other.Members = q.Members
	return !other.same(q)
}
