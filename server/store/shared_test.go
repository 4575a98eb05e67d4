package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const common = "what all of them get"

// shareAmong puts an object with the same data into the calendars of so many homes.
func shareAmong(t testing.TB, s *Store, n int) (calendars []*Collection) {
	t.Helper()
	for i := range n {
		calendars = append(calendars, newHome(t, s, fmt.Sprint("owner", i)).Collection("calendar"))
	}
	mustWrite(t, s, func(tx *Tx) error {
		data := Share([]byte(common))
		for _, c := range calendars {
			if _, err := tx.AddObject(c.ID, sharing(event("a.ics", "1", ""), data)); err != nil {
				return err
			}
		}
		return nil
	})
	return calendars
}

func sharing(n NewObject, data *Shared) NewObject {
	n.Data, n.Shared = nil, data
	return n
}

// texts counts what is kept for objects together, and by themselves.
func texts(t testing.TB, s *Store) string {
	t.Helper()
	return fmt.Sprint(countRows(t, s, "shared_data"), " and ", countRows(t, s, "object_data"))
}

func TestSharedDataIsKeptOnceAndReadAsAnyOther(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := shareAmong(t, s, 3)[1]
		for i := range 20 {
			put(t, s, c, event(fmt.Sprintf("b%d.ics", i), fmt.Sprint("b", i), "own"))
		}
		if got := texts(t, s); got != "1 and 20" {
			t.Errorf("texts: got %s", got)
		}
		o, err := s.Object(t.Context(), "owner1", "calendar", "a.ics", Whole)
		if err != nil || string(o.Data) != common || o.ETag != hashData(o.Data) || o.Size != int64(len(common)) {
			t.Errorf("by path: got %+v, %v", o, err)
		}
		err = s.Read(t.Context(), func(tx *Tx) error {
			byUID, err := tx.ObjectByUID(c.HomeID, "1", Whole)
			if string(byUID.Data) != common {
				t.Errorf("by UID: got %q", byUID.Data)
			}
			if _, size, _ := tx.Usage(c.HomeID); size != int64(len(common)+20*len("own")) {
				t.Errorf("usage: got %d", size)
			}
			names := []string{"a.ics"}
			for i := range 20 {
				names = append(names, fmt.Sprintf("b%d.ics", i))
			}
			for _, list := range []func() (string, error){
				func() (string, error) { return dataOf(tx.Objects(c.ID, Whole), "a.ics") },
				func() (string, error) { return dataOf(tx.ObjectsByName(c.ID, names[:2], Data), "a.ics") },
				func() (string, error) { return dataOf(tx.ObjectsByName(c.ID, names, Data), "a.ics") }, // by id
				func() (string, error) { return dataOf(tx.ObjectsByName(c.ID, names, Data), "a.ics") }, // from memory
				func() (string, error) { return dataOf(tx.ObjectsByName(c.ID, names, Whole), "a.ics") },
				func() (string, error) { return dataOf(tx.ObjectsInRange(c.ID, "", 0, 5000, Data), "a.ics") },
				func() (got string, err error) {
					for ch, e := range tx.Changes(c.ID, 1, 0, Data) {
						if err = errors.Join(err, e); ch.Name == "a.ics" {
							got = string(ch.Data)
						}
					}
					return got, err
				},
			} {
				if got, err := list(); got != common || err != nil {
					t.Errorf("in a list: got %q, %v", got, err)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func dataOf(objects func(func(Object, error) bool), name string) (got string, err error) {
	for o, e := range objects {
		if err = errors.Join(err, e); o.Name == name {
			got = string(o.Data)
		}
	}
	return got, err
}

// Whatever becomes of one object, the others keep what they share, and nothing is left when none is left.
func TestSharedDataGoesWithItsLastObject(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := shareAmong(t, s, 8)
		in := func(c *Collection, do func(tx *Tx, h *Home) error) {
			t.Helper()
			mustWrite(t, s, func(tx *Tx) error {
				h, _, err := tx.collection(c.ID)
				return errors.Join(err, do(tx, h))
			})
		}
		put(t, s, c[0], event("a.ics", "1", "own now"))
		in(c[1], func(tx *Tx, _ *Home) error { return tx.DeleteObject(c[1].ID, "a.ics") })
		in(c[2], func(tx *Tx, h *Home) error { return tx.DeleteHome(h.Owner) })
		in(c[3], func(tx *Tx, _ *Home) error { return tx.DeleteCollection(c[3].ID) })
		in(c[4], func(tx *Tx, h *Home) error {
			_, _, err := tx.CopyObject(c[4].ID, "a.ics", h.Collection("inbox").ID, "copy.ics")
			if err == nil {
				_, _, err = tx.MoveObject(c[4].ID, "a.ics", h.Collection("inbox").ID, "moved.ics")
			}
			return err
		})
		discard(t, s, c[5])
		discard(t, s, c[6])
		restore(t, s, c[6], "calendar")
		for path, want := range map[string]string{"owner0/calendar/a.ics": "own now", "owner4/inbox/copy.ics": common,
			"owner4/inbox/moved.ics": common, "owner6/calendar/a.ics": common, "owner7/calendar/a.ics": common} {
			owner, rest := filepath.Split(filepath.Dir(path))
			o, err := s.Object(t.Context(), filepath.Clean(owner), rest, filepath.Base(path), Data)
			if err != nil || string(o.Data) != want {
				t.Errorf("%s: got %q, %v", path, o.Data, err)
			}
		}
		if got := texts(t, s); got != "1 and 2" {
			t.Errorf("texts: got %s", got)
		}
		in(c[4], func(tx *Tx, h *Home) error { return tx.DeleteObject(h.Collection("inbox").ID, "moved.ics") })
		mustWrite(t, s, func(tx *Tx) error { return errors.Join(tx.SettleDiscarded(c[5].ID), tx.PurgeDiscarded(c[5].ID)) })
		in(c[6], func(tx *Tx, h *Home) error { // its place is taken by another
			put := event("b.ics", "2", "another")
			_, _, err := tx.PutObject(h.Collection("inbox").ID, put)
			if err == nil {
				_, _, err = tx.MoveObject(h.Collection("inbox").ID, "b.ics", c[6].ID, "a.ics")
			}
			return err
		})
		if got := texts(t, s); got != "1 and 3" {
			t.Errorf("texts: got %s", got)
		}
		mustWrite(t, s, func(tx *Tx) error { // the last one shares something else
			_, _, err := tx.PutObject(c[7].ID, sharing(event("a.ics", "1", ""), Share([]byte("new"))))
			return err
		})
		if o, err := s.Object(t.Context(), "owner7", "calendar", "a.ics", Data); err != nil || string(o.Data) != "new" {
			t.Errorf("got %q, %v", o.Data, err)
		}
		mustWrite(t, s, func(tx *Tx) error { // what was by itself shares
			_, _, err := tx.PutObject(c[0].ID, sharing(event("a.ics", "1", ""), Share([]byte("newer"))))
			return err
		})
		if got := texts(t, s); got != "2 and 2" {
			t.Errorf("texts: got %s", got)
		}
	})
}

// A transaction that fails leaves nothing, and what it had stored is stored anew by the next.
func TestSharedDataOfAFailedTransaction(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		data, failed := Share([]byte(common)), errors.New("failed")
		for _, end := range []error{failed, nil} {
			err := s.Write(t.Context(), func(tx *Tx) error {
				_, err := tx.AddObject(c.ID, sharing(event("a.ics", "1", ""), data))
				return errors.Join(err, end)
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
		}
		if o, err := s.Object(t.Context(), "ada", "calendar", "a.ics", Data); err != nil || string(o.Data) != common {
			t.Errorf("got %q, %v", o.Data, err)
		}
		if got := texts(t, s); got != "1 and 0" {
			t.Errorf("texts: got %s", got)
		}
	})
}

// Those who delete the last objects at the same time do not leave it to each other.
func TestSharedDataIsNotForgottenByManyAtOnce(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := shareAmong(t, s, 4)
		for range 10 {
			var all sync.WaitGroup
			for _, c := range c {
				all.Go(func() {
					if err := s.Write(t.Context(), func(tx *Tx) error { return tx.DeleteObject(c.ID, "a.ics") }); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if got := texts(t, s); got != "0 and 0" {
				t.Fatalf("texts: got %s", got)
			}
			mustWrite(t, s, func(tx *Tx) error {
				data := Share([]byte(common))
				for _, c := range c {
					if _, _, err := tx.PutObject(c.ID, sharing(event("a.ics", "1", ""), data)); err != nil {
						return err
					}
				}
				return nil
			})
		}
	})
}

func TestACopyOfTheDatabaseHasWhatIsShared(t *testing.T) {
	s := openTestSQLite(t)
	shareAmong(t, s, 2)
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := CopySQLite(context.Background(), sqliteOf(s).path, to, nil); err != nil {
		t.Fatal(err)
	}
	o, err := openAt(t, to).Object(t.Context(), "owner1", "calendar", "a.ics", Data)
	if err != nil || string(o.Data) != common {
		t.Errorf("got %q, %v", o.Data, err)
	}
}

// Whoever deletes a calendar does not look through what all others share, though the server learnt of the
// table before there was anything.
func TestWhatACollectionSharesIsFoundByTheCollection(t *testing.T) {
	s := openTestPostgres(t)
	c := newHome(t, s, "ada").Collection("calendar")
	mustWrite(t, s, func(tx *Tx) error {
		for i := range 500 {
			if _, err := tx.AddObject(c.ID, numberedEvent(i)); err != nil {
				return err
			}
		}
		return tx.exec("ANALYZE object")
	})
	err := s.Read(t.Context(), func(tx *Tx) error {
		plan, err := collect(tx.rows("EXPLAIN "+sharedInCollection, c.ID), func(r cursor) (line string, err error) {
			err = r.Scan(&line)
			return line, err
		})
		if all := strings.Join(plan, "\n"); !strings.Contains(all, "Index Cond: (collection_id = ") {
			t.Errorf("got\n%s", all)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
