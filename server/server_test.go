package server

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/signin"
	"calport/server/store"
)

// signInFunc answers as the test says; what a real checker does is tested in package signin.
type signInFunc func(signin.Attempt) (*directory.Principal, error)

func (f signInFunc) Check(_ context.Context, a signin.Attempt) (*directory.Principal, error) {
	return f(a)
}

var ada = &directory.Principal{Kind: directory.Individual, GUID: "a1", ShortName: "ada"}

type principalKey struct{}

// newServer makes a Server whose DAV handler says who came, and whose portal says so.
func newServer(t *testing.T, check signInFunc) (*Server, *bytes.Buffer) {
	t.Helper()
	if check == nil {
		check = func(a signin.Attempt) (*directory.Principal, error) {
			if a.Login == "ada" && a.Password == "pässword: €" {
				return ada, nil
			}
			return nil, directory.ErrCredentials
		}
	}
	log := &bytes.Buffer{}
	s, err := New(Options{
		DAV: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			fmt.Fprintf(w, "dav for %s", r.Context().Value(principalKey{}).(*directory.Principal).ShortName)
		}),
		AsPrincipal: func(ctx context.Context, p *directory.Principal) context.Context {
			return context.WithValue(ctx, principalKey{}, p)
		},
		Rest:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "portal") }),
		SignIn: check,
		Origin: Origin{Host: "cal.example.com", Port: 8443}, Aliases: []string{"mac.local"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Log:            slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

// ask sends one request as it would come from a TLS listener.
func ask(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "From" {
			r.RemoteAddr = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func basicOf(login, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(login+":"+password))
}

func TestPathsAreDividedBetweenPortalAndDAV(t *testing.T) {
	s, _ := newServer(t, nil)
	auth := basicOf("ada", "pässword: €")
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/", "dav for ada"},
		{"GET", "//principals/", "dav for ada"},
		{"PROPFIND", "/", "dav for ada"},
		{"OPTIONS", "/", "dav for ada"},
		{"GET", "/portal/", "portal"},
		{"PROPFIND", "/principals/", "dav for ada"},
		{"PROPFIND", "/principals", "dav for ada"},
		{"PUT", "/calendars/__uids__/a1/calendar/x.ics", "dav for ada"},
		{"PROPFIND", "/calendar/dav/ada/user/", "dav for ada"},
		{"GET", "/principalsome", "portal"},
		{"GET", "/.well-known/change-password", "portal"},
	} {
		w := ask(s.HTTPS(), c.method, "https://cal.example.com:8443"+c.path, "Authorization", auth)
		if got := w.Body.String(); w.Code != 200 || got != c.want {
			t.Errorf("%s %s: got %d %q, want %q", c.method, c.path, w.Code, got, c.want)
		}
	}
}

func TestTheRootIsThePortalForBrowsers(t *testing.T) {
	s, _ := newServer(t, nil)
	for _, method := range []string{"GET", "HEAD"} {
		if w := ask(s.HTTPS(), method, "https://cal.example.com:8443/"); w.Body.String() != "portal" {
			t.Errorf("%s /: got %d %q, want the portal", method, w.Code, w.Body)
		}
	}
}

func TestTimeZonesNeedNoCredentials(t *testing.T) {
	s, _ := newServer(t, nil)
	if w := ask(s.HTTPS(), "GET", "https://cal.example.com:8443/stdtimezones/zones/GB"); w.Code != 200 || !strings.Contains(w.Body.String(), "TZID:GB") {
		t.Errorf("got %d %s, want a time zone", w.Code, w.Body)
	}
	if w := ask(s.HTTPS(), "GET", "https://cal.example.com:8443/.well-known/timezone"); w.Header().Get("Location") != "https://cal.example.com:8443/stdtimezones" {
		t.Errorf("got %d to %q", w.Code, w.Header().Get("Location"))
	}
}

func TestWellKnownRedirectsEveryMethodWithoutCredentials(t *testing.T) {
	s, _ := newServer(t, nil)
	for _, c := range []struct{ host, want string }{
		{"cal.example.com:8443", "https://cal.example.com:8443/principals/"},
		{"cal.example.com", "https://cal.example.com/principals/"},
		{"mac.local:8443", "https://mac.local:8443/principals/"},
		{"127.0.0.1:8443", "https://127.0.0.1:8443/principals/"},
		{"evil.example.org", "https://cal.example.com:8443/principals/"},
		{"cal.example.com:99999999", "https://cal.example.com:8443/principals/"},
	} {
		for _, method := range []string{"GET", "HEAD", "PROPFIND", "OPTIONS", "PUT", "REPORT"} {
			for _, slash := range []string{"", "/"} {
				r := httptest.NewRequest(method, "https://x/.well-known/caldav"+slash, nil)
				r.Host = c.host
				w := httptest.NewRecorder()
				s.HTTPS().ServeHTTP(w, r)
				if got := w.Header().Get("Location"); w.Code != 301 || got != c.want {
					t.Errorf("%s caldav%s on %s: got %d %q, want 301 %q", method, slash, c.host, w.Code, got, c.want)
				}
			}
		}
	}
}

func TestWellKnownCollectionIsListed(t *testing.T) {
	s, _ := newServer(t, nil)
	w := ask(s.HTTPS(), "PROPFIND", "https://cal.example.com/.well-known/", "Depth", "1")
	for _, want := range []string{"/.well-known/<", "/.well-known/caldav<", "/.well-known/carddav<"} {
		if w.Code != 207 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("got %d %s, want %s in it", w.Code, w.Body, want)
		}
	}
	if w := ask(s.HTTPS(), "PROPFIND", "https://cal.example.com/.well-known/"); w.Code != 403 {
		t.Errorf("infinite depth: got %d, want 403", w.Code)
	}
	if w := ask(s.HTTPS(), "DELETE", "https://cal.example.com/.well-known/"); w.Code != 405 || w.Header().Get("Allow") == "" {
		t.Errorf("DELETE: got %d with Allow %q, want 405 and a list", w.Code, w.Header().Get("Allow"))
	}
}

