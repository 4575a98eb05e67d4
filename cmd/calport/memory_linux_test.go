package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/server/store"
)

const megabyte = 1 << 20

// The built program with a calendar of 50,000 events, 1,000 connections that say nothing and 100 clients that work stays
// below 150 MB, and the first synchronisation of all of them, which is 11 MB on the wire, takes less than 30 MB more.
func TestMemoryIsBounded(t *testing.T) {
	const events = 50_000
	s := newSite(t, "")
	p := s.spawn(t)
	p.do(t, "GET", "/calendars/users/ada/calendar/", "ada", "")
	p.stop()
	fillHome(t, filepath.Join(s.dir, "calport.db"), events)

	p = s.spawn(t)
	t.Logf("at the start: %d MB", p.memory(t, "VmRSS")/megabyte)
	p.idle(t, 1000)
	t.Logf("with idle connections: %d MB", p.memory(t, "VmRSS")/megabyte)
	p.busy(t, 100)
	peak := p.memory(t, "VmHWM")
	t.Logf("with busy clients: at most %d MB", peak/megabyte)
	if peak > 150*megabyte {
		t.Errorf("1,000 idle connections and 100 busy clients take %d MB, want 150 at most", peak/megabyte)
	}

	before := p.memory(t, "VmRSS")
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0); err != nil {
		t.Fatal(err) // VmHWM begins anew: proc_pid_clear_refs(5)
	}
	const body = `<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>`
	status, text, _ := p.do(t, "REPORT", "/calendars/users/ada/calendar/", "ada", body, "Content-Type", "text/xml")
	if rows := strings.Count(text, "<D:getetag>"); status != http.StatusMultiStatus || rows != events+1 {
		t.Fatalf("got %d with %d rows", status, rows)
	}
	more := p.memory(t, "VmHWM") - before
	t.Logf("the first synchronisation, of %d MB: %d MB more", len(text)/megabyte, more/megabyte)
	if more > 30*megabyte {
		t.Errorf("the first synchronisation takes %d MB more, want 30 at most", more/megabyte)
	}
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

// busy has clients ask, each on a connection of its own, what calendar programs ask most.
func (p *process) busy(t *testing.T, n int) {
	t.Helper()
	roots := p.client.Transport.(*http.Transport).TLSClientConfig.RootCAs
	var all sync.WaitGroup
	for range n {
		all.Go(func() { p.work(t, roots) })
	}
	all.Wait()
}

func (p *process) work(t *testing.T, roots *x509.CertPool) {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	client := &instance{origin: p.origin, client: &http.Client{Transport: transport}}
	var hrefs bytes.Buffer
	for i := range 50 {
		fmt.Fprintf(&hrefs, "<D:href>/calendars/users/ada/calendar/%d.ics</D:href>", i*997)
	}
	for range 3 {
		for _, ask := range []struct{ method, path, depth, body string }{
			{"PROPFIND", "/calendars/users/ada/", "1", ""},
			{"GET", "/calendars/users/ada/calendar/7.ics", "", ""},
			{"REPORT", "/calendars/users/ada/calendar/", "1", `<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/></D:prop>` + hrefs.String() + `</C:calendar-multiget>`},
			{"REPORT", "/calendars/users/ada/calendar/", "1", `<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="19700101T000000Z" end="19700201T000000Z"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`},
		} {
			status, text, _, err := client.try(t.Context(), ask.method, ask.path, "ada", ask.body, "Depth", ask.depth)
			if err != nil || status != http.StatusOK && status != http.StatusMultiStatus {
				t.Errorf("%s %s: %d, %v: %.200s", ask.method, ask.path, status, err, text)
				return
			}
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
