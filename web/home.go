package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"calport/profiles"
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
}

func (s *site) home(w http.ResponseWriter, r *http.Request) error {
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	v := visitorOf(r.Context())
	view := homeView{
		Device: deviceOf(r.UserAgent()), Origin: s.o.Origin, HasTrust: renderer.Generator.HasTrust(),
		May: s.o.Access.Server.Allows(v.people, v.person) || s.o.Access.Admin.Allows(v.people, v.person),
	}
	a, err := s.calendarOf(renderer, v.people, v.person, view.Device.Platform, false)
	switch {
	case err == nil:
		view.Profile = a.Profile.DisplayName
		view.About = summary(profiles.Describe(a.Profile.Values(), view.Device.Platform))
	case !errors.As(err, &view.None):
		return err
	}
	return s.render(w, r, http.StatusOK, "home", "Install", view)
}

// telling are the keys of the profile itself that a person should know before installing.
var telling = []string{"ConsentText", "RemovalDate", "DurationUntilRemoval"}

// summary is what is inside the payloads, and what the profile does to itself.
func summary(all []profiles.Line) []profiles.Line {
	return slices.DeleteFunc(slices.Clone(all), func(l profiles.Line) bool {
		return !strings.HasPrefix(l.Path, "PayloadContent[") && !slices.Contains(telling, l.Path)
	})
}