func TestRefusalsOfSignIn(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		status int
		retry  string
	}{
		{"wrong password", directory.ErrCredentials, 401, ""},
		{"locked", &directory.AccountError{State: directory.Locked}, 401, ""},
		{"directory down", fmt.Errorf("dial: %w", directory.ErrUnavailable), 503, "30"},
		{"database away", fmt.Errorf("asking: %w", &store.FileError{Kind: store.ErrAway, Path: "secret"}), 503, "30"},
		{"database locked", &store.FileError{Kind: store.ErrBusy, Path: "secret"}, 503, "30"},
		{"database damaged", &store.FileError{Kind: store.ErrCorrupt, Path: "secret"}, 500, ""},
		{"throttled", &signin.ThrottledError{RetryAfter: 89 * time.Second}, 503, "90"},
		{"not allowed", signin.ErrNotAllowed, 403, ""},
		{"anything else", errors.New("secret detail"), 500, ""},
	} {
		s, _ := newServer(t, func(signin.Attempt) (*directory.Principal, error) { return nil, c.err })
		w := ask(s.HTTPS(), "PROPFIND", "https://cal.example.com/principals/", "Authorization", basicOf("ada", "x"))
		if w.Code != c.status || w.Header().Get("Retry-After") != c.retry {
			t.Errorf("%s: got %d, Retry-After %q; want %d, %q", c.name, w.Code, w.Header().Get("Retry-After"), c.status, c.retry)
		}
		if challenged := w.Header().Get("WWW-Authenticate") != ""; challenged != (c.status == 401) {
			t.Errorf("%s: WWW-Authenticate is %q with status %d", c.name, w.Header().Get("WWW-Authenticate"), w.Code)
		}
		if strings.Contains(w.Body.String(), "secret") || w.Body.Len() == 0 {
			t.Errorf("%s: the body is %q", c.name, w.Body)
		}
	}
}

// 401 and a challenge, never 403, for missing, foreign and broken credentials.
func TestEveryKindOfBadCredentialsIsChallenged(t *testing.T) {
	s, _ := newServer(t, nil)
	for _, header := range []string{"", "Bearer x", "Digest username=\"ada\"", "Basic", "Basic !!!", "Basic YWRh", basicOf("ada", "wrong")} {
		w := ask(s.HTTPS(), "PROPFIND", "https://cal.example.com/principals/", "Authorization", header)
		if got := w.Header().Get("WWW-Authenticate"); w.Code != 401 || got != challenge {
			t.Errorf("Authorization %q: got %d, %q", header, w.Code, got)
		}
	}
}

func TestFirstRequestWithoutCredentialsNeverReachesTheChecker(t *testing.T) {
	s, log := newServer(t, func(signin.Attempt) (*directory.Principal, error) {
		t.Error("the checker was asked")
		return nil, directory.ErrCredentials
	})
	ask(s.HTTPS(), "PROPFIND", "https://cal.example.com/principals/")
	if strings.Contains(log.String(), "level=WARN") || strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("the log complains: %s", log)
	}
}

