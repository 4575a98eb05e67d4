package directory_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"calport/directory"
)

var taken = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// school is a small directory with every sort of relation in it.
func school() []*directory.Principal {
	return []*directory.Principal{
		{Kind: directory.Individual, GUID: "A0000000-0000-0000-0000-00000000000A", ShortName: "ada", FullName: "Ada Lovelace", FirstName: "Ada", LastName: "Lovelace",
			Mails: []string{"ada@example.com", "lovelace@example.com"}, LoginNames: []string{`CORP\ada`, "ada@corp.test"}, JobTitle: "Analyst",
			Attributes: map[string][]string{"departmentnumber": {"42"}, "ou": {"Maths", "Engines"}}, DN: "uid=ada,dc=x",
			Delegates: directory.Delegates{Read: []string{"staff"}, Write: []string{"zoe"}}},
		{Kind: directory.Individual, GUID: "zoe", ShortName: "Zoë", FullName: "Zoë Ångström", FirstName: "Zoë", LastName: "Ångström", Mails: []string{"zoe@example.com"}, State: directory.Locked},
		{Kind: directory.Individual, GUID: "twin1", ShortName: "twin1", FullName: "Twin One", Mails: []string{"one@example.com", "twins@example.com"}},
		{Kind: directory.Individual, GUID: "twin2", ShortName: "twin2", FullName: "Twin Two", Mails: []string{"two@example.com", "twins@example.com", "ada@example.com"}},
		{Kind: directory.Group, GUID: "staff", ShortName: "staff", FullName: "Staff", Members: []string{"teachers", "twin1", "gone-member"}},
		{Kind: directory.Group, GUID: "teachers", ShortName: "teachers", FullName: "Teachers", Mails: []string{"teachers@example.com"}, Members: []string{"a0000000-0000-0000-0000-00000000000a", "staff"}},
		{Kind: directory.Room, GUID: "turing", ShortName: "turing", FullName: "Turing", Mails: []string{"turing@example.com"},
			Place: &directory.Place{AutoSchedule: directory.AcceptIfFree, AutoAcceptGroup: "staff", Capacity: 12, Location: "Main"}, Delegates: directory.Delegates{Write: []string{"teachers"}}},
		{Kind: directory.Resource, GUID: "beamer", ShortName: "beamer", FullName: "Beamer", Place: &directory.Place{}},
	}
}

func shortNames(principals []*directory.Principal) []string {
	names := []string{}
	for _, p := range principals {
		names = append(names, p.ShortName)
	}
	return names
}

func TestLookups(t *testing.T) {
	s := directory.NewSnapshot(school(), taken)
	name := func(p *directory.Principal) string {
		if p == nil {
			return ""
		}
		return p.ShortName
	}
	for _, test := range []struct{ how, got, want string }{
		{"GUID in another letter case", name(s.ByGUID("a0000000-0000-0000-0000-00000000000a")), "ada"},
		{"unknown GUID", name(s.ByGUID("x")), ""},
		{"empty GUID", name(s.ByGUID("")), ""},
		{"name", name(s.ByName(directory.Individual, "ADA")), "ada"},
		{"name with a combining accent", name(s.ByName(directory.Individual, "ZOE\u0308")), "Zoë"},
		{"name of another kind", name(s.ByName(directory.Group, "ada")), ""},
		{"name of no kind", name(s.ByName(0, "ada")), ""},
		{"name of a kind there is not", name(s.ByName(99, "ada")), ""},
		{"mailto", name(s.ByAddress("mailto:lovelace@example.com")), "ada"},
		{"MAILTO", name(s.ByAddress("MAILTO:Teachers@Example.COM")), "teachers"},
		{"mailto with escapes", name(s.ByAddress("mailto:zoe%40example.com")), "Zoë"},
		{"bare mail", name(s.ByAddress("turing@example.com")), "turing"},
		{"urn:uuid", name(s.ByAddress("urn:uuid:A0000000-0000-0000-0000-00000000000A")), "ada"},
		{"URN:X-UID", name(s.ByAddress("URN:X-UID:beamer")), "beamer"},
		{"an alias of two", name(s.ByAddress("mailto:twins@example.com")), ""},
		{"an alias that another one prefers", name(s.ByAddress("mailto:ada@example.com")), "ada"},
		{"unknown address", name(s.ByAddress("mailto:x@example.com")), ""},
		{"another scheme", name(s.ByAddress("https://example.com/ada")), ""},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", test.how, test.got, test.want)
		}
	}
	if got := shortNames(slices.Collect(s.All(directory.Room, directory.Resource))); !slices.Equal(got, []string{"beamer", "turing"}) {
		t.Errorf("All rooms and resources: got %q", got)
	}
	if got := shortNames(slices.Collect(s.All())); !slices.Equal(got, []string{"ada", "beamer", "staff", "teachers", "turing", "twin1", "twin2", "Zoë"}) {
		t.Errorf("All: got %q, want all, sorted", got)
	}
	if s.Count(directory.Individual) != 4 || !s.Taken().Equal(taken) {
		t.Errorf("got %d people as of %v", s.Count(directory.Individual), s.Taken())
	}
}

