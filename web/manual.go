package web

import (
	"net"
	"net/http"

	"calport/profiles"
)

// manualView is what a person types where no profile can be installed.
type manualView struct {
	HasTrust bool
	May      bool // use the server at all
	Account  account
}

// account is how a client reaches the calendars, as the settings have it for one person.
type account struct {
	Host, Port, UserName string
	Secure               bool
	Problem              string // why there is no user name; empty: there is one
}

// Standard reports whether Calendar finds the port by itself: it tries https on 8443, then http on 8008.
func (a account) Standard() bool {
	return a.Secure && a.Port == "8443" || !a.Secure && a.Port == "8008"
}

// Address is host and port in one field.
func (a account) Address() string { return net.JoinHostPort(a.Host, a.Port) }

func (s *site) manual(w http.ResponseWriter, r *http.Request) error {
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	v := visitorOf(r.Context())
	return s.render(w, r, http.StatusOK, "manual", "Manual set-up", manualView{
		HasTrust: renderer.Generator.HasTrust(),
		May:      s.o.Access.Server.Allows(v.people, v.person) || s.o.Access.Admin.Allows(v.people, v.person),
		Account:  accountOf(renderer.Generator.Show(renderer.Groups, v.person)),
	})
}

// accountOf picks the account from a person's settings, which are there whether or not there is a profile.
func accountOf(settings []profiles.Value) account {
	var a account
	for _, v := range settings {
		switch v.Key {
		case "host":
			a.Host = v.Value
		case "port":
			a.Port = v.Value
		case "ssl":
			a.Secure = v.Value == "true"
		case "user_name":
			a.UserName = v.Value
			if v.Err != nil {
				a.Problem = explanation(v.Err)
			}
		}
	}
	return a
}

// explanation is the words for an error of one person's settings.
func explanation(err error) string {
	if p, ok := explain(err).(*problem); ok {
		return p.Detail
	}
	return "The user name could not be found out. Ask the administrator."
}
