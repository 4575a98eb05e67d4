package directory_test

import (
	"slices"
	"strings"
	"testing"

	"calport/directory"
)

func filter(t testing.TB, text string) directory.Filter {
	t.Helper()
	f, err := directory.ParseFilter(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRule(t *testing.T) {
	s := directory.NewSnapshot(school(), taken)
	ada, twin2 := s.ByName(directory.Individual, "ada"), s.ByName(directory.Individual, "twin2")
	for _, test := range []struct {
		why        string
		rule       directory.Rule
		ada, twin2 bool
	}{
		{"the zero rule", directory.Rule{}, false, false},
		{"everyone", directory.Rule{Everyone: true}, true, true},
		{"a short name", directory.Rule{People: []string{"ADA"}}, true, false},
		{"a mail address", directory.Rule{People: []string{"two@example.com"}}, false, true},
		{"a GUID", directory.Rule{People: []string{"twin2"}}, false, true},
		{"an ambiguous name", directory.Rule{People: []string{"twins@example.com"}}, false, false},
		{"a group, nested", directory.Rule{Groups: []string{"Staff"}}, true, false},
		{"a group by its mail", directory.Rule{Groups: []string{"teachers@example.com"}}, true, false},
		{"a group's name among people", directory.Rule{People: []string{"staff"}}, false, false},
		{"an unknown group", directory.Rule{Groups: []string{"nobody"}}, false, false},
		{"a filter", directory.Rule{Filters: []directory.Filter{filter(t, "(departmentNumber=4*)")}}, true, false},
		{"a name or a group", directory.Rule{People: []string{"twin2"}, Groups: []string{"staff"}}, true, true},
	} {
		if got := test.rule.Allows(s, ada); got != test.ada {
			t.Errorf("%s: allows ada: got %v, want %v", test.why, got, test.ada)
		}
		if got := test.rule.Allows(s, twin2); got != test.twin2 {
			t.Errorf("%s: allows twin2: got %v, want %v", test.why, got, test.twin2)
		}
	}
	if (directory.Rule{Everyone: true}).Allows(s, nil) {
		t.Error("nobody is allowed")
	}
	rule := directory.Rule{People: []string{"ada", "nobody", "twins@example.com"}, Groups: []string{"staff", "ada"}}
	if got, want := rule.Unknown(s), []string{"person nobody", "person twins@example.com", "group ada"}; !slices.Equal(got, want) {
		t.Errorf("Unknown: got %q, want %q", got, want)
	}
}

func TestFilter(t *testing.T) {
	p := &directory.Principal{Attributes: map[string][]string{"department": {"Maths", "Große Öfen"}, "n": {"a*b(c)\\"}, "empty": {""}}}
	for text, want := range map[string]bool{
		"(department=maths)": true, "(DEPARTMENT=MATHS)": true, "(department=mat)": false, "(department=mat*)": true,
		"(department=*ths)": true, "(department=*a*h*)": true, "(department=m*m*s)": false, "(department=*)": true,
		"(department=maths*maths)": false, "(department=GROSSE*)": true, "(department=gro\\c3\\9fe*)": true, "(other=*)": false,
		"(&(department=maths)(n=*))": true, "(&(department=maths)(x=*))": false, "(|(x=1)(department=maths))": true,
		"(!(department=maths))": false, "(!(x=1))": true, `(n=a\2ab\28c\29\5c)`: true, "(n=a*)": true, " (n=*) ": true,
		"(empty=)": true, "(department=**ths)": true,
	} {
		if got := filter(t, text).Matches(p); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
	for _, bad := range []string{"", "x", "(x", "(x=1", "(x=1))", "(&)", "(!(a=1)(b=2))", "(a>=1)", "(a~=1)", "(a:caseExactMatch:=1)",
		"(=1)", "(a=\\2)", "(a=\\zz)", "(a=(b))", "(a=1)(b=2)", strings.Repeat("(!", 50) + "(a=1)" + strings.Repeat(")", 50)} {
		if _, err := directory.ParseFilter(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		} else if !strings.Contains(err.Error(), "RFC 4515") {
			t.Errorf("%q: the error %q does not say what a filter is", bad, err)
		}
	}
	if (directory.Filter{}).Matches(p) {
		t.Error("the zero filter matches")
	}
	a := directory.Access{Profile: directory.Rule{Filters: []directory.Filter{filter(t, "(&(B=1)(!(a=2)))")}}, Admin: directory.Rule{Filters: []directory.Filter{filter(t, "(a=1)")}}}
	if got := a.Attributes(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("Attributes: got %q, want a and b", got)
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"(a=1)", "(&(a=*b*)(!(c=\\2a)))", "(|(a=)(b=**))", "(a=\\c3\\9f)"} {
		f.Add(seed, "value")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		parsed, err := directory.ParseFilter(text)
		if err != nil {
			return
		}
		again, err := directory.ParseFilter(parsed.String())
		if err != nil {
			t.Fatalf("%q is written as %q, which is not read: %v", text, parsed, err)
		}
		p := &directory.Principal{Attributes: map[string][]string{"a": {value}}}
		if parsed.Matches(p) != again.Matches(p) {
			t.Errorf("%q is written as %q, which means something else for %q", text, parsed, value)
		}
	})
}
