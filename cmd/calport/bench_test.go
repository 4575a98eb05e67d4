package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calport/directory/demo"
	"calport/directory/directorytest"
)

// whole is the assembled server on plain http over loopback: sign-in, dispatch, store, all of it.
func whole(b *testing.B) *httptest.Server {
	b.Helper()
	d, err := demo.Start(context.WithoutCancel(b.Context()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	f := &demoFlags{https: "127.0.0.1:8443", http: "127.0.0.1:8008"}
	dir := b.TempDir()
	c, err := f.config(dir, d.URL(), func(string) bool { return true })
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(c.Directory.PasswordFile, []byte(demo.Password), 0o600); err != nil {
		b.Fatal(err)
	}
	p := &program{stdio: stdio{strings.NewReader(""), io.Discard, io.Discard, os.Getenv}, now: time.Now}
	h, err := p.openHouse(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { h.Close() })
	h.log = slog.New(slog.DiscardHandler)
	if err := h.people.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	handler, err := h.origin(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	s := httptest.NewServer(handler.Plain())
	b.Cleanup(s.Close)
	return s
}

// bare answers every request with the same bytes and headers: what net/http itself costs.
func bare(b *testing.B, status int, header http.Header, body []byte) *httptest.Server {
	b.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		w.Write(body)
	}))
	b.Cleanup(s.Close)
	return s
}

func request(b *testing.B, base, method, path, body string) *http.Request {
	b.Helper()
	r, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.SetBasicAuth("ada", demo.Password)
	r.Header.Set("Content-Type", "text/calendar")
	if method == "PROPFIND" {
		r.Header.Set("Depth", "0")
		r.Header.Set("Content-Type", "text/xml")
	}
	return r
}

func roundTrip(b *testing.B, r *http.Request, want int) (http.Header, []byte) {
	b.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		b.Fatalf("%s %s: %d, %v, %s", r.Method, r.URL, resp.StatusCode, err, data)
	}
	return resp.Header, data
}

const benchEvent = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:bench\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T100000Z\r\nDTEND:20260101T110000Z\r\nSUMMARY:Bench\r\nDESCRIPTION:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// BenchmarkRequest holds whole requests, sign-in included, beside a bare net/http handler that answers the same bytes.
func BenchmarkRequest(b *testing.B) {
	s := whole(b)
	event := fmt.Sprintf(benchEvent, "bench", strings.Repeat("x", 800))
	roundTrip(b, request(b, s.URL, "PUT", "/calendars/users/ada/calendar/bench.ics", event), 201)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
	}{
		{"GET", "GET", "/calendars/users/ada/calendar/bench.ics", "", 200},
		{"PROPFIND0", "PROPFIND", "/calendars/users/ada/calendar/", `<D:propfind xmlns:D="DAV:" xmlns:CS="http://calendarserver.org/ns/"><D:prop><CS:getctag/><D:sync-token/></D:prop></D:propfind>`, 207},
		{"PROPFIND0home", "PROPFIND", "/calendars/users/ada/", `<D:propfind xmlns:D="DAV:"><D:prop><D:displayname/><D:resourcetype/><D:owner/><D:current-user-privilege-set/></D:prop></D:propfind>`, 207},
	} {
		header, body := roundTrip(b, request(b, s.URL, c.method, c.path, c.body), c.status)
		other := bare(b, c.status, header, body)
		for _, server := range []struct{ name, url string }{{"bare", other.URL}, {"calport", s.URL}} {
			b.Run(c.name+"/"+server.name, func(b *testing.B) {
				for b.Loop() {
					roundTrip(b, request(b, server.url, c.method, c.path, c.body), c.status)
				}
			})
		}
	}
}

// BenchmarkPut is a new event of 1 KB in a durable transaction each. The durable insert beside it is
// BenchmarkBareInsert of package store.
func BenchmarkPut(b *testing.B) {
	s := whole(b)
	text := strings.Repeat("x", 800)
	n := 0
	for b.Loop() {
		n++
		name := fmt.Sprintf("e%d", n)
		roundTrip(b, request(b, s.URL, "PUT", "/calendars/users/ada/calendar/"+name+".ics", fmt.Sprintf(benchEvent, name, text)), 201)
	}
}

// BenchmarkStart is the time from starting the process until it is ready, with 10,000 people in the kept copy.
func BenchmarkStart(b *testing.B) {
	d, err := demo.StartCrowd(context.WithoutCancel(b.Context()), 10_000)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	program := filepath.Join(b.TempDir(), "calport")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	address := directorytest.FreeAddress(b)
	dir := b.TempDir()
	config := filepath.Join(dir, "calport.toml")
	text := fmt.Sprintf("data = \".\"\n[server]\npublic_host = \"localhost\"\nhttps = []\nhttp = []\nplain = [%q]\n[directory]\nurls = [%q]\nallow_plain = true\nbase = %q\n[profiles]\norganization = \"Bench\"\nidentifier = \"org.example.bench\"\n", address, d.URL(), demo.BaseDN)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	start := func() (time.Duration, func()) {
		c := exec.Command(program, "serve", "--config", config)
		var errs bytes.Buffer
		c.Stderr = &errs
		began := time.Now()
		if err := c.Start(); err != nil {
			b.Fatal(err)
		}
		for {
			if r, err := http.Get("http://" + address + "/readyz"); err == nil {
				r.Body.Close()
				if r.StatusCode == 200 {
					break
				}
			}
			if time.Since(began) > time.Minute {
				b.Fatalf("not ready: %s", errs.String())
			}
		}
		took := time.Since(began)
		return took, func() {
			c.Process.Signal(os.Interrupt)
			c.Wait()
		}
	}
	_, stop := start() // reads the directory and keeps the copy
	stop()
	b.ResetTimer()
	var total time.Duration
	for b.Loop() {
		took, stop := start()
		total += took
		stop()
	}
	b.ReportMetric(float64(total.Milliseconds())/float64(b.N), "ms/start")
}
