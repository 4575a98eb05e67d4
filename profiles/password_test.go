package profiles

import (
	"strings"
	"testing"
)

func TestAPasswordChangesNothingButItselfAndTheProfilesUUID(t *testing.T) {
	g, err := NewGenerator(ServerConfig{Host: "cal.example.com", Port: 8443, Prefix: "com.example.calport"}, &Document{})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := g.Calendar(groupsOf{}, ada, IOS)
	if err != nil {
		t.Fatal(err)
	}
	with, err := g.CalendarWithPassword(groupsOf{}, ada, IOS, "abc&<def")
	if err != nil {
		t.Fatal(err)
	}
	const line = "\t\t\t\t<key>CalDAVPassword</key>\n\t\t\t\t<string>abc&amp;&lt;def</string>\n"
	found := strings.Count(string(with.Bytes()), line)
	bare := strings.Replace(strings.Replace(string(with.Bytes()), line, "", 1), with.UUID, plain.UUID, 1)
	if found != 1 || bare != string(plain.Bytes()) || with.UUID == plain.UUID || with.Identifier != plain.Identifier {
		t.Errorf("got\n%s\nwant, but for the password\n%s", with.Bytes(), plain.Bytes())
	}
	again, err := g.CalendarWithPassword(groupsOf{}, ada, IOS, "abc&<def")
	if err != nil || string(again.Bytes()) != string(with.Bytes()) {
		t.Errorf("the same input gave other bytes (%v)", err)
	}
	for _, l := range Describe(with.Values(), IOS) {
		if strings.Contains(l.Value.String(), "abc") {
			t.Errorf("%s says the password", l.Path)
		}
	}
	if _, err := g.CalendarWithPassword(groupsOf{}, ada, IOS, ""); !Skips(err) {
		t.Errorf("an empty password: got %v", err)
	}
}
