package signin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"calport/directory"
	"calport/directory/demo"
)

func TestARightPasswordIsRememberedForRightFor(t *testing.T) {
	f := newFixture(t, Options{})
	f.expect(t, "ada", demo.Password, nil, 1)
	f.clock.advance(5*time.Minute - 1)
	f.expect(t, "ADA", demo.Password, nil, 0)
	f.expect(t, "ada.byron@example.org", demo.Password, nil, 0)
	f.clock.advance(1)
	f.expect(t, "ada", demo.Password, nil, 1)
}

func TestEveryNameOfAPersonLeadsToThem(t *testing.T) {
	f := newFixture(t, Options{})
	for _, login := range []string{"ada", "Ada@Example.org", "ada%40example.org", "ada.byron%40example.org", "zoë", "zoe\u0308", "zo%C3%AB"} {
		p, err := f.try(login, demo.Password)
		want := "ada"
		if strings.HasPrefix(login, "zo") {
			want = "zoë"
		}
		if err != nil || p.ShortName != want {
			t.Errorf("%s: got %v, %v", login, p, err)
		}
	}
	if got := f.dir.asked.Load(); got != 2 {
		t.Errorf("the directory was asked %d times, want once for each of 2 people", got)
	}
}

func TestAWrongPasswordIsRememberedToo(t *testing.T) {
	f := newFixture(t, Options{})
	f.expect(t, "ada", "old", directory.ErrCredentials, 1)
	f.expect(t, "ada", "old", directory.ErrCredentials, 0)
	f.expect(t, "ada", demo.Password, nil, 1)
	f.expect(t, "ada", "old", directory.ErrCredentials, 0)
	f.clock.advance(30 * time.Minute)
	f.expect(t, "ada", "old", directory.ErrCredentials, 1)
	f.clock.advance(59 * time.Minute)
	f.expect(t, "ada", "old", directory.ErrCredentials, 0)
}

func TestWhatIsNoPasswordAsksNobody(t *testing.T) {
	f := newFixture(t, Options{})
	f.expect(t, "ada", "", directory.ErrCredentials, 0)
	f.expect(t, "", demo.Password, directory.ErrCredentials, 0)
	f.expect(t, "ada", strings.Repeat("x", maxLength+1), directory.ErrCredentials, 0)
}

func TestDistinctWrongPasswordsAreBoundedPerAccount(t *testing.T) {
	f := newFixture(t, Options{})
	for _, wrong := range []string{"a", "b", "c"} {
		f.expect(t, "ada", wrong, directory.ErrCredentials, 1)
		f.clock.advance(time.Minute)
	}
	if got, want := f.expectThrottled(t, "ada@example.org", "d"), 27*time.Minute; got != want {
		t.Errorf("retry after %v, want %v", got, want)
	}
	f.expect(t, "ada", "a", directory.ErrCredentials, 0)
	f.expect(t, "grace", demo.Password, nil, 1)
	f.clock.advance(27 * time.Minute)
	f.expect(t, "ada", "d", directory.ErrCredentials, 1)
	f.expectThrottled(t, "ada", "e")
}

func TestADeviceThatWasRightIsNotShutOutByOthersGuessing(t *testing.T) {
	f := newFixture(t, Options{})
	f.expect(t, "ada", demo.Password, nil, 1)
	for _, wrong := range []string{"a", "b", "c"} {
		f.expect(t, "ada", wrong, directory.ErrCredentials, 1)
	}
	f.expectThrottled(t, "ada", "d")
	f.expect(t, "ada", demo.Password, nil, 0)
	f.clock.advance(6 * time.Minute)
	f.expect(t, "ada", demo.Password, nil, 1)
}

func TestAChangedPassword(t *testing.T) {
	f := newFixture(t, Options{})
	f.expect(t, "ada", demo.Password, nil, 1)
	if err := f.server.SetPassword("ada", "neu€ :%+"); err != nil {
		t.Fatal(err)
	}
	f.expect(t, "ada", demo.Password, nil, 0) // until RightFor has passed
	f.expect(t, "ada", "neu€ :%+", nil, 1)    // or the new one is used
	f.expect(t, "ada", demo.Password, directory.ErrCredentials, 1)
	f.expect(t, "ada", "neu€ :%+", nil, 0)
}

func TestAnUnreachableDirectoryIsNoWrongPassword(t *testing.T) {
	f := newFixture(t, Options{})
	f.expect(t, "ada", demo.Password, nil, 1)
	f.expect(t, "ada", "old", directory.ErrCredentials, 1)
	f.server.Close()
	f.expect(t, "ada", demo.Password, nil, 0)
	f.expect(t, "ada", "old", directory.ErrCredentials, 0)
	for range 5 {
		f.expect(t, "grace", demo.Password, directory.ErrUnavailable, 1)
	}
	f.expect(t, "nobody", "x", directory.ErrUnavailable, 1)
	f.clock.advance(5 * time.Minute)
	f.expect(t, "ada", demo.Password, directory.ErrUnavailable, 1)
}

func TestAnAccountNotActiveInTheSnapshotPassesNotByMemory(t *testing.T) {
	f := newFixture(t, Options{})
	f.expect(t, "ada", demo.Password, nil, 1)
	for _, state := range []directory.State{directory.Disabled, directory.Gone} {
		f.people = changed(f.live.Snapshot(), "ada", state)
		f.server.Close()
		f.expect(t, "ada", demo.Password, directory.ErrUnavailable, 1)
	}
}

// fixed is a snapshot that does not change.
type fixed struct{ snapshot *directory.Snapshot }

func (f fixed) Snapshot() *directory.Snapshot { return f.snapshot }
func (fixed) Include(*directory.Principal)    {}

