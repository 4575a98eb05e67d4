package signin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
)

func TestAPhoneRepeatingAnOldPasswordLocksNothing(t *testing.T) {
	f := newFixture(t, Options{})
	const interval = 15 * time.Second
	for begin := f.clock.now(); f.clock.now().Sub(begin) <= time.Hour; f.clock.advance(interval) {
		if _, err := f.try("ada", "last year's"); !errors.Is(err, directory.ErrCredentials) {
			t.Fatalf("after %v: got %v", f.clock.now().Sub(begin), err)
		}
	}
	if got := f.dir.failed.Load(); got >= lockOut {
		t.Errorf("%d binds failed in an hour; directories lock at %d", got, lockOut)
	}
	for begin := f.clock.now(); f.clock.now().Sub(begin) <= 23*time.Hour; f.clock.advance(time.Minute) {
		f.try("ada", "last year's")
	}
	if got := f.dir.failed.Load(); got > 7 {
		t.Errorf("%d binds failed in a day, want no more than 7", got)
	}
}

func TestTwoOldPhonesAndAMacWithTheNewPassword(t *testing.T) {
	f := newFixture(t, Options{})
	for range 240 { // an hour
		for _, old := range []string{"last year's", "the year before's"} {
			if _, err := f.try("ada", old); !errors.Is(err, directory.ErrCredentials) {
				t.Fatalf("%q: got %v", old, err)
			}
		}
		if _, err := f.try("ada", demo.Password); err != nil {
			t.Fatalf("the Mac: %v", err)
		}
		f.clock.advance(15 * time.Second)
	}
	if got := f.dir.failed.Load(); got >= lockOut {
		t.Errorf("%d binds failed in an hour; directories lock at %d", got, lockOut)
	}
}

func TestASchoolBehindOneAddressIsNeverThrottled(t *testing.T) {
	const pupils = 2000
	server, err := demo.StartCrowd(context.Background(), pupils)
	if err != nil {
		t.Fatal(err)
	}
	f := onServer(t, server, Options{})
	var next, wrong atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n := next.Add(1); n <= pupils; n = next.Add(1) {
				login := fmt.Sprintf("pupil%04d", n)
				if n%13 == 0 { // 153 names, three times what an address may fail with
					wrong.Add(1)
					if _, err := f.try(login, "mistyped"); !errors.Is(err, directory.ErrCredentials) {
						t.Errorf("%s with a wrong password: got %v", login, err)
					}
				}
				if _, err := f.try(login, demo.Password); err != nil {
					t.Errorf("%s: %v", login, err)
				}
			}
		})
	}
	wg.Wait()
	if got := wrong.Load(); got < 3*50 {
		t.Errorf("only %d wrong passwords were tried", got)
	}
}

// guess tries different names from an address until it is throttled, and answers how many it could try.
func guess(t *testing.T, f *fixture, from netip.Addr, prefix string) int {
	t.Helper()
	for n := range 200 {
		_, err := f.Check(t.Context(), Attempt{Login: fmt.Sprint(prefix, n), Password: "x", From: from, For: DAV})
		var throttled *ThrottledError
		if errors.As(err, &throttled) {
			if throttled.RetryAfter != 10*time.Minute {
				t.Errorf("retry after %v, want 10m", throttled.RetryAfter)
			}
			return n
		}
		if !errors.Is(err, directory.ErrCredentials) {
			t.Fatalf("guess %d: got %v", n, err)
		}
	}
	return 200
}

func TestAnAddressIsThrottledForManyDistinctFailingNames(t *testing.T) {
	f := newFixture(t, Options{Exempt: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	f.expect(t, "grace", demo.Password, nil, 1)
	if got := guess(t, f, school, "a"); got != 50 {
		t.Errorf("%d names could be tried, want 50", got)
	}
	f.expectThrottled(t, "ada", demo.Password)
	f.expect(t, "grace", demo.Password, nil, 0) // whoever is remembered passes, and speaks for the address
	f.expect(t, "ada", demo.Password, nil, 1)

	if got := guess(t, f, netip.MustParseAddr("10.1.2.3"), "b"); got != 200 {
		t.Errorf("exempt network: only %d names could be tried", got)
	}
	if got := guess(t, f, netip.MustParseAddr("::ffff:10.1.2.3"), "c"); got != 200 {
		t.Errorf("exempt network, mapped: only %d names could be tried", got)
	}
	if got := guess(t, f, netip.Addr{}, "d"); got != 200 {
		t.Errorf("no address: only %d names could be tried", got)
	}
	if got := guess(t, f, netip.MustParseAddr("2001:db8::1"), "e"); got != 50 {
		t.Errorf("IPv6: %d names could be tried, want 50", got)
	}
	if got := guess(t, f, netip.MustParseAddr("2001:db8::2"), "f"); got != 0 {
		t.Errorf("another address of the same /64: %d names could be tried, want 0", got)
	}
	f.clock.advance(10 * time.Minute)
	if got := guess(t, f, netip.MustParseAddr("2001:db8::1"), "g"); got != 50 {
		t.Errorf("after the window: %d names could be tried, want 50", got)
	}
}

func TestOneNameFailingOftenDoesNotThrottleAnAddress(t *testing.T) {
	f := newFixture(t, Options{})
	for range 500 {
		f.try("ada", "old")
	}
	f.expect(t, "grace", demo.Password, nil, 1)
}

func TestInventedNamesPushNobodyOut(t *testing.T) {
	f := newFixture(t, Options{Accounts: 2})
	f.expect(t, "ada", demo.Password, nil, 1)
	for n := range 20 {
		f.try(fmt.Sprint("invented", n), "x")
	}
	f.expect(t, "ada", demo.Password, nil, 0)
	f.expect(t, "grace", demo.Password, nil, 1)
	f.expect(t, "linus", demo.Password, nil, 1)
	f.expect(t, "ada", demo.Password, nil, 1) // the least recently used of three
}

func BenchmarkCheckRemembered(b *testing.B) {
	f := newFixture(b, Options{})
	f.o.Now = time.Now
	a := Attempt{Login: "ada", Password: demo.Password, From: school, For: DAV}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Check(b.Context(), a); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckRememberedParallel(b *testing.B) {
	f := newFixture(b, Options{Access: directory.Access{Server: directory.Rule{People: []string{"nobody"}, Groups: []string{demo.Everybody}}}})
	f.o.Now = time.Now
	a := Attempt{Login: "ada@example.org", Password: demo.Password, From: school, For: DAV}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := f.Check(context.Background(), a); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestWhatAStrangerTypedIsNotLogged: people type passwords into the field for the name.
func TestWhatAStrangerTypedIsNotLogged(t *testing.T) {
	var log bytes.Buffer
	f := newFixture(t, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for n := range 10 {
		f.try("correct horse battery", fmt.Sprint("anything", n))
	}
	if got := log.String(); !strings.Contains(got, "so many wrong passwords") || strings.Contains(got, "horse") {
		t.Errorf("of a stranger the log says:\n%s", got)
	}
	log.Reset()
	for n := range 10 {
		f.try("ada", fmt.Sprint("anything", n))
	}
	if got := log.String(); !strings.Contains(got, "account.name=ada ") || !strings.Contains(got, "account.guid=") {
		t.Errorf("of a person the log says:\n%s", got)
	}
}
