package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"

	"calport/directory"
)

// visitor is who looks at a page, in the directory as it is now.
type visitor struct {
	people *directory.Snapshot
	person *directory.Principal // nil: nobody has signed in
	admin  bool                 // administers calport
	linked bool                 // came by a one-time link
}

type visitorKey struct{}

func visitorOf(ctx context.Context) visitor {
	v, _ := ctx.Value(visitorKey{}).(visitor)
	return v
}

// serve finds out who looks at the page, and has it served if it is for them.
func (p pageRoute) serve(s *site, w http.ResponseWriter, r *http.Request) error {
	r, err := s.sessions.load(r)
	if err != nil {
		return err
	}
	v := s.visitor(r.Context())
	r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
	if v.person == nil && p.For != anybody {
		return askToSignIn(w, r)
	}
	if v.person != nil {
		if err := s.sessions.touch(r.Context()); err != nil {
			// The page can be shown all the same; the session merely ends earlier.
			s.o.Log.WarnContext(r.Context(), "a session could not be prolonged", slog.String("id", s.o.RequestID(r.Context())), slog.Any("err", err))
		}
	}
	if p.For == admin {
		if err := s.mayAdminister(r.Context(), v); err != nil {
			return err
		}
	}
	return p.Serve(s, w, r)
}

// visitor looks the person of the session up. Who has left the directory, may not sign in any more or has lost every
// right here is nobody, whatever the session says.
func (s *site) visitor(ctx context.Context) visitor {
	v := visitor{people: s.o.People()}
	guid := s.sessions.guid(ctx)
	if guid == "" {
		return v
	}
	if p := v.people.ByGUID(guid); p != nil && p.State == directory.Active && s.mayEnter(v.people, p) {
		v.person, v.admin, v.linked = p, s.o.Access.Admin.Allows(v.people, p), s.sessions.linked(ctx)
	}
	return v
}

// mayEnter is the rule of signin.Portal.
func (s *site) mayEnter(people *directory.Snapshot, p *directory.Principal) bool {
	a := &s.o.Access
	return a.Profile.Allows(people, p) || a.Server.Allows(people, p) || a.Admin.Allows(people, p)
}

// askToSignIn leads to the form, which leads back to where the person wanted to go.
func askToSignIn(w http.ResponseWriter, r *http.Request) error {
	target := signInPath
	if to := returnTo(r.URL.RequestURI()); to != homePath && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		target += "?" + url.Values{"to": {to}}.Encode()
	}
	return redirect(w, target)
}

// redirect leads to a path of this site, for GET (RFC 9110 section 15.4.4).
func redirect(w http.ResponseWriter, path string) error {
	h := w.Header()
	h.Set("Location", path)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

func (s *site) toHome(w http.ResponseWriter, _ *http.Request) error { return redirect(w, homePath) }
