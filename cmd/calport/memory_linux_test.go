package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory/demo"
	"calport/server/store"
)

const megabyte = 1 << 20

// The first synchronisation of 50,000 events, which is 10 MB on the wire, takes the built program less than 30 MB, and
// 1,000 connections that say nothing leave it below 150 MB.
func TestMemoryIsBounded(t *testing.T) {
	const events = 50_000
	p := spawnFilled(t, events)
	p.do(t, "GET", "/calendars/users/ada/calendar/7.ics", "ada", "")
	before := p.memory(t, "VmRSS")
	const body = `<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>`
	status, text, _ := p.do(t, "REPORT", "/calendars/users/ada/calendar/", "ada", body, "Content-Type", "text/xml")
	if rows := strings.Count(text, "<D:getetag>"); status != http.StatusMultiStatus || rows != events+1 {
		t.Fatalf("got %d with %d rows", status, rows)
	}
	more := p.memory(t, "VmHWM") - before
	t.Logf("the first synchronisation, of %d MB: %d MB more than %d MB", len(text)/megabyte, more/megabyte, before/megabyte)
	if more > 30*megabyte {
		t.Errorf("the first synchronisation takes %d MB more, want 30 at most", more/megabyte)
	}

	p.idle(t, 1000)
	resident := p.memory(t, "VmRSS")
	t.Logf("with 1,000 idle connections: %d MB", resident/megabyte)
	if resident > 150*megabyte {
		t.Errorf("with 1,000 idle connections it takes %d MB, want 150 at most", resident/megabyte)
	}
}

// A hundred clients at work, each with connections of its own, beside 1,000 that say nothing, leave the built program
// near 145 MB, though they ask for all that is kept in memory. The bound is what no run comes close to unless something
// has grown.
func TestMemoryOfBusyClientsIsBounded(t *testing.T) {
	const events, clients, rounds = 2000, 100, 10
	p := spawnFilled(t, events)
	p.idle(t, 1000)
	t.Logf("with 1,000 idle connections: %d MB", p.memory(t, "VmRSS")/megabyte)
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			c := &http.Client{Transport: p.client.Transport.(*http.Transport).Clone()}
			defer c.CloseIdleConnections()
			random := rand.New(rand.NewPCG(1, uint64(n)))
			for i := range rounds {
				if err := p.work(t, c, random, fmt.Sprintf("%d-%d", n, i), events); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	most := p.memory(t, "VmHWM")
	t.Logf("with %d clients at work too: %d MB at most", clients, most/megabyte)
	if most > 180*megabyte {
		t.Errorf("with %d clients at work it takes %d MB, want 180 at most", clients, most/megabyte)
	}
}

// work is what a client does when it has a new event: it stores it, looks what else there is, and fetches some.
func (p *process) work(t *testing.T, c *http.Client, random *rand.Rand, uid string, events int) error {
	const calendar = "/calendars/users/ada/calendar/"
	hrefs := &strings.Builder{}
	for range 50 {
		fmt.Fprintf(hrefs, "<D:href>%s%d.ics</D:href>", calendar, random.IntN(events))
	}
	day := time.Unix(int64(random.IntN(events))*3600, 0).UTC()
	const report = ` xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/></D:prop>`
	for _, ask := range []struct {
		method, path, body string
		status             int
	}{
		{"PUT", calendar + uid + ".ics", fmt.Sprintf(benchEvent, uid, "x"), http.StatusCreated},
		{"PROPFIND", calendar, `<propfind xmlns="DAV:"><prop><sync-token/></prop></propfind>`, http.StatusMultiStatus},
		{"REPORT", calendar, `<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>`, http.StatusMultiStatus},
		{"REPORT", calendar, `<C:calendar-multiget` + report + hrefs.String() + `</C:calendar-multiget>`, http.StatusMultiStatus},
		{"REPORT", calendar, `<C:calendar-query` + report + `<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="` +
			day.Format("20060102T150405Z") + `" end="` + day.Add(7*24*time.Hour).Format("20060102T150405Z") + `"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`, http.StatusMultiStatus},
		{"GET", calendar + uid + ".ics", "", http.StatusOK},
	} {
		r, err := http.NewRequestWithContext(t.Context(), ask.method, p.origin+ask.path, strings.NewReader(ask.body))
		if err != nil {
			return err
		}
		r.SetBasicAuth("ada", demo.Password)
		if ask.method == "PUT" {
			r.Header.Set("Content-Type", "text/calendar")
		}
		r.Header.Set("Depth", "0")
		answer, err := c.Do(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != ask.status {
			return fmt.Errorf("%s %s: %d, %v, want %d", ask.method, ask.path, answer.StatusCode, err, ask.status)
		}
	}
	return nil
}

// spawnFilled runs the built program with so many events in ada's calendar.
func spawnFilled(t *testing.T, events int) *process {
	t.Helper()
	s := newSite(t, "")
	p := s.spawn(t)
	p.do(t, "GET", "/calendars/users/ada/calendar/", "ada", "")
	p.stop()
	fillHome(t, filepath.Join(s.dir, "calport.db"), events)
	return s.spawn(t)
}

// memory is a line of what the system says of the process, in bytes: VmRSS what is resident, VmHWM the most of it so far.
func (p *process) memory(t *testing.T, name string) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "\n"+name+":")
	line, _, _ := strings.Cut(rest, " kB\n")
	kilobytes, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

// idle opens connections that ask once and then say nothing until the test ends.
func (p *process) idle(t *testing.T, n int) {
	t.Helper()
	config := p.client.Transport.(*http.Transport).TLSClientConfig
	address := strings.TrimPrefix(p.origin, "https://")
	for range n {
		c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: config.RootCAs})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", address)
		if _, err := c.Read(make([]byte, 512)); err != nil {
			t.Fatal(err)
		}
	}
}

// fillHome puts events into the one home of a database that no server has open: one an hour from 1970 on.
func fillHome(t *testing.T, path string, n int) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	owners, err := db.Owners(t.Context())
	if err != nil || len(owners) != 1 {
		t.Fatalf("homes of %v, %v; want one", owners, err)
	}
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		h, err := tx.Home(owners[0])
		if err != nil {
			return err
		}
		for i := range n {
			uid, start := fmt.Sprint(i), time.Unix(int64(i)*3600, 0).UTC()
			text := fmt.Sprintf(benchEvent, uid, strings.Repeat("x", 600))
			text = strings.Replace(text, "20260101T100000Z", start.Format("20060102T150405Z"), 1)
			text = strings.Replace(text, "20260101T110000Z", start.Add(time.Hour).Format("20060102T150405Z"), 1)
			_, _, err := tx.PutObject(h.Collection("calendar").ID, store.NewObject{
				Name: uid + ".ics", UID: uid, Component: "VEVENT", Data: []byte(text), FirstStart: start.Unix(), LastEnd: start.Unix() + 3600,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
