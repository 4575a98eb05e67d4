package directory_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"calport/directory"
)

// scripted is a directory that a test changes: what it reads, or why it cannot.
type scripted struct {
	mu    sync.Mutex
	all   []*directory.Principal
	err   error // after half of all
	reads int
}

func (d *scripted) set(all []*directory.Principal, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all, d.err = all, err
}

func (d *scripted) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reads
}

func (d *scripted) Read(_ context.Context, yield func(*directory.Principal) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	for i, p := range d.all {
		if d.err != nil && i >= len(d.all)/2 {
			break
		}
		copied := *p
		if err := yield(&copied); err != nil {
			return err
		}
	}
	return d.err
}

func (d *scripted) Authenticate(context.Context, string, string) (*directory.Principal, error) {
	return nil, directory.ErrUnavailable
}

func (d *scripted) Check(context.Context) (directory.Status, error) {
	return directory.Status{}, directory.ErrUnavailable
}

// drawer keeps a copy in memory.
type drawer struct {
	data []byte
	err  error
}

func (k *drawer) LoadSnapshot(context.Context) ([]byte, error) { return k.data, k.err }
func (k *drawer) SaveSnapshot(_ context.Context, data []byte) error {
	if k.err != nil {
		return k.err
	}
	k.data = data
	return nil
}

func staff(n int) []*directory.Principal {
	var all []*directory.Principal
	for i := range n {
		name := fmt.Sprintf("p%03d", i)
		all = append(all, &directory.Principal{Kind: directory.Individual, GUID: "guid-" + name, ShortName: name, FullName: name})
	}
	return all
}

func quiet() directory.LiveOptions {
	return directory.LiveOptions{Log: slog.New(slog.DiscardHandler)}
}

func wantPeople(t *testing.T, l *directory.Live, want int) {
	t.Helper()
	if got := l.Snapshot().Count(directory.Individual); got != want {
		t.Errorf("got %d people, want %d", got, want)
	}
}

func TestLiveIsEmptyBeforeTheFirstRefresh(t *testing.T) {
	l := directory.NewLive(&scripted{}, nil, quiet())
	wantPeople(t, l, 0)
	if h := l.Health(); h.OK() || !h.Problem().Empty() {
		t.Errorf("health before anything: %v, %q", h.OK(), h.Problem())
	}
}

func TestFailedRefreshChangesNothing(t *testing.T) {
	for _, failure := range []error{directory.ErrIncomplete, directory.ErrUnavailable, errors.New("no such base")} {
		d := &scripted{all: staff(40)}
		l := directory.NewLive(d, nil, quiet())
		if err := l.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := l.Snapshot()
		d.set(staff(40), failure)
		if err := l.Refresh(t.Context()); !errors.Is(err, failure) {
			t.Errorf("got %v, want %v", err, failure)
		}
		if l.Snapshot() != before {
			t.Errorf("after %v there is another snapshot", failure)
		}
		h := l.Health()
		if h.OK() || h.Failures != 1 || !errors.Is(h.LastError, failure) || !strings.Contains(h.Problem().String(), "stay") || h.People != 40 {
			t.Errorf("health after %v: %+v, %q", failure, h, h.Problem())
		}
	}
}

func TestRefreshThatLosesTooManyIsRefused(t *testing.T) {
	d := &scripted{all: staff(100)}
	l := directory.NewLive(d, nil, quiet())
	refresh := func(n int) error { d.set(staff(n), nil); return l.Refresh(t.Context()) }
	if err := refresh(100); err != nil {
		t.Fatal(err)
	}
	if err := refresh(95); err != nil {
		t.Errorf("losing 5 of 100: %v", err)
	}
	wantPeople(t, l, 95)

	var loss *directory.LossError
	if err := refresh(90); !errors.As(err, &loss) || len(loss.Gone) != 5 || loss.Before != 95 {
		t.Fatalf("losing 5 of 95: got %v, want a LossError", err)
	}
	wantPeople(t, l, 95)
	h := l.Health()
	if h.Refused == nil || !strings.Contains(h.Problem().String(), "p090") || !strings.Contains(h.Problem().String(), "confirm") {
		t.Errorf("health: %+v, %q, want who is gone and that it may be confirmed", h, h.Problem())
	}

	d.set(staff(80), nil) // meanwhile more went
	if err := l.Confirm(t.Context()); !errors.As(err, &loss) || len(loss.Gone) != 15 {
		t.Errorf("confirming 5 when 15 are gone: got %v, want a LossError", err)
	}
	wantPeople(t, l, 95)
	if err := l.Confirm(t.Context()); err != nil {
		t.Errorf("confirming 15 when 15 are gone: %v", err)
	}
	wantPeople(t, l, 80)
	if err := refresh(60); !errors.As(err, &loss) {
		t.Errorf("a confirmation is used twice: got %v", err)
	}
	if h := l.Health(); h.Failures != 1 {
		t.Errorf("got %d failures since the confirmed refresh, want 1", h.Failures)
	}
}

func TestReplacedPeopleAreALoss(t *testing.T) {
	d := &scripted{all: staff(100)}
	l := directory.NewLive(d, nil, quiet())
	if err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	others := staff(100)
	for _, p := range others {
		p.GUID = "another-" + p.GUID // as after a wrong attribute for the stable id
	}
	d.set(others, nil)
	if loss := (*directory.LossError)(nil); !errors.As(l.Refresh(t.Context()), &loss) || len(loss.Gone) != 100 {
		t.Errorf("got %v, want a LossError of all", loss)
	}
}

