package caldav_test

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"calport/server/caldav"
	"calport/server/store"
)

// The benchmarks compare this server with a bare net/http handler that answers the same bytes, through the same client
// on a kept-alive connection. Besides the time, they report the processor's time, client and server together.

// serve makes every request Ada's.
func serve(b *testing.B, h http.Handler) *httptest.Server {
	b.Helper()
	ada := people()[0]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(caldav.WithPrincipal(r.Context(), ada)))
	}))
	b.Cleanup(server.Close)
	return server
}

// exchange makes one request of the loop and returns the answer's header and body.
func exchange(b *testing.B, server *httptest.Server, method, path, body string, head ...string) (http.Header, []byte) {
	b.Helper()
	r, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	for _, line := range head {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		b.Fatalf("%s %s: %d %v\n%s", method, path, answer.StatusCode, err, data)
	}
	return answer.Header, data
}

// measure runs a loop and reports the processor's time for each turn.
func measure(b *testing.B, once func(i int)) {
	b.Helper()
	b.ReportAllocs()
	before := cpu(b)
	i := 0
	for b.Loop() {
		once(i)
		i++
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(max(i, 1)), "cpu-ns/op")
}

func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// compare measures a request on this server, and on a handler that answers the same.
func compare(b *testing.B, method, path, body string, head ...string) {
	s := newServer(b)
	server := serve(b, s.handler)
	exchange(b, server, "PUT", adaHome+"calendar/1.ics", event("1", "20260901T090000Z"), "Content-Type: text/calendar")
	header, answer := exchange(b, server, method, path, body, head...)
	b.Run("calport", func(b *testing.B) {
		measure(b, func(int) { exchange(b, server, method, path, body, head...) })
	})
	b.Run("bare", func(b *testing.B) {
		bare := serve(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			for name, values := range header {
				if name != "Date" {
					w.Header()[name] = values
				}
			}
			if method == "PROPFIND" {
				w.WriteHeader(http.StatusMultiStatus)
			}
			w.Write(answer)
		}))
		measure(b, func(int) { exchange(b, bare, method, path, body, head...) })
	})
}

func BenchmarkGetEvent(b *testing.B) { compare(b, "GET", adaHome+"calendar/1.ics", "") }

// The poll of a calendar: what clients ask most.
func BenchmarkPropfindDepth0(b *testing.B) {
	compare(b, "PROPFIND", adaHome+"calendar/", `<D:propfind xmlns:D="DAV:"><D:prop><CS:getctag xmlns:CS="http://calendarserver.org/ns/"/><D:sync-token/></D:prop></D:propfind>`,
		"Depth: 0", "Content-Type: text/xml")
}

// The principal, with the list of OS X 10.11.
func BenchmarkPropfindPrincipal(b *testing.B) {
	compare(b, "PROPFIND", "/principals/__uids__/"+adaGUID+"/", principalProperties, "Depth: 0", "Content-Type: text/xml")
}

const principalProperties = `<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"><D:prop>
<C:calendar-home-set/><C:calendar-user-address-set/><D:current-user-principal/><D:displayname/><CS:dropbox-home-URL/>
<CS:email-address-set/><CS:notification-URL/><D:principal-collection-set/><D:principal-URL/><D:resource-id/>
<C:schedule-inbox-URL/><C:schedule-outbox-URL/><D:supported-report-set/></D:prop></D:propfind>`

// A PUT is one durable transaction; the bare handler makes one durable insert into a database of the same kind.
func BenchmarkPut(b *testing.B) {
	put := func(b *testing.B, server *httptest.Server) {
		measure(b, func(i int) {
			uid := fmt.Sprintf("%d-%p", i, server)
			exchange(b, server, "PUT", adaHome+"calendar/"+uid+".ics", event(uid, "20260901T090000Z"), "Content-Type: text/calendar", "If-None-Match: *")
		})
	}
	b.Run("calport", func(b *testing.B) { put(b, serve(b, newServer(b).handler)) })
	b.Run("bare", func(b *testing.B) {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		db.SetMaxOpenConns(1)
		if _, err := db.Exec(`CREATE TABLE object (id INTEGER PRIMARY KEY, name TEXT UNIQUE, uid TEXT UNIQUE, data BLOB)`); err != nil {
			b.Fatal(err)
		}
		insert, err := db.Prepare(`INSERT INTO object (name, uid, data) VALUES (?, ?, ?)`)
		if err != nil {
			b.Fatal(err)
		}
		put(b, serve(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			data, _ := io.ReadAll(r.Body)
			if _, err := insert.Exec(r.URL.Path, r.URL.Path, data); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.WriteHeader(http.StatusCreated)
		})))
	})
}

// The cost of a row must not depend on how many there are.
func BenchmarkPropfindDepth1(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := newServer(b)
			server := serve(b, s.handler)
			fillCalendar(b, s, n)
			measure(b, func(int) {
				exchange(b, server, "PROPFIND", adaHome+"calendar/", `<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>`, "Depth: 1")
			})
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
		})
	}
}

// fillCalendar puts n events into Ada's calendar, past HTTP: one an hour from 1970 on.
func fillCalendar(b *testing.B, s *testServer, n int) {
	b.Helper()
	s.want(b, "ada", "GET", adaHome+"calendar/", "", 200)
	err := s.store.Write(b.Context(), func(tx *store.Tx) error {
		h, err := tx.Home(adaGUID)
		if err != nil {
			return err
		}
		for i := range n {
			uid, start := fmt.Sprint(i), time.Unix(int64(i)*3600, 0)
			_, _, err := tx.PutObject(h.Collection("calendar").ID, store.NewObject{
				Name: uid + ".ics", UID: uid, Component: "VEVENT", Data: []byte(event(uid, start.UTC().Format("20060102T150405Z"))),
				FirstStart: start.Unix(), LastEnd: start.Unix() + 3600,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
