package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestWhatIsMountedRefusesStrangers asks the whole program, where the portal, the calendar server and what watches both
// are joined, for every kind of path: as nobody, as the wrong person, by the wrong method, and written in odd ways. The
// routes of the portal and of the payload source are walked one by one in package web.
func TestWhatIsMountedRefusesStrangers(t *testing.T) {
	in := newSite(t, "").serve(t)
	const signIn, none = "/portal/sign-in", ""
	for _, c := range []struct {
		who, method, path string
		status            int
		header, begins    string // a header of the answer, and how it begins
	}{
		{none, "GET", "/healthz", 200, "", ""},
		{none, "POST", "/healthz", 405, "Allow", "GET, HEAD"},
		{none, "GET", "/readyz", 200, "", ""},
		{none, "DELETE", "/readyz", 405, "Allow", "GET, HEAD"},
		{none, "GET", "/metrics", 404, "", ""}, // has a listener of its own
		{none, "GET", "/debug/pprof/", 404, "", ""},

		{none, "GET", "/", 303, "Location", "/portal/"},
		{none, "PROPFIND", "/", 401, "WWW-Authenticate", "Basic"},
		{none, "GET", "/portal/", 303, "Location", signIn},
		{"ada", "GET", "/portal/", 303, "Location", signIn}, // a password in a header opens no page
		{"ada", "GET", "/portal/admin/people", 303, "Location", signIn},
		{"ada", "GET", "/api/v1/profiles", 401, "WWW-Authenticate", "Bearer"},
		{none, "PROPFIND", "/portal/", 405, "Allow", "GET, HEAD"},

		{none, "PUT", "/.well-known/caldav", 301, "Location", "https://"},
		{none, "POST", "/.well-known/carddav", 301, "Location", "https://"},
		{none, "POST", "/.well-known/", 405, "Allow", "GET"},
		{none, "GET", "/.well-known/..%2fportal%2fadmin%2fpeople", 404, "", ""},

		{none, "PROPFIND", "/principals/", 401, "WWW-Authenticate", "Basic"},
		{none, "GET", "/calendars/users/ada/calendar/", 401, "WWW-Authenticate", "Basic"},
		{none, "PUT", "/calendars/users/ada/calendar/x.ics", 401, "WWW-Authenticate", "Basic"},
		{none, "PROPFIND", "/calendar/dav/ada/user/", 401, "WWW-Authenticate", "Basic"},
		{none, "PROPFIND", "/addressbooks/", 401, "WWW-Authenticate", "Basic"},
		{none, "PROPFIND", "//calendars/", 401, "WWW-Authenticate", "Basic"},
		{"grace", "PROPFIND", "/calendars/users/ada/calendar/", 403, "", ""},
		{"grace", "PUT", "/calendars/users/ada/calendar/x.ics", 403, "", ""},
		{"grace", "DELETE", "/calendars/users/ada/calendar/", 403, "", ""},
		{"ada", "MKCALENDAR", "/principals/users/ada/", 405, "Allow", ""},
		{"ada", "PATCH", "/calendars/users/ada/calendar/", 501, "", ""},

		{none, "GET", "/freebusy", 404, "", ""},
		{none, "GET", "/freebusy?key=guessedguessedguessedguess", 404, "", ""},
		{none, "PUT", "/stdtimezones", 405, "Allow", "GET"},
		{none, "GET", "/stdtimezones/zones/..%2f..%2f..%2fetc%2fpasswd", 404, "", ""},
		{none, "GET", "/healthz/..%2fportal%2fadmin%2fpeople", 404, "", ""},
		{none, "GET", "/portal%00", 404, "", ""},
	} {
		status, body, header := in.do(t, c.method, c.path, c.who, "", "Content-Type", "text/calendar")
		if status != c.status || c.header != "" && (len(header[http.CanonicalHeaderKey(c.header)]) == 0 || !strings.HasPrefix(header.Get(c.header), c.begins)) {
			t.Errorf("%s %s as %q: got %d, %s %q\n%.200s", c.method, c.path, c.who, status, c.header, header.Get(c.header), body)
		}
		if strings.Contains(body, "root:") {
			t.Errorf("%s %s: got\n%s", c.method, c.path, body)
		}
	}
}
