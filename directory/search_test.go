package directory_test

import (
	"slices"
	"strings"
	"testing"

	"calport/directory"
)

func TestSearch(t *testing.T) {
	s := directory.NewSnapshot(school(), taken)
	term := func(f directory.Field, m directory.Match, text string) []directory.Term {
		return []directory.Term{{Fields: f, Match: m, Text: text}}
	}
	for _, test := range []struct {
		why  string
		q    directory.Query
		want []string
	}{
		{"a word within a name", directory.Query{Text: "lace"}, []string{"ada"}},
		{"words in any order", directory.Query{Text: "LOVE  ada"}, []string{"ada"}},
		{"words that nobody has both of", directory.Query{Text: "ada one"}, []string{}},
		{"a single letter", directory.Query{Text: "z"}, []string{"Zoë"}},
		{"two letters", directory.Query{Text: "in"}, []string{"turing", "twin1", "twin2"}},
		{"the last letter of a name", directory.Query{Text: "öm"}, []string{"Zoë"}},
		{"the beginning of an address", directory.Query{Text: "one@"}, []string{"twin1"}},
		{"the middle of an address", directory.Query{Text: "example.com"}, []string{}},
		{"a combining accent", directory.Query{Text: "A\u030Angstro\u0308m"}, []string{"Zoë"}},
		{"kinds", directory.Query{Text: "t", Kinds: []directory.Kind{directory.Group, directory.Room}}, []string{"staff", "teachers", "turing"}},
		{"nothing", directory.Query{Kinds: []directory.Kind{directory.Resource}}, []string{"beamer"}},
		{"a text that begins a field", directory.Query{Terms: term(directory.LastName, directory.StartsWith, "l")}, []string{"ada"}},
		{"a text that does not begin the field", directory.Query{Terms: term(directory.FullName, directory.StartsWith, "lovelace")}, []string{}},
		{"a text that ends a field", directory.Query{Terms: term(directory.FirstName, directory.EndsWith, "a")}, []string{"ada"}},
		{"two letters that end a field", directory.Query{Terms: term(0, directory.EndsWith, "wo")}, []string{"twin2"}},
		{"a field of this text", directory.Query{Terms: term(directory.FirstName, directory.Equals, "ADA")}, []string{"ada"}},
		{"no field of this text", directory.Query{Terms: term(directory.FullName, directory.Equals, "ada")}, []string{}},
		{"an address that contains", directory.Query{Terms: term(directory.Address, directory.Contains, "ovelace@ex")}, []string{"ada"}},
		{"a text with a space in a field", directory.Query{Terms: term(directory.FullName, directory.Contains, "a love")}, []string{"ada"}},
		{"any of two terms", directory.Query{Any: true, Terms: append(term(directory.FirstName, directory.Equals, "ada"), term(directory.Names, directory.Contains, "ëxx")...)}, []string{"ada"}},
		{"all of two terms", directory.Query{Terms: append(term(directory.FirstName, directory.Equals, "ada"), term(directory.Address, directory.StartsWith, "zoe")...)}, []string{}},
		{"an empty term", directory.Query{Terms: term(directory.Address, directory.Contains, ""), Kinds: []directory.Kind{directory.Room}}, []string{"turing"}},
	} {
		if hits, more := s.Search(test.q); !slices.Equal(shortNames(hits), test.want) || more {
			t.Errorf("%s: got %q, %v, want %q", test.why, shortNames(hits), more, test.want)
		}
	}
	hits, more := s.Search(directory.Query{Limit: 3})
	if !slices.Equal(shortNames(hits), []string{"ada", "beamer", "staff"}) || !more {
		t.Errorf("with a limit: got %q, %v", shortNames(hits), more)
	}
	if hits, more := s.Search(directory.Query{Limit: 8}); len(hits) != 8 || more {
		t.Errorf("with a limit of all: got %d, %v, want 8 and no more", len(hits), more)
	}
}

// TestSearchFindsWhatAScanFinds compares the index with the definition.
func TestSearchFindsWhatAScanFinds(t *testing.T) {
	s := directory.NewSnapshot(people(2000), taken)
	holds := func(p *directory.Principal, word string) bool {
		for _, name := range []string{p.FullName, p.FirstName, p.LastName, p.ShortName} {
			if strings.Contains(directory.Fold(name), word) {
				return true
			}
		}
		return slices.ContainsFunc(p.Mails, func(m string) bool { return strings.HasPrefix(directory.Fold(m), word) })
	}
	for _, word := range []string{"a", "ë", "1", "an", "er", "ada", "love", "user1", "user19", "u77@mail", "group", "müll", "g", "zz", "@", "999", "ö", "řá"} {
		var want []string
		for p := range s.All() {
			if holds(p, word) {
				want = append(want, p.ShortName)
			}
		}
		hits, _ := s.Search(directory.Query{Text: word, Limit: 1 << 30})
		if !slices.Equal(shortNames(hits), append([]string{}, want...)) {
			t.Errorf("%q: got %d hits, want %d", word, len(hits), len(want))
		}
	}
}

func BenchmarkSearch100k(b *testing.B) {
	s := directory.NewSnapshot(people(100_000), taken)
	s.Search(directory.Query{Text: "x"})
	for _, q := range []struct {
		name string
		q    directory.Query
	}{
		{"one_letter", directory.Query{Text: "a"}},
		{"two_letters", directory.Query{Text: "er"}},
		{"name", directory.Query{Text: "lovelace"}},
		{"two_words", directory.Query{Text: "ada love"}},
		{"address", directory.Query{Text: "user777"}},
		{"whole_address", directory.Query{Text: "user77777@example.com"}},
		{"common_domain", directory.Query{Text: "example.com"}},
		{"nothing_found", directory.Query{Text: "qqq"}},
		{"rooms_of_none", directory.Query{Text: "a", Kinds: []directory.Kind{directory.Room}}},
		{"term_starts_with", directory.Query{Terms: []directory.Term{{Fields: directory.LastName, Match: directory.StartsWith, Text: "mü"}}}},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				s.Search(q.q)
			}
		})
	}
}

func TestSearchGoesOnWhereItWasLeft(t *testing.T) {
	s := directory.NewSnapshot(school(), taken)
	all, _ := s.Search(directory.Query{Limit: 1000})
	var got []*directory.Principal
	for more := true; more; {
		var hits []*directory.Principal
		hits, more = s.Search(directory.Query{Skip: len(got), Limit: 2})
		got = append(got, hits...)
	}
	if !slices.Equal(got, all) {
		t.Errorf("got %d by twos, want the same %d", len(got), len(all))
	}
}
