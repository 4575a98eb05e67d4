package directory

import (
	"cmp"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Snapshot is the picture of a whole directory at one moment, in memory. It is immutable and safe for concurrent
// use; every lookup is caseless and costs no more than a few map accesses.
type Snapshot struct {
	taken time.Time
	all   []*Principal // by position, a number below; nil for who has gone since the indexes were made
	count [len(kinds)]int

	guids   index
	indexes [len(kinds) + 2]index // of short names, by kind; then logins and addresses

	graph     graph
	delegates delegations
	unknown   unknown
	search    func() *searchIndex // made at the first search
	dropped   []*Principal
	later     *overlay // nil in a snapshot that was made at once
}

// NewSnapshot makes a snapshot of all. It takes the principals over: the caller changes them no more. A principal
// without GUID, or with a GUID that an earlier one has, is left out and told by Dropped.
func NewSnapshot(all []*Principal, taken time.Time) *Snapshot {
	kept, dropped := distinct(sortedByName(all))
	return newSnapshot(kept, dropped, taken)
}

// newSnapshot makes a snapshot of principals that are distinct and sorted.
func newSnapshot(all, dropped []*Principal, taken time.Time) *Snapshot {
	s := &Snapshot{taken: taken, all: all, dropped: dropped, guids: newIndex(len(all)), unknown: unknown{base: make(map[string][]int32)}}
	for _, p := range s.all {
		s.count[p.Kind]++
	}
	for k, n := range s.count {
		s.indexes[k] = newIndex(n)
	}
	s.indexes[logins], s.indexes[addresses] = newIndex(2*s.count[Individual]), newIndex(len(s.all))
	for i, p := range s.all {
		s.guids.base[Fold(p.GUID)] = int32(i)
		for w, key := range p.keys() {
			s.enter(w, key, int32(i))
		}
	}
	s.graph = newGraph(s)
	s.delegates = newDelegations(s)
	s.search = sync.OnceValue(func() *searchIndex { return newSearchIndex(all) })
	return s
}

// ordered is a principal with its place in the order of snapshots: folded short name, kind, GUID.
type ordered struct {
	name string
	*Principal
}

func inOrder(p *Principal) ordered { return ordered{Fold(p.ShortName), p} }

func compareOrder(a, b ordered) int {
	return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.Kind, b.Kind), strings.Compare(a.GUID, b.GUID))
}

func sortedByName(all []*Principal) []*Principal {
	sorted := make([]ordered, len(all))
	for i, p := range all {
		sorted[i] = inOrder(p)
	}
	slices.SortStableFunc(sorted, compareOrder)
	out := make([]*Principal, len(all))
	for i := range sorted {
		out[i] = sorted[i].Principal
	}
	return out
}

// distinct keeps the first principal of each GUID.
func distinct(all []*Principal) (kept, dropped []*Principal) {
	seen := make(map[string]bool, len(all))
	kept = all[:0]
	for _, p := range all {
		key := Fold(p.GUID)
		if key == "" || seen[key] {
			dropped = append(dropped, p)
			continue
		}
		seen[key] = true
		kept = append(kept, p)
	}
	return kept, dropped
}

// live answers the principal of a GUID and its position; false if there is none.
func (s *Snapshot) live(guid string) (int32, *Principal, bool) {
	i, ok := s.guids.find(guid)
	if !ok || s.all[i] == nil {
		return 0, nil, false
	}
	return i, s.all[i], true
}

func (s *Snapshot) at(i int32, ok bool) *Principal {
	if !ok || i == shared {
		return nil
	}
	return s.all[i]
}

// Taken is when the directory was read.
func (s *Snapshot) Taken() time.Time { return s.taken }

// Count is the number of principals of a kind.
func (s *Snapshot) Count(k Kind) int { return s.count[k] }

// Dropped lists what could not be taken up: principals without GUID, and those whose GUID another one has.
func (s *Snapshot) Dropped() []*Principal { return s.dropped }

// All yields the principals of the kinds given, every kind for none, sorted by short name.
func (s *Snapshot) All(of ...Kind) iter.Seq[*Principal] {
	return func(yield func(*Principal) bool) {
		for p := range s.sorted(countTo(s.indexed())) {
			if (len(of) == 0 || slices.Contains(of, p.Kind)) && !yield(p) {
				return
			}
		}
	}
}

func countTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// ByGUID finds a principal of any kind by its stable id, nil if there is none.
func (s *Snapshot) ByGUID(guid string) *Principal { return s.at(s.guids.find(guid)) }

// ByName finds the principal of a kind by its short name; nil if there is none, or more than one.
func (s *Snapshot) ByName(k Kind, shortName string) *Principal {
	if k == 0 || int(k) >= len(kinds) {
		return nil
	}
	return s.at(s.indexes[k].find(shortName))
}

// ByLogin finds the person whom a login leads to: short name, any mail address, UPN or DOMAIN\name.
// Errors: ErrNotFound, ErrAmbiguous.
func (s *Snapshot) ByLogin(login string) (*Principal, error) {
	i, ok := s.indexes[logins].find(login)
	switch {
	case !ok:
		return nil, ErrNotFound
	case i == shared:
		return nil, ErrAmbiguous
	}
	return s.all[i], nil
}

// ByAddress finds a principal of any kind by a calendar user address (RFC 5545 section 3.3.3): mailto:, a bare mail
// address, urn:uuid:GUID (RFC 9562 section 4) or Apple's urn:x-uid:GUID. It answers nil if there is none, and for
// an address that several have and none, or more than one, prefers.
func (s *Snapshot) ByAddress(address string) *Principal {
	for _, scheme := range [...]string{"urn:uuid:", "urn:x-uid:"} {
		if guid, ok := cutPrefixFold(address, scheme); ok {
			return s.ByGUID(guid)
		}
	}
	mail, ok := cutPrefixFold(address, "mailto:")
	if ok && strings.Contains(mail, "%") { // RFC 6068 section 2
		if plain, err := url.PathUnescape(mail); err == nil {
			mail = plain
		}
	}
	return s.at(s.indexes[addresses].find(mail))
}

// cutPrefixFold is strings.CutPrefix for an ASCII prefix in any letter case.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
