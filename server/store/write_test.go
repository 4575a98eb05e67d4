package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
)

var errOurs = errors.New("ours")

func TestFailedWriteLeavesNothing(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		before, _ := s.Home(t.Context(), "ada")
		told := 0
		s.Observe(func([]Change) { told++ })
		err := s.Write(t.Context(), func(tx *Tx) error {
			if _, _, err := tx.PutObject(c.ID, event("a.ics", "1", "x")); err != nil {
				return err
			}
			if _, err := tx.CreateHome("grace", nil); err != nil {
				return err
			}
			return errOurs
		})
		if err != errOurs {
			t.Errorf("got %v, want the function's own error", err)
		}
		after, _ := s.Home(t.Context(), "ada")
		if after != before || told != 0 || len(listed(t, s, c)) != 0 {
			t.Errorf("something is left: %+v, told %d", after, told)
		}
		if _, err := s.Home(t.Context(), "grace"); err != ErrNotFound {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

func TestWriteSeesItsOwnChanges(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		mustWrite(t, s, func(tx *Tx) error {
			before, err := tx.Home("ada")
			if err != nil {
				return err
			}
			o, _, err := tx.PutObject(c.ID, event("a.ics", "1", "x"))
			if err != nil {
				return err
			}
			after, err := tx.Home("ada")
			if err != nil {
				return err
			}
			if after.Change != o.Change || after.Collection("calendar").Change != o.Change || before.Change == after.Change {
				t.Errorf("object at %d, home from %d to %d", o.Change, before.Change, after.Change)
			}
			if outside, err := s.Home(t.Context(), "ada"); err != nil || outside.Change != before.Change {
				t.Errorf("seen outside before the commit: %+v, %v", outside, err)
			}
			read, err := tx.Object(c.ID, "a.ics", Whole)
			if string(read.Data) != "x" {
				t.Errorf("got %+v", read)
			}
			return err
		})
	})
}

