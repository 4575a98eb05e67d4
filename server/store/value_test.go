package store

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"testing"
)

// What is kept of an object by its id goes with it, however it goes.
func TestWhatIsKeptOfAnObjectGoesWithIt(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		c, tasks := h.Collection("calendar"), h.Collection("tasks")
		noted := func(name, uid string, in *Collection) Object {
			o := put(t, s, in, event(name, uid, "x"))
			mustWrite(t, s, func(tx *Tx) error { return tx.SetValue(EarlierETags, idTarget(o.ID), []byte("{}")) })
			return o
		}
		noted("deleted.ics", "1", c)
		noted("replaced.ics", "2", c)
		kept := noted("kept.ics", "2 too", tasks)
		noted("purged.ics", "3", tasks)
		mustWrite(t, s, func(tx *Tx) error {
			_, _, err := tx.MoveObject(tasks.ID, "kept.ics", c.ID, "replaced.ics")
			return errors.Join(err, tx.DeleteObject(c.ID, "deleted.ics"), tx.DiscardCollection(tasks.ID), tx.PurgeDiscarded(tasks.ID))
		})
		left, err := s.Values(t.Context(), EarlierETags)
		if err != nil || len(left) != 1 || left[idTarget(kept.ID)] == nil {
			t.Errorf("left is %q, %v, want that of %d", left, err, kept.ID)
		}
	})
}

func TestAppendedValuesStayInTheirOrder(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		const n = 20
		mustWrite(t, s, func(tx *Tx) (err error) {
			for i := range n {
				err = errors.Join(err, tx.AppendValue("queue", []byte(strconv.Itoa(i))))
			}
			return errors.Join(err, tx.AppendValue("other", nil))
		})
		all, err := s.Values(t.Context(), "queue")
		keys := slices.Sorted(maps.Keys(all))
		if err != nil || len(keys) != n {
			t.Fatalf("got %d, %v", len(keys), err)
		}
		for i, key := range keys {
			if string(all[key]) != strconv.Itoa(i) {
				t.Errorf("%s is at %d", all[key], i)
			}
		}
		mustWrite(t, s, func(tx *Tx) error { return tx.DeleteValues("queue") })
		queue, err := s.Values(t.Context(), "queue")
		other, err2 := s.Values(t.Context(), "other")
		if err != nil || err2 != nil || len(queue) != 0 || len(other) != 1 {
			t.Errorf("after the queue was emptied: %d and %d, %v %v", len(queue), len(other), err, err2)
		}
	})
}
