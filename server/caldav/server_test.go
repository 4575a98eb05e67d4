package caldav_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"calport/directory"
	"calport/server/caldav"
	"calport/server/store"
)

// The people of the tests. Grace may read Ada's calendars, the group of editors, with Linus in it, may write them.
const (
	adaGUID     = "0a000000-0000-4000-8000-000000000001"
	graceGUID   = "0a000000-0000-4000-8000-000000000002"
	linusGUID   = "0a000000-0000-4000-8000-000000000003"
	zoeGUID     = "0A000000-0000-4000-8000-00000000000F" // upper case, as Open Directory writes them
	adminGUID   = "0a000000-0000-4000-8000-0000000000aa"
	editorsGUID = "0a000000-0000-4000-8000-0000000000e1"
	staffGUID   = "0a000000-0000-4000-8000-0000000000e2"
	roomGUID    = "0a000000-0000-4000-8000-0000000000b1"
)

func people() []*directory.Principal {
	return []*directory.Principal{
		{
			Kind: directory.Individual, GUID: adaGUID, ShortName: "ada", FullName: "Ada Lovelace", FirstName: "Ada", LastName: "Lovelace",
			Mails:     []string{"ada@example.com", "countess@example.com"},
			Delegates: directory.Delegates{Read: []string{graceGUID}, Write: []string{editorsGUID}},
		},
		{Kind: directory.Individual, GUID: graceGUID, ShortName: "grace", FullName: "Grace Hopper", FirstName: "Grace", LastName: "Hopper", Mails: []string{"grace@example.com"}},
		{Kind: directory.Individual, GUID: linusGUID, ShortName: "linus", FullName: "Linus Pauling", FirstName: "Linus", LastName: "Pauling", Mails: []string{"linus@example.com"}},
		{Kind: directory.Individual, GUID: zoeGUID, ShortName: "zoë", FullName: "Zoë Ångström", FirstName: "Zoë", LastName: "Ångström", Mails: []string{"zoe@example.com"}},
		{Kind: directory.Individual, GUID: adminGUID, ShortName: "admin", FullName: "Administrator", Mails: []string{"admin@example.com"}},
		{Kind: directory.Group, GUID: editorsGUID, ShortName: "editors", FullName: "Editors", Members: []string{linusGUID}},
		{Kind: directory.Group, GUID: staffGUID, ShortName: "staff", FullName: "Staff", Members: []string{adaGUID, editorsGUID}},
		{
			Kind: directory.Room, GUID: roomGUID, ShortName: "room-turing", FullName: "Turing Room", Place: &directory.Place{Capacity: 8},
			Delegates: directory.Delegates{Write: []string{adaGUID}},
		},
	}
}

type testServer struct {
	handler http.Handler
	store   *store.Store
	log     *bytes.Buffer

	saying sync.Mutex
	said   []string // operations, for the access log
}

func (s *testServer) say(_ context.Context, operation string) {
	s.saying.Lock()
	defer s.saying.Unlock()
	s.said = append(s.said, operation)
}

// newServer starts a server on a store of its own, with a clock that stands still.
func newServer(t testing.TB) *testServer { return newServerWith(t, caldav.Limits{}) }

func newServerWith(t testing.TB, limits caldav.Limits) *testServer {
	t.Helper()
	return newServerOn(t, store.Options{Path: filepath.Join(t.TempDir(), "calport.db")}, limits)
}

// newServerOn starts a server on that store, beside others if there are any.
func newServerOn(t testing.TB, o store.Options, limits caldav.Limits) *testServer {
	t.Helper()
	clock := func() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }
	o.Now = clock
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	snapshot := directory.NewSnapshot(people(), clock())
	ts := &testServer{store: s, log: &bytes.Buffer{}}
	ts.handler, err = caldav.New(caldav.Options{
		Store:        s,
		People:       func() *directory.Snapshot { return snapshot },
		IsAdmin:      func(p *directory.Principal) bool { return p.ShortName == "admin" },
		Limits:       limits,
		Now:          clock,
		Log:          slog.New(slog.NewTextHandler(ts.log, nil)),
		SetOperation: ts.say,
	})
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// as makes a request somebody's; "-" is nobody's.
func as(t testing.TB, r *http.Request, who string) *http.Request {
	t.Helper()
	if who == "-" {
		return r
	}
	for _, p := range people() {
		if p.ShortName == who {
			return r.WithContext(caldav.WithPrincipal(r.Context(), p))
		}
	}
	t.Fatalf("nobody is called %q", who)
	return nil
}
