package directory_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"calport/directory"
)

// teller is a directory that a test lets tell of changes.
type teller struct {
	scripted
	deltas  chan directory.Delta
	ends    chan error
	cookies chan string   // of each watch that begins
	gate    chan struct{} // if there is one, a reading does not end before it is closed
}

func (d *teller) Read(ctx context.Context, yield func(*directory.Principal) error) error {
	err := d.scripted.Read(ctx, yield)
	if d.gate != nil {
		<-d.gate
	}
	return err
}

func newTeller(n int) *teller {
	d := &teller{deltas: make(chan directory.Delta), ends: make(chan error), cookies: make(chan string, 1000)}
	d.set(staff(n), nil)
	return d
}

func (d *teller) Watch(ctx context.Context, cookie []byte, _ func() *directory.Snapshot, apply func(directory.Delta) error) error {
	d.cookies <- string(cookie)
	if err := apply(directory.Delta{Way: "test", Reread: len(cookie) == 0, Cookie: []byte("0")}); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-d.ends:
			return err
		case delta := <-d.deltas:
			if err := apply(delta); err != nil {
				return err
			}
		}
	}
}

// live runs a Live within a bubble of synctest.
func live(t *testing.T, d directory.Directory, keep directory.Keeper) (l *directory.Live, stop func()) {
	t.Helper()
	l = directory.NewLive(d, keep, quiet())
	if err := l.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { l.Run(ctx); close(ended) }()
	synctest.Wait()
	return l, func() { cancel(); <-ended }
}

func TestWatchedDirectoryIsReadOnceAndThenTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, keep := newTeller(40), &drawer{}
		l, stop := live(t, d, keep)
		if d.count() != 1 || l.Health().Way != "test" {
			t.Errorf("at the start: got %d readings by %q, want 1", d.count(), l.Health().Way)
		}
		var told [][]string
		l.OnChange(func(changed []string) { told = append(told, changed) })
		changed := *l.Snapshot().ByGUID("guid-p001")
		changed.JobTitle = "Countess"
		same := *l.Snapshot().ByGUID("guid-p002")
		d.deltas <- directory.Delta{Way: "test", Changed: []*directory.Principal{&changed, &same}, Gone: []string{"guid-p003", "nobody"}, Cookie: []byte("1")}
		synctest.Wait()
		if l.Snapshot().ByGUID("guid-p001").JobTitle != "Countess" || l.Snapshot().ByGUID("guid-p003") != nil {
			t.Error("the delta was not applied")
		}
		if len(told) != 1 || !slices.Equal(told[0], []string{"guid-p001", "guid-p003"}) {
			t.Errorf("told %q, want p001 and p003 once", told)
		}
		time.Sleep(5 * time.Minute)
		stop()
		if d.count() != 1 {
			t.Errorf("got %d readings in 5 minutes, want 1", d.count())
		}
		d.cookies = make(chan string, 1)
		again, stop := live(t, d, keep)
		if got := <-d.cookies; got != "1" {
			t.Errorf("the next start watches from %q, want the cookie of the last delta", got)
		}
		if again.Snapshot().ByGUID("guid-p001").JobTitle != "Countess" {
			t.Error("what a delta told is not in the copy")
		}
		time.Sleep(20 * time.Minute)
		if d.count() != 2 {
			t.Errorf("got %d readings, want another one when 15 minutes had passed", d.count())
		}
		stop()
	})
}

func TestManyWhoGoOneByOneAreTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newTeller(100)
		l, stop := live(t, d, nil)
		defer stop()
		all := staff(100)
		d.set(all[6:], nil)
		for i := range 6 {
			d.deltas <- directory.Delta{Way: "test", Gone: []string{all[i].GUID}, Cookie: []byte("1")}
			synctest.Wait()
		}
		wantPeople(t, l, 94)    // read anew at once, which finds one more gone than is known, and only that
		time.Sleep(time.Minute) // it is watched again
		d.set(all[50:], nil)
		for i := 6; i < 11; i++ {
			d.deltas <- directory.Delta{Way: "test", Gone: []string{all[i].GUID}, Cookie: []byte("2")}
			synctest.Wait()
		}
		wantPeople(t, l, 90)
		if h := l.Health(); h.Refused == nil || h.Way != "" {
			t.Errorf("health: %+v, want a refused loss", h)
		}
	})
}

func TestWatchThatEndsIsTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newTeller(40)
		l, stop := live(t, d, nil)
		defer stop()
		<-d.cookies
		for _, end := range []struct {
			err  error
			want string
		}{{directory.ErrUnavailable, "0"}, {errors.New("something odd"), ""}} {
			d.ends <- end.err
			synctest.Wait()
			if h := l.Health(); h.Way != "" || !errors.Is(h.WatchError, end.err) {
				t.Errorf("health: %+v, want that it is not watched", h)
			}
			time.Sleep(time.Minute)
			if got := <-d.cookies; got != end.want {
				t.Errorf("after %v it is watched from %q, want %q", end.err, got, end.want)
			}
			synctest.Wait()
			if h := l.Health(); h.Way != "test" || h.WatchError != nil {
				t.Errorf("health: %+v, want that it is watched again", h)
			}
		}
	})
}

// TestChangesDuringAReadingStay lets a delta come while everything is read, by which it was not seen.
func TestChangesDuringAReadingStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newTeller(40)
		l, stop := live(t, d, nil)
		defer stop()
		d.gate = make(chan struct{})
		refreshed := make(chan error)
		go func() { refreshed <- l.Refresh(t.Context()) }()
		synctest.Wait()
		d.deltas <- directory.Delta{Way: "test", Gone: []string{"guid-p003"}, Changed: []*directory.Principal{
			{Kind: directory.Individual, GUID: "new", ShortName: "new", FullName: "New"}}, Cookie: []byte("1")}
		synctest.Wait()
		close(d.gate)
		if err := <-refreshed; err != nil {
			t.Fatal(err)
		}
		if s := l.Snapshot(); s.ByGUID("new") == nil || s.ByGUID("guid-p003") != nil {
			t.Error("a reading undid a change that came during it")
		}
	})
}
