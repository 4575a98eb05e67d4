package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"calport/directory"
	"calport/profiles"
)

// hall is a house with a crowd in it, every third of whom is in a group, and a chief who administers.
func hall(t testing.TB, count int) (*house, Scope, *directory.Principal) {
	t.Helper()
	chief := &directory.Principal{Kind: directory.Individual, GUID: "CCCCCCCC-0000-4000-8000-000000000000", ShortName: "chief", FullName: "The Chief", State: directory.Active}
	third := &directory.Principal{Kind: directory.Group, GUID: "DDDDDDDD-0000-4000-8000-000000000000", ShortName: "third", FullName: "Every third"}
	all := []*directory.Principal{chief, third}
	for p := range crowd(count).All(directory.Individual) {
		if len(all)%3 == 0 {
			third.Members = append(third.Members, p.GUID)
		}
		all = append(all, p)
	}
	people := directory.NewSnapshot(all, time.Now())
	access := everybody
	access.Admin = directory.Rule{People: []string{"chief"}}
	h := build(t, plan{access: &access, signIn: admits{chief}, change: ofCrowd(t, people, people)})
	return h, Scope{directory.Group, third.GUID, third.ShortName}, chief
}

// A preview counts everybody, however many there are.
func TestAPreviewCountsEverybody(t *testing.T) {
	h, group, _ := hall(t, 1500)
	b := h.browser(t).signIn("chief")
	form := formOf(t, b.get(settingsPath(Scope{})))
	form.Set("do", "preview")
	form.Set("display_name", "Calendars of Person person001234") // what it is for that one already
	b.post(settingsPath(Scope{}), form).wants(t, http.StatusOK).says(t, "for 1,501 people", "for 1,500 of them", "<summary>The Chief")

	form = formOf(t, b.get(settingsPath(group)))
	form.Set("do", "preview")
	form.Set("port", "443")
	b.post(settingsPath(group), form).wants(t, http.StatusOK).says(t, "for 500 people", "for 500 of them", "Person person000001").silent(t, "<summary>The Chief")
	form.Set("port", "8443") // what they have from the configuration
	b.post(settingsPath(group), form).wants(t, http.StatusOK).says(t, "for 500 people", "for 0 of them")
}

// BenchmarkPreview previews a text for everyone among 100,000 people, and a number for one person.
func BenchmarkPreview(b *testing.B) {
	h, _, chief := hall(b, 100_000)
	r := httptest.NewRequest(http.MethodPost, settingsPath(Scope{}), nil)
	s, err := newSite(h.options)
	if err != nil {
		b.Fatal(err)
	}
	r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, visitor{people: h.options.People(), person: chief, admin: true}))
	for name, c := range map[string]struct {
		of      Scope
		subject *directory.Principal
		wanted  profiles.Settings
	}{
		"everyone": {wanted: profiles.Settings{DisplayName: new("Calendars: %full_name%")}},
		"person":   {Scope{directory.Individual, chief.GUID, chief.ShortName}, chief, profiles.Settings{Port: new(443)}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if view, err := s.preview(r, c.of, c.subject, ScopeSettings{Settings: c.wanted}); err != nil || view.Changed != view.Concerned {
					b.Fatalf("got %+v, %v", view, err)
				}
			}
		})
	}
}
