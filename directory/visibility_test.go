package directory_test

import (
	"slices"
	"testing"

	"calport/directory"
)

// classes is a school with two classes: pupils are in a class and, through it, in pupils.
func classes() *directory.Snapshot {
	person := func(name string, attributes map[string][]string) *directory.Principal {
		return &directory.Principal{Kind: directory.Individual, GUID: "guid-" + name, ShortName: name, Attributes: attributes}
	}
	group := func(name string, members ...string) *directory.Principal {
		g := &directory.Principal{Kind: directory.Group, GUID: "guid-" + name, ShortName: name}
		for _, m := range members {
			g.Members = append(g.Members, "guid-"+m)
		}
		return g
	}
	return directory.NewSnapshot([]*directory.Principal{
		person("anna", nil), person("ben", nil), person("carl", nil), person("dora", nil), person("nurse", map[string][]string{"role": {"help"}}),
		person("head", nil), person("guest", nil),
		group("class-7a", "anna", "ben"), group("class-7b", "carl"), group("chess", "anna", "carl"),
		group("pupils", "class-7a", "class-7b"), group("teachers", "dora"), group("staff", "teachers", "head"),
		{Kind: directory.Room, GUID: "guid-hall", ShortName: "hall", Place: &directory.Place{}},
	}, taken)
}

func TestVisibility(t *testing.T) {
	s := classes()
	pupils := directory.VisibilityRule{
		For: directory.Rule{Groups: []string{"pupils"}}, Finds: directory.Rule{Groups: []string{"staff"}, Filters: []directory.Filter{filter(t, "(role=help)")}},
		Together: []string{"Class-*"}, Places: true,
	}
	all := shortNames(slices.Collect(s.All()))
	for _, test := range []struct {
		why    string
		rules  directory.Visibility
		viewer string
		want   []string
	}{
		{"no rules", nil, "anna", all},
		{"staff, whoever helps, the own class and places", directory.Visibility{pupils}, "anna", []string{"anna", "ben", "class-7a", "dora", "hall", "head", "nurse", "staff", "teachers"}},
		{"the other class", directory.Visibility{pupils}, "carl", []string{"carl", "class-7b", "dora", "hall", "head", "nurse", "staff", "teachers"}},
		{"no rule is about them", directory.Visibility{pupils}, "head", all},
		{"off", directory.Visibility{{For: directory.Rule{Groups: []string{"pupils"}}}}, "ben", []string{"ben"}},
		{"rules add up", directory.Visibility{pupils, {For: directory.Rule{Everyone: true}, Finds: directory.Rule{People: []string{"guest"}}}}, "ben",
			[]string{"anna", "ben", "class-7a", "dora", "guest", "hall", "head", "nurse", "staff", "teachers"}},
		{"somebody who finds everybody in spite of a rule for all", directory.Visibility{{For: directory.Rule{Everyone: true}},
			{For: directory.Rule{Groups: []string{"staff"}}, Finds: directory.Rule{Everyone: true}}}, "dora", all},
		{"an unknown group shows nobody", directory.Visibility{{For: directory.Rule{Everyone: true}, Finds: directory.Rule{Groups: []string{"nobody"}}}}, "ben", []string{"ben"}},
	} {
		finds := test.rules.Of(s, s.ByName(directory.Individual, test.viewer))
		got := []string{}
		for p := range s.All() {
			if finds == nil || finds(p) {
				got = append(got, p.ShortName)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %s finds %v, want %v", test.why, test.viewer, got, test.want)
		}
	}
	if got, want := (directory.Visibility{pupils}).Attributes(), []string{"role"}; !slices.Equal(got, want) {
		t.Errorf("attributes: got %v, want %v", got, want)
	}
	bad := directory.Visibility{{For: directory.Rule{Groups: []string{"nobody"}}, Finds: directory.Rule{People: []string{"noone"}}}}
	if got, want := bad.Unknown(s), []string{"group nobody", "person noone"}; !slices.Equal(got, want) {
		t.Errorf("unknown names: got %v, want %v", got, want)
	}
}

// BenchmarkVisibleSearch100k is a pupil's search for the first 50 of 100,000 people, of whom the rules show one group.
func BenchmarkVisibleSearch100k(b *testing.B) {
	s := directory.NewSnapshot(people(100_000), taken)
	rules := directory.Visibility{{For: directory.Rule{Everyone: true}, Finds: directory.Rule{Groups: []string{"group7"}}}}
	s.Search(directory.Query{Text: "x"}) // makes the index
	viewer := s.ByName(directory.Individual, "user77")
	for _, text := range []string{"user", "user7"} {
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				s.Search(directory.Query{Text: text, Among: rules.Of(s, viewer)})
			}
		})
	}
}
