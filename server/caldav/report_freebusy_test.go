package caldav_test

import (
	"strings"
	"testing"
)

// Whether somebody is busy does not depend on the door that one asks at: the person's own answer counts, then STATUS and
// TRANSP.
func TestAllWhoAskAreToldTheSameBusyTime(t *testing.T) {
	o := newOffice(t, 2)
	mine, other := o.people[0], o.people[1]
	const query = `<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range start="20260907T000000Z" end="20260908T000000Z"/></C:free-busy-query>`
	path := inCalendar(mine, "imported.ics")
	for _, c := range []struct{ answer, more, want string }{
		{"ACCEPTED", "", "BUSY"},
		{"TENTATIVE", "", "BUSY-TENTATIVE"},
		{"NEEDS-ACTION", "", "BUSY-TENTATIVE"},
		{"DECLINED", "", ""},
		{"DELEGATED", "", ""},
		{"ACCEPTED", "STATUS:CANCELLED\r\n", ""},
		{"ACCEPTED", "STATUS:TENTATIVE\r\n", "BUSY-TENTATIVE"},
		{"ACCEPTED", "TRANSP:TRANSPARENT\r\n", ""},
	} {
		event := strings.Replace(meetingOf("uid", 9, mine, mine), "ORGANIZER:mailto:"+mine.Mail(), "ORGANIZER:mailto:boss@elsewhere.example", 1)
		o.do(mine, "DELETE", path, "")
		event = strings.Replace(strings.Replace(event, "NEEDS-ACTION", c.answer, 1), "SUMMARY", c.more+"SUMMARY", 1)
		o.put(t, mine, path, event)
		for door, body := range map[string]string{
			"calendar": o.do(other, "REPORT", homePath(mine)+"calendar/", query, "Depth: 1").Body.String(),
			"home":     o.do(mine, "REPORT", homePath(mine), query, "Depth: 1").Body.String(),
			"outbox":   o.do(other, "POST", outboxOf(other), busyRequest(other, "", mine)).Body.String(),
		} {
			if !strings.Contains(body, "BEGIN:VFREEBUSY") {
				t.Fatalf("%s: %s", door, body)
			}
			got := ""
			if _, after, found := strings.Cut(body, "FREEBUSY;FBTYPE="); found {
				got, _, _ = strings.Cut(after, ":")
			}
			if got != c.want {
				t.Errorf("%s, %q by the %s: got %q, want %q\n%s", c.answer, c.more, door, got, c.want, body)
			}
		}
	}
}