func TestNoCredentialIsEverLogged(t *testing.T) {
	s, log := newServer(t, nil)
	secret := basicOf("ada", "pässword: €")
	ask(s.HTTPS(), "PROPFIND", "https://cal.example.com/principals/", "Authorization", secret)
	ask(s.HTTPS(), "PROPFIND", "https://cal.example.com/principals/", "Authorization", basicOf("ada", "hunter2"))
	ask(s.Redirect(), "PROPFIND", "http://cal.example.com/principals/", "Authorization", secret)
	for _, word := range []string{"pässword", "hunter2", strings.TrimPrefix(secret, "Basic ")} {
		if strings.Contains(log.String(), word) {
			t.Errorf("the log holds %q:\n%s", word, log)
		}
	}
	if !strings.Contains(log.String(), "who=ada") {
		t.Errorf("the log does not say who came:\n%s", log)
	}
}

func TestPort8008LeadsToHTTPSAndTakesNoPassword(t *testing.T) {
	s, log := newServer(t, func(signin.Attempt) (*directory.Principal, error) {
		t.Error("the checker was asked")
		return ada, nil
	})
	for host, want := range map[string]string{
		"cal.example.com:8008": "https://cal.example.com:8443/principals/?x=1",
		"mac.local:8008":       "https://mac.local:8443/principals/?x=1",
		"mac.local":            "https://mac.local:8443/principals/?x=1",
		"evil.example.org":     "https://cal.example.com:8443/principals/?x=1",
	} {
		w := ask(s.Redirect(), "PROPFIND", "http://"+host+"/principals/?x=1", "Authorization", basicOf("ada", "secret"))
		if got := w.Header().Get("Location"); w.Code != 301 || got != want {
			t.Errorf("%s: got %d %q, want 301 %q", host, w.Code, got, want)
		}
	}
	if !strings.Contains(log.String(), "readable on the network") {
		t.Errorf("the log does not warn:\n%s", log)
	}
}

func TestPlainHTTPIsServedToLoopbackAndProxiesOnly(t *testing.T) {
	s, _ := newServer(t, nil)
	for from, want := range map[string]int{"127.0.0.1:5": 200, "[::1]:5": 200, "10.1.1.1:5": 200, "192.0.2.1:5": 403} {
		w := ask(s.Plain(), "PROPFIND", "http://cal.example.com/principals/", "From", from, "Authorization", basicOf("ada", "pässword: €"))
		if w.Code != want {
			t.Errorf("from %s: got %d, want %d", from, w.Code, want)
		}
	}
}

// Forwarding headers count from trusted proxies only, and only what they themselves added.
func TestForwardingHeadersAreBelievedFromTrustedProxiesOnly(t *testing.T) {
	for _, c := range []struct{ from, forwarded, want string }{
		{"192.0.2.1:5", "198.51.100.7", "192.0.2.1"},
		{"10.0.0.1:5", "198.51.100.7", "198.51.100.7"},
		{"10.0.0.1:5", "203.0.113.9, 198.51.100.7", "198.51.100.7"},
		{"10.0.0.1:5", "198.51.100.7, 10.0.0.2", "198.51.100.7"},
		{"10.0.0.1:5", "garbage", "10.0.0.1"},
		{"127.0.0.1:5", "198.51.100.7", "127.0.0.1"},
	} {
		var got netip.Addr
		s, _ := newServer(t, func(a signin.Attempt) (*directory.Principal, error) {
			got = a.From
			return ada, nil
		})
		ask(s.Plain(), "PROPFIND", "http://cal.example.com/principals/", "From", c.from, "X-Forwarded-For", c.forwarded, "Authorization", basicOf("ada", "x"))
		if c.from == "192.0.2.1:5" { // refused on the plain door; the https one believes it as little
			ask(s.HTTPS(), "PROPFIND", "https://cal.example.com/principals/", "From", c.from, "X-Forwarded-For", c.forwarded, "Authorization", basicOf("ada", "x"))
		}
		if got.String() != c.want {
			t.Errorf("from %s forwarded %q: got %s, want %s", c.from, c.forwarded, got, c.want)
		}
	}
}

func TestRedirectBehindAProxyKeepsTheClientsOrigin(t *testing.T) {
	s, _ := newServer(t, nil)
	w := ask(s.Plain(), "PROPFIND", "http://backend:8080/.well-known/caldav", "From", "10.0.0.1:5",
		"X-Forwarded-Proto", "https", "X-Forwarded-Host", "cal.example.com")
	if got, want := w.Header().Get("Location"), "https://cal.example.com/principals/"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAProxyThatSaysNothingOfTheSchemeIsTakenToTerminateTLS(t *testing.T) {
	s, _ := newServer(t, nil)
	w := ask(s.Plain(), "GET", "http://cal.example.com/.well-known/caldav", "From", "10.0.0.1:5")
	if got, want := w.Header().Get("Location"), "https://cal.example.com/principals/"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An answer that breaks off must not look whole to the client: it would take what is missing for removed.
func TestABrokenAnswerBreaksTheConnection(t *testing.T) {
	for _, broken := range []any{http.ErrAbortHandler, "a defect"} {
		s, _ := newServer(t, nil)
		s.o.Rest = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "half a multistatus")
			http.NewResponseController(w).Flush()
			panic(broken)
		})
		for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
			srv := httptest.NewUnstartedServer(s.HTTPS())
			srv.EnableHTTP2 = version == "HTTP/2.0"
			srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			srv.StartTLS()
			resp, err := srv.Client().Get(srv.URL + "/portal/")
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err == nil || resp.Proto != version {
				t.Errorf("%v over %s: the client read %q without an error", broken, resp.Proto, body)
			}
			resp.Body.Close()
			srv.Close()
		}
	}
}

