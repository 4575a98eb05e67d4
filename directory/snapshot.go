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
	all   []*Principal // sorted by folded short name, kind, GUID; a position in it is a number below
	count [len(kinds)]int

	guids     index
	names     [len(kinds)]index
	logins    index // short names, mails and login names of people
	addresses index // mails of every kind

	graph     graph
	delegates map[int32][]delegation // who is a delegate, by the position of the person or group named
	search    func() *searchIndex    // made at the first search
	dropped   []*Principal
}

// index leads from a folded name to a position, or to shared.
type index map[string]int32

// shared marks a name that leads to more than one principal.
const shared = -1

// NewSnapshot makes a snapshot of all. It takes the principals over: the caller changes them no more. A principal
// without GUID, or with a GUID that an earlier one has, is left out and told by Dropped.
func NewSnapshot(all []*Principal, taken time.Time) *Snapshot {
	s := &Snapshot{taken: taken, guids: make(index, len(all)), logins: make(index, 2*len(all)), addresses: make(index, len(all))}
	s.all, s.dropped = distinct(sortedByName(all))
	for _, p := range s.all {
		s.count[p.Kind]++
	}
	for k, n := range s.count {
		s.names[k] = make(index, n)
	}
	for i, p := range s.all {
		s.enter(int32(i), p)
	}
	s.graph = newGraph(s)
	s.delegates = delegations(s)
	s.search = sync.OnceValue(func() *searchIndex { return newSearchIndex(s.all) })
	return s
}

func sortedByName(all []*Principal) []*Principal {
	type keyed struct {
		name string
		p    *Principal
	}
	sorted := make([]keyed, len(all))
	for i, p := range all {
		sorted[i] = keyed{Fold(p.ShortName), p}
	}
	slices.SortStableFunc(sorted, func(a, b keyed) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.p.Kind, b.p.Kind), strings.Compare(a.p.GUID, b.p.GUID))
	})
	out := make([]*Principal, len(all))
	for i := range sorted {
		out[i] = sorted[i].p
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

// enter puts the principal at position i into the indexes.
func (s *Snapshot) enter(i int32, p *Principal) {
	s.guids[Fold(p.GUID)] = i
	s.names[p.Kind].add(p.ShortName, i)
	for n, mail := range p.Mails {
		s.enterAddress(mail, i, n == 0)
	}
	if p.Kind != Individual {
		return
	}
	s.logins.add(p.ShortName, i)
	for _, mail := range p.Mails {
		s.logins.add(mail, i)
	}
	for _, name := range p.LoginNames {
		s.logins.add(name, i)
	}
}

// enterAddress lets an address lead to the only principal that has it, or to the only one that prefers it: an alias
// never takes an address away from the principal whose own it is.
func (s *Snapshot) enterAddress(mail string, i int32, preferred bool) {
	key := Fold(mail)
	other, taken := s.addresses[key]
	switch {
	case key == "" || taken && other == i:
	case !taken:
		s.addresses[key] = i
	case other == shared:
		if preferred && !s.preferredByEarlier(key, i) {
			s.addresses[key] = i
		}
	default:
		theirs := Fold(s.all[other].Mail()) == key
		switch {
		case preferred && !theirs:
			s.addresses[key] = i
		case preferred == theirs:
			s.addresses[key] = shared
		}
	}
}

// preferredByEarlier reports whether a principal before position i prefers the address. It is a scan, reached only
// by an address that at least three principals have.
func (s *Snapshot) preferredByEarlier(key string, i int32) bool {
	return slices.ContainsFunc(s.all[:i], func(p *Principal) bool { return Fold(p.Mail()) == key })
}

func (x index) add(name string, i int32) {
	key := Fold(name)
	if key == "" {
		return
	}
	if other, taken := x[key]; taken && other != i {
		i = shared
	}
	x[key] = i
}

// find answers the position of a name, shared, or false. It folds without allocating.
func (x index) find(name string) (int32, bool) {
	var room [128]byte
	i, ok := x[string(appendFold(room[:0], name))]
	return i, ok
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
		for _, p := range s.all {
			if (len(of) == 0 || slices.Contains(of, p.Kind)) && !yield(p) {
				return
			}
		}
	}
}

// ByGUID finds a principal of any kind by its stable id, nil if there is none.
func (s *Snapshot) ByGUID(guid string) *Principal { return s.at(s.guids.find(guid)) }

// ByName finds the principal of a kind by its short name; nil if there is none, or more than one.
func (s *Snapshot) ByName(k Kind, shortName string) *Principal {
	if k == 0 || int(k) >= len(s.names) {
		return nil
	}
	return s.at(s.names[k].find(shortName))
}

// ByLogin finds the person whom a login leads to: short name, any mail address, UPN or DOMAIN\name.
// Errors: ErrNotFound, ErrAmbiguous.
func (s *Snapshot) ByLogin(login string) (*Principal, error) {
	i, ok := s.logins.find(login)
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
	return s.at(s.addresses.find(mail))
}

// cutPrefixFold is strings.CutPrefix for an ASCII prefix in any letter case.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
