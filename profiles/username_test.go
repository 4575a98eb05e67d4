package profiles

import (
	"errors"
	"strings"
	"testing"
	"time"

	"calport/directory"
)

func TestAUserNameThatLeadsToSomebodyElseIsNoProfile(t *testing.T) {
	one := &directory.Principal{Kind: directory.Individual, GUID: "0A", ShortName: "one", FullName: "One", Mails: []string{"one@example.com", "office@example.com"},
		Attributes: map[string][]string{"mail": {"office@example.com"}, "number": {"two"}}}
	two := &directory.Principal{Kind: directory.Individual, GUID: "0B", ShortName: "two", FullName: "Two", Mails: []string{"office@example.com"}}
	people := directory.NewSnapshot([]*directory.Principal{one, two}, time.Time{})
	for _, test := range []struct{ template, value, problem string }{
		{"%short_name%", "one", ""},
		{"ONE", "ONE", ""},
		{"%email%", "one@example.com", ""},
		{"someone else", "someone else", "nobody signs in by this name"},
		{"%ldap:number%", "two", "it is two who signs in by this name"},
		{"%ldap:mail%", "office@example.com", "several people have this name"},
	} {
		g := newGenerator(t, testServer(), "[everyone]\nuser_name = \""+test.template+"\"\n")
		p, err := g.Calendar(people, one, Any)
		if test.problem == "" {
			if err != nil || p.UserName != test.value {
				t.Errorf("%s: got %v and %v, want %q", test.template, p, err, test.value)
			}
			continue
		}
		var refused *ValueError
		if !errors.As(err, &refused) || refused.Setting != "user_name" || refused.Value != test.value || !strings.HasPrefix(refused.Problem.String(), test.problem) || !Skips(err) {
			t.Errorf("%s: got %v, want user_name, %q and %q", test.template, err, test.value, test.problem)
		}
		for _, v := range g.Show(people, one) {
			if v.Key == "user_name" && !errors.As(v.Err, &refused) {
				t.Errorf("%s is shown as %+v", test.template, v)
			}
		}
	}
}