func TestPanicIsUndoneAndLeavesTheStoreUsable(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		func() {
			defer func() {
				if got := recover(); got != "oh" {
					t.Errorf("recovered %v", got)
				}
			}()
			s.Write(t.Context(), func(tx *Tx) error {
				tx.PutObject(c.ID, event("a.ics", "1", "x"))
				panic("oh")
			})
		}()
		put(t, s, c, event("b.ics", "2", "x"))
		if got, want := listed(t, s, c), []string{"b.ics"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// TestWritersShareACommit is of SQLite alone: PostgreSQL does as much by itself. It holds a first writer until others
// wait, so that all end in one batch, some of them in
// failure or panic.
func TestWritersShareACommit(t *testing.T) {
	s := openTestSQLite(t)
	const writers = 40
	c := newHome(t, s, "ada").Collection("calendar")
	var mu sync.Mutex
	var batches [][]Change
	s.Observe(func(b []Change) {
		mu.Lock()
		defer mu.Unlock()
		batches = append(batches, b)
	})
	write := func(i int, wait func()) (err error) {
		defer func() {
			if recover() != nil {
				err = errOurs
			}
		}()
		return s.Write(t.Context(), func(tx *Tx) error {
			wait()
			if _, _, err := tx.PutObject(c.ID, event(fmt.Sprintf("%02d.ics", i), fmt.Sprint(i), "x")); err != nil {
				return err
			}
			switch i % 4 {
			case 2:
				return errOurs
			case 3:
				panic("oh")
			}
			return nil
		})
	}
	started := make(chan struct{})
	var all sync.WaitGroup
	errs := make([]error, writers)
	all.Go(func() {
		errs[0] = write(0, func() {
			close(started)
			for sqliteOf(s).waiting.Load() < writers-1 {
				runtime.Gosched()
			}
		})
	})
	<-started
	for i := 1; i < writers; i++ {
		all.Go(func() { errs[i] = write(i, func() {}) })
	}
	all.Wait()
	var want []string
	for i, err := range errs {
		if failed := i%4 >= 2; failed != (err == errOurs) || !failed && err != nil {
			t.Errorf("%d: got %v", i, err)
		}
		if i%4 < 2 {
			want = append(want, fmt.Sprintf("%02d.ics", i))
		}
	}
	if got := listed(t, s, c); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(batches) != 1 || len(batches[0]) != len(want) {
		t.Errorf("%d commits, want 1 with %d changes", len(batches), len(want))
	}
	for i := 1; i < len(batches[0]); i++ {
		if batches[0][i].Number != batches[0][i-1].Number+1 {
			t.Errorf("numbers not in order: %v", batches[0])
		}
	}
	s.homes.clear()
	h, err := s.Home(t.Context(), "ada")
	if last := batches[0][len(batches[0])-1].Number; err != nil || h.Change != last || h.Collection("calendar").Change != last {
		t.Errorf("stored number %d, want %d, %v", h.Change, last, err)
	}
}

func TestObserversHearEveryChangeInOrder(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		calendar, tasks := h.Collection("calendar").ID, h.Collection("tasks").ID
		var got []Change
		s.Observe(func(changes []Change) { got = append(got, changes...) })
		mustWrite(t, s, func(tx *Tx) error {
			if _, _, err := tx.PutObject(calendar, event("a.ics", "1", "x")); err != nil {
				return err
			}
			_, _, err := tx.MoveObject(calendar, "a.ics", tasks, "b.ics")
			return err
		})
		mustWrite(t, s, func(tx *Tx) error { return tx.DeleteObject(tasks, "b.ics") })
		mustWrite(t, s, func(tx *Tx) error { return tx.DeleteCollection(tasks) })
		mustWrite(t, s, func(tx *Tx) error { return tx.DeleteHome("ada") })
		want := []Change{
			{"ada", calendar, h.Change + 1, "a.ics", false},
			{"ada", calendar, h.Change + 2, "a.ics", true},
			{"ada", tasks, h.Change + 3, "b.ics", false},
			{"ada", tasks, h.Change + 4, "b.ics", true},
			{"ada", tasks, h.Change + 5, "", true},
			{"ada", 0, h.Change + 6, "", true},
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}

func TestEndedContextStartsNothing(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := s.Write(ctx, func(*Tx) error { t.Error("ran"); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want Canceled", err)
		}
	})
}

func TestMisuseIsRefused(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		put(t, s, c, event("a.ics", "1", "x"))
		err := s.Read(t.Context(), func(tx *Tx) error {
			_, _, err := tx.PutObject(c.ID, event("b.ics", "2", "x"))
			return err
		})
		if err != errReadOnly {
			t.Errorf("write in Read: got %v", err)
		}
		var escaped *Tx
		err = s.Read(t.Context(), func(tx *Tx) error {
			escaped = tx
			for range tx.Objects(c.ID, Tags) {
				if _, err := tx.Object(c.ID, "a.ics", Tags); err != errStreaming {
					t.Errorf("inside a loop: got %v", err)
				}
			}
			_, err := tx.Object(c.ID, "a.ics", Tags)
			return err
		})
		if err != nil {
			t.Errorf("after the loop: got %v", err)
		}
		if _, err := escaped.Home("ada"); err != errEnded {
			t.Errorf("after the end: got %v", err)
		}
	})
}

func TestReadIsASnapshot(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		put(t, s, c, event("a.ics", "1", "x"))
		err := s.Read(t.Context(), func(tx *Tx) error {
			before, err := tx.Home("ada")
			if err != nil {
				return err
			}
			put(t, s, c, event("b.ics", "2", "x"))
			after, err := tx.Home("ada")
			if err != nil || after.Change != before.Change {
				t.Errorf("home at %d, then at %d, %v", before.Change, after.Change, err)
			}
			for o := range tx.Objects(c.ID, Facts) {
				if o.Change > before.Change {
					t.Errorf("saw %s of the future", o.Name)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestClosedStoreAnswersErrClosed(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		newHome(t, s, "ada")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		nothing := func(*Tx) error { return nil }
		for name, err := range map[string]error{"Close": s.Close(), "Write": s.Write(t.Context(), nothing), "Read": s.Read(t.Context(), nothing)} {
			if err != ErrClosed {
				t.Errorf("%s: got %v, want ErrClosed", name, err)
			}
		}
	})
}
