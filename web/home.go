package web

import (
	"errors"
	"net/http"

	"calport/profiles"
)

// homeView is the page from which one installs.
type homeView struct {
	Device   device
	Origin   string
	HasTrust bool            // our own authority: the three steps
	Profile  string          // its name; empty if there is none
	None     *problem        // why there is none
	About    []profiles.Line // the account, in words
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
		view.About = accountLines(profiles.Describe(a.Profile.Values(), view.Device.Platform))
	case !errors.As(err, &view.None):
		return err
	}
	return s.render(w, r, http.StatusOK, "home", "Install", view)
}

// accountLines leaves out what is said of the profile itself.
func accountLines(all []profiles.Line) []profiles.Line {
	var lines []profiles.Line
	for _, l := range all {
		if l.Group == "Calendar account" {
			lines = append(lines, l)
		}
	}
	return lines
}
