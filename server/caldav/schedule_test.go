package caldav_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory"
	"calport/server/caldav"
	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
	"calport/server/store/storetest"
)

// office is a server with n people, whose clock can be moved, and a room.
type office struct {
	*caldav.Server
	store  *store.Store
	people []*directory.Principal
	room   *directory.Principal
	clock  time.Time
	known  *directory.Snapshot
	denied *directory.Principal // may not use the server
	log    bytes.Buffer
}

func newOffice(t testing.TB, n int) *office {
	t.Helper()
	return openOffice(t, n, filepath.Join(t.TempDir(), "calport.db"))
}

func openOffice(t testing.TB, n int, path string) *office {
	t.Helper()
	return officeOn(t, n, store.Options{Path: path})
}

func officeOn(t testing.TB, n int, options store.Options) *office {
	t.Helper()
	o := &office{clock: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
	for i := range n {
		o.people = append(o.people, &directory.Principal{Kind: directory.Individual, ShortName: fmt.Sprintf("p%d", i),
			GUID: fmt.Sprintf("0b000000-0000-4000-8000-%012d", i), FullName: fmt.Sprintf("Person %d", i),
			Mails: []string{fmt.Sprintf("p%d@example.com", i)}})
	}
	o.room = &directory.Principal{Kind: directory.Room, ShortName: "room", GUID: "0b000000-0000-4000-8000-0000000000ff",
		FullName: "Room", Place: &directory.Place{}}
	o.known = directory.NewSnapshot(append([]*directory.Principal{o.room}, o.people...), o.clock)
	now := func() time.Time { return o.clock }
	var err error
	options.Now = now
	if o.store, err = store.Open(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.store.Close() })
	o.Server, err = caldav.New(caldav.Options{Store: o.store, People: func() *directory.Snapshot { return o.known }, Now: now,
		Log: slog.New(slog.NewTextHandler(&o.log, nil)), Limits: caldav.Limits{Attendees: 200}, Serves: func(p *directory.Principal) bool { return p != o.denied }})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) do(who *directory.Principal, method, path, body string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "text/calendar")
	for _, line := range head {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r.WithContext(caldav.WithPrincipal(r.Context(), who)))
	return w
}

func (o *office) put(t testing.TB, who *directory.Principal, path, body string, head ...string) {
	t.Helper()
	if w := o.do(who, "PUT", path, body, head...); w.Code >= 300 {
		t.Fatalf("PUT %s: %d\n%s", path, w.Code, w.Body)
	}
}

func inCalendar(p *directory.Principal, name string) string {
	return "/calendars/__uids__/" + p.GUID + "/calendar/" + name
}

// meetingOf is a meeting at the hour of 7 September.
func meetingOf(uid string, hour int, organizer *directory.Principal, attendees ...*directory.Principal) string {
	var b strings.Builder
	fmt.Fprintf(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260901T120000Z\r\n"+
		"DTSTART:20260907T%02d0000Z\r\nDURATION:PT1H\r\nSUMMARY:Meeting\r\nORGANIZER:mailto:%s\r\n", uid, hour, organizer.Mail())
	for _, a := range attendees {
		address := "urn:x-uid:" + a.GUID
		if a.Mail() != "" {
			address = "mailto:" + a.Mail()
		}
		fmt.Fprintf(&b, "ATTENDEE;PARTSTAT=NEEDS-ACTION:%s\r\n", address)
	}
	return b.String() + "END:VEVENT\r\nEND:VCALENDAR\r\n"
}

// copyOf is what somebody has of a UID, nil for nothing, and in how many calendar objects.
func (o *office) copyOf(t testing.TB, p *directory.Principal, uid string) *ical.Component {
	t.Helper()
	var found *ical.Component
	err := o.store.Read(t.Context(), func(tx *store.Tx) error {
		h, err := tx.Home(strings.ToLower(p.GUID))
		if err != nil {
			return err
		}
		item, err := tx.ObjectByUID(h.ID, uid, store.Whole)
		if err != nil {
			return err
		}
		found, err = ical.Parse(item.Data)
		return err
	})
	if err != nil && err != store.ErrNotFound {
		t.Fatal(err)
	}
	return found
}

