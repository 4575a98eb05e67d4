package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/directory/ldap"
	"calport/directory/signin"
	"calport/profiles"
	"calport/profiles/check"
	"calport/profiles/export"
	"calport/server/store"
	"calport/signing"
)

// house is the site with everything real behind it: the sample organisation's LDAP server, the store, an authority of
// its own, and TLS.
type house struct {
	*httptest.Server
	sample    *demo.Server
	live      *directory.Live
	store     *store.Store
	authority *signing.Authority
	options   Options
	settings  *memorySettings
	signer    *memorySigning
	clock     *clock
	log       *logBuffer
	folder    string // of the store
}

// plan is what differs between houses.
type plan struct {
	settings profiles.Document
	access   *directory.Access
	noTrust  bool
	signIn   SignIn // in place of the real one

	appPasswords signin.Policy
	change       func(*Options)
}

var everybody = directory.Access{
	Profile: directory.Rule{Everyone: true}, Server: directory.Rule{Everyone: true}, Admin: directory.Rule{Groups: []string{demo.AdminGroup}},
}

// build makes a house that stands until the test ends.
func build(t testing.TB, p plan) *house {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	h := &house{clock: newClock(), log: &logBuffer{}, folder: t.TempDir()}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.people(t, ctx, log)
	var err error
	if h.store, err = store.Open(ctx, store.Options{Path: filepath.Join(h.folder, "calport.db"), Now: h.clock.now, Log: log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	if h.authority, err = signing.NewAuthority(signing.AuthorityConfig{Name: "Sample Organisation Root"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	h.Server = httptest.NewUnstartedServer(nil)
	access := everybody
	if p.access != nil {
		access = *p.access
	}
	h.options = Options{
		Origin: "https://" + h.Listener.Addr().String(), Organization: "Sample Organisation",
		SignIn: p.signIn, People: h.live.Snapshot, Access: access, Renderer: h.renderer(t, p),
		Sessions: h.store, Tokens: storeTokens{h.store}, News: storeNews{h.store}, Records: storeRecords{h.store}, Audit: storeAudit{h.store}, Traces: storeTraces{h.store}, Left: storeLeft{h.store},
		AppPasswords: p.appPasswords, AppPasswordLifetime: 365 * 24 * time.Hour, Walk: check.Account{Roots: h.authority.Pool()},
		Health: func(context.Context) []HealthFact { return sampleHealth }, Enrolments: storeEnrolments{h.store},
		ClientAddr: func(context.Context) netip.Addr { return netip.MustParseAddr("192.0.2.7") },
		RequestID:  func(context.Context) string { return "REQUEST42" },
		Now:        h.clock.now, Log: log,
	}
	if h.options.SignIn == nil {
		h.options.SignIn = signin.New(h.live, h.directory(t), signin.Options{Access: access, Log: log})
	}
	h.options.Settings, h.options.Signing = h.settings, h.signer
	if p.change != nil {
		p.change(&h.options)
	}
	if h.Config.Handler, err = New(h.options); err != nil {
		t.Fatal(err)
	}
	leaf, err := h.authority.IssueTLS([]string{"127.0.0.1", "localhost"}, signing.ECDSAP256, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	h.TLS = &tls.Config{Certificates: []tls.Certificate{*leaf}}
	h.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	h.StartTLS()
	t.Cleanup(h.Close)
	return h
}

func (h *house) people(t testing.TB, ctx context.Context, log *slog.Logger) {
	t.Helper()
	var err error
	if h.sample, err = demo.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.sample.Close() })
	h.live = directory.NewLive(h.directory(t), noKeeper{}, directory.LiveOptions{Log: log})
	if err := h.live.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
}

func (h *house) directory(t testing.TB) *ldap.Directory {
	t.Helper()
	d, err := ldap.New(ldap.Options{
		Servers: []string{h.sample.URL()}, AllowPlain: true, Flavour: "openldap", Base: demo.BaseDN,
		BindDN: demo.ReaderDN, BindPassword: demo.Password,
		People: ldap.Area{Base: demo.PeopleDN}, Groups: ldap.Area{Base: demo.GroupsDN},
		Rooms: ldap.Area{Base: demo.RoomsDN}, Resources: ldap.Area{Base: demo.ResourcesDN},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func (h *house) renderer(t testing.TB, p plan) func(context.Context) (*export.Renderer, error) {
	t.Helper()
	config := profiles.ServerConfig{Host: "cal.example.org", Port: 8443, Organization: "Sample Organisation", Prefix: "org.example.calport", Words: ProfileWords}
	if !p.noTrust {
		config.Roots = [][]byte{h.authority.RootDER()}
	}
	h.signer = &memorySigning{authority: h.authority, audit: storeAudit{h.store}}
	h.settings = &memorySettings{config: config, document: &p.settings, revisions: map[Scope]int64{}, audit: storeAudit{h.store}}
	cache := export.NewCache(1 << 20)
	return func(context.Context) (*export.Renderer, error) {
		g, err := h.settings.current()
		if err != nil {
			return nil, err
		}
		return &export.Renderer{Generator: g, Directory: h.live.Snapshot(), Signer: h.signer.Signer(), Cache: cache}, nil
	}
}

// token makes a bearer token.
func (h *house) token(t testing.TB, name string, scopes ...string) (secret string, id int64) {
	t.Helper()
	secret = "calport_test_" + name
	made, err := h.store.CreateToken(t.Context(), store.Token{Name: name, Hash: store.HashSecret(secret), Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return secret, made.ID
}

// groupToken makes a bearer token for the members of a group.
func (h *house) groupToken(t testing.TB, group string, scopes ...string) (secret string) {
	t.Helper()
	secret = "calport_test_of_" + group
	if _, err := h.store.CreateToken(t.Context(), store.Token{Name: "of " + group, Hash: store.HashSecret(secret), Scopes: scopes, Groups: []string{strings.ToLower(group)}}); err != nil {
		t.Fatal(err)
	}
	return secret
}

// person is somebody of the sample organisation.
func (h *house) person(t testing.TB, name string) *directory.Principal {
	t.Helper()
	p, err := h.live.Snapshot().ByLogin(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// appPassword makes one, and answers its number.
func (h *house) appPassword(t testing.TB, owner, name, device string) int64 {
	t.Helper()
	p, err := h.options.Records.CreateAppPassword(t.Context(), AppPassword{Owner: ownerOf(h.person(t, owner)), Name: name, Device: device}, signin.NewAppPassword())
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// link makes a one-time link, and answers its secret.
func (h *house) link(t testing.TB, owner string) string {
	t.Helper()
	secret := strings.ToLower(rand.Text())
	if err := h.options.Records.CreateLink(t.Context(), ownerOf(h.person(t, owner)), secret, h.clock.now().Add(linkFor)); err != nil {
		t.Fatal(err)
	}
	return secret
}

// hashOf is what the store knows of a secret.
func hashOf(secret string) string { return store.HashSecret(secret) }

// storeTokens joins the store as package cmd does.
type storeTokens struct{ *store.Store }

func (s storeTokens) FindToken(ctx context.Context, secret string) (Token, bool, error) {
	t, err := s.TokenByHash(ctx, store.HashSecret(secret))
	if err == store.ErrNotFound {
		return Token{}, false, nil
	}
	return Token{ID: t.ID, Name: t.Name, Scopes: t.Scopes, Groups: t.Groups, Expires: t.Expires, Revoked: t.Revoked, LastUsed: t.LastUsed}, err == nil, err
}

// storeAudit joins the store as package cmd does.
type storeAudit struct{ *store.Store }

func (s storeAudit) Note(ctx context.Context, d Deed) error {
	return s.Write(ctx, func(tx *store.Tx) error {
		return tx.AppendAudit(store.AuditEntry{Actor: d.Actor, Action: d.Action, Object: d.Object, Detail: d.Detail, From: d.From})
	})
}

func (s storeAudit) Deeds(ctx context.Context, f DeedFilter, limit int) (list []DeedEntry, err error) {
	all, err := s.Store.Audit(ctx, store.AuditFilter(f), limit)
	for _, e := range all {
		list = append(list, DeedEntry(e))
	}
	return list, err
}

func (s storeAudit) EachDeed(ctx context.Context, f DeedFilter, do func(DeedEntry) error) error {
	return s.EachAudit(ctx, store.AuditFilter(f), func(e store.AuditEntry) error { return do(DeedEntry(e)) })
}

// audited wants the last entry of the record to be of an action, and answers it.
func (h *house) audited(t testing.TB, action string) store.AuditEntry {
	t.Helper()
	lines, err := h.store.Audit(t.Context(), store.AuditFilter{}, 1)
	if err != nil || len(lines) != 1 || lines[0].Action != action {
		t.Fatalf("the last deed is %+v, %v, want %s", lines, err, action)
	}
	return lines[0]
}

type noKeeper struct{}

func (noKeeper) LoadSnapshot(context.Context) ([]byte, error) { return nil, nil }
func (noKeeper) SaveSnapshot(context.Context, []byte) error   { return nil }

// clock stands still until moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// client is a browser without a screen, that keeps cookies and follows no redirects.
type client struct {
	t     testing.TB
	house *house
	*http.Client
	agent string
}

func (h *house) browser(t testing.TB) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.authority.Pool()}}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t, h, &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, agentMac}
}

// User-Agent headers as browsers send them.
const (
	agentMac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"
	agentIPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
	agentFirefox = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/132.0 Mobile/15E148 Safari/605.1.15"
	agentLinux   = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
)

// answer is a response that has been read.
type answer struct {
	*http.Response
	body string
}

func (b *client) do(method, path string, body io.Reader, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.house.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("User-Agent", b.agent)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{response, string(text)}
}

func (b *client) get(path string, headers ...string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil, headers...)
}

func (b *client) post(path string, form url.Values, headers ...string) answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, strings.NewReader(form.Encode()), append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
}

// signIn signs in with the sample password, and wants that to work.
func (b *client) signIn(name string) *client {
	b.t.Helper()
	if a := b.post(signInPath, url.Values{"name": {name}, "password": {demo.Password}}); a.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("signing in as %s: got status %d, want 303", name, a.StatusCode)
	}
	return b
}

func (a answer) wants(t testing.TB, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: got status %d, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	return a
}

func (a answer) says(t testing.TB, words ...string) answer {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			t.Errorf("%s %s: the answer does not say %q", a.Request.Method, a.Request.URL.Path, w)
		}
	}
	return a
}

func (a answer) silent(t testing.TB, words ...string) answer {
	t.Helper()
	for _, w := range words {
		if strings.Contains(a.body, w) {
			t.Errorf("%s %s: the answer says %q", a.Request.Method, a.Request.URL.Path, w)
		}
	}
	return a
}

func (a answer) header(t testing.TB, name, want string) answer {
	t.Helper()
	if got := a.Header.Get(name); got != want {
		t.Errorf("%s %s: header %s is %q, want %q", a.Request.Method, a.Request.URL.Path, name, got, want)
	}
	return a
}

func (a answer) decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		t.Fatalf("%s: %v in %q", a.Request.URL.Path, err, a.body)
	}
}

// stranger skips the test, by name, where a program of others is absent.
func stranger(t testing.TB, name string, found bool) {
	t.Helper()
	if found {
		return
	}
	if os.Getenv("CALPORT_REQUIRE_ALL") == "1" {
		t.Fatalf("%s is not installed, and CALPORT_REQUIRE_ALL is set", name)
	}
	t.Skipf("%s is not installed", name)
}
