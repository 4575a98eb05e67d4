package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory/directorytest"
)

// instance is a running demo.
type instance struct {
	dir, origin string
	client      *http.Client
	roots       *x509.CertPool
	stop        func() int // ends it and returns its exit status
	out, log    *buffer
	now         func() time.Time // nil is time.Now
}

// startDemo runs `calport demo` on ports of its own until the test ends.
func startDemo(t *testing.T, dir string, flags ...string) *instance {
	t.Helper()
	https := directorytest.FreeAddress(t)
	args := append([]string{"demo", "--data", dir, "--https", https, "--http", directorytest.FreeAddress(t)}, flags...)
	in := &instance{dir: dir, out: &buffer{}, log: &buffer{}}
	in.start(t, https, in.out.await("Ctrl-C"), args...)
	return in
}

// start runs a command that serves, until the test ends.
func (in *instance) start(t testing.TB, https string, ready <-chan struct{}, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	p := &program{stdio: stdio{strings.NewReader(""), in.out, in.log, func(string) string { return "" }}, now: time.Now}
	if in.now != nil {
		p.now = in.now
	}
	go func() { done <- p.run(ctx, args) }()
	var once sync.Once
	status := -1
	in.stop = func() int {
		once.Do(func() { cancel(); status = <-done })
		return status
	}
	t.Cleanup(func() { in.stop() })
	select {
	case <-ready:
	case s := <-done:
		done <- s
		t.Fatalf("%q ended with status %d: %s", args, s, in.log)
	case <-time.After(time.Minute):
		t.Fatalf("%q is not ready after a minute: %s", args, in.log)
	}
	in.connect(t, https)
}

// connect gives an instance that listens a client that trusts its certificate.
func (in *instance) connect(t testing.TB, https string) {
	t.Helper()
	_, port, _ := net.SplitHostPort(https)
	in.origin = "https://localhost:" + port
	pem, err := os.ReadFile(filepath.Join(in.dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	in.roots = roots
	in.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// do sends a request as ada, or as nobody.
func (in *instance) do(t *testing.T, method, path, user, body string, header ...string) (status int, text string, h http.Header) {
	t.Helper()
	status, text, h, err := in.try(context.Background(), method, path, user, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return status, text, h
}

// try is do where the server may be dead.
func (in *instance) try(ctx context.Context, method, path, user, body string, header ...string) (status int, text string, h http.Header, err error) {
	r, err := http.NewRequestWithContext(ctx, method, in.origin+path, strings.NewReader(body))
	if err != nil {
		return 0, "", nil, err
	}
	if user != "" {
		r.SetBasicAuth(user, "calport")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := in.client.Do(r)
	if err != nil {
		return 0, "", nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), resp.Header, err
}

// calport runs another command beside the demo.
func (in *instance) calport(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	env := func(name string) string {
		return map[string]string{"CALPORT_CONFIG": filepath.Join(in.dir, "calport.toml"), "CALPORT_PASSWORD": "calport"}[name]
	}
	var o, e bytes.Buffer
	status = run(t.Context(), args, stdio{strings.NewReader(""), &o, &e, env})
	return status, o.String(), e.String()
}

// buffer is written by one goroutine and read by another; await tells when a word has been written.
type buffer struct {
	mu    sync.Mutex
	text  bytes.Buffer
	waits map[string]chan struct{}
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Write(p)
	for word, c := range b.waits {
		if strings.Contains(b.text.String(), word) {
			close(c)
			delete(b.waits, word)
		}
	}
	return len(p), nil
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *buffer) await(word string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waits == nil {
		b.waits = map[string]chan struct{}{}
	}
	c := make(chan struct{})
	b.waits[word] = c
	return c
}

func TestDemoIsCompleteAndKeepsItsData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	in := startDemo(t, dir)

	status, body, _ := in.do(t, "PROPFIND", "/", "ada", `<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>`, "Depth", "0")
	if status != 207 || !strings.Contains(body, "/principals/__uids__/") {
		t.Fatalf("discovery: got %d %s", status, body)
	}
	if status, body, _ = in.do(t, "GET", "/calendars/users/ada/calendar/", "ada", ""); status != 200 || !strings.Contains(body, "BEGIN:VEVENT") {
		t.Fatalf("ada's week: got %d %s", status, body)
	}
	const event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nUID:kept\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T100000Z\r\nSUMMARY:Kept\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	if status, body, _ = in.do(t, "PUT", "/calendars/users/zo%C3%AB/calendar/kept.ics", "zoë", event, "Content-Type", "text/calendar"); status != 201 {
		t.Fatalf("PUT: got %d %s", status, body)
	}
	if status := in.stop(); status != 0 {
		t.Fatalf("stopping: exit status %d: %s", status, in.log)
	}

	in = startDemo(t, dir)
	if status, body, _ = in.do(t, "GET", "/calendars/users/zo%C3%AB/calendar/kept.ics", "zoë", ""); status != 200 || body != event {
		t.Errorf("after a second start: got %d %q", status, body)
	}
}

func TestASecondServerOnTheSameDataIsRefused(t *testing.T) {
	dir := t.TempDir()
	startDemo(t, dir)
	var errs bytes.Buffer
	args := []string{"demo", "--data", dir, "--https", directorytest.FreeAddress(t), "--http", directorytest.FreeAddress(t)}
	status := run(t.Context(), args, stdio{strings.NewReader(""), io.Discard, &errs, os.Getenv})
	if status != 1 || !strings.Contains(errs.String(), "already serves") {
		t.Errorf("got %d, %s", status, errs.String())
	}
}

func TestATakenPortIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var errs bytes.Buffer
	args := []string{"demo", "--data", t.TempDir(), "--https", l.Addr().String(), "--http", directorytest.FreeAddress(t)}
	status := run(t.Context(), args, stdio{strings.NewReader(""), io.Discard, &errs, os.Getenv})
	if status != 1 || !strings.Contains(errs.String(), "another program listens on "+l.Addr().String()) {
		t.Errorf("got %d, %s", status, errs.String())
	}
}

func TestTheDemoStaysOnThisMachineUnlessAsked(t *testing.T) {
	var errs bytes.Buffer
	args := []string{"demo", "--data", t.TempDir(), "--https", "0.0.0.0:0", "--http", directorytest.FreeAddress(t)}
	status := run(t.Context(), args, stdio{strings.NewReader(""), io.Discard, &errs, os.Getenv})
	if status != 2 || !strings.Contains(errs.String(), "--lan") {
		t.Errorf("got %d, %s", status, errs.String())
	}
}

func TestLANWarnsAndDrawsACode(t *testing.T) {
	in := startDemo(t, t.TempDir(), "--lan=calport-demo.local")
	for _, want := range []string{"https://calport-demo.local:", "WARNING", "▀"} {
		if !strings.Contains(in.out.String(), want) {
			t.Errorf("the welcome lacks %q:\n%s", want, in.out)
		}
	}
}