// partstat is what a copy says of somebody's participation.
func partstat(c *ical.Component, of *directory.Principal) string {
	if c == nil {
		return "nothing"
	}
	for p := range c.Child("VEVENT").Props("ATTENDEE") {
		if strings.Contains(p.Value(), of.GUID) || of.Mail() != "" && strings.Contains(p.Value(), of.Mail()) {
			return p.Param("PARTSTAT")
		}
	}
	return "nobody"
}

// messages counts the items of somebody's inbox.
func (o *office) messages(t testing.TB, p *directory.Principal) (n int) {
	t.Helper()
	err := o.store.Read(t.Context(), func(tx *store.Tx) error {
		h, err := tx.Home(strings.ToLower(p.GUID))
		if err != nil {
			return err
		}
		for _, err := range tx.Objects(h.Collection("inbox").ID, store.Tags) {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOfManyWhoBookARoomAtOnceOneGetsIt(t *testing.T) {
	storetest.OnEveryEngine(t, func(t *testing.T, options store.Options) { bookAtOnce(t, officeOn(t, 8, options)) })
}

func bookAtOnce(t *testing.T, o *office) {
	t.Helper()
	var all sync.WaitGroup
	for _, p := range o.people {
		all.Go(func() {
			if w := o.do(p, "PUT", inCalendar(p, "1.ics"), meetingOf("of-"+p.ShortName, 9, p, p, o.room)); w.Code != http.StatusCreated {
				t.Errorf("PUT of %s: %d %s", p.ShortName, w.Code, w.Body)
			}
		})
	}
	all.Wait()
	got := map[string]int{}
	for _, p := range o.people {
		uid := "of-" + p.ShortName
		his, rooms := o.copyOf(t, p, uid), o.copyOf(t, o.room, uid)
		if a, b := partstat(his, o.room), partstat(rooms, o.room); a != b {
			t.Errorf("%s was told %s, the room has %s", p.ShortName, a, b)
		}
		got[partstat(his, o.room)]++
	}
	if got["ACCEPTED"] != 1 || got["DECLINED"] != len(o.people)-1 {
		t.Errorf("the room answered %v", got)
	}
}

func TestAnInvitationIsSentToAllOrNone(t *testing.T) {
	o := newOffice(t, 3)
	o.put(t, o.people[0], inCalendar(o.people[0], "taken.ics"), meetingOf("other", 9, o.people[0], o.people[1]))
	// The UID of the new event is taken in the organizer's own home, which is found out after everybody has been invited.
	o.put(t, o.people[0], inCalendar(o.people[0], "1.ics"), strings.NewReplacer("ORGANIZER", "X-ORGANIZER", "ATTENDEE", "X-ATTENDEE").
		Replace(meetingOf("uid", 10, o.people[0], o.people[1])))
	if w := o.do(o.people[0], "PUT", inCalendar(o.people[0], "2.ics"), meetingOf("uid", 11, o.people[0], o.people[1], o.people[2])); w.Code != http.StatusForbidden {
		t.Fatalf("got %d, want 403", w.Code)
	}
	if c := o.copyOf(t, o.people[1], "uid"); c != nil {
		t.Errorf("somebody was invited to what is not there:\n%s", c)
	}
}

func TestOtherAttendeesHearOfRepliesOnceAndAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calport.db")
	o := openOffice(t, 4, path)
	p := o.people
	o.put(t, p[0], inCalendar(p[0], "1.ics"), meetingOf("uid", 9, p[0], p...))
	for _, who := range p[1:3] {
		accepted := strings.ReplaceAll(meetingOf("uid", 9, p[0], p...), "NEEDS-ACTION:mailto:"+who.Mail(), "ACCEPTED:mailto:"+who.Mail())
		o.put(t, who, inCalendar(who, "1.ics"), accepted)
	}
	if got := partstat(o.copyOf(t, p[0], "uid"), p[1]); got != "ACCEPTED" {
		t.Errorf("the organizer has %s of the first who replied", got)
	}
	items := o.messages(t, p[3])

	// The process ends before anybody was told.
	if err := o.store.Close(); err != nil {
		t.Fatal(err)
	}
	o = openOffice(t, 4, path)
	if got := partstat(o.copyOf(t, p[3], "uid"), p[1]); got != "NEEDS-ACTION" {
		t.Fatalf("the third knows of %s already: nothing is left to test", got)
	}
	o.clock = o.clock.Add(time.Second)
	ctx, stop := context.WithCancel(t.Context())
	told := make(chan struct{})
	o.store.Observe(func(changes []store.Change) {
		for _, c := range changes {
			if c.HomeOwner == strings.ToLower(p[3].GUID) {
				close(told)
			}
		}
	})
	var running sync.WaitGroup
	running.Go(func() { o.Run(ctx) })
	<-told
	stop()
	running.Wait()
	for i, who := range p {
		for _, of := range p[1:3] {
			if got := partstat(o.copyOf(t, who, "uid"), of); got != "ACCEPTED" {
				t.Errorf("person %d has %s of %s", i, got, of.ShortName)
			}
		}
	}
	if got := o.messages(t, p[3]); got != items {
		t.Errorf("a refresh made %d inbox items", got-items)
	}
}

// What is damaged in one meeting is no reason to keep those of another waiting.
func TestADamagedMeetingKeepsNoOthersWaiting(t *testing.T) {
	o := newOffice(t, 3)
	p := o.people
	const meetings = 8
	for i := range meetings {
		uid := fmt.Sprintf("uid-%d", i)
		o.put(t, p[0], inCalendar(p[0], uid+".ics"), meetingOf(uid, 9+i, p[0], p...))
		o.put(t, p[1], inCalendar(p[1], uid+".ics"), strings.ReplaceAll(meetingOf(uid, 9+i, p[0], p...), "NEEDS-ACTION:mailto:"+p[1].Mail(), "ACCEPTED:mailto:"+p[1].Mail()))
	}
	for i := range meetings - 1 {
		o.damage(t, p[0], fmt.Sprintf("uid-%d", i))
	}
	o.clock = o.clock.Add(time.Second)
	for range 2 { // what is damaged is logged once, and not tried again
		if _, err := o.Scheduler().Catchup(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(o.log.String(), "a calendar object is damaged"); n != meetings-1 {
		t.Errorf("%d are logged as damaged, want %d\n%s", n, meetings-1, o.log.String())
	}
	if got := partstat(o.copyOf(t, p[2], fmt.Sprintf("uid-%d", meetings-1)), p[1]); got != "ACCEPTED" {
		t.Errorf("an attendee has %s of the one who replied", got)
	}
}

func TestDeletingACalendarCallsItsMeetingsOff(t *testing.T) {
	o := newOffice(t, 2)
	p := o.people
	work := "/calendars/__uids__/" + p[0].GUID + "/work/"
	if w := o.do(p[0], "MKCALENDAR", work, ""); w.Code != http.StatusCreated {
		t.Fatalf("MKCALENDAR: %d", w.Code)
	}
	o.put(t, p[0], work+"1.ics", meetingOf("uid", 9, p[0], p[1]))
	if w := o.do(p[0], "DELETE", work, ""); w.Code != http.StatusNoContent {
		t.Fatalf("DELETE: %d", w.Code)
	}
	if c := o.copyOf(t, p[1], "uid"); c == nil || c.Child("VEVENT").Value("STATUS") != "CANCELLED" {
		t.Errorf("the attendee has\n%v", c)
	}
}

// A calendar of many meetings is called off in several transactions: whatever happens in between, each meeting once.
func TestDeletingAFullCalendarGoesOnWhereItStopped(t *testing.T) {
	o := newOffice(t, 2)
	p := o.people
	work := "/calendars/__uids__/" + p[0].GUID + "/work/"
	if w := o.do(p[0], "MKCALENDAR", work, ""); w.Code != http.StatusCreated {
		t.Fatalf("MKCALENDAR: %d", w.Code)
	}
	const meetings = 120
	for i := range meetings {
		uid := fmt.Sprintf("uid-%03d", i)
		o.put(t, p[0], work+uid+".ics", meetingOf(uid, 9, p[0], p[1]))
	}
	ctx, stop := context.WithCancel(t.Context())
	o.store.Observe(func([]store.Change) { stop() }) // the client, or the program, is gone after the first transaction
	r := httptest.NewRequest("DELETE", work, nil).WithContext(caldav.WithPrincipal(ctx, p[0]))
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	if w.Code != http.StatusNoContent {
		t.Errorf("DELETE: %d, though the calendar is gone", w.Code)
	}
	off := func() (n int) {
		for i := range meetings {
			if c := o.copyOf(t, p[1], fmt.Sprintf("uid-%03d", i)); c != nil && c.Child("VEVENT").Value("STATUS") == "CANCELLED" {
				n++
			}
		}
		return n
	}
	if n := off(); n == 0 || n == meetings {
		t.Fatalf("%d are off at once: nothing is left to test", n)
	}
	if w := o.do(p[0], "PROPFIND", work, "", "Depth: 0"); w.Code != http.StatusNotFound {
		t.Errorf("the calendar is there still: %d", w.Code)
	}
	if err := o.GoOnSettling(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := off(); n != meetings {
		t.Errorf("%d of %d are off", n, meetings)
	}
	if n := o.messages(t, p[1]); n != 2*meetings {
		t.Errorf("%d messages, want an invitation and a cancellation each", n)
	}
}

// A PUT that invites a hundred people, beside one that invites nobody.
func BenchmarkInvite(b *testing.B) {
	o := newOffice(b, 101)
	p := o.people
	for _, who := range p { // homes are made at the first visit
		o.put(b, who, inCalendar(who, "first.ics"), event("first-"+who.ShortName, "20260901T090000Z"))
	}
	n := 0
	for _, bench := range []struct {
		name string
		body func(uid string) string
	}{
		{"nobody", func(uid string) string { return event(uid, "20260907T090000Z") }},
		{"1", func(uid string) string { return meetingOf(uid, 9, p[0], p[1]) }},
		{"100", func(uid string) string { return meetingOf(uid, 9, p[0], p[1:]...) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			measure(b, func(int) {
				n++
				uid := fmt.Sprintf("meeting-%d", n)
				o.put(b, p[0], inCalendar(p[0], uid+".ics"), bench.body(uid))
			})
		})
	}
}

// What comes after the invitation: the organizer changes it, and attendees answer, of which the others are told when they
// are not too many.
func BenchmarkInvited(b *testing.B) {
	o := newOffice(b, 101)
	p := o.people
	for _, who := range p {
		o.put(b, who, inCalendar(who, "first.ics"), event("first-"+who.ShortName, "20260901T090000Z"))
	}
	for _, attendees := range []int{40, 100} {
		uid := fmt.Sprint("meeting-of-", attendees)
		meeting := meetingOf(uid, 9, p[0], p[1:attendees+1]...)
		o.put(b, p[0], inCalendar(p[0], uid+".ics"), meeting)
		b.Run(fmt.Sprint(attendees, "/answer"), func(b *testing.B) {
			who := p[1]
			where := o.whereIs(b, who, uid)
			answers := []string{"ACCEPTED", "DECLINED"}
			mine := o.copyOf(b, who, uid)
			measure(b, func(i int) {
				for a := range mine.Child("VEVENT").Props("ATTENDEE") {
					if strings.Contains(a.Value(), who.Mail()) {
						a.SetParam("PARTSTAT", answers[i%2])
					}
				}
				o.put(b, who, where, mine.String())
				o.clock = o.clock.Add(time.Minute)
				if _, err := o.Scheduler().Catchup(b.Context()); err != nil {
					b.Fatal(err)
				}
			})
		})
		b.Run(fmt.Sprint(attendees, "/change"), func(b *testing.B) {
			measure(b, func(i int) {
				o.put(b, p[0], inCalendar(p[0], uid+".ics"), strings.Replace(meeting, "SUMMARY:Meeting", fmt.Sprint("SUMMARY:Change ", i), 1))
			})
		})
	}
}

// whereIs is the path of what somebody has of a UID.
func (o *office) whereIs(t testing.TB, p *directory.Principal, uid string) (path string) {
	t.Helper()
	err := o.store.Read(t.Context(), func(tx *store.Tx) error {
		h, err := tx.Home(strings.ToLower(p.GUID))
		if err != nil {
			return err
		}
		item, err := tx.ObjectByUID(h.ID, uid, store.Facts)
		path = inCalendar(p, item.Name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// An inbox is no calendar that is kept in order of time, and is asked for a time all the same.
func TestMessagesAreFoundByTheirTime(t *testing.T) {
	o := newOffice(t, 2)
	p := o.people
	for day, uid := range []string{"first", "second"} {
		body := strings.Replace(meetingOf(uid, 9, p[0], p[1]), "20260907", fmt.Sprint(20260907+day), 1)
		o.put(t, p[0], inCalendar(p[0], uid+".ics"), body)
	}
	query := `<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><C:calendar-data/></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20260908T000000Z" end="20260909T000000Z"/>
</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`
	w := o.do(p[1], "REPORT", strings.Replace(inCalendar(p[1], ""), "/calendar/", "/inbox/", 1), query, "Depth: 1")
	if body := w.Body.String(); w.Code != 207 || strings.Contains(body, "UID:first") || !strings.Contains(body, "UID:second") {
		t.Errorf("got %d %s", w.Code, body)
	}
}

// A room is free or busy on the day of the place where it is, not on that of Greenwich.
func TestARoomDecidesAboutWholeDaysInItsOwnZone(t *testing.T) {
	o := newOffice(t, 1)
	p := o.people[0]
	book := func(uid, start, end string) string {
		body := strings.NewReplacer("DTSTART:20260907T090000Z", start, "DURATION:PT1H", end).Replace(meetingOf(uid, 9, p, p, o.room))
		o.put(t, p, inCalendar(p, uid+".ics"), body)
		return partstat(o.copyOf(t, p, uid), o.room)
	}
	book("first", "DTSTART:20260901T090000Z", "DURATION:PT1H") // which makes the room's home
	err := o.store.Write(t.Context(), func(tx *store.Tx) error {
		home, err := tx.Home(strings.ToLower(o.room.GUID))
		if err != nil {
			return err
		}
		zone := dav.NewText(dav.CalendarTimezoneID, "America/New_York")
		return tx.SaveProperties(store.OnCollection(home.Collection("calendar")), []store.PropertyChange{{
			PropertyKey: store.PropertyKey{Name: store.PropertyName(zone.Name)}, Value: zone.XML()}})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, booking := range []struct{ uid, start, end, want string }{
		{"evening", "DTSTART:20260908T010000Z", "DURATION:PT1H", "ACCEPTED"}, // nine on the 7th in New York
		{"that-day", "DTSTART;VALUE=DATE:20260907", "DTEND;VALUE=DATE:20260908", "DECLINED"},
		{"day-after", "DTSTART;VALUE=DATE:20260908", "DTEND;VALUE=DATE:20260909", "ACCEPTED"},
		{"floating", "DTSTART:20260907T213000", "DURATION:PT1H", "DECLINED"},
	} {
		if got := book(booking.uid, booking.start, booking.end); got != booking.want {
			t.Errorf("%s: the room answers %s, want %s", booking.uid, got, booking.want)
		}
	}
}

// Who has left is not invited, and whoever may not use the server would never see it: their organizer is told. What they
// have got before is kept up to date.
func TestWhoWouldNotSeeAnInvitationIsNotSaidToHaveIt(t *testing.T) {
	o := newOffice(t, 4)
	ada, grace, linus, edith := o.people[0], o.people[1], o.people[2], o.people[3]
	o.put(t, ada, inCalendar(ada, "old.ics"), meetingOf("old", 9, ada, ada, grace))
	grace.State, edith.State, o.denied = directory.Disabled, directory.Locked, linus
	o.put(t, ada, inCalendar(ada, "new.ics"), meetingOf("new", 10, ada, ada, grace, linus, edith))
	o.put(t, ada, inCalendar(ada, "old.ics"), strings.Replace(meetingOf("old", 9, ada, ada, grace), "SUMMARY:Meeting", "SUMMARY:Moved", 1))
	want := map[string]string{grace.Mail(): "5.3", linus.Mail(): "5.2", edith.Mail(): "1.2"} // there is no mail here
	for p := range o.copyOf(t, ada, "new").Child("VEVENT").Props("ATTENDEE") {
		address := strings.TrimPrefix(p.Value(), "mailto:")
		if got := p.Param("SCHEDULE-STATUS"); got != want[address] {
			t.Errorf("%s: SCHEDULE-STATUS %q, want %q", address, got, want[address])
		}
	}
	if o.copyOf(t, grace, "new") != nil || o.hasHome(t, linus) || o.copyOf(t, edith, "new") == nil {
		t.Error("the invitation is not where it should be")
	}
	if got := o.copyOf(t, grace, "old").Child("VEVENT").Text("SUMMARY"); got != "Moved" {
		t.Errorf("what grace had says %q", got)
	}
}
