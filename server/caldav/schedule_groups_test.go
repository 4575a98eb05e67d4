package caldav_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/server/ical"
	"calport/server/store"
	"calport/server/store/storetest"
)

// staff is a group of the office.
func staff(members ...*directory.Principal) *directory.Principal {
	g := &directory.Principal{Kind: directory.Group, ShortName: "staff", GUID: "0b000000-0000-4000-8000-0000000000aa", FullName: "Staff",
		Mails: []string{"staff@example.com"}}
	for _, p := range members {
		g.Members = append(g.Members, p.GUID)
	}
	return g
}

// know gives the office another directory.
func (o *office) know(groups ...*directory.Principal) {
	all := append([]*directory.Principal{o.room}, o.people...)
	o.known = directory.NewSnapshot(append(all, groups...), o.clock)
}

func TestMeetingsFollowTheirGroups(t *testing.T) {
	storetest.OnEveryEngine(t, func(t *testing.T, options store.Options) { followGroups(t, officeOn(t, 4, options)) })
}

func followGroups(t *testing.T, o *office) {
	t.Helper()
	p := o.people
	o.know(staff(p[0], p[1], p[2]))
	body := meetingOf("uid", 9, p[0], staff())
	o.put(t, p[0], inCalendar(p[0], "1.ics"), body)
	for i, want := range []string{"NEEDS-ACTION", "NEEDS-ACTION", "nothing"} {
		if got := partstat(o.copyOf(t, p[i+1], "uid"), p[i+1]); got != want {
			t.Errorf("person %d has %s, want %s", i+1, got, want)
		}
	}

	items := o.messages(t, p[1])
	o.know(staff(p[1], p[3]))
	if err := o.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := partstat(o.copyOf(t, p[3], "uid"), p[3]); got != "NEEDS-ACTION" {
		t.Errorf("the new member has %s", got)
	}
	if c := o.copyOf(t, p[2], "uid"); c == nil || c.Child("VEVENT").Value("STATUS") != "CANCELLED" {
		t.Errorf("who left the group has\n%v", c)
	}
	if got := partstat(o.copyOf(t, p[1], "uid"), p[3]); got != "NEEDS-ACTION" {
		t.Errorf("who stayed has %s of the new one", got)
	}
	if got := o.messages(t, p[1]); got != items {
		t.Errorf("who stayed has %d new inbox items", got-items)
	}

	// Nothing is left to do, and what the organizer has stays as it is.
	before := o.copyOf(t, p[0], "uid").String()
	o.clock = o.clock.Add(time.Minute)
	if err := o.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := o.copyOf(t, p[0], "uid").String(); after != before {
		t.Errorf("reconciled twice:\n%s\nbefore:\n%s", after, before)
	}

	// The meeting is deleted: nobody is invited to it by a group any more.
	if w := o.do(p[0], "DELETE", inCalendar(p[0], "1.ics"), ""); w.Code != http.StatusNoContent {
		t.Fatal(w.Code)
	}
	o.know(staff(p[2]))
	if err := o.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if groups, err := o.store.GroupsInvited(t.Context(), o.clock); err != nil || len(groups) > 0 {
		t.Errorf("still remembered: %v %v", groups, err)
	}
}

// A series that has begun is parted when one of its groups changes: who joins hears of the future only, and who leaves
// keeps the past. What the organizer writes meanwhile does not change who is in the past either.
func TestASeriesThatHasBegunFollowsItsGroupsInTheFutureOnly(t *testing.T) {
	for name, start := range map[string]string{
		"in UTC": ":20260907T090000Z", "floating": ":20260907T090000", "days": ";VALUE=DATE:20260907",
	} {
		t.Run(name, func(t *testing.T) {
			storetest.OnEveryEngine(t, func(t *testing.T, options store.Options) { followInTheFuture(t, officeOn(t, 3, options), start) })
		})
	}
}

