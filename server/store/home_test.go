package store

import (
	"errors"
	"slices"
	"testing"
)

func TestHomeHoldsItsCollectionsSorted(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		newHome(t, s, "ada")
		h, err := s.Home(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range h.Collections {
			names = append(names, c.Name)
		}
		if want := []string{"calendar", "inbox", "tasks"}; !slices.Equal(names, want) {
			t.Errorf("got %v, want %v", names, want)
		}
		c := h.Collection("tasks")
		if c.Kind != Calendar || !slices.Equal(c.Components, []string{"VTODO"}) || len(c.ResourceID) != 36 {
			t.Errorf("got %+v", c)
		}
		if got := h.CollectionByID(c.ID); got != c {
			t.Errorf("by id: got %v, want %v", got, c)
		}
		if h.Collection("nothing") != nil {
			t.Error("found a collection that is not there")
		}
	})
}

func TestAbsentAndPresentHomes(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		if _, err := s.Home(t.Context(), "ada"); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
		newHome(t, s, "ada")
		newHome(t, s, "Zoe") // sorts before in octets, whatever the collation
		again := s.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.CreateHome("ada", nil)
			return err
		})
		if again != ErrExists {
			t.Errorf("second home: got %v, want ErrExists", again)
		}
		owners, err := s.Owners(t.Context())
		if want := []string{"Zoe", "ada"}; err != nil || !slices.Equal(owners, want) {
			t.Errorf("got %v, %v, want %v", owners, err, want)
		}
	})
}

func TestDeletedHomeLeavesNothing(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		c := h.Collection("calendar")
		o := put(t, s, c, event("a.ics", "1", "x"))
		put(t, s, c, event("b.ics", "2", "x"))
		colour := PropertyChange{PropertyKey: PropertyKey{Name: PropertyName{"ns", "colour"}}, Value: "<c/>"}
		mustWrite(t, s, func(tx *Tx) error {
			return errors.Join(
				tx.SaveProperties(OnHome(h), []PropertyChange{colour}),
				tx.SaveProperties(OnCollection(c), []PropertyChange{colour}),
				tx.SaveProperties(OnObject(o), []PropertyChange{colour}),
				tx.DeleteObject(c.ID, "b.ics"),
				tx.DeleteCollection(h.Collection("tasks").ID),
				tx.SetValue(BusyLinks, "ada", []byte("secret")),
				tx.SetValue(Imports, "ada", []byte("{}")),
				tx.SetValue(Delegates, "ada", []byte("{}")),
				tx.SetValue(EarlierETags, idTarget(o.ID), []byte("{}")),
				tx.SetGroupAttendees(h.ID, "1", []GroupAttendee{{Group: "staff", LastEnd: NoEnd}}),
				tx.DeleteHome("ada"))
		})
		if _, err := s.Home(t.Context(), "ada"); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
		for _, table := range []string{"home", "collection", "collection_tombstone", "object", "object_data",
			"object_tombstone", "property", "stored_value", "group_attendee"} {
			s.Read(t.Context(), func(tx *Tx) error {
				var rows int
				if err := tx.row("SELECT count(*) FROM "+table, nil, &rows); err != nil || rows != 0 {
					t.Errorf("%s: %d rows left, %v", table, rows, err)
				}
				return nil
			})
		}
		if h := newHome(t, s, "ada"); len(h.Collections) != 3 {
			t.Errorf("made anew: got %+v", h)
		}
	})
}

func TestCollectionNamesAreUniqueInAHome(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		err := s.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.CreateCollection(h.ID, NewCollection{Name: "calendar", Kind: Calendar})
			return err
		})
		if err != ErrExists {
			t.Errorf("create: got %v, want ErrExists", err)
		}
		err = s.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.RenameCollection(h.Collection("tasks").ID, "calendar")
			return err
		})
		if err != ErrExists {
			t.Errorf("rename: got %v, want ErrExists", err)
		}
		err = s.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.CreateCollection(4711, NewCollection{Name: "x", Kind: Calendar})
			return err
		})
		if err != ErrNotFound {
			t.Errorf("no home: got %v, want ErrNotFound", err)
		}
	})
}

