// Package server is the http.Handler of everything DAV: it authenticates, limits, discovers and mounts. What a
// calendar is, package caldav knows; who exists, package directory; this package joins them to HTTP.
//
// It does not know the portal: whatever is no DAV path goes to the handler given as Options.Rest.
//
// Invariants: a password is never accepted over plain http except from loopback or a trusted proxy; a directory that
// cannot be asked is 503, never 401, because a 401 makes phones throw the password away; credentials never reach a
// log line; a redirect never leaves the origin that the client is on (save the one from http to https).
package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"calport/directory"
	"calport/directory/signin"
	"calport/server/timezones"
)

// SignIn checks a name and a password; *signin.Checker does.
type SignIn interface {
	Check(ctx context.Context, a signin.Attempt) (*directory.Principal, error)
}

// Options says what a Server is made of.
type Options struct {
	// DAV serves an authenticated request; AsPrincipal tells it whose request it is.
	DAV http.Handler
	// Contacts serves the address books in the same way; nil: there are none.
	Contacts    http.Handler
	AsPrincipal func(ctx context.Context, p *directory.Principal) context.Context
	// Rest serves every path that is not DAV's, and GET and HEAD of "/": the portal.
	Rest   http.Handler
	SignIn SignIn
	// FreeBusy serves free-busy URLs to whoever knows one; nil: there are none.
	FreeBusy http.Handler

	// Origin is what profiles, redirects and links name. Aliases are further host names that are this server's.
	Origin  Origin
	Aliases []string
	// TrustedProxies may speak for others by X-Forwarded-For, -Proto and -Host.
	TrustedProxies []netip.Prefix
	// MaxBody bounds a request body in bytes; 0 means 16 MiB. Handlers have narrower limits of their own.
	MaxBody int64
	Log     *slog.Logger
	Now     func() time.Time
	// Observe, which may be nil, is told of every request: what it was, how it ended, and how long it took.
	Observe func(operation string, status int, took time.Duration)
	// Traces, which may be nil, write down what single people's clients say.
	Traces *Traces
}

const defaultMaxBody = 16 << 20

// Server is one origin. It is safe for concurrent use.
type Server struct {
	o      Options
	legacy hourly // when an unsupported client was last warned of
	naked  hourly // when a password over plain http was last warned of
}

// New checks the options and makes a Server of them.
func New(o Options) (*Server, error) {
	switch {
	case o.DAV == nil || o.AsPrincipal == nil || o.Rest == nil || o.SignIn == nil:
		return nil, errors.New("server: DAV, AsPrincipal, Rest and SignIn are all required")
	case o.Origin.Host == "":
		return nil, errors.New("server: the public host is empty; set server.public_host")
	}
	if o.MaxBody == 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Server{o: o}, nil
}

// paths is who answers what on the one origin. The first match counts; what matches none is the portal's.
var paths = []struct {
	prefix string
	exact  bool
	serve  func(*Server) http.Handler
}{
	{"/.well-known/", false, (*Server).wellKnown},
	{"/principals", true, (*Server).dav},
	{"/principals/", false, (*Server).dav},
	{"/calendars", true, (*Server).dav},
	{"/calendars/", false, (*Server).dav},
	{"/calendar/dav/", false, (*Server).dav},
	{freeBusyPath, true, (*Server).freeBusy},
	{"/addressbooks", true, (*Server).contacts},
	{"/addressbooks/", false, (*Server).contacts},
	{timezonesPath, true, (*Server).timezones},
	{timezonesPath + "/", false, (*Server).timezones},
	{"/", true, (*Server).root},
	{"//", false, (*Server).dav}, // of clients that join a base and a path with a slash each
}

// HTTPS is the handler of listeners that speak TLS.
func (s *Server) HTTPS() http.Handler { return s.outermost(s.mux()) }

// Plain is the handler of listeners behind a TLS-terminating proxy: they serve loopback and trusted proxies only.
func (s *Server) Plain() http.Handler { return s.outermost(s.onlyTrusted(s.mux())) }

// Redirect is the handler of the classic http port 8008, which Calendar tries last: it never takes a password, it
// leads to https on the same host.
func (s *Server) Redirect() http.Handler { return s.outermost(http.HandlerFunc(s.toHTTPS)) }

func (s *Server) mux() http.Handler {
	type mounted struct {
		prefix string
		exact  bool
		http.Handler
	}
	var mounts []mounted
	for _, p := range paths {
		mounts = append(mounts, mounted{p.prefix, p.exact, p.serve(s)})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		for i := range mounts {
			m := &mounts[i]
			if path == m.prefix || !m.exact && strings.HasPrefix(path, m.prefix) {
				m.ServeHTTP(w, r)
				return
			}
		}
		s.o.Rest.ServeHTTP(w, r)
	})
}

// root gives "/" to people who look at it with a browser, and to clients who look for their account: these come with
// another method, or with the password, which the portal takes in its form only.
func (s *Server) root() http.Handler {
	dav := s.dav()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Header.Get("Authorization") == "" {
			s.o.Rest.ServeHTTP(w, r)
			return
		}
		dav.ServeHTTP(w, r)
	})
}

// freeBusyPath is that of free-busy URLs, which name their secret themselves.
const freeBusyPath = "/freebusy"

func (s *Server) freeBusy() http.Handler {
	if s.o.FreeBusy == nil {
		return s.o.Rest
	}
	return s.o.FreeBusy
}

// timezonesPath is what caldav's timezone-service-set names.
const timezonesPath = "/stdtimezones"

// timezones is public: whoever asks is told.
func (s *Server) timezones() http.Handler { return timezones.New(timezonesPath, s.o.Now()) }

// dav authenticates and hands over.
func (s *Server) dav() http.Handler { return s.signedIn(s.o.DAV) }

// contacts is the same for address books.
func (s *Server) contacts() http.Handler {
	if s.o.Contacts == nil {
		return s.o.Rest
	}
	return s.signedIn(s.o.Contacts)
}

func (s *Server) signedIn(next http.Handler) http.Handler {
	handler := compressed(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.warnOfLegacy(r)
		p, err := s.authenticate(r)
		trace, handler := s.o.Traces.begin(r, p), handler
		defer trace.end()
		if err != nil {
			trace.refused(err)
			s.refuse(trace.writer(w), r, err)
			return
		}
		if trace != nil {
			handler = compressed(trace.capture(s.o.DAV)) // what is kept is not compressed
		}
		infoOf(r.Context()).principal = p.ShortName
		r.Body = http.MaxBytesReader(w, r.Body, s.o.MaxBody)
		handler.ServeHTTP(w, r.WithContext(s.o.AsPrincipal(r.Context(), p)))
	})
}
