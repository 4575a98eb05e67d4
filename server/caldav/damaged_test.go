package caldav_test

import (
	"net/http"
	"strings"
	"testing"

	"calport/directory"
	"calport/server/store"
)

// damage makes what somebody has of a UID unreadable.
func (o *office) damage(t *testing.T, p *directory.Principal, uid string) {
	t.Helper()
	err := o.store.Write(t.Context(), func(tx *store.Tx) error {
		h, err := tx.Home(strings.ToLower(p.GUID))
		if err != nil {
			return err
		}
		item, err := tx.ObjectByUID(h.ID, uid, store.Facts)
		if err != nil {
			return err
		}
		_, _, err = tx.PutObject(item.CollectionID, store.NewObject{Name: item.Name, UID: uid, Component: item.Component,
			ScheduleTag: item.ScheduleTag, Data: []byte("BEGIN:VCALENDAR"), Organizer: item.Organizer})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A copy that cannot be read any more is the matter of the one who has it: what tells all of the meeting takes its place,
// of the rest the organizer learns that it did not arrive, and what is damaged is named in the log.
func TestADamagedCopyOfAnAttendeeDoesNotKeepTheOrganizer(t *testing.T) {
	o := newOffice(t, 3)
	p := o.people
	series := strings.Replace(meetingOf("uid", 9, p[0], p...), "SUMMARY", "RRULE:FREQ=DAILY;COUNT=3\r\nSUMMARY", 1)
	o.put(t, p[0], inCalendar(p[0], "uid.ics"), series)
	name := ""
	for n := range o.listing(t, p[1]) {
		name = n
	}

	o.damage(t, p[1], "uid")
	o.put(t, p[0], inCalendar(p[0], "uid.ics"), strings.Replace(series, "SUMMARY:Meeting", "SUMMARY:Tea", 1))
	for _, who := range p {
		if c := o.copyOf(t, who, "uid"); c.Child("VEVENT").Text("SUMMARY") != "Tea" {
			t.Errorf("%s has\n%v", who.ShortName, c)
		}
	}
	if now := o.listing(t, p[1]); len(now) != 1 || !now[name] {
		t.Errorf("the attendee has %v, want the one object under its name %s", now, name)
	}
	for _, want := range []string{"a calendar object is damaged", "uid=uid", "calendar=calendar", "object=" + name[strings.LastIndexByte(name, '/')+1:]} {
		if !strings.Contains(o.log.String(), want) {
			t.Errorf("the log does not say %s:\n%s", want, o.log.String())
		}
	}

	o.damage(t, p[1], "uid")
	one := strings.Replace(meetingOf("uid", 11, p[0], p...), "SUMMARY:Meeting", "RECURRENCE-ID:20260908T090000Z\r\nSUMMARY:Cake", 1)
	tea := strings.Replace(series, "SUMMARY:Meeting", "SUMMARY:Tea", 1)
	o.put(t, p[0], inCalendar(p[0], "uid.ics"), strings.Replace(tea, "END:VCALENDAR\r\n", one[strings.Index(one, "BEGIN:VEVENT"):], 1))
	mine := o.copyOf(t, p[0], "uid").String()
	if !strings.Contains(strings.ReplaceAll(mine, "\r\n ", ""), "SCHEDULE-STATUS=5.1") {
		t.Errorf("the organizer is not told that an attendee's copy is damaged:\n%s", mine)
	}

	for _, method := range []string{"PUT", "DELETE"} { // who has it gets out of it by himself
		body := ""
		if method == "PUT" {
			body = strings.Replace(series, "NEEDS-ACTION:mailto:"+p[1].Mail(), "ACCEPTED:mailto:"+p[1].Mail(), 1)
		}
		if w := o.do(p[1], method, name, body); w.Code != http.StatusNoContent {
			t.Errorf("%s over a damaged copy: %d %s", method, w.Code, w.Body)
		}
		if method == "PUT" {
			if got := partstat(o.copyOf(t, p[0], "uid"), p[1]); got != "ACCEPTED" {
				t.Errorf("the organizer has the answer %s", got)
			}
			o.damage(t, p[1], "uid")
		}
	}
	if n := len(o.listing(t, p[1])); n != 0 {
		t.Errorf("the attendee still has %d events", n)
	}
}

// Who organizes a meeting writes over his own damaged copy, or deletes it; an answer to it does not fail.
func TestADamagedCopyOfTheOrganizerIsWrittenOver(t *testing.T) {
	o := newOffice(t, 2)
	p := o.people
	mine := inCalendar(p[0], "uid.ics")
	meeting := meetingOf("uid", 9, p[0], p...)
	o.put(t, p[0], mine, meeting)
	o.damage(t, p[0], "uid")
	his := ""
	for name := range o.listing(t, p[1]) {
		his = name
	}
	o.put(t, p[1], his, strings.Replace(meeting, "NEEDS-ACTION:mailto:"+p[1].Mail(), "ACCEPTED:mailto:"+p[1].Mail(), 1))
	if c := o.copyOf(t, p[1], "uid").String(); !strings.Contains(c, "SCHEDULE-STATUS=5.1") {
		t.Errorf("the attendee is not told that his answer did not arrive:\n%s", c)
	}
	if w := o.do(p[0], "POST", mine+"?action=split&rid=20260908T000000Z", ""); w.Code != http.StatusForbidden {
		t.Errorf("splitting it: %d", w.Code)
	}
	o.put(t, p[0], mine, strings.Replace(meeting, "SUMMARY:Meeting", "SUMMARY:Tea", 1))
	if c := o.copyOf(t, p[1], "uid"); c.Child("VEVENT").Text("SUMMARY") != "Tea" {
		t.Errorf("the attendee has\n%v", c)
	}
	o.damage(t, p[0], "uid")
	if w := o.do(p[0], "DELETE", mine, ""); w.Code != http.StatusNoContent {
		t.Errorf("DELETE: %d %s", w.Code, w.Body)
	}
	if !strings.Contains(o.log.String(), "object=uid.ics uid=uid deed=delete") {
		t.Errorf("the log does not name what went:\n%s", o.log.String())
	}
}