func TestRenamedCollectionKeepsObjectsAndLog(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		c := h.Collection("calendar")
		before := put(t, s, c, event("a.ics", "1", "x"))
		mustWrite(t, s, func(tx *Tx) error {
			_, err := tx.RenameCollection(c.ID, "zeit")
			return err
		})
		h, _ = s.Home(t.Context(), "ada")
		if h.Collection("calendar") != nil || h.Collection("zeit") == nil || h.Collection("zeit").ID != c.ID {
			t.Fatalf("got %+v", h.Collections)
		}
		o, err := s.Object(t.Context(), "ada", "zeit", "a.ics", Whole)
		if err != nil || o.ID != before.ID || string(o.Data) != "x" {
			t.Errorf("got %+v, %v", o, err)
		}
		got := homeLog(t, s, "ada", before.Change)
		if want := []string{"calendar gone", "zeit"}; !slices.Equal(got, want) {
			t.Errorf("log: got %v, want %v", got, want)
		}
	})
}

// homeLog is a home's log in words.
func homeLog(t *testing.T, s *Store, owner string, since int64) (lines []string) {
	t.Helper()
	err := s.Read(t.Context(), func(tx *Tx) error {
		h, err := tx.Home(owner)
		if err != nil {
			return err
		}
		changes, err := tx.HomeChanges(h, since)
		for _, ch := range changes {
			if ch.Collection == nil {
				ch.Name += " gone"
			}
			lines = append(lines, ch.Name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestHomeLogTellsOfEverythingBelow(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		calendar, tasks := h.Collection("calendar"), h.Collection("tasks")
		colour := []PropertyChange{{PropertyKey: PropertyKey{Name: PropertyName{"ns", "colour"}}, Value: "<c/>"}}
		steps := []struct {
			name   string
			change func(*Tx) error
			want   []string
		}{
			{"object", func(tx *Tx) error {
				_, _, err := tx.PutObject(calendar.ID, event("a.ics", "1", "x"))
				return err
			}, []string{"calendar"}},
			{"property", func(tx *Tx) error { return tx.SaveProperties(OnCollection(tasks), colour) }, []string{"tasks"}},
			{"components", func(tx *Tx) error { return tx.SetComponents(tasks.ID, nil) }, []string{"tasks"}},
			{"the home's own property", func(tx *Tx) error { return tx.SaveProperties(OnHome(h), colour) }, nil},
			{"new", func(tx *Tx) error {
				_, err := tx.CreateCollection(h.ID, NewCollection{Name: "new", Kind: Calendar})
				return err
			}, []string{"new"}},
			{"deleted", func(tx *Tx) error { return tx.DeleteCollection(tasks.ID) }, []string{"tasks gone"}},
			{"made again", func(tx *Tx) error {
				_, err := tx.CreateCollection(h.ID, NewCollection{Name: "tasks", Kind: Calendar})
				return err
			}, []string{"tasks"}},
		}
		for _, step := range steps {
			before, _ := s.Home(t.Context(), "ada")
			mustWrite(t, s, step.change)
			after, _ := s.Home(t.Context(), "ada")
			if after.Change <= before.Change {
				t.Errorf("%s: the home's number went from %d to %d", step.name, before.Change, after.Change)
			}
			if got := homeLog(t, s, "ada", before.Change); !slices.Equal(got, step.want) {
				t.Errorf("%s: got %v, want %v", step.name, got, step.want)
			}
		}
		if got, want := homeLog(t, s, "ada", 0), []string{"inbox", "calendar", "new", "tasks"}; !slices.Equal(got, want) {
			t.Errorf("from 0: got %v, want %v", got, want)
		}
	})
}
