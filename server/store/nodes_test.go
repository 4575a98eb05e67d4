package store

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"calport/server/store/postgrestest"
)

// twoNodes are two stores on one database, as two processes have them.
func twoNodes(t *testing.T) (a, b *Store) {
	t.Helper()
	dsn := postgrestest.Database(t)
	return openDSN(t, dsn), openDSN(t, dsn)
}

func TestNodesSeeEachOthersChangesAtOnce(t *testing.T) {
	a, b := twoNodes(t)
	if _, err := b.Home(t.Context(), "ada"); err != ErrNotFound {
		t.Fatalf("got %v, want ErrNotFound", err)
	}
	c := newHome(t, a, "ada").Collection("calendar")
	nodes := []*Store{a, b}
	for i := range 40 {
		writer, reader := nodes[i%2], nodes[1-i%2]
		name := fmt.Sprintf("%d.ics", i)
		o := put(t, writer, c, event(name, name, name))
		h, err := reader.Home(t.Context(), "ada")
		if err != nil || h.Change != o.Change || h.Collection("calendar").Change != o.Change {
			t.Fatalf("%d: got %+v, %v, want number %d", i, h, err, o.Change)
		}
		if read, err := reader.Object(t.Context(), "ada", "calendar", name, Whole); err != nil || string(read.Data) != name {
			t.Fatalf("%d: got %+v, %v", i, read, err)
		}
		if got := log(t, reader, c, o.Change-1, 0); len(got) != 1 || got[0] != name {
			t.Fatalf("%d: log %v", i, got)
		}
	}
	mustWrite(t, b, func(tx *Tx) error {
		_, err := tx.RenameCollection(c.ID, "zeit")
		return err
	})
	if h, err := a.Home(t.Context(), "ada"); err != nil || h.Collection("zeit") == nil || h.Collection("calendar") != nil {
		t.Errorf("renamed by the other: got %+v, %v", h, err)
	}
	mustWrite(t, b, func(tx *Tx) error { return tx.DeleteHome("ada") })
	if _, err := a.Home(t.Context(), "ada"); err != ErrNotFound {
		t.Errorf("deleted by the other: got %v", err)
	}
	if h := newHome(t, b, "ada"); h == nil {
		t.Fatal("not made anew")
	} else if seen, err := a.Home(t.Context(), "ada"); err != nil || seen.ID != h.ID {
		t.Errorf("made anew by the other: got %+v, %v", seen, err)
	}
}

