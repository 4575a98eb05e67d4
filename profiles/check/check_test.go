package check

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory"
	"calport/profiles"
)

// calendars is a small CalDAV server with one account, ada whose password is "right". what replaces the answers of
// some paths or methods.
type calendars struct {
	what map[string]http.HandlerFunc

	mu     sync.Mutex
	stored map[string][]byte
}

const home = "/calendars/ada/"

// multistatus answers one response with a property.
func multistatus(href, property string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusMultiStatus)
		io.WriteString(w, xml.Header+`<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:response><D:href>`+href+
			`</D:href><D:propstat><D:prop>`+property+`</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>`)
	}
}

// calendar is a calendar that takes the components given.
func calendar(components ...string) http.HandlerFunc {
	set := ""
	for _, c := range components {
		set += `<C:comp name="` + c + `"/>`
	}
	return multistatus(home+"c/", `<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>Calendar</D:displayname>`+
		`<C:supported-calendar-component-set>`+set+`</C:supported-calendar-component-set>`)
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// signedIn lets only those with a password through; others are asked for it.
func signedIn(then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "right" {
			status(http.StatusUnauthorized, "WWW-Authenticate", `Basic realm="x"`)(w, r)
			return
		}
		then(w, r)
	}
}

func (s *calendars) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if !strings.Contains(path, ".") { // clients leave the slash at the end out
		path = strings.TrimSuffix(path, "/") + "/"
	}
	for _, key := range []string{path, r.Method} {
		if answer := s.what[key]; answer != nil {
			answer(w, r)
			return
		}
	}
	switch path {
	case "/.well-known/caldav":
		status(http.StatusMovedPermanently, "Location", "/principals/")(w, r)
	case "/principals/":
		signedIn(multistatus("/principals/", `<D:current-user-principal><D:href>/principals/ada/</D:href></D:current-user-principal>`))(w, r)
	case "/principals/ada/":
		multistatus("/principals/ada/", `<C:calendar-home-set><D:href>`+home+`</D:href></C:calendar-home-set>`)(w, r)
	case home:
		calendar("VEVENT", "VTODO")(w, r)
	default:
		s.object(w, r)
	}
}

