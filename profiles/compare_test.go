package profiles

import (
	"slices"
	"strings"
	"testing"

	"calport/directory"
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
	before := newGenerator(t, testServer(), "[everyone.account]\na = { host = \"a.example\" }\n")
	after := newGenerator(t, testServer(), "[everyone]\ndisplay_name = \"%mobile_phone%\"\nport = 443\n")
	var got []string
	for _, c := range Compare(before, after).Effects(groupsOf{}, ada) {
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

// A comparison says of everybody what the shown values say one by one, though it looks at scopes once.
func TestAComparisonAgreesWithWhatIsShown(t *testing.T) {
	staff, choir := group("staff", "bbbb", "cn=b"), group("choir", "cccc", "cn=c")
	documents := []string{
		scopes, "", "[everyone]\ndisplay_name = \"Ada Lovelace\"\n", "[everyone]\nhosts = { \"example.com\" = \"c.example\" }\n", "[everyone]\nhost = \"d.example\"\n",
		"[everyone]\nremoval_password = \"one\"\n", "[everyone.subscription]\nx = { url = \"https://x.example/\" }\n", "[[group]]\nname = \"choir\"\nport = 9\n[[person]]\nname = \"ada\"\nport = 10\n",
	}
	for i, before := range documents {
		for j, after := range documents {
			was, is := newGenerator(t, testServer(), before), newGenerator(t, testServer(), after)
			compared := Compare(was, is)
			for range 2 { // the second time from what is remembered
				for _, of := range [][]*directory.Principal{nil, {staff}, {choir}, {staff, choir}} {
					groups := groupsOf{ada.GUID: of, zoë.GUID: of}
					for _, p := range []*directory.Principal{ada, zoë} {
						differ := !slices.EqualFunc(was.Show(groups, p), is.Show(groups, p), func(a, b Value) bool { return a.Key == b.Key && a.Value == b.Value && (a.Err == nil) == (b.Err == nil) })
						if got := compared.Effects(groups, p); (len(got) > 0) != differ {
							t.Errorf("%d to %d, %s in %d groups: got %+v, want a change: %v", i, j, p.ShortName, len(of), got, differ)
						}
					}
				}
			}
		}
	}
	was, is := newGenerator(t, testServer(), "[everyone]\nremoval_password = \"one\"\n"), newGenerator(t, testServer(), "[everyone]\nremoval_password = \"two\"\n")
	if got := Compare(was, is).Effects(groupsOf{}, ada); len(got) != 1 || got[0].After != "(another)" {
		t.Errorf("of another password: got %+v", got)
	}
}
