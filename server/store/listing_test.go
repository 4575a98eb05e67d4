package store

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// collected is what a sequence yields, by Name, ETag and Data, sorted.
func collected(t testing.TB, objects iter.Seq2[Object, error]) (all []string) {
	t.Helper()
	for o, err := range objects {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s %s %q", o.Name, o.ETag, o.Data))
	}
	slices.Sort(all)
	return all
}

// sameAsStored holds what is handed out of memory beside what the database says.
func sameAsStored(t testing.TB, s *Store, c *Collection, names []string) {
	t.Helper()
	err := s.Read(t.Context(), func(tx *Tx) error {
		kept := collected(t, tx.Objects(c.ID, Tags))
		if stored := collected(t, tx.objects(Tags, objectsOfCollection[Tags], c.ID)); !slices.Equal(kept, stored) {
			t.Errorf("from memory %d objects %.300q\nstored %d %.300q", len(kept), kept, len(stored), stored)
		}
		for _, part := range []Part{Tags, Data} {
			kept, stored := collected(t, tx.ObjectsByName(c.ID, names, part)), collected(t, tx.readByName(c.ID, names, part))
			if !slices.Equal(kept, stored) {
				t.Errorf("from memory %.300q\nstored %.300q", kept, stored)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsKeptOfACollectionIsWhatIsStored(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		c := h.Collection("calendar")
		random := rand.New(rand.NewPCG(1, 2))
		names := make([]string, 30)
		for i := range names {
			names[i] = fmt.Sprintf("%d.ics", i)
		}
		sameAsStored(t, s, c, names)
		for range 60 {
			for range 1 + random.IntN(3) {
				i := random.IntN(len(names))
				mustWrite(t, s, func(tx *Tx) error {
					if random.IntN(3) == 0 {
						if err := tx.DeleteObject(c.ID, names[i]); err != ErrNotFound {
							return err
						}
						return nil
					}
					_, _, err := tx.PutObject(c.ID, event(names[i], names[i], fmt.Sprint(random.IntN(4))))
					return err
				})
			}
			asked := slices.Clone(names)
			random.Shuffle(len(asked), func(i, j int) { asked[i], asked[j] = asked[j], asked[i] })
			sameAsStored(t, s, c, append(asked[:20], asked[:3]...))
		}
		if l := s.listings.find(c.ID); l == nil || len(l.ends) == 0 {
			t.Errorf("nothing is kept: %v", l)
		}
	})
}

// A snapshot that is older than what is kept must not show it, nor put its own in the place of it.
func TestWhatIsKeptOfACollectionIsNotForOlderSnapshots(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		put(t, s, c, event("a.ics", "1", "one"))
		err := s.Read(t.Context(), func(old *Tx) error {
			if got := len(collected(t, old.objects(Tags, objectsOfCollection[Tags], c.ID))); got != 1 {
				t.Errorf("%d objects before", got)
			}
			put(t, s, c, event("b.ics", "2", "two"))
			if got := listed(t, s, c); len(got) != 2 {
				t.Errorf("after: %q", got)
			}
			if got := len(collected(t, old.Objects(c.ID, Tags))); got != 1 {
				t.Errorf("%d objects in the older snapshot", got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if l := s.listings.find(c.ID); l == nil || len(l.ends) != 2 {
			t.Errorf("kept: %v", l)
		}
	})
}

func TestAWritingTransactionSeesItsOwnObjects(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		put(t, s, c, event("a.ics", "1", "one"))
		listed(t, s, c)
		mustWrite(t, s, func(tx *Tx) error {
			if _, _, err := tx.PutObject(c.ID, event("b.ics", "2", "two")); err != nil {
				return err
			}
			if got := collected(t, tx.Objects(c.ID, Tags)); len(got) != 2 {
				t.Errorf("got %q", got)
			}
			return nil
		})
	})
}

func TestRecentForgetsTheOldestWhenItIsFull(t *testing.T) {
	r := newRecent[string, int](10)
	for i, key := range []string{"a", "b", "c"} {
		r.keep(key, i+1, 3)
	}
	r.find("a")
	r.keep("d", 4, 3)
	r.keep("large", 5, 6)
	r.keep("c", 6, 4)
	got := map[string]int{}
	for _, key := range []string{"a", "b", "c", "d", "large"} {
		if v := r.find(key); v != 0 {
			got[key] = v
		}
	}
	if want := (map[string]int{"a": 1, "c": 6, "d": 4}); fmt.Sprint(got) != fmt.Sprint(want) || r.taken != 10 {
		t.Errorf("got %v in %d octets, want %v in 10", got, r.taken, want)
	}
}

// Data that was asked for by name is kept, though nobody has listed the collection.
func TestNamedObjectsAreKeptThoughNobodyListed(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		var names []string
		for i := range 10 {
			o := event(fmt.Sprintf("%d.ics", i), fmt.Sprint(i), fmt.Sprint(i))
			put(t, s, c, o)
			names = append(names, o.Name)
		}
		get := func() (all []string) {
			err := s.Read(t.Context(), func(tx *Tx) error {
				all = collected(t, tx.ObjectsByName(c.ID, names, Data))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		first := get()
		mustWrite(t, s, func(tx *Tx) error { return tx.exec("DELETE FROM object_data") })
		if again := get(); len(again) != len(names) || !slices.Equal(first, again) {
			t.Errorf("first %q\nagain %q", first, again)
		}
	})
}

// Names are looked for by eight octets after what is common to all, which may be few, or the same in many.
func TestListingFindsEachNameAndNoOther(t *testing.T) {
	for _, names := range [][]string{
		{},
		{"a.ics"},
		{"", "a", "aa", "aaaaaaaaa", "aaaaaaaaab"},
		{"event-1.ics", "event-10.ics", "event-2.ics"},
		{"a", "calendar-1", "calendar-2", "calendar-3"},
		{"x\x00", "x\x00\x00", "x\xff\xff\xff\xff\xff\xff\xff\xff", "x\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
	} {
		m := listingMaker{}
		for i, name := range names {
			m.add(&Object{Name: name, ETag: strings.Repeat("e", tagSize), ID: int64(i)})
		}
		l := m.listing(1)
		for i, name := range names {
			if o, found := l.find(name); !found || o.ID != int64(i) || o.Name != name {
				t.Errorf("%q in %q: got %+v, %v", name, names, o, found)
			}
			for _, other := range []string{name + "x", name + "\x00", "-" + name, name[:len(name)/2]} {
				if o, found := l.find(other); found != slices.Contains(names, other) {
					t.Errorf("%q in %q: got %+v, %v", other, names, o, found)
				}
			}
		}
		if _, found := l.find("nowhere"); found {
			t.Errorf("what is not in %q is found", names)
		}
	}
}

func TestWhatIsNamedTwiceAmongVeryManyComesOnce(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		put(t, s, c, event("a.ics", "1", "x"))
		names := make([]string, 1200)
		for i := range names {
			names[i] = fmt.Sprint("none", i)
		}
		names[0], names[700], names[1199] = "a.ics", "a.ics", "a.ics"
		for _, part := range []Part{Tags, Facts, Data, Whole} {
			mustWrite(t, s, func(tx *Tx) error {
				if got := collected(t, tx.ObjectsByName(c.ID, names, part)); len(got) != 1 {
					t.Errorf("part %d: got %q", part, got)
				}
				return nil
			})
		}
	})
}
