package caldav_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"calport/directory"
)

// busyRequest asks in the name of somebody for the 7th of September of others.
func busyRequest(organizer *directory.Principal, extra string, of ...*directory.Principal) string {
	var b strings.Builder
	fmt.Fprintf(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:busy\r\nDTSTAMP:20260901T120000Z\r\n"+
		"DTSTART:20260907T000000Z\r\nDTEND:20260908T000000Z\r\nORGANIZER:mailto:%s\r\n%s", organizer.Mail(), extra)
	for _, p := range of {
		fmt.Fprintf(&b, "ATTENDEE:urn:x-uid:%s\r\n", p.GUID)
	}
	return b.String() + "END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
}

const extended = "X-CALENDARSERVER-EXTENDED-FREEBUSY:T\r\n"

func outboxOf(p *directory.Principal) string { return "/calendars/__uids__/" + p.GUID + "/outbox/" }

// Delegates, and those who keep a room, see what makes it busy; nobody else does.
func TestExtendedFreeBusyIsForDelegates(t *testing.T) {
	o := newOffice(t, 3)
	owner, delegate, stranger := o.people[0], o.people[1], o.people[2]
	owner.Delegates.Read, o.room.Delegates.Write = []string{delegate.GUID}, []string{delegate.GUID}
	o.know()
	o.put(t, owner, inCalendar(owner, "1.ics"), meetingOf("uid", 9, owner, owner, o.room))
	o.put(t, owner, inCalendar(owner, "2.ics"), secret("confidential", "CONFIDENTIAL"))
	o.put(t, owner, inCalendar(owner, "3.ics"), secret("restricted", "RESTRICTED"))
	ask := func(who *directory.Principal, extra string) string {
		t.Helper()
		w := o.do(who, "POST", outboxOf(who), busyRequest(who, extra, owner, o.room))
		if w.Code != http.StatusOK || strings.Count(w.Body.String(), "2.0;Success") != 2 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return w.Body.String()
	}
	full := ask(delegate, extended)
	if n := strings.Count(full, "SUMMARY:Meeting"); n != 2 {
		t.Errorf("the delegate is told of %d events, want that of the owner and of the room:\n%s", n, full)
	}
	if !strings.Contains(full, "secret-restricted") || strings.Contains(full, "secret-confidential") {
		t.Errorf("restricted events:\n%s", full)
	}
	for who, text := range map[string]string{"a stranger": ask(stranger, extended), "who does not ask for it": ask(delegate, "")} {
		if strings.Contains(text, "VEVENT") || !strings.Contains(text, "FREEBUSY;FBTYPE=BUSY:20260907T090000Z/PT1H") {
			t.Errorf("%s is told\n%s", who, text)
		}
	}
}

// A write delegate acts as the one for whom he works: he invites in that name, says so by SENT-BY, and answers for him.
func TestAWriteDelegateActsForTheOwner(t *testing.T) {
	o := newOffice(t, 4)
	owner, delegate, reader, attendee := o.people[0], o.people[1], o.people[2], o.people[3]
	owner.Delegates = directory.Delegates{Write: []string{staff().GUID}, Read: []string{reader.GUID}}
	o.know(staff(delegate)) // by a group
	sentBy := strings.Replace(meetingOf("uid", 9, owner, owner, attendee), "ORGANIZER:", `ORGANIZER;SENT-BY="mailto:`+delegate.Mail()+`":`, 1)
	if w := o.do(reader, "PUT", inCalendar(owner, "1.ics"), sentBy); w.Code != http.StatusForbidden {
		t.Errorf("who may only read: %d", w.Code)
	}
	o.put(t, delegate, inCalendar(owner, "1.ics"), sentBy)
	got := o.copyOf(t, attendee, "uid")
	organizer := got.Child("VEVENT").Prop("ORGANIZER")
	if organizer.Value() != "mailto:"+owner.Mail() || organizer.Param("SENT-BY") != "mailto:"+delegate.Mail() {
		t.Errorf("the attendee has %s by %s", organizer.Value(), organizer.Param("SENT-BY"))
	}
	accepted := strings.Replace(meetingOf("uid", 9, owner, owner, attendee), "NEEDS-ACTION:mailto:"+attendee.Mail(), "ACCEPTED:mailto:"+attendee.Mail(), 1)
	o.put(t, attendee, inCalendar(attendee, "1.ics"), accepted)
	if got := partstat(o.copyOf(t, owner, "uid"), attendee); got != "ACCEPTED" {
		t.Errorf("the owner was told %s", got)
	}

	// The delegate answers for the owner, out of the owner's inbox, and asks when others are busy in the owner's name.
	o.put(t, attendee, inCalendar(attendee, "2.ics"), meetingOf("other", 11, attendee, attendee, owner))
	inbox := "/calendars/__uids__/" + owner.GUID + "/inbox/"
	for who, want := range map[*directory.Principal]int{delegate: http.StatusMultiStatus, reader: http.StatusForbidden, attendee: http.StatusForbidden} {
		if w := o.do(who, "PROPFIND", inbox, "", "Depth: 1"); w.Code != want {
			t.Errorf("the inbox to %s: %d, want %d", who.ShortName, w.Code, want)
		}
		if want == http.StatusMultiStatus {
			want = http.StatusOK
		}
		if w := o.do(who, "POST", outboxOf(owner), busyRequest(owner, "", attendee)); w.Code != want {
			t.Errorf("the outbox to %s: %d, want %d", who.ShortName, w.Code, want)
		}
	}
	o.put(t, delegate, inCalendar(owner, "2.ics"), strings.Replace(meetingOf("other", 11, attendee, attendee, owner), "NEEDS-ACTION:mailto:"+owner.Mail(), "DECLINED:mailto:"+owner.Mail(), 1))
	if got := partstat(o.copyOf(t, attendee, "other"), owner); got != "DECLINED" {
		t.Errorf("the organizer was told %s", got)
	}
}

