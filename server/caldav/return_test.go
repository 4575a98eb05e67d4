package caldav_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/server/store"
)

// fullCalendar gives the first person a calendar of meetings with the others, all called off and waiting to come back.
func fullCalendar(t *testing.T, o *office, meetings int) (id int64) {
	t.Helper()
	work := homePath(o.people[0]) + "work/"
	if w := o.do(o.people[0], "MKCALENDAR", work, ""); w.Code != http.StatusCreated {
		t.Fatalf("MKCALENDAR: %d", w.Code)
	}
	for i := range meetings {
		uid := fmt.Sprintf("uid-%03d", i)
		o.put(t, o.people[0], work+uid+".ics", meetingOf(uid, 9, o.people[0], o.people...))
	}
	if w := o.do(o.people[0], "DELETE", work, ""); w.Code != http.StatusNoContent {
		t.Fatalf("DELETE: %d", w.Code)
	}
	all, err := o.As(o.people[0]).DeletedCalendars(t.Context())
	if err != nil || len(all) != 1 || !all[0].Told {
		t.Fatalf("got %+v, %v", all, err)
	}
	return all[0].ID
}

// on counts those of the meetings that somebody has and that are not called off.
func (o *office) on(t *testing.T, p *directory.Principal, meetings int) (n int) {
	t.Helper()
	for i := range meetings {
		if c := o.copyOf(t, p, fmt.Sprintf("uid-%03d", i)); c != nil && c.Child("VEVENT").Value("STATUS") != "CANCELLED" {
			n++
		}
	}
	return n
}

// Of many meetings of a calendar that is back others hear in several transactions: the calendar is there at once, each
// meeting is told of once, and where the program ends in between, the next one goes on from there.
func TestAFullCalendarReturnsBySteps(t *testing.T) {
	o := newOffice(t, 2)
	ada, grace := o.people[0], o.people[1]
	const meetings = 120
	id := fullCalendar(t, o, meetings)
	before := o.messages(t, grace)
	ctx, stop := context.WithCancel(t.Context())
	o.store.Observe(func([]store.Change) { stop() }) // the client, or the program, is gone after the first transaction
	done, err := o.As(ada).RestoreCalendar(ctx, id)
	if err != nil || done.Invited == 0 || done.Invited >= meetings || done.Left != 0 {
		t.Fatalf("got %+v, %v, though the calendar is back", done, err)
	}
	if n := o.on(t, grace, meetings); n != done.Invited || o.messages(t, grace) != before+done.Invited {
		t.Errorf("%d are invited to, %d are on, %d messages", done.Invited, n, o.messages(t, grace)-before)
	}
	// Meanwhile one is moved, one is deleted, and a new one comes.
	work := homePath(ada) + "work/"
	if w := o.do(ada, "MOVE", work+"uid-118.ics", "", "Destination: "+inCalendar(ada, "moved.ics")); w.Code != http.StatusCreated {
		t.Errorf("MOVE: %d", w.Code)
	}
	if w := o.do(ada, "DELETE", work+"uid-119.ics", ""); w.Code != http.StatusNoContent {
		t.Errorf("DELETE: %d", w.Code)
	}
	o.put(t, ada, work+"zz-new.ics", meetingOf("new", 9, ada, ada, grace))
	for range 2 { // the second finds nothing to do
		if err := o.TidyDiscarded(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := o.on(t, grace, meetings); n != meetings-1 {
		t.Errorf("%d are on, want all but the one that was deleted", n)
	}
	if n := o.messages(t, grace) - before; n != meetings {
		t.Errorf("%d messages, want one for each of %d and for the new one", n, meetings-1)
	}
	if c := o.copyOf(t, grace, "new"); c.Child("VEVENT").Prop("SEQUENCE").Value() != "" {
		t.Errorf("the new one was touched:\n%v", c)
	}
}

// A calendar that is deleted again before others have heard of all of it, and comes back at once, goes on where it was.
func TestAFullCalendarThatReturnsTwiceGoesOn(t *testing.T) {
	o := newOffice(t, 2)
	ada, grace := o.people[0], o.people[1]
	const meetings = 60
	id := fullCalendar(t, o, meetings)
	ctx, stop := context.WithCancel(t.Context())
	o.store.Observe(func([]store.Change) { stop() })
	first, err := o.As(ada).RestoreCalendar(ctx, id)
	if err != nil || first.Invited >= meetings {
		t.Fatalf("got %+v, %v", first, err)
	}
	if err := o.As(ada).DeleteCalendar(t.Context(), "work"); err != nil {
		t.Fatal(err)
	}
	if err := o.TidyDiscarded(t.Context()); err != nil || o.on(t, grace, meetings) != first.Invited {
		t.Errorf("of what is deleted others hear: %d are on, want %d, %v", o.on(t, grace, meetings), first.Invited, err)
	}
	second, err := o.As(ada).RestoreCalendar(t.Context(), id)
	if err != nil || first.Invited+second.Invited != meetings || o.on(t, grace, meetings) != meetings {
		t.Errorf("got %+v and then %+v, %v; %d are on", first, second, err, o.on(t, grace, meetings))
	}
}

// Who leaves takes his calendars with him: nothing is left of what was to be said.
func TestAReturnOfSomebodyWhoIsGoneIsDropped(t *testing.T) {
	o := newOffice(t, 2)
	ada := o.people[0]
	id := fullCalendar(t, o, 60)
	ctx, stop := context.WithCancel(t.Context())
	o.store.Observe(func([]store.Change) { stop() })
	if _, err := o.As(ada).RestoreCalendar(ctx, id); err != nil {
		t.Fatal(err)
	}
	o.known = directory.NewSnapshot(o.people[1:], o.clock)
	o.clock = o.clock.Add(time.Minute)
	if err := o.TidyDiscarded(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := o.store.Values(t.Context(), "returning")
	if err != nil || len(left) != 0 {
		t.Errorf("left is %q, %v", left, err)
	}
	if err := o.store.Write(t.Context(), func(tx *store.Tx) error { return tx.DeleteHome(strings.ToLower(ada.GUID)) }); err != nil {
		t.Error(err)
	}
}
