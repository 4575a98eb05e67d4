package profiles

import (
	"strings"
	"testing"
	"time"

	"calport/directory"
)

// inGerman says the name of the profile in German.
func inGerman(language, text string) string {
	if strings.HasPrefix(language, "de") {
		return strings.NewReplacer("Calendars of", "Kalender von", "Adds the", "Bringt die", "Trust", "Vertrauen").Replace(text)
	}
	return text
}

func TestBuiltInTextsAreInThePersonsLanguage(t *testing.T) {
	config := ServerConfig{Host: "cal.example.com", Port: 8443, Prefix: "com.example.calport", Words: inGerman}
	make := func(d *Document) *Generator {
		t.Helper()
		g, err := NewGenerator(config, d)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	person := func(language ...string) *directory.Principal {
		return &directory.Principal{Kind: directory.Individual, GUID: "4f3a", ShortName: "ada", FullName: "Ada Byron", Attributes: map[string][]string{LanguageAttribute: language}}
	}
	in := func(p *directory.Principal) Directory {
		return directory.NewSnapshot([]*directory.Principal{p}, time.Time{})
	}
	g := make(&Document{})
	ada := person()
	neutral, err := g.Calendar(in(ada), ada, Any)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who  *directory.Principal
		asks string
		want string
	}{
		{person(), "", "Calendars of Ada Byron"},
		{person(), "de", "Kalender von Ada Byron"},
		{person("de-AT, en;q=0.5"), "", "Kalender von Ada Byron"},
		{person("en"), "de", "Calendars of Ada Byron"},
		{person(), "fr", "Calendars of Ada Byron"},
	} {
		p, err := g.CalendarIn(in(c.who), c.who, Any, c.asks)
		if err != nil {
			t.Fatal(err)
		}
		if p.DisplayName != c.want || !strings.Contains(string(p.Bytes()), "<string>"+c.want+"</string>") {
			t.Errorf("%v asked in %q: got %q, want %q", c.who.Attributes, c.asks, p.DisplayName, c.want)
		}
		if p.UUID != neutral.UUID || !strings.Contains(string(p.Bytes()), neutral.UUID) || p.Identifier != neutral.Identifier {
			t.Errorf("%v asked in %q: its UUID is %s, want %s", c.who.Attributes, c.asks, p.UUID, neutral.UUID)
		}
		if findings := Verify(p.Bytes()); len(findings) > 0 {
			t.Errorf("asked in %q: %v", c.asks, findings)
		}
	}
	own := make(&Document{Everyone: Settings{DisplayName: new("Calendars of %full_name%")}})
	ada = person("de")
	if p, err := own.Calendar(in(ada), ada, Any); err != nil || p.DisplayName != "Calendars of Ada Byron" {
		t.Errorf("a text of the settings: got %v, %v, want it as it is", p, err)
	}
}
