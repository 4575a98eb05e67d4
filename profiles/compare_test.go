package profiles

import (
	"slices"
	"strings"
	"testing"
)

func TestChangesNameWhatDiffersAndNoSecret(t *testing.T) {
	before := &Settings{Port: new(1), RemovalPassword: new("one"), Deny: new(true), Consent: &map[string]string{}}
	after := &Settings{Port: new(2), RemovalPassword: new("two"), Host: new("x.example")}
	var got []string
	for _, c := range Changes(before, after) {
		got = append(got, c.Key+": "+c.Before+" > "+c.After)
	}
	want := []string{"deny: true > ", "consent:  > ", "removal_password: (hidden) > (another)", "host:  > x.example", "port: 1 > 2"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if again := Changes(after, after); again != nil {
		t.Errorf("of the same: %v", again)
	}
}

func TestEffectsAreOnThePerson(t *testing.T) {
	before := newGenerator(t, testServer(), "[everyone.account]\na = { host = \"a.example\" }\n").Show(groupsOf{}, ada)
	after := newGenerator(t, testServer(), "[everyone]\ndisplay_name = \"%mobile_phone%\"\nport = 443\n").Show(groupsOf{}, ada)
	var got []string
	for _, c := range Effects(before, after) {
		got = append(got, c.Key+": "+c.Before+" > "+c.After)
	}
	if len(got) != 3 || !strings.HasPrefix(got[0], "display_name: Calendars of Ada Lovelace > display_name needs") || got[1] != "port: 8443 > 443" || got[2] != "account.a: a: a.example:443 > " {
		t.Errorf("got %q", got)
	}
}

func TestInheritedIsWhatTheScopesBeforeSay(t *testing.T) {
	g := newGenerator(t, testServer(), scopes)
	staff := group("staff", "bbbb", "cn=b")
	groups := groupsOf{ada.GUID: {staff}}
	port := func(values []Value) string {
		i := slices.IndexFunc(values, func(v Value) bool { return v.Key == "port" })
		return values[i].Value + " from " + values[i].Source
	}
	for want, values := range map[string][]Value{
		"8443 from everyone": g.Inherited(groups, staff), "1001 from group staff": g.Inherited(groups, ada), "8443 from server": g.Inherited(groups, nil),
	} {
		if got := port(values); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, v := range g.Inherited(groups, ada) {
		if v.Key == "display_name" && v.Value != "Calendars of %full_name%" {
			t.Errorf("got %q, want it as written", v.Value)
		}
	}
}
