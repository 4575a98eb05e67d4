package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestObjectKeepsItsOctetsAndFacts(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		data := make([]byte, 256*1024)
		for i := range data {
			data[i] = byte(i)
		}
		n := NewObject{Name: "Zoë +%40:@.ics", UID: "ü", Component: "VEVENT", ScheduleTag: "s", FirstStart: NoStart,
			LastEnd: NoEnd, Organizer: "mailto:ada@example.org", Recurring: true, Data: data}
		written := put(t, s, c, n)
		got, err := s.Object(t.Context(), "ada", "calendar", n.Name, Whole)
		if err != nil {
			t.Fatal(err)
		}
		if string(got.Data) != string(data) {
			t.Error("the octets differ")
		}
		got.Data = nil
		if fmt.Sprint(got) != fmt.Sprint(written) {
			t.Errorf("got  %+v\nwant %+v", got, written)
		}
		if got.Size != int64(len(data)) || len(got.ETag) != 32 || !got.Recurring || got.FirstStart != NoStart || got.LastEnd != NoEnd {
			t.Errorf("got %+v", got)
		}
	})
}

func TestPutInPlaceKeepsIdentityAndTakesANewNumber(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		first := put(t, s, c, event("a.ics", "1", "one"))
		var second, third Object
		var created bool
		mustWrite(t, s, func(tx *Tx) (err error) {
			second, created, err = tx.PutObject(c.ID, event("a.ics", "1", "two"))
			return err
		})
		if created || second.ID != first.ID || second.ETag == first.ETag || second.Change <= first.Change ||
			!second.Created.Equal(first.Created) {
			t.Errorf("got %+v after %+v, created %v", second, first, created)
		}
		third = put(t, s, c, event("a.ics", "1", "one"))
		if third.ETag != first.ETag {
			t.Errorf("same octets: got tag %s, want %s", third.ETag, first.ETag)
		}
		h, _ := s.Home(t.Context(), "ada")
		if got := h.Collection("calendar").Change; got != third.Change || h.Change != third.Change {
			t.Errorf("collection at %d, home at %d, want %d", got, h.Change, third.Change)
		}
	})
}

func TestUIDIsUniqueInTheCalendarsOfAHome(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		calendar, tasks, inbox := h.Collection("calendar"), h.Collection("tasks"), h.Collection("inbox")
		put(t, s, calendar, event("a.ics", "uid", "x"))
		refused := func(what string, change func(*Tx) error) {
			t.Helper()
			before, _ := s.Home(t.Context(), "ada")
			var conflict *UIDConflictError
			err := s.Write(t.Context(), change)
			if !errors.As(err, &conflict) || conflict.Collection != "calendar" || conflict.Name != "a.ics" {
				t.Errorf("%s: got %v, want a conflict with calendar/a.ics", what, err)
			}
			if after, _ := s.Home(t.Context(), "ada"); after.Change != before.Change {
				t.Errorf("%s: something changed", what)
			}
		}
		refused("same collection", func(tx *Tx) error {
			_, _, err := tx.PutObject(calendar.ID, event("b.ics", "uid", "x"))
			return err
		})
		refused("other collection", func(tx *Tx) error {
			_, _, err := tx.PutObject(tasks.ID, event("a.ics", "uid", "x"))
			return err
		})
		refused("copy", func(tx *Tx) error {
			_, _, err := tx.CopyObject(calendar.ID, "a.ics", tasks.ID, "a.ics")
			return err
		})
		put(t, s, tasks, event("t.ics", "other", "x"))
		refused("by change of UID", func(tx *Tx) error {
			_, _, err := tx.PutObject(tasks.ID, event("t.ics", "uid", "x"))
			return err
		})
		put(t, s, inbox, event("1.ics", "uid", "x"))
		put(t, s, inbox, event("2.ics", "uid", "x"))
		refused("move from the inbox", func(tx *Tx) error {
			_, _, err := tx.MoveObject(inbox.ID, "1.ics", tasks.ID, "t.ics")
			return err
		})
		put(t, s, newHome(t, s, "grace").Collection("calendar"), event("a.ics", "uid", "x"))
		s.Read(t.Context(), func(tx *Tx) error {
			if o, err := tx.ObjectByUID(h.ID, "uid", Facts); err != nil || o.Name != "a.ics" || o.CollectionID != calendar.ID {
				t.Errorf("by UID: got %+v, %v", o, err)
			}
			if _, err := tx.ObjectByUID(h.ID, "none", Facts); err != ErrNotFound {
				t.Errorf("by UID: got %v, want ErrNotFound", err)
			}
			return nil
		})
	})
}

