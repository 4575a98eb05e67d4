package caldav_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory"
	"calport/server/caldav"
)

// This file is about what people can do to each other through scheduling and delegation.

const splitQuery = "?action=split&rid=20260914T090000Z&uid=past"

func weekly(meeting string) string {
	return strings.Replace(meeting, "SUMMARY:", "RRULE:FREQ=WEEKLY;COUNT=10\r\nSUMMARY:", 1)
}

func TestASplitPartsNobodysSeriesButTheOrganizers(t *testing.T) {
	o := newOffice(t, 2)
	owner, other := o.people[0], o.people[1]
	o.put(t, owner, inCalendar(owner, "m.ics"), weekly(meetingOf("uid", 9, owner, owner)))
	before := o.copyOf(t, owner, "uid").String()
	// Another has an event of the same UID, to which he invites the owner; that invitation is rejected.
	o.put(t, other, inCalendar(other, "m.ics"), weekly(meetingOf("uid", 9, other, other, owner)))
	if w := o.do(other, "POST", inCalendar(other, "m.ics")+splitQuery, ""); w.Code != 204 {
		t.Fatalf("splitting one's own: %d\n%s", w.Code, w.Body)
	}
	if got := o.copyOf(t, owner, "uid").String(); got != before {
		t.Errorf("somebody else's split changed the owner's series to\n%s", got)
	}
	if o.copyOf(t, owner, "past") != nil {
		t.Error("somebody else's split made an object in the owner's calendars")
	}
}

// grantAll lets somebody write to one calendar of another.
func (o *office) grantAll(t *testing.T, whose *directory.Principal, calendar string, to *directory.Principal) {
	t.Helper()
	body := `<D:acl xmlns:D="DAV:"><D:ace><D:principal><D:href>/principals/__uids__/` + to.GUID + `/</D:href></D:principal>
		<D:grant><D:privilege><D:read/></D:privilege><D:privilege><D:write/></D:privilege></D:grant></D:ace></D:acl>`
	if w := o.do(whose, "ACL", calendar, body, "Content-Type: text/xml"); w.Code != 200 {
		t.Fatalf("ACL %s: %d\n%s", calendar, w.Code, w.Body)
	}
}

func TestWhoIsGrantedOneCalendarTakesNoInvitationOutOfAnother(t *testing.T) {
	o := newOffice(t, 3)
	organizer, owner, guest := o.people[0], o.people[1], o.people[2]
	shared := "/calendars/__uids__/" + owner.GUID + "/shared/"
	if w := o.do(owner, "MKCALENDAR", shared, "", "Content-Type: text/xml"); w.Code != 201 {
		t.Fatalf("MKCALENDAR: %d", w.Code)
	}
	o.grantAll(t, owner, shared, guest)
	meeting := meetingOf("uid", 9, organizer, organizer, owner, guest)
	o.put(t, organizer, inCalendar(organizer, "m.ics"), meeting)

	if w := o.do(guest, "PUT", shared+"m.ics", meeting); w.Code != 403 || strings.Contains(w.Body.String(), "href") {
		t.Errorf("the guest learns where the owner keeps it: %d %s", w.Code, w.Body)
	}
	answer := strings.Replace(meeting, "PARTSTAT=NEEDS-ACTION:mailto:"+owner.Mail(), "PARTSTAT=DECLINED:mailto:"+owner.Mail(), 1)
	if w := o.do(guest, "PUT", shared+"m.ics", answer); w.Code != 403 {
		t.Errorf("the guest's PUT: %d, want 403", w.Code)
	}
	if w := o.do(guest, "GET", shared+"m.ics", ""); w.Code != 404 {
		t.Errorf("the owner's copy is in the shared calendar: %d", w.Code)
	}
	if got := partstat(o.copyOf(t, organizer, "uid"), owner); got != "NEEDS-ACTION" {
		t.Errorf("the guest answered for the owner: %s", got)
	}
	o.put(t, owner, shared+"m.ics", answer) // his own client may
}

