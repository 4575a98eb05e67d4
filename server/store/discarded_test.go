package store

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// discard takes a collection out of its home.
func discard(t testing.TB, s *Store, c *Collection) {
	t.Helper()
	mustWrite(t, s, func(tx *Tx) error { return tx.DiscardCollection(c.ID) })
}

// restore brings it back under a name.
func restore(t testing.TB, s *Store, c *Collection, name string) (back *Collection, left []string) {
	t.Helper()
	mustWrite(t, s, func(tx *Tx) (err error) {
		back, left, err = tx.RestoreCollection(c.ID, name)
		return err
	})
	return back, left
}

func TestDiscardedCollectionIsGoneAndComesBackAsItWas(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		first := put(t, s, c, event("first", "1", "x"))
		put(t, s, c, event("brief", "2", "x"))
		mustWrite(t, s, func(tx *Tx) error {
			if err := tx.DeleteObject(c.ID, "brief"); err != nil {
				return err
			}
			return tx.SaveProperties(OnCollection(c), []PropertyChange{set("", colour, "<c/>")})
		})
		before := mustHome(t, s, "ada")
		discard(t, s, c)

		gone := mustHome(t, s, "ada")
		if gone.Collection("calendar") != nil || gone.Change <= before.Change {
			t.Errorf("the home still has it, or did not change: %d after %d", gone.Change, before.Change)
		}
		if _, err := s.Object(t.Context(), "ada", "calendar", "first", Tags); !errors.Is(err, ErrNotFound) {
			t.Errorf("its object: got %v, want ErrNotFound", err)
		}
		if names := homeLog(t, s, "ada", before.Change); !slices.Equal(names, []string{"calendar gone"}) {
			t.Errorf("the home's log: got %v", names)
		}
		all := discardedOf(t, s, gone)
		if len(all) != 1 || all[0].ID != c.ID || all[0].Name != "calendar" || all[0].Objects != 1 || all[0].Settled {
			t.Fatalf("got %+v", all)
		}
		if text, _ := all[0].Properties.Get("", colour); text != "<c/>" {
			t.Errorf("its colour: got %q", text)
		}

		back, left := restore(t, s, c, "calendar")
		if len(left) != 0 || back.ID != c.ID || back.ResourceID != c.ResourceID || back.Change <= gone.Change {
			t.Errorf("got %+v and %v left out", back, left)
		}
		now := mustHome(t, s, "ada")
		if text, _ := now.Collection("calendar").Properties.Get("", colour); text != "<c/>" {
			t.Errorf("its colour afterwards: got %q", text)
		}
		if names := homeLog(t, s, "ada", before.Change); !slices.Equal(names, []string{"calendar"}) {
			t.Errorf("the home's log afterwards: got %v", names)
		}
		o, err := s.Object(t.Context(), "ada", "calendar", "first", Facts)
		if err != nil || o.ETag != first.ETag || o.ID != first.ID || o.Change != first.Change {
			t.Errorf("got %+v, %v, want %+v", o, err, first)
		}
		if got, want := log(t, s, back, first.Change, 0), []string{"brief gone"}; !slices.Equal(got, want) {
			t.Errorf("its log: got %v, want %v", got, want)
		}
		var conflict *UIDConflictError
		err = s.Write(t.Context(), func(tx *Tx) error {
			_, _, err := tx.PutObject(back.ID, event("again", "1", "x"))
			return err
		})
		if !errors.As(err, &conflict) {
			t.Errorf("a UID that it holds: got %v, want a conflict", err)
		}
		if all := discardedOf(t, s, now); len(all) != 0 {
			t.Errorf("still discarded: %+v", all)
		}
	})
}

func TestRestoringLeavesOutWhatHasComeElsewhere(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		c := h.Collection("calendar")
		seen := put(t, s, c, event("taken", "1", "x"))
		put(t, s, c, event("free", "2", "x"))
		discard(t, s, c)
		var other *Collection
		mustWrite(t, s, func(tx *Tx) (err error) {
			if other, err = tx.CreateCollection(h.ID, NewCollection{Name: "calendar", Kind: Calendar}); err != nil {
				return err
			}
			_, _, err = tx.PutObject(other.ID, event("mine", "1", "x"))
			return err
		})
		err := s.Write(t.Context(), func(tx *Tx) error {
			_, _, err := tx.RestoreCollection(c.ID, "calendar")
			return err
		})
		if !errors.Is(err, ErrExists) {
			t.Fatalf("under a name that is taken: got %v, want ErrExists", err)
		}
		back, left := restore(t, s, c, "another")
		if !slices.Equal(left, []string{"taken"}) {
			t.Errorf("left out: got %v", left)
		}
		if got, want := log(t, s, back, seen.Change, 0), []string{"free", "taken gone"}; !slices.Equal(got, want) {
			t.Errorf("its log: got %v, want %v", got, want)
		}
	})
}

func TestDiscardedCollectionsEnd(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		c := h.Collection("calendar")
		put(t, s, c, event("first", "1", "x"))
		discard(t, s, c)
		later := time.Now().Add(time.Hour)
		for _, settled := range []bool{false, true} {
			ids, err := s.DiscardedBefore(t.Context(), later, settled)
			if err != nil || slices.Contains(ids, c.ID) == settled {
				t.Errorf("settled %v: got %v, %v", settled, ids, err)
			}
		}
		settle := func(tx *Tx) error { return tx.SettleDiscarded(c.ID) }
		mustWrite(t, s, settle)
		if err := s.Write(t.Context(), settle); !errors.Is(err, ErrNotFound) {
			t.Errorf("settled twice: got %v, want ErrNotFound", err)
		}
		if ids, err := s.DiscardedBefore(t.Context(), later, true); err != nil || !slices.Equal(ids, []int64{c.ID}) {
			t.Errorf("got %v, %v", ids, err)
		}
		mustWrite(t, s, func(tx *Tx) error { return tx.PurgeDiscarded(c.ID) })
		for _, table := range []string{"discarded", "object", "object_data"} {
			if n := countRows(t, s, table); n != 0 {
				t.Errorf("%d rows left in %s", n, table)
			}
		}
	})
}

func TestDeletedHomeTakesWhatWasDiscardedOfIt(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		o := put(t, s, c, event("first", "1", "x"))
		discard(t, s, c)
		mustWrite(t, s, func(tx *Tx) error {
			return errors.Join(tx.SetValue(EarlierETags, idTarget(o.ID), nil), tx.AppendValue(WaitingFor(c.ID), nil), tx.DeleteHome("ada"))
		})
		for _, table := range []string{"discarded", "collection", "object", "object_data", "property", "stored_value"} {
			if n := countRows(t, s, table); n != 0 {
				t.Errorf("%d rows left in %s", n, table)
			}
		}
	})
}

func mustHome(t testing.TB, s *Store, owner string) *Home {
	t.Helper()
	h, err := s.Home(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func discardedOf(t testing.TB, s *Store, h *Home) (all []Discarded) {
	t.Helper()
	err := s.Read(t.Context(), func(tx *Tx) (err error) {
		all, err = tx.DiscardedCollections(h.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func countRows(t testing.TB, s *Store, table string) (n int) {
	t.Helper()
	err := s.Read(t.Context(), func(tx *Tx) error { return tx.row("SELECT count(*) FROM "+table, nil, &n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}