// changed is the snapshot with one person in another state.
func changed(s *directory.Snapshot, name string, state directory.State) People {
	all := slices.Collect(s.All())
	for i, p := range all {
		if p.ShortName == name {
			other := *p
			other.State = state
			all[i] = &other
		}
	}
	return fixed{directory.NewSnapshot(all, s.Taken())}
}

// verdict is a directory that always answers the same. No sample account is locked or disabled.
type verdict struct {
	directory.Directory
	err error
}

func (v verdict) Authenticate(context.Context, string, string) (*directory.Principal, error) {
	return nil, v.err
}

func TestTheStateOfAnAccountIsTold(t *testing.T) {
	f := newFixture(t, Options{})
	f.expect(t, "ada", demo.Password, nil, 1)
	locked := &directory.AccountError{State: directory.Locked, Detail: "ppolicy: accountLocked"}
	real := f.dir.Directory
	f.dir.Directory = verdict{real, locked}
	f.clock.advance(6 * time.Minute)
	var got *directory.AccountError
	for range 2 {
		if _, err := f.try("ada", demo.Password); !errors.As(err, &got) || got.State != directory.Locked {
			t.Errorf("got %v, want %v", err, locked)
		}
	}
	if n := f.dir.asked.Load(); n != 2 {
		t.Errorf("the directory was asked %d times, want 2", n)
	}
	f.dir.Directory = real
	f.clock.advance(stateFor)
	f.expect(t, "ada", demo.Password, nil, 1)
}

func TestAccessRules(t *testing.T) {
	f := newFixture(t, Options{Access: directory.Access{
		Profile: directory.Rule{Groups: []string{"design"}},
		Server:  directory.Rule{People: []string{"ada"}},
		Admin:   directory.Rule{Groups: []string{demo.AdminGroup}},
	}})
	for _, test := range []struct {
		login string
		what  Purpose
		want  error
	}{
		{"ada", DAV, nil}, {"ada", Portal, nil},
		{"zoë", DAV, ErrNotAllowed}, {"zoë", Portal, nil},
		{"admin", DAV, nil}, {"admin", Portal, nil},
		{"grace", DAV, ErrNotAllowed}, {"grace", Portal, ErrNotAllowed},
		{"ada", 0, ErrNotAllowed},
	} {
		a := Attempt{Login: test.login, Password: demo.Password, From: school, For: test.what}
		if _, err := f.Check(t.Context(), a); !errors.Is(err, test.want) {
			t.Errorf("%s for %d: got %v, want %v", test.login, test.what, err, test.want)
		}
	}
	f.expect(t, "grace", "wrong", directory.ErrCredentials, 1) // who has no access learns it by the right password only
}

func TestAPersonNewerThanTheSnapshotIsTakenUp(t *testing.T) {
	f := newFixture(t, Options{})
	f.live = directory.NewLive(f.dir, nil, directory.LiveOptions{})
	f.people = f.live
	f.expect(t, "ada%40example.org", demo.Password, nil, 2) // as given, then decoded
	f.expect(t, "ada", demo.Password, nil, 0)
	if f.live.Snapshot().ByName(directory.Individual, "ada") == nil {
		t.Error("the snapshot does not know ada")
	}
	f.expect(t, "nobody", "x", directory.ErrCredentials, 1)
	f.expect(t, "NOBODY", "x", directory.ErrCredentials, 0)
}

func TestConcurrentChecksOfOnePasswordCauseOneBind(t *testing.T) {
	f := newFixture(t, Options{})
	came, release := f.dir.hold()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if p, err := f.try("ada", demo.Password); err != nil || p.ShortName != "ada" {
				t.Errorf("got %v, %v", p, err)
			}
		})
	}
	<-came
	release()
	wg.Wait()
	if got := f.dir.asked.Load(); got != 1 {
		t.Errorf("the directory was asked %d times, want once", got)
	}
}

func TestBindsUnderWayCountAsFailed(t *testing.T) {
	f := newFixture(t, Options{})
	came, release := f.dir.hold()
	var wg sync.WaitGroup
	for _, wrong := range []string{"a", "b", "c"} {
		wg.Go(func() {
			if _, err := f.try("ada", wrong); !errors.Is(err, directory.ErrCredentials) {
				t.Errorf("%s: got %v", wrong, err)
			}
		})
		<-came
	}
	if got := f.expectThrottled(t, "ada", "d"); got != busyFor {
		t.Errorf("retry after %v, want %v", got, busyFor)
	}
	release()
	wg.Wait()
}

func TestWhoeverStartedABindMayLeave(t *testing.T) {
	f := newFixture(t, Options{})
	came, release := f.dir.hold()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := f.Check(ctx, Attempt{Login: "ada", Password: demo.Password, For: DAV}); !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left: got %v", err)
		}
	})
	<-came
	cancel()
	wg.Wait()
	wg.Go(func() {
		if _, err := f.try("ada", demo.Password); err != nil {
			t.Errorf("the one who came later: %v", err)
		}
	})
	release()
	wg.Wait()
	if got := f.dir.asked.Load(); got != 1 {
		t.Errorf("the directory was asked %d times, want once", got)
	}
}

// silent is a directory that does not answer.
type silent struct{ directory.Directory }

func (silent) Authenticate(ctx context.Context, _, _ string) (*directory.Principal, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestASilentDirectoryIsUnavailableAfterBindTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(directory.NewLive(silent{}, nil, directory.LiveOptions{}), silent{}, Options{BindTimeout: 7 * time.Second})
		begin := time.Now()
		_, err := c.Check(t.Context(), Attempt{Login: "ada", Password: "x", For: DAV})
		if !errors.Is(err, directory.ErrUnavailable) || time.Since(begin) != 7*time.Second {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
	})
}
