package caldav_test

import (
	"net/http"
	"strings"
	"testing"
)

// Who is invited to single instances of a series has them under the UID of the part that they come to belong to; who has
// a damaged copy gets both parts anew.
func TestASplitReachesEveryKindOfCopy(t *testing.T) {
	o := newOffice(t, 5)
	p := o.people
	series := strings.Replace(meetingOf("uid", 9, p[0], p[0], p[1], p[2]), "SUMMARY", "RRULE:FREQ=DAILY;COUNT=6\r\nSUMMARY", 1)
	instance := func(day string, guests string) string {
		one := meetingOf("uid", 9, p[0], p[0], p[1], p[2])
		one = one[strings.Index(one, "BEGIN:VEVENT"):strings.Index(one, "END:VEVENT")]
		one = strings.Replace(one, "DTSTART:20260907", "RECURRENCE-ID:"+day+"T090000Z\r\nDTSTART:"+day, 1)
		return one + guests + "END:VEVENT\r\n"
	}
	third, fourth := "ATTENDEE:mailto:"+p[3].Mail()+"\r\n", "ATTENDEE:mailto:"+p[4].Mail()+"\r\n"
	o.put(t, p[0], inCalendar(p[0], "uid.ics"), strings.Replace(series, "END:VCALENDAR",
		instance("20260908", third+fourth)+instance("20260911", third)+"END:VCALENDAR", 1))
	o.damage(t, p[2], "uid")
	if w := o.do(p[0], "POST", inCalendar(p[0], "uid.ics")+"?action=split&rid=20260910T000000Z&uid=past", ""); w.Code != http.StatusNoContent {
		t.Fatalf("POST: %d %s", w.Code, w.Body)
	}
	const past, future = "RECURRENCE-ID:20260908T090000Z", "RECURRENCE-ID:20260911T090000Z"
	for i, want := range []struct{ past, future string }{{past, future}, {past, future}, {past, future}, {past, future}, {past, ""}} {
		for uid, line := range map[string]string{"past": want.past, "uid": want.future} {
			c := o.copyOf(t, p[i], uid)
			switch {
			case line == "" && c != nil:
				t.Errorf("person %d has of %s\n%v", i, uid, c)
			case line == "":
			case c == nil || strings.Count(c.String(), "RECURRENCE-ID") != 1 || !strings.Contains(c.String(), line):
				t.Errorf("person %d has of %s\n%v\nwant %s", i, uid, c, line)
			case (c.Child("VEVENT").Prop("RRULE") != nil) != (i < 3):
				t.Errorf("person %d has of %s\n%v", i, uid, c)
			}
		}
	}
	// All of them can go on from there.
	for uid, path := range map[string]string{"past": "", "uid": inCalendar(p[0], "uid.ics")} {
		for name := range o.listing(t, p[0]) {
			if path == "" && !strings.HasSuffix(name, "/uid.ics") {
				path = name
			}
		}
		mine := o.do(p[0], "GET", path, "").Body.String()
		o.put(t, p[0], path, strings.ReplaceAll(mine, "SUMMARY:Meeting", "SUMMARY:Tea"))
		for i := range p {
			if c := o.copyOf(t, p[i], uid); c != nil && strings.Contains(c.String(), "SUMMARY:Meeting") {
				t.Errorf("person %d has of %s\n%v", i, uid, c)
			}
		}
	}
}
