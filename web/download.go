package web

import (
	"bytes"
	"net/http"
	"time"

	"calport/profiles"
	"calport/profiles/export"
)

func (s *site) calendarProfile(w http.ResponseWriter, r *http.Request) error {
	platform, renderer, err := s.renderFor(r)
	if err != nil {
		return err
	}
	v := visitorOf(r.Context())
	a, err := s.calendarOf(r.Context(), renderer, v.people, v.person, platform, true)
	if err != nil {
		return err
	}
	uuid := a.Profile.UUID
	switch r.URL.Query().Get("password") {
	case "":
	case "app":
		if a, err = s.withPassword(r, renderer, platform); err != nil {
			return err
		}
	default:
		return badParameter("password", r.URL.Query().Get("password"), "app")
	}
	s.noteDownload(w, r, platform, uuid)
	s.hand(w, r, a, "calendar-"+v.person.ShortName)
	return nil
}

// withPassword is the visitor's profile with the app password that this session has just made. Fetching it changes
// nothing, so a browser may do that twice.
func (s *site) withPassword(r *http.Request, renderer *export.Renderer, platform profiles.Platform) (*export.Artefact, error) {
	secret, err := s.sessions.kept(r.Context(), secretPassword)
	if err != nil {
		return nil, err
	}
	if secret == "" {
		return nil, &problem{Status: http.StatusGone, Title: "Please make a new app password", Reason: "password-gone",
			Detail: "An app password can be put into a profile for 10 minutes after it was made, and only in the browser that made it. Go back to the portal and make a new one; it takes the place of the old one."}
	}
	a, err := renderer.CalendarWithPassword(r.Context(), visitorOf(r.Context()).person, platform, secret, true)
	if err != nil {
		return nil, explain(err)
	}
	return a, nil
}

func (s *site) trustProfile(w http.ResponseWriter, r *http.Request) error {
	platform, renderer, err := s.renderFor(r)
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
	p, err := renderer.Generator.In(s.tongueOf(r).Tag.String(), p)
	if err != nil {
		return err
	}
	a, err := renderer.Wrap(r.Context(), p, true)
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
