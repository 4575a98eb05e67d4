package directory

import "slices"

// graph holds group membership by position, both ways. Groups may contain each other: every walk keeps what it has
// seen.
type graph struct{ members, parents edges }

// edges are adjacency lists in one array: those of i are to[from[i]:from[i+1]], unless over has others.
type edges struct {
	from, to []int32
	over     map[int32][]int32
}

func (e edges) of(i int32) []int32 {
	if list, ok := e.over[i]; ok {
		return list
	}
	if int(i) >= len(e.from)-1 {
		return nil
	}
	return e.to[e.from[i]:e.from[i+1]]
}

// unknown leads from a folded GUID that is nobody's to the positions of those who name it, as member or delegate.
type unknown struct{ base, over map[string][]int32 }

func (u unknown) of(key string) []int32 {
	if list, ok := u.over[key]; ok {
		return list
	}
	return u.base[key]
}

func newGraph(s *Snapshot) graph {
	var pairs [][2]int32 // group, member
	for i, p := range s.all {
		for _, guid := range p.Members {
			m, ok := s.guids.find(guid)
			switch {
			case !ok:
				s.unknown.base[Fold(guid)] = append(s.unknown.base[Fold(guid)], int32(i))
			case m != int32(i):
				pairs = append(pairs, [2]int32{int32(i), m})
			}
		}
	}
	return graph{members: newEdges(len(s.all), pairs, 0, 1), parents: newEdges(len(s.all), pairs, 1, 0)}
}

// newEdges sorts pairs by their source column into adjacency lists, by counting.
func newEdges(n int, pairs [][2]int32, source, target int) edges {
	e := edges{from: make([]int32, n+1), to: make([]int32, len(pairs))}
	for _, pair := range pairs {
		e.from[pair[source]+1]++
	}
	for i := range n {
		e.from[i+1] += e.from[i]
	}
	next := slices.Clone(e.from)
	for _, pair := range pairs {
		e.to[next[pair[source]]] = pair[target]
		next[pair[source]]++
	}
	return e
}

// reach answers everything that a walk along e from start comes to, sorted by name; start itself only if it is in a
// circle. Nothing leads through who has gone.
func (s *Snapshot) reach(e edges, start int32) []int32 {
	seen := make(map[int32]bool)
	queue := slices.Clone(e.of(start))
	var found []int32
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if seen[i] || s.all[i] == nil {
			continue
		}
		seen[i] = true
		found = append(found, i)
		queue = append(queue, e.of(i)...)
	}
	s.sort(found)
	return found
}

// MemberOf lists the groups that a principal is in, directly or through other groups, sorted by short name. A group
// is not a member of itself, even where groups contain each other in a circle.
func (s *Snapshot) MemberOf(guid string) []*Principal {
	i, _, ok := s.live(guid)
	if !ok {
		return nil
	}
	var groups []*Principal
	for _, g := range s.reach(s.graph.parents, i) {
		if g != i {
			groups = append(groups, s.all[g])
		}
	}
	return groups
}

// Members lists the members of a group that are no groups themselves, through groups in it too, sorted by short name.
func (s *Snapshot) Members(guid string) []*Principal {
	i, _, ok := s.live(guid)
	if !ok {
		return nil
	}
	var members []*Principal
	for _, m := range s.reach(s.graph.members, i) {
		if s.all[m].Kind != Group {
			members = append(members, s.all[m])
		}
	}
	return members
}

// Naming lists the groups that have a principal as a direct member.
func (s *Snapshot) Naming(guid string) []*Principal {
	i, _, ok := s.live(guid)
	if !ok {
		return nil
	}
	var groups []*Principal
	for _, g := range s.graph.parents.of(i) {
		if p := s.all[g]; p != nil && !slices.Contains(groups, p) {
			groups = append(groups, p)
		}
	}
	return groups
}

// IsMember reports whether a principal is in a group, directly or through other groups.
func (s *Snapshot) IsMember(guid, groupGUID string) bool {
	i, _, ok := s.live(guid)
	g, _, known := s.live(groupGUID)
	if !ok || !known || i == g {
		return false
	}
	parents := s.graph.parents.of(i)
	return slices.Contains(parents, g) || len(parents) > 0 && slices.Contains(s.reach(s.graph.parents, i), g)
}
