package signin

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/directory/ldap"
)

// lockOut is the lowest number of failed binds at which directories commonly lock an account.
const lockOut = 5

var school = netip.MustParseAddr("192.0.2.7")

// everyone may do everything.
var everyone = directory.Access{
	Profile: directory.Rule{Everyone: true}, Server: directory.Rule{Everyone: true},
}

// clock is a time that tests move.
type clock struct{ atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.Store(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.Load()) }
func (c *clock) advance(d time.Duration) { c.Add(int64(d)) }

// counter counts what is asked of a real directory, and can hold the questions back.
type counter struct {
	directory.Directory
	asked, failed atomic.Int64

	mu   sync.Mutex
	gate chan struct{} // while not nil, questions wait for it to close
	came chan struct{}
}

func (c *counter) Authenticate(ctx context.Context, login, password string) (*directory.Principal, error) {
	c.asked.Add(1)
	c.mu.Lock()
	gate, came := c.gate, c.came
	c.mu.Unlock()
	if gate != nil {
		came <- struct{}{}
		<-gate
	}
	p, err := c.Directory.Authenticate(ctx, login, password)
	if errors.Is(err, directory.ErrCredentials) {
		c.failed.Add(1)
	}
	return p, err
}

// hold makes questions wait until release is called; came yields one value for each.
func (c *counter) hold() (came <-chan struct{}, release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	gate := make(chan struct{})
	c.gate, c.came = gate, make(chan struct{}, 100)
	return c.came, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.gate = nil
		close(gate)
	}
}

// fixture is a Checker on the sample directory.
type fixture struct {
	*Checker
	server *demo.Server
	dir    *counter
	live   *directory.Live
	clock  *clock
}

func newFixture(t testing.TB, o Options) *fixture {
	t.Helper()
	server, err := demo.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return onServer(t, server, o)
}

func onServer(t testing.TB, server *demo.Server, o Options) *fixture {
	t.Helper()
	t.Cleanup(func() { server.Close() })
	dir, err := ldap.New(ldap.Options{
		Servers: []string{server.URL()}, AllowPlain: true, Flavour: demo.Flavour, Base: demo.BaseDN, Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	f := &fixture{server: server, dir: &counter{Directory: dir}, clock: newClock()}
	f.live = directory.NewLive(dir, nil, directory.LiveOptions{})
	if err := f.live.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.Now = f.clock.now
	if !o.Access.Server.Everyone && o.Access.Server.People == nil {
		o.Access = everyone
	}
	f.Checker = New(f.live, f.dir, o)
	return f
}

// try signs in on DAV from the school.
func (f *fixture) try(login, password string) (*directory.Principal, error) {
	return f.Check(context.Background(), Attempt{Login: login, Password: password, From: school, For: DAV})
}

// expect tries and compares the error, nil for success, and the binds that it takes.
func (f *fixture) expect(t *testing.T, login, password string, want error, binds int64) {
	t.Helper()
	before := f.dir.asked.Load()
	_, err := f.try(login, password)
	if !errors.Is(err, want) {
		t.Errorf("%s with %q: got %v, want %v", login, password, err, want)
	}
	if got := f.dir.asked.Load() - before; got != binds {
		t.Errorf("%s with %q: the directory was asked %d times, want %d", login, password, got, binds)
	}
}

// expectThrottled tries and answers how long it was told to wait.
func (f *fixture) expectThrottled(t *testing.T, login, password string) time.Duration {
	t.Helper()
	before := f.dir.asked.Load()
	_, err := f.try(login, password)
	var throttled *ThrottledError
	if !errors.As(err, &throttled) {
		t.Fatalf("%s with %q: got %v, want a ThrottledError", login, password, err)
	}
	if f.dir.asked.Load() != before {
		t.Errorf("%s with %q: the directory was asked", login, password)
	}
	return throttled.RetryAfter
}