func (s *calendars) object(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method {
	case http.MethodPut:
		s.stored[r.URL.Path], _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
	case http.MethodGet:
		w.Header().Set("Content-Type", "text/calendar")
		w.Write(s.stored[r.URL.Path])
	case http.MethodDelete:
		delete(s.stored, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	}
}

// serve starts the server and answers the account that is right for it.
func serve(t *testing.T, what map[string]http.HandlerFunc) (Account, *calendars) {
	t.Helper()
	handler := &calendars{what: what, stored: map[string][]byte{}}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that break off are the point
	server.StartTLS()
	t.Cleanup(server.Close)
	a := accountAt(t, server.URL)
	a.Roots = x509.NewCertPool()
	a.Roots.AddCert(server.Certificate())
	return a, handler
}

func accountAt(t *testing.T, address string) Account {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return Account{Host: u.Hostname(), Port: port, User: "ada", Password: "right"}
}

// profileFor is the profile of Ada for a server.
func profileFor(t *testing.T, host string, port int, settings string) []byte {
	t.Helper()
	doc, err := profiles.ParseDocument("settings", []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	g, err := profiles.NewGenerator(profiles.ServerConfig{Host: host, Port: port, Prefix: "com.example.calport"}, doc)
	if err != nil {
		t.Fatal(err)
	}
	ada := &directory.Principal{Kind: directory.Individual, GUID: "0a", ShortName: "ada", FullName: "Ada", Mails: []string{"ada@example.com"}}
	p, err := g.Calendar(directory.NewSnapshot([]*directory.Principal{ada}, time.Time{}), ada, profiles.Any)
	if err != nil {
		t.Fatal(err)
	}
	return p.Bytes()
}

// resultOf walks and answers how one step went.
func resultOf(t *testing.T, a Account, step string) Result {
	t.Helper()
	report, err := Run(t.Context(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(report, func(r Result) bool { return r.Step == step })
	if i < 0 {
		t.Fatalf("there is no step %q", step)
	}
	return report[i]
}

func TestAWalkWhereAllIsRight(t *testing.T) {
	a, server := serve(t, nil)
	a.Profile = profileFor(t, a.Host, a.Port, "")
	var told []string
	report, err := Run(t.Context(), a, func(r Result) { told = append(told, r.Step) })
	if err != nil || !report.OK() || len(told) != len(steps) {
		t.Errorf("got %v, %v", report, err)
	}
	for _, r := range report {
		dns, ports := strings.HasPrefix(r.Step, "dns-"), r.Step == "classic-ports"
		if want := map[bool]State{true: Skipped, false: Passed}[dns]; r.State != want && !ports {
			t.Errorf("%s: got %s, %s; want %s", r.Step, r.State, r.Found, want)
		}
		if strings.Contains(r.Found.String()+r.Remedy.String(), "right") {
			t.Errorf("%s says the password: %+v", r.Step, r)
		}
	}
	if len(server.stored) != 0 {
		t.Errorf("the walk left %d events behind", len(server.stored))
	}
}

func TestEachAnswerOfAServerHasItsRemedy(t *testing.T) {
	const wellKnown, top = "/.well-known/caldav", "/principals/"
	after := func(code int) http.HandlerFunc { return signedIn(status(code)) }
	for _, test := range []struct {
		name, path string
		answer     http.HandlerFunc
		step       string
		state      State
		remedy     string
	}{
		{"a page", wellKnown, status(200), "well-known", Failed, "a proxy may answer it by itself"},
		{"a redirect nowhere", wellKnown, status(301), "well-known", Failed, "Location header"},
		{"a redirect elsewhere", wellKnown, status(301, "Location", "http://127.0.0.1/principals/"), "well-known", Failed, "server.trusted_proxies"},
		{"no question", top, status(200), "challenge", Failed, "let the path reach calport"},
		{"a question of another kind", top, status(401, "WWW-Authenticate", "Digest x"), "challenge", Failed, "WWW-Authenticate header"},
		{"a wrong password", top, status(401, "WWW-Authenticate", "Basic x"), "sign-in", Failed, "in the portal"},
		{"not allowed", top, after(403), "sign-in", Failed, "access.server"},
		{"no directory", top, after(503), "sign-in", Failed, "wait"},
		{"broken", top, after(500), "sign-in", Failed, "server's log"},
		{"no home", "/principals/ada/", status(500), "home", Failed, "server's log"},
		{"a home without a slash", "/principals/ada/", multistatus("/principals/ada/", `<C:calendar-home-set><D:href>/calendars/ada</D:href></C:calendar-home-set>`), "home", Odd, "as text"},
		{"no calendars", home, status(500), "calendars", Failed, "create a calendar"},
		{"nothing for events", home, calendar("VTODO"), "calendars", Failed, "at every refresh"},
		{"nothing for reminders", home, calendar("VEVENT"), "calendars", Odd, "Reminders"},
		{"nothing can be stored", "PUT", status(507), "round-trip", Failed, "server's log"},
		{"nothing can be read", "GET", status(404), "round-trip", Failed, "server's log"},
		{"nothing can be removed", "DELETE", status(403), "round-trip", Failed, "by hand"},
		{"another event comes back", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/calendar")
			io.WriteString(w, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:other\r\nDTSTAMP:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
		}, "round-trip", Failed, "must never change"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, _ := serve(t, map[string]http.HandlerFunc{test.path: test.answer})
			if r := resultOf(t, a, test.step); r.State != test.state || !strings.Contains(r.Remedy.String(), test.remedy) {
				t.Errorf("got %+v; want %s and %q", r, test.state, test.remedy)
			}
		})
	}
}

func TestEachFaultOfTLSHasItsRemedy(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	good, _ := serve(t, nil)
	ends := good.Roots // the certificate of httptest ends on 2084-01-29
	for _, test := range []struct {
		name         string
		account      Account
		step         string
		state        State
		found, cures string
	}{
		{"nobody listens", accountAt(t, "https://"+closed.Addr().String()), "connect", Failed, "refused", "start calport"},
		{"no TLS", accountAt(t, plain.URL), "tls", Failed, "does not speak TLS", "must be an https port"},
		{"an unknown authority", Account{Host: good.Host, Port: good.Port, Roots: x509.NewCertPool()}, "tls", Failed, "unknown authority", "Trust profile"},
		{"another name", Account{Host: "localhost", Port: good.Port, Roots: ends}, "tls", Failed, "localhost", "get a certificate for localhost"},
		{"expired", Account{Host: good.Host, Port: good.Port, Roots: ends, Now: at(2090, 1, 1)}, "tls", Failed, "expired", "renew the certificate; check the clock"},
		{"about to expire", Account{Host: good.Host, Port: good.Port, Roots: ends, Now: at(2084, 1, 27)}, "tls", Odd, "29 January 2084", "renew the certificate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if r := resultOf(t, test.account, test.step); r.State != test.state || !strings.Contains(r.Found.String(), test.found) || !strings.Contains(r.Remedy.String(), test.cures) {
				t.Errorf("got %+v; want %s, %q and %q", r, test.state, test.found, test.cures)
			}
		})
	}
}

func at(year int, month time.Month, day int) func() time.Time {
	return func() time.Time { return time.Date(year, month, day, 12, 0, 0, 0, time.UTC) }
}

func TestTheProfileIsHeldAgainstTheWalk(t *testing.T) {
	a, _ := serve(t, nil)
	for _, test := range []struct {
		name    string
		profile []byte
		step    string
		state   State
		remedy  string
	}{
		{"another user name", profileFor(t, a.Host, a.Port, "[everyone]\nuser_name = \"%email%\"\n"), "profile-user", Odd, "setting user_name"},
		{"another port", profileFor(t, a.Host, a.Port+1, ""), "profile-server", Failed, "server.public_port"},
		{"another host", profileFor(t, "cal.example.com", a.Port, ""), "profile-server", Failed, "server.public_host"},
		{"not a profile", []byte("hello"), "profile", Failed, ""},
		{"an unknown key", bytes.Replace(profileFor(t, a.Host, a.Port, ""), []byte("<dict>"), []byte("<dict><key>Colour</key><string>red</string>"), 1), "profile", Failed, "take it out"},
		{"a variable left over", profileFor(t, a.Host, a.Port, "[everyone]\ndescription = \"For %%short_name%%\"\n"), "profile", Odd, "profile verify"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a.Profile = test.profile
			if r := resultOf(t, a, test.step); r.State != test.state || !strings.Contains(r.Remedy.String(), test.remedy) {
				t.Errorf("got %+v; want %s and %q", r, test.state, test.remedy)
			}
		})
	}
	order := func(name string) int { return slices.IndexFunc(steps, func(s step) bool { return s.name == name }) }
	if order("profile-user") > order("sign-in") {
		t.Error("the user name is compared only after the sign-in")
	}
}