func TestMaxLossIsConfigurable(t *testing.T) {
	o := quiet()
	o.MaxLoss = 1
	d := &scripted{all: staff(100)}
	l := directory.NewLive(d, nil, o)
	for _, n := range []int{100, 10, 0} {
		d.set(staff(n), nil)
		if err := l.Refresh(t.Context()); err != nil {
			t.Errorf("down to %d with all allowed to go: %v", n, err)
		}
	}
	wantPeople(t, l, 0)
}

func TestStartFromTheCopyWhileTheDirectoryIsDown(t *testing.T) {
	keep := &drawer{}
	if err := directory.NewLive(&scripted{all: staff(40)}, keep, quiet()).Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := &scripted{err: directory.ErrUnavailable}
	l := directory.NewLive(d, keep, quiet())
	if err := l.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Refresh(t.Context()); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	wantPeople(t, l, 40)
	if h := l.Health(); !h.FromCopy {
		t.Error("health does not say that this is the copy")
	}
	d.set(staff(10), nil)
	if loss := (*directory.LossError)(nil); !errors.As(l.Refresh(t.Context()), &loss) {
		t.Error("the first refresh after a start from the copy is exempt from the limit, want only the first load of all")
	}
}

func TestCopyProblemsDoNotHinder(t *testing.T) {
	l := directory.NewLive(&scripted{all: staff(4)}, &drawer{data: []byte("rubbish")}, quiet())
	if err := l.Load(t.Context()); !errors.Is(err, directory.ErrCopy) {
		t.Errorf("a damaged copy: got %v, want ErrCopy", err)
	}
	if err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantPeople(t, l, 4)

	var log bytes.Buffer
	o := directory.LiveOptions{Log: slog.New(slog.NewTextHandler(&log, nil))}
	l = directory.NewLive(&scripted{all: staff(4)}, &drawer{err: errors.New("disk full")}, o)
	if err := l.Refresh(t.Context()); err != nil {
		t.Errorf("a copy that cannot be kept: got %v, want a log line only", err)
	}
	if !strings.Contains(log.String(), "disk full") {
		t.Errorf("the log does not say why: %s", log.String())
	}
}

func TestInclude(t *testing.T) {
	d := &scripted{all: append(staff(3), &directory.Principal{Kind: directory.Individual, GUID: "G", ShortName: "old", Mails: []string{"old@x"},
		Delegates: directory.Delegates{Read: []string{"guid-p000"}}})}
	l := directory.NewLive(d, nil, quiet())
	if err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := l.Snapshot()
	l.Include(before.ByGUID("guid-p001"))
	if l.Snapshot() != before {
		t.Error("somebody who is known as he is makes another snapshot")
	}
	l.Include(&directory.Principal{Kind: directory.Individual, GUID: "new", ShortName: "new"})
	l.Include(&directory.Principal{Kind: directory.Individual, GUID: "g", ShortName: "renamed", Mails: []string{"new@x"}})
	s := l.Snapshot()
	if s.ByName(directory.Individual, "new") == nil || s.ByName(directory.Individual, "old") != nil || s.ByAddress("old@x") != nil {
		t.Error("a new person is not there, or a renamed one still has the old name")
	}
	if p := s.ByName(directory.Individual, "renamed"); p == nil || len(p.Delegates.Read) != 1 {
		t.Errorf("the renamed person is %+v, want one with the delegates from before", p)
	}
	if !s.Taken().Equal(before.Taken()) {
		t.Error("the snapshot pretends to have been read later")
	}
}

func TestManyIncludedAtOnce(t *testing.T) {
	l := directory.NewLive(&scripted{}, nil, quiet())
	var wg sync.WaitGroup
	for _, p := range staff(50) {
		wg.Go(func() {
			l.Include(p)
			if l.Snapshot().ByGUID(p.GUID) == nil {
				t.Errorf("%s is not there after Include", p.ShortName)
			}
		})
	}
	wg.Wait()
	wantPeople(t, l, 50)
}

func TestRunRefreshesAndBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &scripted{all: staff(3)}
		o := quiet()
		o.Interval = 10 * time.Minute
		l := directory.NewLive(d, nil, o)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { l.Run(ctx); close(ended) }()
		wantReads := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := d.count(); got != want {
				t.Errorf("got %d readings, want %d", got, want)
			}
		}
		wantReads(1)
		time.Sleep(8 * time.Minute)
		wantReads(1)
		d.set(staff(3), directory.ErrUnavailable)
		time.Sleep(4 * time.Minute) // the second came after 9 to 11 minutes, then one after 5, 10, 20, 40 seconds
		synctest.Wait()
		if got := d.count(); got < 4 || got > 8 {
			t.Errorf("got %d readings a while after a failure, want it tried again ever more slowly", got)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		failing := d.count()
		if failing > 20 {
			t.Errorf("got %d readings in an hour of failures, want one each ten minutes at last", failing)
		}
		d.set(staff(3), nil)
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if h := l.Health(); !h.OK() || h.Failures != 0 || !h.Next.After(time.Now()) {
			t.Errorf("health after the directory came back: %+v", h)
		}
		time.Sleep(time.Until(l.Health().Next) + time.Second) // just refreshed
		synctest.Wait()
		healthy := d.count()
		time.Sleep(2 * time.Minute)
		l.Include(&directory.Principal{Kind: directory.Individual, GUID: "new", ShortName: "new"})
		time.Sleep(time.Second)
		wantReads(healthy + 1)
		cancel()
		<-ended
	})
}