// TestNoNodeShowsLessThanWasAcknowledged has two nodes write to a few homes and read them, all at once, with caches too
// small for them. No change may be lost and no picture be older than what any node has acknowledged.
func TestNoNodeShowsLessThanWasAcknowledged(t *testing.T) {
	a, b := twoNodes(t)
	nodes := []*Store{a, b}
	const homes, writers, rounds = 3, 3, 25
	a.homes.size, b.homes.size = 2, 2
	var acknowledged [homes]atomic.Int64
	var calendars [homes]*Collection
	for i := range homes {
		calendars[i] = newHome(t, a, fmt.Sprint(i)).Collection("calendar")
	}
	var writing, reading sync.WaitGroup
	var done atomic.Bool
	for n, node := range nodes {
		for w := range writers {
			writing.Go(func() {
				for r := range rounds {
					i := (w + r) % homes
					name := fmt.Sprintf("%d-%d-%d", n, w, r)
					var number int64
					err := node.Write(t.Context(), func(tx *Tx) error {
						o, _, err := tx.PutObject(calendars[i].ID, event(name, name, "x"))
						number = o.Change
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
					for old := acknowledged[i].Load(); old < number && !acknowledged[i].CompareAndSwap(old, number); {
						old = acknowledged[i].Load()
					}
				}
			})
		}
		reading.Go(func() {
			for i := n; !done.Load(); i++ {
				i := i % homes
				floor := acknowledged[i].Load()
				h, err := node.Home(t.Context(), fmt.Sprint(i))
				if err != nil {
					t.Error(err)
					return
				}
				if h.Change < floor || h.Collection("calendar").Change < floor {
					t.Errorf("node %d: home at %d, collection at %d, acknowledged %d", n, h.Change, h.Collection("calendar").Change, floor)
					return
				}
			}
		})
	}
	writing.Wait()
	done.Store(true)
	reading.Wait()
	for i := range homes {
		for _, node := range nodes {
			h, err := node.Home(t.Context(), fmt.Sprint(i))
			if err != nil {
				t.Fatal(err)
			}
			want := int64(4)
			for w := range writers {
				for r := range rounds {
					if (w+r)%homes == i {
						want += int64(len(nodes))
					}
				}
			}
			if h.Change != want {
				t.Errorf("home %d at %d, want %d", i, h.Change, want)
			}
		}
	}
}

// TestPreconditionsHoldAgainstOtherNodes has writers of both nodes add one to a number in an object.
func TestPreconditionsHoldAgainstOtherNodes(t *testing.T) {
	a, b := twoNodes(t)
	c := newHome(t, a, "ada").Collection("calendar")
	put(t, a, c, event("count", "1", ""))
	const rounds = 20
	var all sync.WaitGroup
	for _, node := range []*Store{a, b, a, b} {
		all.Go(func() {
			for range rounds {
				err := node.Write(t.Context(), func(tx *Tx) error {
					o, err := tx.Object(c.ID, "count", Whole)
					if err != nil {
						return err
					}
					_, _, err = tx.PutObject(c.ID, event("count", "1", string(o.Data)+"+"))
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	o, err := a.Object(t.Context(), "ada", "calendar", "count", Whole)
	if want := strings.Repeat("+", 4*rounds); err != nil || string(o.Data) != want {
		t.Errorf("got %d, %v, want %d", len(o.Data), err, len(want))
	}
}

func TestUIDsAreUniqueAcrossNodes(t *testing.T) {
	a, b := twoNodes(t)
	h := newHome(t, a, "ada")
	var won atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		node := []*Store{a, b}[i%2]
		c := h.Collections[[]int{0, 2}[i/2%2]] // calendar or tasks
		all.Go(func() {
			err := node.Write(t.Context(), func(tx *Tx) error {
				_, _, err := tx.PutObject(c.ID, event(fmt.Sprint(i), "same", "x"))
				return err
			})
			if _, conflict := err.(*UIDConflictError); err == nil {
				won.Add(1)
			} else if !conflict {
				t.Errorf("got %v, want a UIDConflictError", err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d got the UID, want 1", won.Load())
	}
}

func TestNodesMakeOneHome(t *testing.T) {
	a, b := twoNodes(t)
	var made atomic.Int64
	var all sync.WaitGroup
	for i := range 6 {
		node := []*Store{a, b}[i%2]
		all.Go(func() {
			err := node.Write(t.Context(), func(tx *Tx) error {
				_, err := tx.CreateHome("ada", []NewCollection{{Name: "calendar", Kind: Calendar}})
				return err
			})
			if err == nil {
				made.Add(1)
			} else if err != ErrExists {
				t.Errorf("got %v, want ErrExists", err)
			}
		})
	}
	all.Wait()
	if h, err := b.Home(t.Context(), "ada"); made.Load() != 1 || err != nil || len(h.Collections) != 1 {
		t.Errorf("made %d times; %+v, %v", made.Load(), h, err)
	}
}

func TestObserversHearOfOtherNodes(t *testing.T) {
	a, b := twoNodes(t)
	heard := make(chan Change, 1000)
	b.Observe(func(changes []Change) {
		for _, ch := range changes {
			heard <- ch
		}
	})
	var mu sync.Mutex
	var want []Change
	a.Observe(func(changes []Change) {
		mu.Lock()
		defer mu.Unlock()
		want = append(want, changes...)
	})
	c := newHome(t, a, "ada").Collection("calendar")
	for i := range 10 {
		put(t, a, c, event(fmt.Sprint(i), fmt.Sprint(i), "x"))
	}
	long := strings.Repeat("n", 2*maxNews)
	mustWrite(t, a, func(tx *Tx) error {
		for i := range 300 {
			name := fmt.Sprintf("%d-%s", i, strings.Repeat("y", 60))
			if _, _, err := tx.PutObject(c.ID, event(name, name, "x")); err != nil {
				return err
			}
		}
		return tx.DeleteObject(c.ID, "3")
	})
	mustWrite(t, a, func(tx *Tx) error {
		return tx.SaveProperties(OnCollection(c), []PropertyChange{set("", title, "<t/>")})
	})
	var got []Change
	for range want {
		got = append(got, <-heard)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	n := &news{node: "node"}
	texts := n.bulletins([]Change{{"ada", 1, 2, long, true}, {"ada", 1, 3, "x", false}})
	if len(texts) != 2 || len(texts[0]) > maxNews || strings.Contains(texts[0], "nnn") || !strings.Contains(texts[1], `"x"`) {
		t.Errorf("a name too long: got %.200q", texts)
	}
}

func TestObserversHearEachHomeInOrder(t *testing.T) {
	s := openTestPostgres(t)
	c := newHome(t, s, "ada").Collection("calendar")
	var mu sync.Mutex
	var numbers []int64
	s.Observe(func(changes []Change) {
		mu.Lock()
		defer mu.Unlock()
		for _, ch := range changes {
			numbers = append(numbers, ch.Number)
		}
	})
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := range 15 {
				name := fmt.Sprintf("%d-%d", w, i)
				put(t, s, c, event(name, name, "x"))
			}
		})
	}
	all.Wait()
	if len(numbers) != 8*15 || !slices.IsSorted(numbers) {
		t.Errorf("got %v", numbers)
	}
}

func TestEpochIsShared(t *testing.T) {
	a, b := twoNodes(t)
	newHome(t, a, "ada")
	raised, err := a.RaiseEpoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Home(t.Context(), "ada"); err != nil || b.Epoch() != raised {
		t.Errorf("got %d, %v, want %d", b.Epoch(), err, raised)
	}
}

func TestNodesMayStartTogether(t *testing.T) {
	dsn := postgrestest.Database(t)
	stores := make([]*Store, 3)
	var all sync.WaitGroup
	for i := range stores {
		all.Go(func() {
			var err error
			if stores[i], err = Open(t.Context(), Options{DSN: dsn}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, s := range stores {
		if s == nil {
			continue
		}
		if s.Epoch() != stores[0].Epoch() {
			t.Errorf("epochs %d and %d", s.Epoch(), stores[0].Epoch())
		}
		s.Close()
	}
}

// TestQuestionsAreShared holds one question until many wait for the next.
func TestQuestionsAreShared(t *testing.T) {
	const askers = 50
	var asked atomic.Int64
	begun, finish := make(chan struct{}, askers), make(chan struct{})
	l := &latest{ask: func(owners []string) (map[string]version, error) {
		begun <- struct{}{}
		<-finish
		found := map[string]version{}
		for _, owner := range owners {
			found[owner] = version{1, asked.Add(1)}
		}
		return found, nil
	}}
	var all sync.WaitGroup
	ask := func(owner string) {
		if v, err := l.of(t.Context(), owner); err != nil || v.id != 1 {
			t.Errorf("%s: got %v, %v", owner, v, err)
		}
	}
	all.Go(func() { ask("first") })
	<-begun
	var came sync.WaitGroup
	for i := range askers {
		came.Add(1)
		all.Go(func() {
			came.Done()
			ask(fmt.Sprint(i))
		})
	}
	came.Wait()
	for waiting := 0; waiting < askers; {
		l.mu.Lock()
		if l.next != nil {
			waiting = len(l.next.owners)
		}
		l.mu.Unlock()
	}
	close(finish)
	all.Wait()
	if questions := 1 + len(begun); questions != 2 {
		t.Errorf("%d questions, want 2", questions)
	}
}