func TestWhoIsGrantedACalendarSendsNothingInItsOwnersName(t *testing.T) {
	o := newOffice(t, 4)
	owner, guest, attendee, organizer := o.people[0], o.people[1], o.people[2], o.people[3]
	calendar := "/calendars/__uids__/" + owner.GUID + "/calendar/"
	o.grantAll(t, owner, calendar, guest)
	o.put(t, owner, calendar+"m.ics", weekly(meetingOf("uid", 9, owner, owner, attendee)))
	theirs := meetingOf("theirs", 11, organizer, organizer, owner)
	o.put(t, organizer, inCalendar(organizer, "m.ics"), theirs)
	before := o.copyOf(t, attendee, "uid").String()
	answer := strings.Replace(theirs, "PARTSTAT=NEEDS-ACTION:mailto:"+owner.Mail(), "PARTSTAT=DECLINED:mailto:"+owner.Mail(), 1)
	for _, request := range []struct{ method, name, body string }{
		{"PUT", "new.ics", meetingOf("new", 10, owner, owner, attendee)},
		{"PUT", "m.ics", weekly(meetingOf("uid", 10, owner, owner, attendee))},
		{"PUT", "answer.ics", answer},
		{"POST", "m.ics" + splitQuery, ""},
		{"DELETE", "m.ics", ""},
	} {
		w := o.do(guest, request.method, calendar+request.name, request.body)
		if w.Code != 403 || !strings.Contains(w.Body.String(), "<C:schedule-send-") {
			t.Errorf("%s %s: %d, want 403 and the privilege that is lacking\n%s", request.method, request.name, w.Code, w.Body)
		}
	}
	if got := o.copyOf(t, attendee, "uid").String(); got != before {
		t.Errorf("the attendee has\n%s", got)
	}
	if o.copyOf(t, attendee, "new") != nil {
		t.Error("the attendee was invited in the owner's name")
	}
	plain, _, _ := strings.Cut(meetingOf("plain", 9, owner), "ORGANIZER:")
	o.put(t, guest, calendar+"plain.ics", plain+"END:VEVENT\r\nEND:VCALENDAR\r\n") // which concerns nobody else
}

func TestCopyingOverAMeetingCallsItOff(t *testing.T) {
	o := newOffice(t, 3)
	owner, attendee, other := o.people[0], o.people[1], o.people[2]
	calendar := "/calendars/__uids__/" + owner.GUID + "/calendar/"
	o.put(t, owner, calendar+"m.ics", meetingOf("uid", 9, owner, owner, attendee))
	plain, _, _ := strings.Cut(meetingOf("uid", 9, owner), "ORGANIZER:")
	o.put(t, other, inCalendar(other, "m.ics"), plain+"END:VEVENT\r\nEND:VCALENDAR\r\n")
	o.grantAll(t, other, inCalendar(other, ""), owner)
	if w := o.do(owner, "COPY", inCalendar(other, "m.ics"), "", "Destination: "+calendar+"m.ics"); w.Code >= 300 {
		t.Fatalf("COPY: %d\n%s", w.Code, w.Body)
	}
	if got := o.copyOf(t, attendee, "uid").Child("VEVENT").Value("STATUS"); got != "CANCELLED" {
		t.Errorf("the attendee's copy has STATUS %q", got)
	}
}

// A UID is once in a home, and what was delivered keeps its place: it is not taken for what a client PUTs by another name.
func TestAnInvitationIsNotCopiedWithinItsHome(t *testing.T) {
	s := newServer(t)
	s.invite(t)
	from, _, _ := s.graces(t)
	w := s.want(t, "grace", "COPY", from, "", 403, "Destination: "+graceHome+"calendar/copy.ics")
	if !strings.Contains(w.Body.String(), "no-uid-conflict") {
		t.Errorf("got %s, want no-uid-conflict", w.Body)
	}
	s.want(t, "grace", "GET", from, "", 200)
}

