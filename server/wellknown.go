package server

import (
	"net/http"
	"strings"

	"calport/server/dav"
)

const wellKnownRoot = "/.well-known/"

// wellKnownTargets is where RFC 6764 section 5 and RFC 7808 section 4.2.1.3 lead.
var wellKnownTargets = []struct{ path, leadsTo string }{
	{"/.well-known/caldav", "/principals/"},
	{"/.well-known/carddav", "/principals/"},
	{"/.well-known/timezone", timezonesPath},
}

// wellKnown answers any method, without credentials, by a redirect on the client's own origin, since
// clients send no password yet; the 401 comes at the target. The collection above is listed, as Apple's server did.
func (s *Server) wellKnown() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimSuffix(r.URL.Path, "/")
		for _, target := range wellKnownTargets {
			if path == target.path {
				s.redirect(w, r, target.leadsTo)
				return
			}
		}
		switch {
		case r.URL.Path != wellKnownRoot:
			s.o.Rest.ServeHTTP(w, r)
		case r.Method == "PROPFIND":
			r.Body = http.MaxBytesReader(w, r.Body, s.o.MaxBody)
			if err := listWellKnown(w, r); err != nil {
				dav.WriteError(w, err)
			}
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Write([]byte("caldav\ncarddav\ntimezone\n"))
		case r.Method == http.MethodOptions:
			w.Header().Set("Allow", wellKnownAllow)
		default:
			w.Header().Set("Allow", wellKnownAllow)
			http.Error(w, "Only GET, HEAD, OPTIONS and PROPFIND are answered here.", http.StatusMethodNotAllowed)
		}
	})
}

const wellKnownAllow = "GET, HEAD, OPTIONS, PROPFIND"

// redirect leads to a path on the client's own origin, absolutely.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request, path string) {
	w.Header().Set("Location", s.base(infoOf(r.Context()).client)+path)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusMovedPermanently)
}
