package web

import (
	"html/template"
	"net"
	"net/http"
	"net/url"

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
	Problem              phrase // why there is no user name; empty: there is one
}

// Standard reports whether Calendar finds the port by itself: it tries https on 8443, then http on 8008.
func (a account) Standard() bool {
	return a.Secure && a.Port == "8443" || !a.Secure && a.Port == "8008"
}

// Address is host and port in one field.
func (a account) Address() string { return net.JoinHostPort(a.Host, a.Port) }

// URL is where clients that want a URL begin: they find the rest by RFC 6764 section 6.
func (a account) URL() string {
	scheme := "http"
	if a.Secure {
		scheme = "https"
	}
	return scheme + "://" + a.Address() + "/"
}

// Android is a URL that opens DAVx⁵ with server and user name filled in (its manual, Integration). It is made of
// escaped parts, and the scheme is one of ours: a template may take it as it is.
func (a account) Android() template.URL {
	u := url.URL{Scheme: "davx5", User: url.User(a.UserName), Host: a.Address(), Path: "/"}
	return template.URL(u.String())
}

// androidCode is that URL as a QR code. There is no secret in it.
func (s *site) androidCode(w http.ResponseWriter, r *http.Request) error {
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	a := accountOf(renderer.Generator.Show(renderer.Directory, visitorOf(r.Context()).person))
	if a.UserName == "" {
		return noSuchPath
	}
	return showCode(w, r, string(a.Android()))
}

func (s *site) manual(w http.ResponseWriter, r *http.Request) error {
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	v := visitorOf(r.Context())
	return s.render(w, r, http.StatusOK, "manual", "Manual set-up", manualView{
		HasTrust: renderer.Generator.HasTrust(),
		May:      s.mayServe(v),
		Account:  accountOf(renderer.Generator.Show(renderer.Directory, v.person)),
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
func explanation(err error) phrase {
	if p, ok := explain(err).(*problem); ok {
		return p.Said()
	}
	return say("The user name could not be found out. Ask the administrator.")
}
