package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestRangeFindsWhatTouchesIt(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		rng := rand.New(rand.NewPCG(1, 2))
		lengths := []int64{0, 1, 3600, day, day + 1, 8 * day, 40 * day, 400*day - 1, 4000 * day, 9000 * day}
		var all []NewObject
		mustWrite(t, s, func(tx *Tx) error {
			for i := range 600 {
				n := event(fmt.Sprintf("%d.ics", i), fmt.Sprint(i), "x")
				n.FirstStart = rng.Int64N(10000*day) - 5000*day
				n.LastEnd = n.FirstStart + lengths[i%len(lengths)]
				switch i % 50 {
				case 47:
					n.FirstStart = NoStart
				case 48:
					n.LastEnd = NoEnd
				case 49:
					n.FirstStart, n.LastEnd = NoStart, NoEnd
				}
				if i%7 == 0 {
					n.Component = "VTODO"
				}
				all = append(all, n)
				if _, _, err := tx.PutObject(c.ID, n); err != nil {
					return err
				}
			}
			return nil
		})
		for i := range 200 {
			start := rng.Int64N(10000*day) - 5000*day
			end := start + lengths[i%len(lengths)]
			if i%5 == 0 { // the bounds themselves count
				start = all[i].LastEnd
			}
			switch i % 40 {
			case 37:
				start = NoStart
			case 38:
				end = NoEnd
			case 39:
				start, end = NoStart, NoEnd
			}
			component := []string{"", "VEVENT", "VTODO"}[i%3]
			var got, want []string
			for _, n := range all {
				if n.FirstStart <= end && n.LastEnd >= start && (component == "" || component == n.Component) {
					want = append(want, n.Name)
				}
			}
			s.Read(t.Context(), func(tx *Tx) error {
				for o, err := range tx.ObjectsInRange(c.ID, component, start, end, Part(i%3)) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, o.Name)
				}
				return nil
			})
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("%q from %d to %d: got %d objects, want %d", component, start, end, len(got), len(want))
			}
		}
	})
}

func TestRangeLoopMayEndEarly(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		c := newHome(t, s, "ada").Collection("calendar")
		long := event("b.ics", "2", "x")
		long.LastEnd = NoEnd
		put(t, s, c, event("a.ics", "1", "x"))
		put(t, s, c, long)
		err := s.Read(t.Context(), func(tx *Tx) error {
			for range tx.ObjectsInRange(c.ID, "", NoStart, NoEnd, Tags) {
				break
			}
			_, err := tx.Object(c.ID, "b.ics", Tags)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// What is moved into a calendar is found by its time, and what is moved out of it no longer.
func TestRangeIsOfCalendars(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		h := newHome(t, s, "ada")
		calendar, inbox := h.Collection("calendar"), h.Collection("inbox")
		found := func(c *Collection) (names string) {
			s.Read(t.Context(), func(tx *Tx) error {
				for o, err := range tx.ObjectsInRange(c.ID, "", 0, 5000, Tags) {
					if err != nil {
						t.Error(err)
					}
					names += o.Name + " "
				}
				return nil
			})
			return names
		}
		put(t, s, inbox, event("a", "1", "x"))
		put(t, s, calendar, event("b", "2", "x"))
		if got := found(inbox) + found(calendar); got != "b " {
			t.Errorf("got %s", got)
		}
		mustWrite(t, s, func(tx *Tx) error {
			_, _, err := tx.MoveObject(inbox.ID, "a", calendar.ID, "c")
			return err
		})
		mustWrite(t, s, func(tx *Tx) error {
			_, _, err := tx.MoveObject(calendar.ID, "b", inbox.ID, "d")
			return err
		})
		if got := found(inbox) + found(calendar); got != "c " {
			t.Errorf("after the moves: got %s", got)
		}
	})
}