func TestConflictLeavesTheTransactionUsable(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		put(t, s, c, event("a.ics", "uid", "x"))
		mustWrite(t, s, func(tx *Tx) error {
			var conflict *UIDConflictError
			if _, _, err := tx.PutObject(c.ID, event("b.ics", "uid", "x")); !errors.As(err, &conflict) {
				t.Errorf("got %v, want a conflict", err)
			}
			_, _, err := tx.PutObject(c.ID, event("b.ics", "free", "x"))
			return err
		})
		if got, want := listed(t, s, c), []string{"a.ics", "b.ics"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestObjectsOnwardsGoOnBehindAName(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		c, other := h.Collection("calendar"), h.Collection("inbox")
		for _, name := range []string{"b", "a", "Z", "ä", "c"} {
			put(t, s, c, event(name, "uid-"+name, "x"))
		}
		put(t, s, other, event("d", "d", "x"))
		for after, want := range map[string][]string{"": {"Z", "a", "b", "c", "ä"}, "a": {"b", "c", "ä"}, "aa": {"b", "c", "ä"}, "ä": nil} {
			err := s.Read(t.Context(), func(tx *Tx) error {
				var got []string
				for o, err := range tx.ObjectsOnwards(c.ID, after, Facts) {
					if err != nil {
						return err
					}
					got = append(got, o.Name)
				}
				if !slices.Equal(got, want) {
					t.Errorf("after %q: got %v, want %v", after, got, want)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// listing is the names of a collection's objects.
func listed(t testing.TB, s *Store, c *Collection) (names []string) {
	t.Helper()
	err := s.Read(t.Context(), func(tx *Tx) error {
		for o, err := range tx.Objects(c.ID, Tags) {
			if err != nil {
				return err
			}
			names = append(names, o.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestMissingObjects(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		c := h.Collection("calendar")
		for name, try := range map[string]func(*Tx) error{
			"delete": func(tx *Tx) error { return tx.DeleteObject(c.ID, "a.ics") },
			"read":   func(tx *Tx) error { _, err := tx.Object(c.ID, "a.ics", Whole); return err },
			"move":   func(tx *Tx) error { _, _, err := tx.MoveObject(c.ID, "a.ics", c.ID, "b.ics"); return err },
			"copy":   func(tx *Tx) error { _, _, err := tx.CopyObject(c.ID, "a.ics", c.ID, "b.ics"); return err },
			"put in no collection": func(tx *Tx) error {
				_, _, err := tx.PutObject(4711, event("a.ics", "1", "x"))
				return err
			},
			"put in a collection just deleted": func(tx *Tx) error {
				if err := tx.DeleteCollection(c.ID); err != nil {
					return err
				}
				_, _, err := tx.PutObject(c.ID, event("a.ics", "1", "x"))
				return err
			},
			"delete no collection": func(tx *Tx) error { return tx.DeleteCollection(4711) },
			"delete no home":       func(tx *Tx) error { return tx.DeleteHome("nobody") },
		} {
			if err := s.Write(t.Context(), try); err != ErrNotFound {
				t.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
		for _, path := range [][2]string{{"calendar", "a.ics"}, {"nothing", "a.ics"}} {
			if _, err := s.Object(t.Context(), "ada", path[0], path[1], Tags); err != ErrNotFound {
				t.Errorf("%v: got %v, want ErrNotFound", path, err)
			}
		}
	})
}

func TestMoveReplacesAndKeepsIdentity(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		calendar, tasks := h.Collection("calendar"), h.Collection("tasks")
		moving := put(t, s, calendar, event("a.ics", "1", "moving"))
		put(t, s, tasks, event("b.ics", "2", "in the way"))
		note := PropertyChange{PropertyKey: PropertyKey{Name: PropertyName{"ns", "note"}}, Value: "<n/>"}
		var moved Object
		var created bool
		mustWrite(t, s, func(tx *Tx) (err error) {
			if err := tx.SaveProperties(OnObject(moving), []PropertyChange{note}); err != nil {
				return err
			}
			moved, created, err = tx.MoveObject(calendar.ID, "a.ics", tasks.ID, "b.ics")
			return err
		})
		if created || moved.ID != moving.ID || moved.ETag != moving.ETag {
			t.Errorf("got %+v, created %v", moved, created)
		}
		if got := listed(t, s, calendar); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
		o, err := s.Object(t.Context(), "ada", "tasks", "b.ics", Whole)
		if err != nil || string(o.Data) != "moving" || o.Change != moved.Change {
			t.Errorf("got %+v, %v", o, err)
		}
		s.Read(t.Context(), func(tx *Tx) error {
			if p, err := tx.Properties(OnObject(o)); err != nil || p[note.PropertyKey] != note.Value {
				t.Errorf("properties: got %v, %v", p, err)
			}
			return nil
		})
		mustWrite(t, s, func(tx *Tx) error { // to where it is
			got, _, err := tx.MoveObject(tasks.ID, "b.ics", tasks.ID, "b.ics")
			if got.Change != o.Change {
				t.Errorf("a move to itself took the number %d", got.Change)
			}
			return err
		})
	})
}

func TestCopyTakesPropertiesAlong(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		from := newHome(t, s, "ada").Collection("calendar")
		to := newHome(t, s, "grace").Collection("calendar")
		o := put(t, s, from, event("a.ics", "1", "x"))
		note := PropertyChange{PropertyKey: PropertyKey{"ada", PropertyName{"ns", "note"}}, Value: "<n/>"}
		for _, want := range []bool{true, false} {
			mustWrite(t, s, func(tx *Tx) error {
				if err := tx.SaveProperties(OnObject(o), []PropertyChange{note}); err != nil {
					return err
				}
				copied, created, err := tx.CopyObject(from.ID, "a.ics", to.ID, "b.ics")
				if created != want || copied.ID == o.ID {
					t.Errorf("got %+v, created %v", copied, created)
				}
				return err
			})
		}
		s.Read(t.Context(), func(tx *Tx) error {
			all, err := tx.ObjectProperties(to.ID)
			if err != nil || len(all) != 1 {
				t.Errorf("got %v, %v", all, err)
			}
			for id, p := range all {
				if id == o.ID || p[note.PropertyKey] != note.Value {
					t.Errorf("got %v", all)
				}
			}
			return nil
		})
		if got := listed(t, s, from); len(got) != 1 {
			t.Errorf("the source: got %v", got)
		}
	})
}

func TestObjectsByNameFindsEachOnce(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		var all []string
		mustWrite(t, s, func(tx *Tx) error {
			for i := range 1203 {
				n := event(fmt.Sprintf("%d.ics", i), fmt.Sprint(i), "x")
				all = append(all, n.Name)
				if _, _, err := tx.PutObject(c.ID, n); err != nil {
					return err
				}
			}
			return nil
		})
		for _, count := range []int{0, 1, 7, 8, 9, 65, 500, 501, 1203} {
			got := map[string]int{}
			asked := append(slices.Clone(all[:count]), "missing.ics")
			s.Read(t.Context(), func(tx *Tx) error {
				for o, err := range tx.ObjectsByName(c.ID, asked, Whole) {
					if err != nil {
						t.Fatal(err)
					}
					if string(o.Data) != "x" {
						t.Errorf("%s: got data %q", o.Name, o.Data)
					}
					got[o.Name]++
				}
				return nil
			})
			for name, times := range got {
				if times != 1 {
					t.Errorf("%s came %d times", name, times)
				}
			}
			if len(got) != count {
				t.Errorf("of %d got %d", count, len(got))
			}
		}
	})
}

func TestUsageCountsAHome(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		put(t, s, h.Collection("calendar"), event("a.ics", "1", "12345"))
		put(t, s, h.Collection("tasks"), event("b.ics", "2", "123"))
		put(t, s, newHome(t, s, "grace").Collection("tasks"), event("b.ics", "2", "123"))
		s.Read(t.Context(), func(tx *Tx) error {
			if n, size, err := tx.Usage(h.ID); n != 2 || size != 8 || err != nil {
				t.Errorf("got %d, %d, %v, want 2, 8", n, size, err)
			}
			if n, size, err := tx.Usage(4711); n != 0 || size != 0 || err != nil {
				t.Errorf("of nobody: got %d, %d, %v", n, size, err)
			}
			return nil
		})
	})
}
