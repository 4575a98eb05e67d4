package store

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestGroupAttendeesAreFoundByWhatChanged(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
		later, over := now.Unix()+3600, now.Unix()-1
		h := newHome(t, s, "ada")
		mustWrite(t, s, func(tx *Tx) error {
			return errors.Join(
				tx.SetGroupAttendees(h.ID, "a", []GroupAttendee{{Group: "staff", Membership: "old", LastEnd: later}, {Group: "all", Membership: "x", LastEnd: later}}),
				tx.SetGroupAttendees(h.ID, "b", []GroupAttendee{{Group: "staff", Membership: "new", LastEnd: later}}),
				tx.SetGroupAttendees(h.ID, "c", []GroupAttendee{{Group: "staff", Membership: "old", LastEnd: over}}),
				tx.SetGroupAttendees(h.ID, "d", []GroupAttendee{{Group: "staff", Membership: "old", LastEnd: later}}),
				tx.SetGroupAttendees(h.ID, "e", []GroupAttendee{{Group: "gone", Membership: "old", LastEnd: over}}),
				tx.SetGroupAttendees(7, "f", []GroupAttendee{{Group: "staff", Membership: "old", LastEnd: later}}))
		})
		if groups, err := s.GroupsInvited(t.Context(), now); err != nil || !slices.Equal(groups, []string{"all", "staff"}) {
			t.Errorf("got %v %v", groups, err)
		}
		var got []string
		next := GroupAttendee{Group: "staff", Membership: "new"}
		for {
			page, err := s.GroupAttendees(t.Context(), next, now, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range page {
				got = append(got, g.Owner+" "+g.UID)
				next.HomeID, next.UID = g.HomeID, g.UID
			}
			if len(page) < 2 {
				break
			}
		}
		if slices.Sort(got); !slices.Equal(got, []string{" f", "ada a", "ada d"}) {
			t.Errorf("got %v", got)
		}
		mustWrite(t, s, func(tx *Tx) error { return tx.SetGroupAttendees(h.ID, "a", nil) })
		if err := s.PurgeGroupAttendees(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		if groups, err := s.GroupsInvited(t.Context(), time.Unix(0, 0)); err != nil || !slices.Equal(groups, []string{"staff"}) {
			t.Errorf("got %v %v", groups, err)
		}
	})
}

func TestTheRecordOfInvitationsForgetsTheOldest(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	s := openWithClock(t, &now)
	for _, line := range []string{"one", "two", "three"} {
		mustWrite(t, s, func(tx *Tx) error {
			return errors.Join(tx.AppendSchedule("uid", []byte(line)), tx.AppendSchedule("other", []byte("x")))
		})
		now = now.Add(time.Hour)
	}
	lines, err := s.Schedule(t.Context(), "uid")
	if err != nil || len(lines) != 3 || string(lines[0].Content) != "one" || string(lines[2].Content) != "three" || lines[0].UID != "uid" {
		t.Errorf("got %v %v", lines, err)
	}
	for _, want := range []int64{3, 1, 0} { // of both UIDs those of the first two hours, at most three at a time
		if n, err := s.PurgeSchedule(t.Context(), now.Add(-time.Hour), 3); err != nil || n != want {
			t.Errorf("forgot %d, %v, want %d", n, err, want)
		}
	}
	if lines, err = s.Schedule(t.Context(), "uid"); err != nil || len(lines) != 1 || string(lines[0].Content) != "three" {
		t.Errorf("got %v %v", lines, err)
	}
}

func TestOldObjectsAreThoseOfTheKind(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	s := openWithClock(t, &now)
	h := newHome(t, s, "ada")
	put := func(collection, name string) {
		mustWrite(t, s, func(tx *Tx) error {
			_, _, err := tx.PutObject(h.Collection(collection).ID, NewObject{Name: name, UID: name, Component: "VEVENT", Data: []byte("x")})
			return err
		})
	}
	put("inbox", "old")
	put("calendar", "old")
	now = now.Add(time.Hour)
	put("inbox", "new")
	old, err := s.OldObjects(t.Context(), Inbox, now, 10)
	if err != nil || len(old) != 1 || old[0].Name != "old" || old[0].CollectionID != h.Collection("inbox").ID {
		t.Errorf("got %v %v", old, err)
	}
}
