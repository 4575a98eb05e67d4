package directory_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"calport/directory"
)

// TestChangedSnapshotAnswersAsOneMadeAnew changes a directory at random and compares every answer with that of a
// snapshot made at once of the same principals.
func TestChangedSnapshotAnswersAsOneMadeAnew(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := make(map[string]*directory.Principal)
		for _, p := range randomPeople(r, 30) {
			all[p.GUID] = p
		}
		s := directory.NewSnapshot(slices.Collect(maps.Values(all)), taken)
		for range 40 {
			changed := randomPeople(r, 1+r.IntN(4))
			var gone []string
			for guid := range all {
				if r.IntN(12) == 0 {
					gone = append(gone, guid)
				}
			}
			gone = append(gone, "nobody")
			for _, guid := range gone {
				delete(all, guid)
			}
			for _, p := range changed {
				all[p.GUID] = p
			}
			s = directory.With(s, changed, gone)
			sameAnswers(t, s, directory.NewSnapshot(slices.Collect(maps.Values(all)), taken))
			if t.Failed() {
				t.Fatalf("with seed %d", seed)
			}
		}
	}
}

// randomPeople makes principals out of so few names, addresses and GUIDs that they collide all the time.
func randomPeople(r *rand.Rand, n int) []*directory.Principal {
	some := func(format string, most int) (list []string) {
		for range r.IntN(most) {
			list = append(list, fmt.Sprintf(format, r.IntN(14)))
		}
		return list
	}
	found := make(map[string]*directory.Principal)
	for range n {
		p := &directory.Principal{Kind: directory.Kinds()[r.IntN(4)], GUID: fmt.Sprintf("guid-%02d", r.IntN(40)), ShortName: fmt.Sprintf("n%d", r.IntN(25)),
			FullName: fmt.Sprintf("Name %d", r.IntN(30)), Mails: some("m%d@x", 4), Delegates: directory.Delegates{Read: some("guid-%02d", 3), Write: some("guid-%02d", 2)}}
		switch p.Kind {
		case directory.Individual:
			p.LoginNames = some("n%d", 3)
		case directory.Group:
			p.Members = some("guid-%02d", 8)
		default:
			p.Place = &directory.Place{}
		}
		found[p.GUID] = p
	}
	return slices.Collect(maps.Values(found))
}

func sameAnswers(t *testing.T, got, want *directory.Snapshot) {
	t.Helper()
	same := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	guids := func(list []*directory.Principal) []string {
		found := []string{}
		for _, p := range list {
			found = append(found, p.GUID)
		}
		return found
	}
	guid := func(p *directory.Principal) string {
		if p == nil {
			return ""
		}
		return p.GUID
	}
	same("All", guids(slices.Collect(got.All())), guids(slices.Collect(want.All())))
	for _, k := range directory.Kinds() {
		same("Count", got.Count(k), want.Count(k))
		same("All of a kind", guids(slices.Collect(got.All(k))), guids(slices.Collect(want.All(k))))
		for n := range 25 {
			name := fmt.Sprintf("N%d", n)
			same("ByName "+name, guid(got.ByName(k, name)), guid(want.ByName(k, name)))
		}
	}
	for n := range 40 {
		id, mail, login := fmt.Sprintf("GUID-%02d", n), fmt.Sprintf("m%d@X", n), fmt.Sprintf("n%d", n)
		same("ByGUID "+id, got.ByGUID(id), want.ByGUID(id))
		same("ByAddress "+mail, guid(got.ByAddress(mail)), guid(want.ByAddress(mail)))
		for _, name := range []string{mail, login} {
			a, aErr := got.ByLogin(name)
			b, bErr := want.ByLogin(name)
			same("ByLogin "+name, guid(a), guid(b))
			same("ByLogin "+name, aErr, bErr)
		}
		same("MemberOf "+id, guids(got.MemberOf(id)), guids(want.MemberOf(id)))
		same("Members "+id, guids(got.Members(id)), guids(want.Members(id)))
		aRead, aWrite := got.DelegatorsOf(id)
		bRead, bWrite := want.DelegatorsOf(id)
		same("DelegatorsOf "+id, [][]string{guids(aRead), guids(aWrite)}, [][]string{guids(bRead), guids(bWrite)})
		for other := range 40 {
			group := fmt.Sprintf("guid-%02d", other)
			same("IsMember "+id+" "+group, got.IsMember(id, group), want.IsMember(id, group))
		}
	}
	for _, q := range []directory.Query{{Text: "name"}, {Text: "1"}, {Text: "m1"}, {Text: "ame 2"}, {Limit: 3},
		{Kinds: []directory.Kind{directory.Room}}, {Terms: []directory.Term{{Fields: directory.Address, Match: directory.EndsWith, Text: "3@x"}}}} {
		a, aMore := got.Search(q)
		b, bMore := want.Search(q)
		same(fmt.Sprintf("Search %+v", q), guids(a), guids(b))
		same(fmt.Sprintf("Search %+v", q), aMore, bMore)
	}
}

func TestManyChangesMakeASnapshotAnew(t *testing.T) {
	s := directory.NewSnapshot(people(1500), taken)
	for i, p := range people(1500) {
		p.FullName = fmt.Sprintf("Changed %d", i)
		s = directory.With(s, []*directory.Principal{p}, nil)
	}
	if hits, more := s.Search(directory.Query{Text: "changed", Limit: 1575}); len(hits) != 1575 || more {
		t.Errorf("got %d of 1575 changed principals", len(hits))
	}
	sameAnswers(t, s, directory.NewSnapshot(slices.Collect(s.All()), taken))
}

// BenchmarkChange100k is what one changed person costs a snapshot of 100,000, once nothing and once much lies over
// its indexes; and what it would cost to make it anew.
func BenchmarkChange100k(b *testing.B) {
	fresh := directory.NewSnapshot(people(100_000), taken)
	fresh.Search(directory.Query{Text: "x"})
	ada := *fresh.ByAddress("user77@example.com")
	ada.JobTitle, ada.Mails = "Countess", append(ada.Mails, "countess@example.com")
	group := *fresh.ByName(directory.Group, "group7")
	group.Members = append(slices.Clone(group.Members), ada.GUID)
	full := fresh
	for i, p := range people(950)[:950] {
		p.JobTitle = fmt.Sprintf("Engineer %d", i)
		full = directory.With(full, []*directory.Principal{p}, nil)
	}
	for _, c := range []struct {
		name    string
		s       *directory.Snapshot
		changed *directory.Principal
	}{{"person", fresh, &ada}, {"group", fresh, &group}, {"person_after_950", full, &ada}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				directory.With(c.s, []*directory.Principal{c.changed}, nil)
			}
		})
	}
	b.Run("anew", func(b *testing.B) {
		for b.Loop() {
			directory.NewSnapshot(slices.Collect(fresh.All()), taken)
		}
	})
}
