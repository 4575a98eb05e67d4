package web

import (
	"bytes"
	"net/http"
	"time"

	"calport/profiles"
	"calport/profiles/export"
)

func (s *site) calendarProfile(w http.ResponseWriter, r *http.Request) error {
	platform, err := platformOf(r, deviceOf(r.UserAgent()).Platform)
	if err != nil {
		return err
	}
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	v := visitorOf(r.Context())
	a, err := s.calendarOf(renderer, v.people, v.person, platform, true)
	if err != nil {
		return err
	}
	s.hand(w, r, a, "calendar-"+v.person.ShortName)
	return nil
}

func (s *site) trustProfile(w http.ResponseWriter, r *http.Request) error {
	platform, err := platformOf(r, deviceOf(r.UserAgent()).Platform)
	if err != nil {
		return err
	}
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	if !renderer.Generator.HasTrust() {
		return &problem{Status: http.StatusNotFound, Title: "There is nothing to trust", Reason: "no-trust",
			Detail: "The certificate of this server is one that devices know already, so no Trust profile is needed."}
	}
	p, err := renderer.Generator.Trust(platform)
	if err != nil {
		return err
	}
	return s.handSigned(w, r, renderer, p, "trust")
}

// diagnosticsDays is how long Calendar goes on logging unless the profile is removed before.
const diagnosticsDays = 7

// levels are the values of the level parameter of the Diagnostics profile.
var levels = map[string]profiles.Logging{"": profiles.LogHTTP, "http": profiles.LogHTTP, "all": profiles.LogEverything}

func (s *site) diagnosticsProfile(w http.ResponseWriter, r *http.Request) error {
	level, known := levels[r.URL.Query().Get("level")]
	if !known {
		return badParameter("level", r.URL.Query().Get("level"), "http or all")
	}
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	p, err := renderer.Generator.Diagnostics(level, s.diagnosticsEnd())
	if err != nil {
		return err
	}
	return s.handSigned(w, r, renderer, p, "diagnostics")
}

// diagnosticsEnd is when a Diagnostics profile of today removes itself: at midnight, so that all of one day are equal.
func (s *site) diagnosticsEnd() time.Time {
	return s.o.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, diagnosticsDays+1)
}

func (s *site) handSigned(w http.ResponseWriter, r *http.Request, renderer *export.Renderer, p *profiles.Profile, name string) error {
	a, err := renderer.Wrap(p, true)
	if err != nil {
		return err
	}
	s.hand(w, r, a, name)
	return nil
}

// hand gives a profile to the device before us. The content type is bare: with a parameter, or text/plain, some systems
// save the file instead of opening it.
func (s *site) hand(w http.ResponseWriter, r *http.Request, a *export.Artefact, name string) {
	h := w.Header()
	h.Set("Content-Type", profiles.MediaType)
	h.Set("Content-Disposition", attachment(name+profiles.Extension))
	h.Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.Bytes))
}
