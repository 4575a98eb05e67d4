package directory

import (
	"maps"
	"slices"
)

// graph holds group membership by position, both ways. Groups may contain each other: every walk keeps what it has
// seen.
type graph struct{ members, parents edges }

// edges are adjacency lists in one array: those of i are to[from[i]:from[i+1]].
type edges struct{ from, to []int32 }

func (e edges) of(i int32) []int32 { return e.to[e.from[i]:e.from[i+1]] }

func newGraph(s *Snapshot) graph {
	var pairs [][2]int32 // group, member
	for i, p := range s.all {
		for _, guid := range p.Members {
			if m, ok := s.guids.find(guid); ok && m != int32(i) {
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

// reach answers everything that a walk along e from start comes to, sorted; start itself only if it is in a circle.
func (e edges) reach(start int32) []int32 {
	seen := make(map[int32]bool)
	queue := slices.Clone(e.of(start))
	var found []int32
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if seen[i] {
			continue
		}
		seen[i] = true
		found = append(found, i)
		queue = append(queue, e.of(i)...)
	}
	slices.Sort(found)
	return found
}

// MemberOf lists the groups that a principal is in, directly or through other groups, sorted by short name. A group
// is not a member of itself, even where groups contain each other in a circle.
func (s *Snapshot) MemberOf(guid string) []*Principal {
	i, ok := s.guids.find(guid)
	if !ok {
		return nil
	}
	var groups []*Principal
	for _, g := range s.graph.parents.reach(i) {
		if g != i {
			groups = append(groups, s.all[g])
		}
	}
	return groups
}

// Members lists the members of a group that are no groups themselves, through groups in it too, sorted by short name.
func (s *Snapshot) Members(guid string) []*Principal {
	i, ok := s.guids.find(guid)
	if !ok {
		return nil
	}
	var members []*Principal
	for _, m := range s.graph.members.reach(i) {
		if s.all[m].Kind != Group {
			members = append(members, s.all[m])
		}
	}
	return members
}

// IsMember reports whether a principal is in a group, directly or through other groups.
func (s *Snapshot) IsMember(guid, groupGUID string) bool {
	i, ok := s.guids.find(guid)
	g, known := s.guids.find(groupGUID)
	if !ok || !known || i == g {
		return false
	}
	if slices.Contains(s.graph.parents.of(i), g) {
		return true
	}
	_, found := slices.BinarySearch(s.graph.parents.reach(i), g)
	return found
}

// delegation is one line of a principal's Delegates, seen from the delegate.
type delegation struct {
	of    int32
	write bool
}

func delegations(s *Snapshot) map[int32][]delegation {
	found := make(map[int32][]delegation)
	enter := func(of int32, guids []string, write bool) {
		for _, guid := range guids {
			if d, ok := s.guids.find(guid); ok && d != of {
				found[d] = append(found[d], delegation{of, write})
			}
		}
	}
	for i, p := range s.all {
		enter(int32(i), p.Delegates.Read, false)
		enter(int32(i), p.Delegates.Write, true)
	}
	return found
}

// DelegatorsOf lists the principals whose directory Delegates name this one, itself or a group that it is in, sorted
// by short name. One who may write is listed under write only.
func (s *Snapshot) DelegatorsOf(guid string) (read, write []*Principal) {
	i, ok := s.guids.find(guid)
	if !ok || len(s.delegates) == 0 {
		return nil, nil
	}
	may := make(map[int32]bool) // delegator: write
	for _, d := range append(s.graph.parents.reach(i), i) {
		for _, given := range s.delegates[d] {
			may[given.of] = may[given.of] || given.write
		}
	}
	delete(may, i)
	for _, of := range slices.Sorted(maps.Keys(may)) {
		if may[of] {
			write = append(write, s.all[of])
		} else {
			read = append(read, s.all[of])
		}
	}
	return read, write
}
