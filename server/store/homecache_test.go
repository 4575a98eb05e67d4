package store

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// TestHomeIsNeverOlderThanAReturnedWrite has writers and readers of a few homes meet, with a cache too small for them,
// so that pictures come from the cache, from loads and from both at once.
func TestHomeIsNeverOlderThanAReturnedWrite(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		const homes, writers, rounds = 4, 4, 60
		s.homes.size = 2
		var acknowledged [homes]atomic.Int64
		var calendars [homes]*Collection
		for i := range homes {
			calendars[i] = newHome(t, s, fmt.Sprint(i)).Collection("calendar")
		}
		var writing, reading sync.WaitGroup
		var done atomic.Bool
		for w := range writers {
			writing.Go(func() {
				for r := range rounds {
					i := (w + r) % homes
					var number int64
					err := s.Write(t.Context(), func(tx *Tx) error {
						o, _, err := tx.PutObject(calendars[i].ID, event(fmt.Sprintf("%d-%d", w, r), fmt.Sprintf("%d-%d", w, r), "x"))
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
		for r := range 4 {
			reading.Go(func() {
				for i := r; !done.Load(); i++ {
					i := i % homes
					floor := acknowledged[i].Load()
					h, err := s.Home(t.Context(), fmt.Sprint(i))
					if err != nil {
						t.Error(err)
						return
					}
					if h.Change < floor || h.Collection("calendar").Change < floor {
						t.Errorf("home at %d, collection at %d, acknowledged %d", h.Change, h.Collection("calendar").Change, floor)
						return
					}
				}
			})
		}
		writing.Wait()
		done.Store(true)
		reading.Wait()
		for i := range homes {
			h, err := s.Home(t.Context(), fmt.Sprint(i))
			if err != nil {
				t.Fatal(err)
			}
			if want := int64(4 + writers*rounds/homes); h.Change != want {
				t.Errorf("home %d at %d, want %d", i, h.Change, want)
			}
		}
	})
}

func TestCommitSpoilsTheLoadUnderWay(t *testing.T) {
	c := newHomeCache(10)
	old, recent := &Home{Owner: "ada", Change: 1}, &Home{Owner: "ada", Change: 2}
	reads := 0
	got, err := c.home("ada", func() (*Home, error) {
		reads++
		if reads > 1 {
			t.Error("the published picture was not used")
		}
		c.publish(map[string]workingHome{"ada": {now: recent}})
		return old, nil
	})
	if got != recent || err != nil {
		t.Errorf("got %+v, %v, want the published picture", got, err)
	}
	c.publish(map[string]workingHome{"ada": {}})
	got, err = c.home("ada", func() (*Home, error) { return nil, ErrNotFound })
	if got != nil || err != ErrNotFound {
		t.Errorf("deleted: got %+v, %v", got, err)
	}
}

func TestSimultaneousLoadsAreOne(t *testing.T) {
	c := newHomeCache(10)
	var reads atomic.Int64
	begun, finish := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	load := func() {
		h, err := c.home("ada", func() (*Home, error) {
			reads.Add(1)
			close(begun)
			<-finish
			return &Home{Owner: "ada"}, nil
		})
		if h == nil || err != nil {
			t.Errorf("got %v, %v", h, err)
		}
	}
	all.Go(load)
	<-begun
	for range 8 {
		all.Go(load)
	}
	close(finish)
	all.Wait()
	if reads.Load() != 1 {
		t.Errorf("read %d times, want once", reads.Load())
	}
}

func TestCacheForgetsTheHomeUsedLongestAgo(t *testing.T) {
	c := newHomeCache(2)
	for id, owner := range []string{"a", "b"} {
		h := &Home{ID: int64(id), Owner: owner, Collections: []*Collection{{ID: int64(id) + 100}}}
		c.publish(map[string]workingHome{owner: {now: h}})
	}
	c.peek("a")
	c.publish(map[string]workingHome{"c": {now: &Home{ID: 2, Owner: "c"}}})
	if c.peek("a") == nil || c.peek("b") != nil || c.peek("c") == nil {
		t.Errorf("held: %v", c.byOwner)
	}
	if _, ok := c.owner(101); ok || len(c.owners) != 3 {
		t.Errorf("ids held: %v", c.owners)
	}
}

func TestHomeCostsNoQueryTwice(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		put(t, s, c, event("a.ics", "1", "x"))
		first, err := s.Home(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.readers.close(); err != nil { // whoever reads now gets ErrClosed
			t.Fatal(err)
		}
		if again, err := s.Home(t.Context(), "ada"); again != first || err != nil {
			t.Errorf("got %v, %v, want the same picture", again, err)
		}
	})
}

func TestWritesNeedNoCachedHome(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		c := h.Collection("calendar")
		s.homes.clear()
		o := put(t, s, c, event("a.ics", "1", "x"))
		s.homes.clear()
		mustWrite(t, s, func(tx *Tx) error {
			return tx.SaveProperties(OnHome(h), []PropertyChange{set("", title, "<t/>")})
		})
		s.homes.clear()
		now, err := s.Home(t.Context(), "ada")
		if err != nil || now.Change != o.Change+1 || now.Collection("calendar").Change != o.Change || len(now.Properties) != 1 {
			t.Errorf("got %+v, %v", now, err)
		}
	})
}
