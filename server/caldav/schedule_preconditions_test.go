package caldav_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Every precondition of RFC 6638 sections 3.2.4, 4.3, 5 and 9.2, and those of Apple's server beside them, by the requests
// that fail it: 403, its name, and nobody hears of anything.
func TestEverySchedulingPreconditionHasItsName(t *testing.T) {
	o := newOffice(t, 4)
	ada, grace, linus := o.people[0], o.people[1], o.people[2]
	meeting := meetingOf("uid", 9, ada, ada, grace)
	o.put(t, ada, inCalendar(ada, "uid.ics"), meeting)
	mine := ""
	for name := range o.listing(t, grace) {
		mine = name
	}
	if w := o.do(ada, "MKCALENDAR", homePath(ada)+"other/", ""); w.Code != http.StatusCreated {
		t.Fatalf("MKCALENDAR: %d %s", w.Code, w.Body)
	}
	inSeries := strings.Replace(meeting, "SUMMARY", "RRULE:FREQ=DAILY;COUNT=3\r\nSUMMARY", 1)
	comment := fmt.Sprintf("X-CALENDARSERVER-ATTENDEE-COMMENT;X-CALENDARSERVER-ATTENDEE-REF=\"mailto:%s\":No\r\n", grace.Mail())
	asked := busyRequest(ada, "", grace)
	reply := strings.Replace(strings.Replace(meeting, "BEGIN:VEVENT", "METHOD:REPLY\r\nBEGIN:VEVENT", 1), "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:"+grace.Mail()+"\r\n", "", 1)
	without := func(text, property string) string {
		at := strings.Index(text, property)
		return text[:at] + text[at+strings.Index(text[at:], "\r\n")+2:]
	}
	for _, c := range []struct {
		condition          string
		by                 int // of the people, who sends it
		method, path, body string
		head               []string
	}{
		// RFC 6638 section 3.2.4
		{condition: "<C:same-organizer-in-all-components", method: "PUT", path: inCalendar(ada, "uid.ics"),
			body: strings.Replace(twice(inSeries, "RECURRENCE-ID:20260908T090000Z\r\n"), "ORGANIZER:mailto:"+ada.Mail(), "ORGANIZER:mailto:"+linus.Mail(), 1)},
		{condition: "<C:allowed-organizer-scheduling-object-change", method: "PUT", path: inCalendar(ada, "uid.ics"),
			body: strings.Replace(meeting, "ORGANIZER:mailto:"+ada.Mail(), "ORGANIZER:mailto:"+linus.Mail(), 1)},
		{condition: "<C:allowed-attendee-scheduling-object-change", by: 1, method: "PUT", path: mine,
			body: strings.Replace(meeting, "ORGANIZER:mailto:"+ada.Mail(), "ORGANIZER:mailto:"+linus.Mail(), 1)},
		{condition: "<C:attendee-allowed", by: 2, method: "PUT", path: inCalendar(linus, "crash.ics"), body: meetingOf("uid", 9, ada, ada, grace, linus)},
		{condition: "<C:attendee-allowed", by: 2, method: "PUT", path: inCalendar(linus, "gone.ics"),
			body: strings.Replace(meetingOf("gone", 9, ada, ada, linus), "ORGANIZER:", "ORGANIZER;SCHEDULE-AGENT=SERVER:", 1)},
		{condition: "<C:unique-scheduling-object-resource", method: "PUT", path: homePath(ada) + "other/again.ics", body: meeting},
		{condition: "<C:unique-scheduling-object-resource", method: "COPY", path: inCalendar(ada, "uid.ics"), head: []string{"Destination: " + homePath(ada) + "other/copy.ics"}},
		{condition: "<CS:no-duplicate-private-comments", method: "PUT", path: inCalendar(ada, "uid.ics"), body: strings.Replace(meeting, "SUMMARY", comment+comment+"SUMMARY", 1)},
		{condition: "<C:max-attendees-per-instance", method: "PUT", path: inCalendar(ada, "many.ics"),
			body: strings.Replace(meetingOf("many", 9, ada, ada), "END:VEVENT", guests(201)+"END:VEVENT", 1)},
		// Section 2.2: what is in an inbox the server has put there.
		{condition: "", by: 1, method: "PUT", path: homePath(grace) + "inbox/1.ics", body: meeting},
		// Sections 4.3 and 9.2
		{condition: "<C:default-calendar-delete-allowed", by: 1, method: "MOVE", path: homePath(grace) + "calendar/", head: []string{"Destination: " + homePath(grace) + "renamed/"}},
		// Section 5
		{condition: "<C:valid-calendar-data", method: "POST", path: outboxOf(ada), body: strings.Replace(asked, "METHOD:REQUEST", "METHOD:ADD", 1)},
		{condition: "<C:valid-calendar-data", method: "POST", path: outboxOf(ada), body: "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"},
		{condition: "<C:valid-scheduling-message", method: "POST", path: outboxOf(ada), body: without(asked, "DTSTART")},
		{condition: "<C:supported-calendar-data", method: "POST", path: outboxOf(ada), body: asked, head: []string{"Content-Type: text/plain"}},
		{condition: "<C:organizer-allowed", method: "POST", path: outboxOf(ada), body: busyRequest(grace, "", linus)},
		{condition: "<C:recipient-specified", method: "POST", path: outboxOf(ada), body: without(asked, "ATTENDEE")},
		{condition: "<C:attendee-allowed", by: 1, method: "POST", path: outboxOf(grace), body: reply},
		{condition: "<C:supported-collection", method: "POST", path: homePath(ada) + "inbox/", body: asked},
		{condition: "<D:need-privileges", by: 3, method: "POST", path: outboxOf(ada), body: asked},
	} {
		who := o.people[c.by]
		w := o.do(who, c.method, c.path, c.body, c.head...)
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), c.condition) {
			t.Errorf("%s %s of %s: got %d, want %s\n%s", c.method, c.path, who.ShortName, w.Code, c.condition, w.Body)
		}
	}
	if n := len(o.listing(t, grace)); n != 1 || o.messages(t, grace) != 1 || o.hasHome(t, linus) && o.messages(t, linus) > 0 {
		t.Errorf("grace has %d events and %d messages", n, o.messages(t, grace))
	}
}

// guests are attendees outside of the directory.
func guests(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "ATTENDEE:mailto:guest%d@elsewhere.example\r\n", i)
	}
	return b.String()
}