func TestByLogin(t *testing.T) {
	s := directory.NewSnapshot(school(), taken)
	for login, want := range map[string]error{
		"ada": nil, "ADA@CORP.TEST": nil, `corp\ADA`: nil, "lovelace@example.com": nil, "zoë": nil,
		"twins@example.com": directory.ErrAmbiguous, "ada@example.com": directory.ErrAmbiguous,
		"nobody": directory.ErrNotFound, "": directory.ErrNotFound, "staff": directory.ErrNotFound, "turing@example.com": directory.ErrNotFound,
	} {
		p, err := s.ByLogin(login)
		if !errors.Is(err, want) || (want == nil) != (p != nil) {
			t.Errorf("ByLogin(%q): got %v, %v, want %v", login, p, err, want)
		}
	}
}

func TestAddressOfManyLeadsToTheOneWhoPrefersIt(t *testing.T) {
	const shared = "info@example.com"
	person := func(guid string, mails ...string) *directory.Principal {
		return &directory.Principal{Kind: directory.Individual, GUID: guid, ShortName: guid, Mails: mails}
	}
	alias := func(guid string) *directory.Principal { return person(guid, guid+"@example.com", shared) }
	for _, test := range []struct {
		all  []*directory.Principal
		want string
	}{
		{[]*directory.Principal{alias("a"), alias("b"), person("c", shared)}, "c"},
		{[]*directory.Principal{alias("a"), person("b", shared), alias("c")}, "b"},
		{[]*directory.Principal{person("a", shared), alias("b"), alias("c")}, "a"},
		{[]*directory.Principal{person("a", shared), person("b", shared)}, ""},
		{[]*directory.Principal{person("a", shared), person("b", shared), person("c", shared)}, ""},
		{[]*directory.Principal{person("a", shared), alias("b"), person("c", shared)}, ""},
		{[]*directory.Principal{alias("a"), alias("b"), alias("c")}, ""},
		{[]*directory.Principal{person("a", shared, shared)}, "a"},
	} {
		got := ""
		if p := directory.NewSnapshot(test.all, taken).ByAddress(shared); p != nil {
			got = p.ShortName
		}
		if got != test.want {
			t.Errorf("%v: got %q, want %q", shortNames(test.all), got, test.want)
		}
	}
}

func TestGroupsInCircles(t *testing.T) {
	s := directory.NewSnapshot(school(), taken)
	for guid, want := range map[string][]string{
		"a0000000-0000-0000-0000-00000000000a": {"staff", "teachers"}, "twin1": {"staff", "teachers"},
		"staff": {"teachers"}, "twin2": {}, "nobody": {},
	} {
		if got := shortNames(s.MemberOf(guid)); !slices.Equal(got, want) {
			t.Errorf("MemberOf(%s): got %q, want %q", guid, got, want)
		}
	}
	for guid, want := range map[string][]string{"staff": {"ada", "twin1"}, "teachers": {"ada", "twin1"}, "twin1": {}, "nobody": {}} {
		if got := shortNames(s.Members(guid)); !slices.Equal(got, want) {
			t.Errorf("Members(%s): got %q, want %q", guid, got, want)
		}
	}
	for _, test := range []struct {
		guid, group string
		want        bool
	}{
		{"A0000000-0000-0000-0000-00000000000A", "STAFF", true}, {"twin1", "teachers", true}, {"twin2", "staff", false},
		{"staff", "staff", false}, {"nobody", "staff", false}, {"twin1", "nobody", false}, {"twin1", "twin1", false},
	} {
		if got := s.IsMember(test.guid, test.group); got != test.want {
			t.Errorf("IsMember(%s, %s): got %v, want %v", test.guid, test.group, got, test.want)
		}
	}
}

func TestDelegatorsOf(t *testing.T) {
	s := directory.NewSnapshot(school(), taken)
	for guid, want := range map[string][2][]string{
		"twin1":                                {{"ada"}, {"turing"}}, // in staff, which reads ada's, and through the circle in teachers
		"zoe":                                  {{}, {"ada"}},
		"a0000000-0000-0000-0000-00000000000a": {{}, {"turing"}}, // not herself
		"twin2":                                {{}, {}},
		"nobody":                               {{}, {}},
	} {
		read, write := s.DelegatorsOf(guid)
		if got := [2][]string{shortNames(read), shortNames(write)}; !reflect.DeepEqual(got, want) {
			t.Errorf("DelegatorsOf(%s): got %q, want %q", guid, got, want)
		}
	}
}

func TestSecondOfAGUIDIsDropped(t *testing.T) {
	all := []*directory.Principal{
		{Kind: directory.Individual, GUID: "X", ShortName: "b"}, {Kind: directory.Room, GUID: "x", ShortName: "c", Place: &directory.Place{}},
		{Kind: directory.Individual, ShortName: "a"},
	}
	s := directory.NewSnapshot(all, taken)
	if got := shortNames(slices.Collect(s.All())); !slices.Equal(got, []string{"b"}) {
		t.Errorf("kept: got %q, want b", got)
	}
	if got := shortNames(s.Dropped()); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("dropped: got %q, want a and c", got)
	}
}