// Methods that nobody knows must not become labels of the metrics.
func TestUnknownMethodsAreOneToTheMetrics(t *testing.T) {
	s, _ := newServer(t, nil)
	seen := map[string]bool{}
	s.o.Observe = func(operation string, _ int, _ time.Duration) { seen[operation] = true }
	for _, m := range []string{"AAA1", "AAA2", "PROPFIND", "get"} {
		ask(s.HTTPS(), m, "https://cal.example.com/principals/")
	}
	if len(seen) != 2 || !seen["other"] || !seen["PROPFIND"] {
		t.Errorf("got %v", seen)
	}
}

func TestASlowBodyIsCutOffAndASteadyOneIsNot(t *testing.T) {
	var deadlines []time.Time
	b := &steadyBody{ReadCloser: io.NopCloser(strings.NewReader(strings.Repeat("x", 4*bodyRate))), begun: time.Now(),
		control: http.NewResponseController(deadlineWriter{&deadlines})}
	b.extend()
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{b}); err != nil {
		t.Fatal(err)
	}
	first, last := deadlines[0], deadlines[len(deadlines)-1]
	if got := first.Sub(b.begun); got != bodyPatience {
		t.Errorf("the first deadline is after %v, want %v", got, bodyPatience)
	}
	if got, want := deadlines[len(deadlines)-2].Sub(b.begun), bodyPatience+4*time.Second; got != want {
		t.Errorf("with 4 seconds' worth of bytes it is after %v, want %v", got, want)
	}
	if !last.IsZero() {
		t.Errorf("a whole body leaves the deadline %v", last)
	}
}

// deadlineWriter notes the read deadlines that it is given.
type deadlineWriter struct{ deadlines *[]time.Time }

func (w deadlineWriter) Header() http.Header         { return nil }
func (w deadlineWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w deadlineWriter) WriteHeader(int)             {}
func (w deadlineWriter) SetReadDeadline(t time.Time) error {
	*w.deadlines = append(*w.deadlines, t)
	return nil
}

func TestAPanicIsAnswered500AndLogged(t *testing.T) {
	s, log := newServer(t, func(signin.Attempt) (*directory.Principal, error) { panic("boom") })
	w := ask(s.HTTPS(), "PROPFIND", "https://cal.example.com/principals/", "Authorization", basicOf("ada", "x"))
	if w.Code != 500 || strings.Contains(w.Body.String(), "boom") || !strings.Contains(log.String(), "boom") {
		t.Errorf("got %d %q, log %s", w.Code, w.Body, log)
	}
}

func TestAncientICalIsNamedInTheLogOnceAnHour(t *testing.T) {
	s, log := newServer(t, nil)
	for range 3 {
		ask(s.HTTPS(), "PROPFIND", "https://cal.example.com/principals/", "User-Agent", "DAVKit/2.0 (10.5; wrbt) iCal 3.0")
		ask(s.HTTPS(), "PROPFIND", "https://cal.example.com/principals/", "User-Agent", "DAVKit/4.0.3 (732); CalendarStore/4.0.3 (991); iCal/4.0.3 (1388); Mac OS X/10.6.4 (10F569)")
	}
	if got := strings.Count(log.String(), "not supported"); got != 1 {
		t.Errorf("said %d times, want once:\n%s", got, log)
	}
}

func TestIncompleteOptionsAreRefused(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("a server of nothing was made")
	}
	s, _ := newServer(t, nil)
	o := s.o
	o.Origin.Host = ""
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "public_host") {
		t.Errorf("got %v, want an error that names server.public_host", err)
	}
}

func FuzzBasic(f *testing.F) {
	for _, s := range []string{"", "Basic", basicOf("ada", "x"), "basic YTpi", "Basic \x00", "Digest a=b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Authorization"] = []string{header}
		login, _, err := basic(r)
		if err != nil && login != "" {
			t.Errorf("%q: a name %q beside an error", header, login)
		}
		if strings.Contains(login, ":") {
			t.Errorf("%q: the name holds a colon: %q", header, login)
		}
	})
}