func TestWhatIsMissingIsSkipped(t *testing.T) {
	a, _ := serve(t, nil)
	a.User = ""
	if r := resultOf(t, a, "sign-in"); r.State != Skipped || !strings.Contains(r.Found.String(), "user name") {
		t.Errorf("without a user: got %+v", r)
	}
	if r := resultOf(t, a, "home"); r.State != Skipped || r.Found.String() != "needs sign-in" {
		t.Errorf("what builds upon it: got %+v", r)
	}
	a.User, a.Password = "ada", ""
	if r := resultOf(t, a, "sign-in"); r.State != Skipped || !strings.Contains(r.Found.String(), "password") {
		t.Errorf("without a password: got %+v", r)
	}
	for _, nothing := range []Account{{}, {Mail: "ada"}, {Mail: "ada@", Host: "x"}} {
		if _, err := Run(t.Context(), nothing, nil); err == nil {
			t.Errorf("%+v is walked", nothing)
		}
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(stopped, a, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: got %v", err)
	}
}

func TestThePortsThatCalendarTries(t *testing.T) {
	for _, test := range []struct {
		secure, plain bool
		port          int
		found         string
		odd           bool
	}{
		{true, true, 8443, "8443 and 8008 answer", false},
		{true, false, 8443, "8443 answers (8008 does not, and need not)", false},
		{false, true, 443, "8443 does not answer; 443 does", true},
		{false, true, 9443, "8008 answers, 8443 does not", true},
		{false, false, 9443, "neither 8443 nor 8008 answers", true},
	} {
		found, err := judgePorts(test.secure, test.plain, test.port)
		var f *finding
		if errors.As(err, &f) {
			found = f.found
		}
		if found.String() != test.found || (f != nil) != test.odd || f != nil && f.remedy.Format == "" {
			t.Errorf("%+v: got %q, %v", test, found, err)
		}
	}
}