func TestNewSnapshotLeavesTheListAlone(t *testing.T) {
	all := school()
	before := slices.Clone(all)
	directory.NewSnapshot(all, taken)
	if !slices.Equal(all, before) {
		t.Error("the caller's slice was reordered")
	}
}

func TestCopyRoundTrip(t *testing.T) {
	s := directory.NewSnapshot(school(), taken)
	data := directory.EncodeSnapshot(s)
	decoded, err := directory.DecodeSnapshot(data)
	if err != nil {
		t.Fatal(err)
	}
	if !decoded.Taken().Equal(taken) {
		t.Errorf("taken: got %v, want %v", decoded.Taken(), taken)
	}
	got, want := slices.Collect(decoded.All()), slices.Collect(s.All())
	if len(got) != len(want) {
		t.Fatalf("got %d principals, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
	if again := directory.EncodeSnapshot(decoded); string(again) != string(data) {
		t.Error("the copy of the copy differs")
	}
}

func TestDamagedCopyIsRefused(t *testing.T) {
	data := directory.EncodeSnapshot(directory.NewSnapshot(school(), taken))
	for i := range data {
		damaged := slices.Clone(data)
		damaged[i] ^= 0x10
		if _, err := directory.DecodeSnapshot(damaged); !errors.Is(err, directory.ErrCopy) {
			t.Fatalf("with octet %d changed: got %v, want ErrCopy", i, err)
		}
		if _, err := directory.DecodeSnapshot(data[:i]); !errors.Is(err, directory.ErrCopy) {
			t.Fatalf("cut after %d octets: got %v, want ErrCopy", i, err)
		}
	}
}

func FuzzDecodeSnapshot(f *testing.F) {
	data := directory.EncodeSnapshot(directory.NewSnapshot(school(), taken))
	f.Add(data[:len(data)-4])
	f.Add(data[:40])
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := directory.DecodeSnapshot(directory.Sealed(body))
		if err != nil {
			return
		}
		for p := range s.All() {
			s.MemberOf(p.GUID)
			_ = p.Kind.String() + p.State.String()
		}
		s.Search(directory.Query{Text: "a"})
	})
}

func TestFold(t *testing.T) {
	for _, same := range [][2]string{{"ADA", "ada"}, {"ZOË", "zoe\u0308"}, {"Straße", "STRASSE"}, {"ΣΊΣΥΦΟΣ", "σίσυφος"}, {"", ""}} {
		if a, b := directory.Fold(same[0]), directory.Fold(same[1]); a != b {
			t.Errorf("Fold(%q) is %q, Fold(%q) is %q, want the same", same[0], a, same[1], b)
		}
	}
	if directory.Fold("zoe") == directory.Fold("zoë") {
		t.Error("accents are ignored")
	}
	long := fmt.Sprintf("%0200d", 0) + "A"
	if directory.Fold(long) == long {
		t.Error("a long name is not folded")
	}
}

// people makes n people with believable names, in groups of 20.
func people(n int) []*directory.Principal {
	first := []string{"Ada", "Grace", "Linus", "Zoë", "Jürgen", "Søren", "Maria", "Chloé", "Björn", "Dmitri", "Yuki", "Anna", "Peter", "Karl", "Eva", "Ines"}
	last := []string{"Lovelace", "Hopper", "Torvalds", "Müller", "Kierkegaard", "Curie", "García", "Nakamura", "Dvořák", "Smith", "Jones", "Weber", "Fischer", "Meyer", "Becker", "Koch", "Wolf", "Klein", "Braun", "Lange"}
	all := make([]*directory.Principal, 0, n+n/20)
	for i := range n {
		f, l := first[i%len(first)], last[i/len(first)%len(last)]
		all = append(all, &directory.Principal{
			Kind: directory.Individual, GUID: fmt.Sprintf("%08x-9dad-41d1-80b4-%012x", i*2654435761%(1<<32), i), ShortName: fmt.Sprintf("%s%d", directory.Fold(l[:3]), i),
			FullName: f + " " + l, FirstName: f, LastName: l, Mails: []string{fmt.Sprintf("user%d@example.com", i), fmt.Sprintf("u%d@mail.example.com", i)},
			JobTitle: "Engineer", MobilePhone: fmt.Sprintf("+49 170 %07d", i), DN: fmt.Sprintf("uid=user%d,ou=people,dc=example,dc=com", i),
		})
	}
	for g := range n / 20 {
		group := &directory.Principal{Kind: directory.Group, GUID: fmt.Sprintf("%08x-1111-41d1-80b4-%012x", g, g), ShortName: fmt.Sprintf("group%d", g), FullName: fmt.Sprintf("Group %d", g)}
		for m := range 20 {
			group.Members = append(group.Members, all[g*20+m].GUID)
		}
		all = append(all, group)
	}
	return all
}