func TestRoomsAreFoundWithTheirSeatsAndPlace(t *testing.T) {
	o := newOffice(t, 1)
	o.room.Place.Capacity, o.room.Place.Location = 12, "Second floor"
	o.know()
	w := o.do(o.people[0], "REPORT", "/principals/", `<CS:calendarserver-principal-search xmlns:CS="http://calendarserver.org/ns/" xmlns:D="DAV:" context="location">
		<CS:search-token>Room</CS:search-token><D:prop><D:displayname/><N:room-seating-capacity xmlns:N="http://nextcloud.com/ns"/>
		<N:room-building-address xmlns:N="http://nextcloud.com/ns"/></D:prop></CS:calendarserver-principal-search>`, "Content-Type: text/xml", "Depth: 0")
	if body := w.Body.String(); w.Code != 207 || !strings.Contains(body, ">12<") || !strings.Contains(body, "Second floor") {
		t.Errorf("%d %s", w.Code, body)
	}
	find := func(body string) int {
		w := o.do(o.people[0], "REPORT", "/principals/", body, "Content-Type: text/xml", "Depth: 0")
		if w.Code != http.StatusMultiStatus {
			return -w.Code
		}
		return strings.Count(w.Body.String(), "<D:response>")
	}
	for words, want := range map[string]int{"second floor": 1, "floor room": 1, "cellar": 0} {
		if got := find(`<CS:calendarserver-principal-search xmlns:CS="http://calendarserver.org/ns/" xmlns:D="DAV:" context="location">
			<CS:search-token>` + words + `</CS:search-token><D:prop><D:displayname/></D:prop></CS:calendarserver-principal-search>`); got != want {
			t.Errorf("%q: %d rooms, want %d", words, got, want)
		}
	}
	for search, want := range map[string]int{
		"seating-capacity 12": 1, "seating-capacity 13": 0, "seating-capacity x": -http.StatusBadRequest,
		"building-address floor": 1, "building-address cellar": 0,
	} {
		name, text, _ := strings.Cut(search, " ")
		if got := find(`<D:principal-property-search xmlns:D="DAV:" xmlns:N="http://nextcloud.com/ns"><D:property-search><D:prop><N:room-` + name +
			`/></D:prop><D:match>` + text + `</D:match></D:property-search><D:prop><D:displayname/></D:prop></D:principal-property-search>`); got != want {
			t.Errorf("%s: %d, want %d", search, got, want)
		}
	}
}

// Who asks about more people than the limit hears of the first ones, and that the rest were too many.
func TestMoreRecipientsThanTheLimitAreToldApart(t *testing.T) {
	o := newOffice(t, 32)
	w := o.do(o.people[0], "POST", outboxOf(o.people[0]), busyRequest(o.people[0], "", o.people...))
	served, unserved := strings.Count(w.Body.String(), "2.0;Success"), strings.Count(w.Body.String(), "5.1;Service unavailable")
	if w.Code != http.StatusOK || served != 30 || unserved != 2 {
		t.Errorf("got %d, %d answers and %d refusals, want 200, 30 and 2", w.Code, served, unserved)
	}
}