func TestNobodyNamesADelegateWhomHeCannotFind(t *testing.T) {
	s := newServerOfRules(t)
	const proxy = "/principals/users/zo%C3%AB/calendar-proxy-read/"
	members := func(guid string) string {
		return `<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:group-member-set><D:href>/principals/__uids__/` + guid +
			`/</D:href></D:group-member-set></D:prop></D:set></D:propertyupdate>`
	}
	body := s.want(t, "zoë", "PROPPATCH", proxy, members(graceGUID), 207).Body.String()
	if !strings.Contains(body, " 403 ") {
		t.Errorf("naming somebody hidden is answered\n%s", body)
	}
	const query = `<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range start="20260901T000000Z" end="20260902T000000Z"/></C:free-busy-query>`
	s.want(t, "zoë", "REPORT", "/calendars/__uids__/"+graceGUID+"/calendar/", query, 403)
	if body := s.want(t, "zoë", "PROPPATCH", proxy, members(adaGUID), 207).Body.String(); strings.Contains(body, " 403 ") {
		t.Errorf("naming somebody whom one finds is answered\n%s", body)
	}
}

func TestADelegationTakenBackOnAnotherNodeEnds(t *testing.T) {
	s := newServer(t)
	here := s.handler
	snapshot := directory.NewSnapshot(people(), time.Now())
	there, err := caldav.New(caldav.Options{Store: s.store, People: func() *directory.Snapshot { return snapshot }})
	if err != nil {
		t.Fatal(err)
	}
	const proxy, calendar = "/principals/users/linus/calendar-proxy-write/", "/calendars/users/linus/calendar/"
	members := func(of string) string {
		return `<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:group-member-set>` + of + `</D:group-member-set></D:prop></D:set></D:propertyupdate>`
	}
	s.handler = there
	s.want(t, "linus", "PROPPATCH", proxy, members("<D:href>/principals/__uids__/"+zoeGUID+"/</D:href>"), 207)
	s.want(t, "zoë", "GET", calendar, "", 200)
	s.handler = here
	s.want(t, "linus", "PROPPATCH", proxy, members(""), 207)

	s.handler = there
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { there.Run(ctx) })
	defer running.Wait()
	defer cancel()
	for range 100_000 {
		if s.do(t, "zoë", "GET", calendar, "").Code == 403 {
			return
		}
	}
	t.Error("the delegate still reads the calendar")
}

func TestABulkRequestOfManyIsRefusedWhole(t *testing.T) {
	o := newOffice(t, 1)
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n")
	for i := range 101 {
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20260901T120000Z\r\nDTSTART:20260907T090000Z\r\nEND:VEVENT\r\n", i)
	}
	b.WriteString("END:VCALENDAR\r\n")
	w := o.do(o.people[0], "POST", inCalendar(o.people[0], ""), b.String())
	if w.Code != 403 || !strings.Contains(w.Body.String(), "max-resources") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
}

func TestASplitTakesNoUIDThatIsNoText(t *testing.T) {
	o := newOffice(t, 1)
	owner := o.people[0]
	o.put(t, owner, inCalendar(owner, "m.ics"), weekly(meetingOf("uid", 9, owner, owner)))
	for _, uid := range []string{"%00", "a%0Db", "%ff", strings.Repeat("a", 256)} {
		if w := o.do(owner, "POST", inCalendar(owner, "m.ics")+"?action=split&rid=20260914T090000Z&uid="+uid, ""); w.Code != 403 {
			t.Errorf("uid=%.10s: %d, want 403", uid, w.Code)
		}
	}
}

func TestARoomThatIsFullBeyondCountingDeclines(t *testing.T) {
	o := newOffice(t, 2)
	first, second := o.people[0], o.people[1]
	each := strings.Replace(meetingOf("seconds", 9, first, first, o.room), "DURATION:PT1H\r\n", "DURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n", 1)
	o.put(t, first, inCalendar(first, "m.ics"), each)
	o.put(t, second, inCalendar(second, "m.ics"), strings.Replace(weekly(meetingOf("uid", 9, second, second, o.room)), "COUNT=10", "COUNT=100", 1))
	if got := partstat(o.copyOf(t, second, "uid"), o.room); got != "DECLINED" {
		t.Errorf("the room says %s, want DECLINED", got)
	}
}
