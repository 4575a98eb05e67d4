package ical

import "testing"

func TestSplit(t *testing.T) {
	cal := mustParse(t, lines(
		"BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:PUBLISH", "X-WR-CALNAME:c",
		"BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "END:VTIMEZONE",
		"BEGIN:VTIMEZONE", "TZID:Asia/Tokyo", "END:VTIMEZONE",
		"BEGIN:VEVENT", "UID:1", "DTSTART;TZID=Europe/Berlin:20240101T100000", "RRULE:FREQ=DAILY", "END:VEVENT",
		"BEGIN:VTODO", "UID:2", "END:VTODO",
		"BEGIN:VEVENT", "UID:1", "RECURRENCE-ID:20240102T090000Z", "DTSTART;TZID=Asia/Tokyo:20240102T100000", "END:VEVENT",
		"BEGIN:VTODO", "SUMMARY:a", "END:VTODO",
		"BEGIN:VTODO", "SUMMARY:b", "END:VTODO",
		"END:VCALENDAR"))
	want := []string{
		lines("BEGIN:VCALENDAR", "VERSION:2.0",
			"BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "END:VTIMEZONE",
			"BEGIN:VTIMEZONE", "TZID:Asia/Tokyo", "END:VTIMEZONE",
			"BEGIN:VEVENT", "UID:1", "DTSTART;TZID=Europe/Berlin:20240101T100000", "RRULE:FREQ=DAILY", "END:VEVENT",
			"BEGIN:VEVENT", "UID:1", "RECURRENCE-ID:20240102T090000Z", "DTSTART;TZID=Asia/Tokyo:20240102T100000", "END:VEVENT",
			"END:VCALENDAR"),
		lines("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VTODO", "UID:2", "END:VTODO", "END:VCALENDAR"),
		lines("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VTODO", "SUMMARY:a", "END:VTODO", "END:VCALENDAR"),
		lines("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VTODO", "SUMMARY:b", "END:VTODO", "END:VCALENDAR"),
	}
	got := Split(cal)
	if len(got) != len(want) {
		t.Fatalf("%d objects, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].String() != want[i] {
			t.Errorf("got\n%s\nwant\n%s", got[i], want[i])
		}
	}
	if err := Check(got[0]); err != nil {
		t.Error(err)
	}
}
