package server

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/signin"
	"calport/server/store"
)

// traced is a server whose traces a test reads.
type traced struct {
	*Server
	traces *Traces
	store  *store.Store
}

func newTraced(t *testing.T, dav http.HandlerFunc, check signInFunc) *traced {
	t.Helper()
	kept, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "calport.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kept.Close() })
	s, _ := newServer(t, check)
	if dav != nil {
		s.o.DAV = dav
	}
	people := directory.NewSnapshot([]*directory.Principal{{Kind: directory.Individual, GUID: "A1", ShortName: "ada"}}, time.Now())
	s.o.Traces = NewTraces(TraceOptions{Store: kept, People: func() *directory.Snapshot { return people }, Limit: 1 << 20, Now: time.Now, Log: slog.Default()})
	return &traced{s, s.o.Traces, kept}
}

func (s *traced) start(t *testing.T, owner string) {
	t.Helper()
	err := s.store.Write(t.Context(), func(tx *store.Tx) error { return tx.StartTrace(owner, "admin", time.Now().Add(time.Hour)) })
	if err == nil {
		err = s.traces.Reload(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// text is what has been traced of a person.
func (s *traced) text(t *testing.T, owner string) string {
	t.Helper()
	s.traces.keepPending(t.Context())
	var b strings.Builder
	err := s.store.EachExchange(t.Context(), owner, func(content []byte) error {
		b.Write(content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wantsAll(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("the trace does not say %q:\n%s", w, text)
		}
	}
}

func wantsNone(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(text, w) {
			t.Errorf("the trace says %q:\n%s", w, text)
		}
	}
}

func TestATraceTellsEverythingButSecrets(t *testing.T) {
	app := signin.NewAppPassword()
	const link, token = "abcdefghijklmnopqrstuvwxyz", "calport_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	listing := "<multistatus>" + strings.Repeat("<response/>", 200) + "</multistatus>"
	s := newTraced(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		http.SetCookie(w, &http.Cookie{Name: "c", Value: "cookie-of-the-answer"})
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		w.WriteHeader(http.StatusMultiStatus)
		io.WriteString(w, listing)
	}, func(a signin.Attempt) (*directory.Principal, error) {
		if a.Password == app {
			return &directory.Principal{Kind: directory.Individual, GUID: "A1", ShortName: "ada"}, nil
		}
		return nil, directory.ErrCredentials
	})
	s.start(t, "a1")
	grouped := strings.ToUpper(app[:4]) + "-" + app[4:8] + "-" + app[8:12] + "-" + app[12:16] + "-" + app[16:20] + "-" + app[20:24] + "-" + app[24:]
	secrets := []string{app, grouped, link, token, "cookie-of-the-client", "cookie-of-the-answer", "hunter2hunter2", "push-secret",
		base64.StdEncoding.EncodeToString([]byte("ada:" + app)), base64.StdEncoding.EncodeToString([]byte("ada:hunter2hunter2"))}
	body := "<propfind>\x1b[31m " + app + " and " + grouped + "\nhttps://x/portal/link?key=" + link + "\n" + token +
		"\n<P:auth-secret>push-secret</P:auth-secret></propfind>"
	ask := func(password string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("PROPFIND", "https://cal.example.com:8443/calendars/?token="+link, strings.NewReader(body))
		r.Header.Set("Authorization", basicOf("ada", password))
		r.Header.Set("X-Copied", base64.StdEncoding.EncodeToString([]byte("ada:"+password)))
		r.Header.Set("Cookie", "x=cookie-of-the-client")
		r.Header.Set("Referer", "https://x/portal/link?key="+link)
		r.Header.Set("Accept-Encoding", "gzip")
		r.Header.Set("User-Agent", "iOS/18")
		w := httptest.NewRecorder()
		s.HTTPS().ServeHTTP(w, r)
		return w
	}
	if w := ask(app); w.Code != http.StatusMultiStatus || w.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("got %d, %v", w.Code, w.Header())
	}
	if w := ask("hunter2hunter2"); w.Code != http.StatusUnauthorized {
		t.Fatalf("got %d", w.Code)
	}
	text := s.text(t, "a1")
	wantsNone(t, text, append(secrets, "\x1b")...)
	wantsAll(t, text, listing, `Authorization: Basic [redacted] for "ada"`, "/calendars/?token=[redacted] HTTP/1.1", "User-Agent: iOS/18",
		"<propfind>", "207 Multi-Status", "Content-Encoding: gzip", "Set-Cookie: [redacted]", "401 Unauthorized", "The sign-in was refused: the password is wrong",
		"from 192.0.2.1", `\x1b[31m`)
}

func TestOnlyTheOneIsTraced(t *testing.T) {
	s := newTraced(t, nil, func(a signin.Attempt) (*directory.Principal, error) {
		return &directory.Principal{Kind: directory.Individual, GUID: a.Login}, nil
	})
	one := func(login string) { ask(s.HTTPS(), "PROPFIND", "/principals/", "Authorization", basicOf(login, "x")) }
	one("A1") // before
	s.start(t, "a1")
	one("A1")
	one("b2")
	ask(s.HTTPS(), "PROPFIND", "/principals/") // without credentials, which could be anybody's
	if got := strings.Count(s.text(t, "a1"), "==== "); got != 1 {
		t.Errorf("%d exchanges are kept, want 1", got)
	}
	if err := s.store.Write(t.Context(), func(tx *store.Tx) error { return tx.StopTrace("a1") }); err != nil {
		t.Fatal(err)
	}
	if err := s.traces.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	one("A1")
	if got := strings.Count(s.text(t, "a1"), "==== "); got != 1 || s.traces.running.Load() != nil {
		t.Errorf("after its end %d exchanges are kept", got)
	}
}

func TestATraceEndsByTheClock(t *testing.T) {
	s := newTraced(t, nil, nil)
	s.start(t, "a1")
	s.traces.o.Now = func() time.Time { return time.Now().Add(time.Hour) }
	ask(s.HTTPS(), "PROPFIND", "/principals/", "Authorization", basicOf("ada", "pässword: €"))
	if text := s.text(t, "a1"); text != "" {
		t.Errorf("after its end: %s", text)
	}
}

func TestATraceSaysWhatIsMissing(t *testing.T) {
	s := newTraced(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte{0xff, 0xfe})
		panic(http.ErrAbortHandler)
	}, nil)
	s.start(t, "a1")
	func() {
		defer func() { recover() }()
		ask(s.HTTPS(), "GET", "https://cal.example.com:8443/calendars/", "Authorization", basicOf("ada", "pässword: €"))
	}()
	wantsAll(t, s.text(t, "a1"), "The answer broke off", "[2 bytes that are no text]")
	var e excerpt
	e.Write([]byte(strings.Repeat("é", maxExcerpt/2-1) + "x"))
	e.Write([]byte("é and more"))
	var b strings.Builder
	e.writeTo(&b)
	wantsAll(t, b.String()[b.Len()-40:], "éx\n[11 more bytes]")
}

func TestTracesAreKeptWhenTheServerStops(t *testing.T) {
	s := newTraced(t, nil, nil)
	s.start(t, "a1")
	ask(s.HTTPS(), "PROPFIND", "/principals/", "Authorization", basicOf("ada", "pässword: €"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.traces.Run(ctx)
	wantsAll(t, s.text(t, "a1"), "dav for ada")
}

func BenchmarkTraceOfOthers(b *testing.B) {
	t := NewTraces(TraceOptions{Now: time.Now})
	r := httptest.NewRequest("PROPFIND", "/", nil)
	for b.Loop() {
		t.begin(r, ada).end()
	}
}
