package directory

import (
	"maps"
	"slices"
)

// delegation is one line of a principal's Delegates, seen from the delegate.
type delegation struct {
	of    int32
	write bool
}

// delegations says who is a delegate, by the position of the person or group named. What differs from base since it
// was made lies over it.
type delegations struct{ base, over map[int32][]delegation }

func (d delegations) of(i int32) []delegation {
	if list, ok := d.over[i]; ok {
		return list
	}
	return d.base[i]
}

func newDelegations(s *Snapshot) delegations {
	found := make(map[int32][]delegation)
	for i, p := range s.all {
		s.eachDelegate(p, func(d int32, write bool) { found[d] = append(found[d], delegation{int32(i), write}) }, func(key string) {
			s.unknown.base[key] = append(s.unknown.base[key], int32(i))
		})
	}
	return delegations{base: found}
}

// eachDelegate tells the positions of a principal's delegates, and the folded GUIDs of those who are nobody.
func (s *Snapshot) eachDelegate(p *Principal, known func(d int32, write bool), unknown func(key string)) {
	if p == nil {
		return
	}
	for _, list := range [...]struct {
		guids []string
		write bool
	}{{p.Delegates.Read, false}, {p.Delegates.Write, true}} {
		for _, guid := range list.guids {
			if d, ok := s.guids.find(guid); !ok {
				unknown(Fold(guid))
			} else if !sameGUID(s.all[d], p) {
				known(d, list.write)
			}
		}
	}
}

// DelegatorsOf lists the principals whose directory Delegates name this one, itself or a group that it is in, sorted
// by short name. One who may write is listed under write only.
func (s *Snapshot) DelegatorsOf(guid string) (read, write []*Principal) {
	i, _, ok := s.live(guid)
	if !ok || len(s.delegates.base)+len(s.delegates.over) == 0 {
		return nil, nil
	}
	may := make(map[int32]bool) // delegator: write
	for _, d := range append(s.reach(s.graph.parents, i), i) {
		for _, given := range s.delegates.of(d) {
			may[given.of] = may[given.of] || given.write
		}
	}
	delete(may, i)
	delegators := slices.Collect(maps.Keys(may))
	s.sort(delegators)
	for _, of := range delegators {
		if may[of] {
			write = append(write, s.all[of])
		} else {
			read = append(read, s.all[of])
		}
	}
	return read, write
}