// copies are all that somebody has in the calendar.
func (o *office) copies(t testing.TB, p *directory.Principal) (all []*ical.Component) {
	t.Helper()
	err := o.store.Read(t.Context(), func(tx *store.Tx) error {
		h, err := tx.Home(strings.ToLower(p.GUID))
		if err != nil {
			return err
		}
		for item, err := range tx.Objects(h.Collection("calendar").ID, store.Whole) {
			if err != nil {
				return err
			}
			object, err := ical.Parse(item.Data)
			if err != nil {
				return err
			}
			all = append(all, object)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func followInTheFuture(t *testing.T, o *office, start string) {
	t.Helper()
	p := o.people
	o.clock = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	o.know(staff(p[1]))
	body := func(summary string) string {
		return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VEVENT\r\nUID:uid\r\nDTSTAMP:20260801T000000Z\r\nDTSTART" + start +
			"\r\nRRULE:FREQ=DAILY;COUNT=10\r\nSUMMARY:" + summary + "\r\nORGANIZER:mailto:" + p[0].Mails[0] + "\r\nATTENDEE:mailto:" +
			staff().Mails[0] + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	o.put(t, p[0], inCalendar(p[0], "1.ics"), body("Tea"))

	// Five have been; the directory changes, and the organizer's client is faster than the server.
	o.clock = time.Date(2026, 9, 11, 12, 0, 0, 0, time.UTC)
	o.know(staff(p[2]))
	o.put(t, p[0], inCalendar(p[0], "1.ics"), body("Coffee"))
	if o.copyOf(t, p[2], "uid") != nil {
		t.Error("who joined is invited to the past")
	}
	if err := o.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := o.copyOf(t, p[2], "uid"); c == nil || !strings.Contains(c.Child("VEVENT").Value("DTSTART"), "20260912") ||
		c.Child("VEVENT").Value("RRULE") != "FREQ=DAILY;COUNT=5" {
		t.Errorf("who joined has\n%v", c)
	}
	if c := o.copyOf(t, p[1], "uid"); c == nil || c.Child("VEVENT").Value("STATUS") != "CANCELLED" ||
		!strings.Contains(c.Child("VEVENT").Value("DTSTART"), "20260912") {
		t.Errorf("who left has of the future\n%v", c)
	}
	past := 0
	for _, who := range p {
		for _, c := range o.copies(t, who) {
			event := c.Child("VEVENT")
			if event.Text("UID") == "uid" {
				continue
			}
			past++
			if who == p[2] || event.Value("STATUS") == "CANCELLED" || !strings.Contains(event.Value("DTSTART"), "20260907") ||
				partstat(c, p[1]) != "NEEDS-ACTION" || partstat(c, p[2]) != "nobody" {
				t.Errorf("%s has of the past\n%v", who.ShortName, c)
			}
		}
	}
	if past != 2 {
		t.Errorf("%d have the past, want the organizer and who left", past)
	}
	before := o.copyOf(t, p[0], "uid").String()
	if err := o.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := o.copyOf(t, p[0], "uid").String(); after != before {
		t.Errorf("reconciled twice:\n%s\nbefore:\n%s", after, before)
	}
}

func TestAGroupThatIsGoneCancelsNothing(t *testing.T) {
	o := newOffice(t, 2)
	p := o.people
	o.know(staff(p[1]))
	o.put(t, p[0], inCalendar(p[0], "1.ics"), meetingOf("uid", 9, p[0], staff()))
	o.know()
	if err := o.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := partstat(o.copyOf(t, p[1], "uid"), p[1]); got != "NEEDS-ACTION" {
		t.Errorf("the member has %s", got)
	}
}

func TestAttendeesAreLimitedWithTheMembersOfGroups(t *testing.T) {
	o := newOffice(t, 3)
	p := o.people
	o.know(staff(p...))
	var b strings.Builder
	for i := range 201 {
		fmt.Fprintf(&b, "ATTENDEE;MEMBER=\"mailto:p2@example.com\":mailto:x%d@elsewhere.example\r\n", i)
	}
	// Who is in the meeting for a group that is none counts for himself.
	body := strings.Replace(meetingOf("uid", 9, p[0], p[1]), "ATTENDEE;", b.String()+
		"ATTENDEE;CUTYPE=X-SERVER-GROUP:mailto:p2@example.com\r\nATTENDEE;", 1)
	w := o.do(p[0], "PUT", inCalendar(p[0], "1.ics"), body)
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "max-attendees-per-instance") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if c := o.copyOf(t, p[1], "uid"); c != nil {
		t.Errorf("somebody was invited all the same:\n%s", c)
	}
	// Instances described apart add up.
	override := strings.TrimPrefix(b.String()[:strings.LastIndex(b.String()[:len(b.String())*2/3], "ATTENDEE")], "")
	body = strings.Replace(meetingOf("uid", 9, p[0], p[1]), "SUMMARY", "RRULE:FREQ=DAILY;COUNT=60\r\nSUMMARY", 1)
	for i := range 40 {
		part := strings.Replace(meetingOf("uid", 9, p[0], p[1]), "SUMMARY", fmt.Sprintf("RECURRENCE-ID:%s\r\n%sSUMMARY",
			time.Date(2026, 9, 7+i, 9, 0, 0, 0, time.UTC).Format("20060102T150405Z"), override), 1)
		from, to := strings.Index(part, "BEGIN:VEVENT"), strings.Index(part, "END:VCALENDAR")
		body = strings.Replace(body, "END:VCALENDAR", part[from:to]+"END:VCALENDAR", 1)
	}
	w = o.do(p[0], "PUT", inCalendar(p[0], "1.ics"), body)
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "max-attendees-per-instance") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestInboxesAreEmptiedOfWhatIsOld(t *testing.T) {
	o := newOffice(t, 3)
	p := o.people
	o.put(t, p[0], inCalendar(p[0], "1.ics"), meetingOf("old", 9, p[0], p[1:]...))
	o.clock = o.clock.Add(13 * 24 * time.Hour)
	o.put(t, p[0], inCalendar(p[0], "2.ics"), meetingOf("new", 9, p[0], p[1:]...))
	o.clock = o.clock.Add(2 * 24 * time.Hour)
	if err := o.PurgeInboxes(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, who := range p[1:] {
		if got := o.messages(t, who); got != 1 {
			t.Errorf("%s has %d messages, want the new one", who.ShortName, got)
		}
		if o.copyOf(t, who, "old") == nil {
			t.Error("the event itself is gone")
		}
	}
}

// A PUT that invites a group of a thousand.
func BenchmarkInviteGroup(b *testing.B) {
	for _, size := range []int{100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			o := newOffice(b, size+1)
			p := o.people
			o.know(staff(p[1:]...))
			for _, who := range p {
				o.put(b, who, inCalendar(who, "first.ics"), event("first-"+who.ShortName, "20260901T090000Z"))
			}
			measure(b, func(i int) {
				uid := fmt.Sprint("meeting-", i)
				o.put(b, p[0], inCalendar(p[0], uid+".ics"), meetingOf(uid, 9, p[0], staff()))
			})
		})
	}
}
