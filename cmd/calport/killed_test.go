package main

import (
	"context"
	"database/sql"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"calport/server/store/postgrestest"
)

// stormyUsers are the people who write until the process is killed.
var stormyUsers = []string{"ada", "grace", "linus"}

// TestKilledServerLosesNothingAcknowledged kills the built program amid a storm of writes, again and again on the same
// data, and looks whether what it acknowledged is there and whether its sync tokens tell the truth.
func TestKilledServerLosesNothingAcknowledged(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		s := newSite(t, "")
		killAgain(t, s, nil)
		db, err := sql.Open("sqlite", path.Join(s.dir, "calport.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var verdict string
		if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
			t.Errorf("integrity check: %q, %v", verdict, err)
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) { // whose server dies as well
		server := postgrestest.New(t)
		s := newSite(t, "")
		s.useDatabase(t, server.Database(t))
		killAgain(t, s, func() error { return errors.Join(server.Crash(), server.Start()) })
	})
}

// useDatabase makes a site keep its data in PostgreSQL.
func (s *site) useDatabase(t *testing.T, dsn string) {
	t.Helper()
	edit(t, s.config, `data = "."`, fmt.Sprintf("data = \".\"\ndatabase = %q", dsn))
}

// moments draws when programs are killed. Each run has other ones; CALPORT_SEED is the number that gives those of an
// earlier run.
func moments(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("CALPORT_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("CALPORT_SEED: %v", err)
		}
	}
	t.Logf("CALPORT_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// killAgain has the program killed three times. between, which may be nil, runs after each time.
func killAgain(t *testing.T, s *site, between func() error) {
	var writers []*writer
	var watchers []*watcher
	for _, user := range stormyUsers {
		watchers = append(watchers, &watcher{user: user, there: map[string]string{}})
		for n := range 2 {
			writers = append(writers, &writer{user: user, name: fmt.Sprint("w", n), there: map[string]event{}})
		}
	}
	for rng, kill := moments(t), 0; kill < 3; kill++ {
		p := s.spawn(t)
		var write, watch []client
		for _, w := range writers {
			write = append(write, func(ctx context.Context, _ int) error { return w.write(ctx, p) })
		}
		for _, w := range watchers {
			watch = append(watch, func(ctx context.Context, _ int) error { return w.look(ctx, p) })
		}
		p.storm(t, 100+rng.Int64N(150), write, watch...)
		if between != nil {
			if err := between(); err != nil {
				t.Fatal(err)
			}
		}
		p = s.spawn(t)
		for _, w := range writers {
			w.check(t, p)
		}
		for _, w := range watchers {
			w.check(t, p)
		}
		if status := p.stop(); status != 0 {
			t.Fatalf("it ended with status %d: %s", status, p.log)
		}
	}
}

// event is what a writer knows of an event; no text: it is not there.
type event struct{ text, etag string }

// writer makes, changes and removes events of its own.
type writer struct {
	user, name string
	turn       int
	there      map[string]event // what was acknowledged, by name
	tried      string           // name of the event of the last request, if no answer came
	would      event            // what it would have become
}

// write makes two events, changes the second, removes the first, and so on.
func (w *writer) write(ctx context.Context, p *process) error {
	turn := w.turn
	w.turn++
	made := func(n int) string { return fmt.Sprintf("%s-%d.ics", w.name, n) }
	switch turn % 4 {
	case 2:
		name := made(turn - 1)
		return w.put(ctx, p, name, http.StatusNoContent, "If-Match", w.there[name].etag)
	case 3:
		return w.remove(ctx, p, made(turn-3))
	}
	return w.put(ctx, p, made(turn), http.StatusCreated, "If-None-Match", "*")
}

func (w *writer) put(ctx context.Context, p *process, name string, want int, header ...string) error {
	text := fmt.Sprintf(benchEvent, w.name+name, fmt.Sprint("turn ", w.turn))
	w.tried, w.would = name, event{text: text}
	status, body, h, err := p.try(ctx, "PUT", w.path(name), w.user, text, append(header, "Content-Type", "text/calendar")...)
	if err != nil {
		return err
	}
	if status != want || h.Get("ETag") == "" {
		return fmt.Errorf("%w: PUT %s: got %d with ETag %q, want %d: %s", errUnlike, name, status, h.Get("ETag"), want, body)
	}
	w.there[name] = event{text, h.Get("ETag")}
	w.tried = ""
	return nil
}

func (w *writer) remove(ctx context.Context, p *process, name string) error {
	w.tried, w.would = name, event{}
	status, body, _, err := p.try(ctx, "DELETE", w.path(name), w.user, "")
	if err != nil {
		return err
	}
	if status != http.StatusNoContent {
		return fmt.Errorf("%w: DELETE %s: got %d: %s", errUnlike, name, status, body)
	}
	w.there[name] = event{}
	w.tried = ""
	return nil
}

func (w *writer) path(name string) string { return "/calendars/users/" + w.user + "/calendar/" + name }

// check looks at all that was acknowledged. The writer goes on from what it finds.
func (w *writer) check(t *testing.T, p *process) {
	t.Helper()
	if w.tried != "" && w.there[w.tried].text == "" {
		w.there[w.tried] = event{}
	}
	for name, known := range w.there {
		status, text, h := p.do(t, "GET", w.path(name), w.user, "")
		if status == http.StatusNotFound {
			text = ""
		}
		found := event{text, h.Get("ETag")}
		switch {
		case found == known:
		case name == w.tried && text == w.would.text:
			w.there[name] = found
		default:
			t.Errorf("%s of %s: got %d %+v, acknowledged was %+v", name, w.user, status, found, known)
		}
	}
	w.tried = ""
	w.turn = (w.turn + 3) / 4 * 4 // a turn that was cut short is not taken up again
}

// watcher keeps a copy of a calendar by sync tokens.
type watcher struct {
	user, token string
	there       map[string]string // ETags by href
}

// look brings the copy up to date.
func (w *watcher) look(ctx context.Context, p *process) error {
	const body = `<sync-collection xmlns="DAV:"><sync-token>%s</sync-token><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>`
	collection := "/calendars/users/" + w.user + "/calendar/"
	status, text, _, err := p.try(ctx, "REPORT", collection, w.user, fmt.Sprintf(body, w.token), "Content-Type", "text/xml")
	if err != nil {
		return err
	}
	var answer struct {
		Responses []struct {
			Href   string `xml:"DAV: href"`
			Status string `xml:"DAV: status"`
			ETag   string `xml:"DAV: propstat>prop>getetag"`
		} `xml:"DAV: response"`
		Token string `xml:"DAV: sync-token"`
	}
	if err := xml.Unmarshal([]byte(text), &answer); status != http.StatusMultiStatus || err != nil || answer.Token == "" {
		return fmt.Errorf("%w: sync-collection from %q: got %d, %v: %s", errUnlike, w.token, status, err, text)
	}
	for _, r := range answer.Responses {
		if strings.Contains(r.Status, " 404 ") {
			delete(w.there, r.Href)
		} else if r.Href != collection {
			w.there[r.Href] = r.ETag
		}
	}
	w.token = answer.Token
	return nil
}

// check compares the copy, once it is up to date, with one that is made anew.
func (w *watcher) check(t *testing.T, p *process) {
	t.Helper()
	anew := &watcher{user: w.user, there: map[string]string{}}
	if err := errors.Join(w.look(t.Context(), p), anew.look(t.Context(), p)); err != nil {
		t.Fatal(err)
	}
	if w.token != anew.token || !maps.Equal(w.there, anew.there) {
		t.Errorf("by %s's tokens the calendar is, at %s:\n%v\nit is, at %s:\n%v", w.user, w.token, w.there, anew.token, anew.there)
	}
}
