package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"calport/directory/signin"
	"calport/profiles"
	"calport/profiles/export"
)

// homeView is the page from which one installs.
type homeView struct {
	Device   device
	Origin   string
	HasTrust bool            // our own authority: the three steps
	Profile  string          // its name; empty if there is none
	None     *problem        // why there is none
	About    []profiles.Line // what is inside, in words
	May      bool            // use the server at all
	Newer    bool            // this device has got an older profile
	Got      time.Time       // when this device got its profile; zero: never
	Now      time.Time
	Offers   bool // app passwords
	Requires bool // them
}

func (s *site) home(w http.ResponseWriter, r *http.Request) error {
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	v := visitorOf(r.Context())
	view := homeView{
		Device: deviceOf(r.UserAgent()), Origin: s.o.Origin, HasTrust: renderer.Generator.HasTrust(),
		May: s.mayServe(v), Now: s.o.Now(),
		Offers: s.o.AppPasswords != signin.NoAppPasswords, Requires: s.o.AppPasswords == signin.AppPasswordsRequired,
	}
	a, err := s.calendarOf(r.Context(), renderer, v.people, v.person, view.Device.Platform, false)
	switch {
	case err == nil:
		view.Profile = a.Profile.DisplayName
		view.About = summary(profiles.Describe(a.Profile.Values(), view.Device.Platform))
	case !errors.As(err, &view.None):
		return err
	}
	if err := s.compare(r, renderer, &view); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "home", "Install", view)
}

// compare finds out whether this device has got a profile, and whether there is a newer one.
func (s *site) compare(r *http.Request, renderer *export.Renderer, view *homeView) error {
	this := deviceID(r)
	if this == "" {
		return nil
	}
	v := visitorOf(r.Context())
	all, err := s.o.Records.Downloads(r.Context(), ownerOf(v.person))
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.Device == this {
			view.Got, view.Newer = d.At, s.stateOf(r.Context(), renderer, v, d) == "older"
		}
	}
	return nil
}

// telling are the keys of the profile itself that a person should know before installing.
var telling = []string{"ConsentText", "RemovalDate", "DurationUntilRemoval"}

// summary is what is inside the payloads, and what the profile does to itself.
func summary(all []profiles.Line) []profiles.Line {
	return slices.DeleteFunc(slices.Clone(all), func(l profiles.Line) bool {
		return !strings.HasPrefix(l.Path, "PayloadContent[") && !slices.Contains(telling, l.Path)
	})
}
