package ical

import (
	"errors"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	ok := []string{"DTSTART:20240101T100000Z"}
	daily := []string{"DTSTART:20240101T100000Z", "RRULE:FREQ=DAILY"}
	with := func(props ...string) string { return calendar("VEVENT", append(append([]string{}, ok...), props...)) }
	top := func(line string) string {
		return strings.Replace(calendar("VEVENT", ok), "VERSION:2.0\r\n", line, 1)
	}
	for _, tt := range []struct {
		name, source string
		want         error
		place        string
	}{
		{"an event", with(), nil, ""},
		{"Apple's event", sampleEvent, nil, ""},
		{"no VERSION", top(""), nil, ""},
		{"vCalendar 1.0", top("VERSION:1.0\r\n"), ErrData, "VCALENDAR VERSION"},
		{"CALSCALE", top("CALSCALE:CHINESE\r\n"), ErrData, "VCALENDAR CALSCALE"},
		{"METHOD", top("VERSION:2.0\r\nMETHOD:REQUEST\r\n"), ErrObject, "VCALENDAR METHOD"},
		{"empty", lines("BEGIN:VCALENDAR", "VERSION:2.0", "END:VCALENDAR"), ErrObject, "VCALENDAR"},
		{"only a zone", outlookZone, ErrObject, "VCALENDAR"},
		{"no UID", strings.Replace(with(), "UID:1\r\n", "", 1), ErrObject, "VEVENT UID"},
		{"empty UID", strings.Replace(with(), "UID:1\r\n", "UID: \r\n", 1), ErrObject, "VEVENT UID"},
		{"two UIDs", strings.Replace(calendar("VEVENT", daily, ok), "UID:1", "UID:2", 1), ErrObject, "VEVENT UID"},
		{"two kinds", strings.Replace(with(), "END:VCALENDAR", "BEGIN:VTODO\r\nUID:1\r\nEND:VTODO\r\nEND:VCALENDAR", 1), ErrObject, "VTODO"},
		{"unknown kind", calendar("VPOLL", nil), ErrComponent, "VPOLL"},
		{"no DTSTART", calendar("VEVENT", nil), ErrData, "VEVENT DTSTART"},
		{"task without DTSTART", calendar("VTODO", nil), nil, ""},
		{"two DTSTARTs", with("DTSTART:20240101T100000Z"), ErrData, "VEVENT DTSTART"},
		{"two masters", calendar("VEVENT", daily, ok), ErrObject, "VEVENT RECURRENCE-ID"},
		{"an instance twice", calendar("VEVENT", daily, append([]string{"RECURRENCE-ID:20240102T100000Z"}, ok...),
			append([]string{"RECURRENCE-ID;TZID=Europe/Berlin:20240102T110000"}, ok...)), ErrObject, "VEVENT RECURRENCE-ID"},
		{"overrides without master", calendar("VEVENT", append([]string{"RECURRENCE-ID:20240102T100000Z"}, ok...),
			append([]string{"RECURRENCE-ID:20240103T100000Z"}, ok...)), nil, ""},
		{"bad DTSTART", calendar("VEVENT", []string{"DTSTART:20240230T100000Z"}), ErrData, "VEVENT DTSTART"},
		{"bad RRULE", with("RRULE:FREQ=SOMETIMES"), ErrData, "VEVENT RRULE"},
		{"bad EXDATE", with("EXDATE:20240101T100000Z,x"), ErrData, "VEVENT EXDATE"},
		{"empty EXDATE", with("EXDATE:"), nil, ""},
		{"bad DURATION", with("DURATION:1H"), ErrData, "VEVENT DURATION"},
		{"bad CREATED", with("CREATED: 51222T"), nil, ""},
		{"bad escape", with(`SUMMARY:a\b`), ErrData, "VEVENT SUMMARY"},
		{"backslash at the end", with(`SUMMARY:a\`), ErrData, "VEVENT SUMMARY"},
		{"good escapes", with(`SUMMARY:a\\\;\,\n\N`), nil, ""},
		{"escapes in what is no text", with(`URL:http://x/\q`, `X-A:\q`), nil, ""},
		{"control character", with("X-A:\x07"), ErrData, "VEVENT X-A"},
		{"tab", with("X-A:\t"), nil, ""},
		{"not UTF-8", with("X-A:\xff"), ErrData, "VEVENT X-A"},
		{"unknown zone", with("DTEND;TZID=Nowhere:20240101T110000"), ErrTimezone, "VEVENT DTEND"},
		{"unknown zone that does not matter", with("X-A;TZID=Nowhere:20240101T110000", "DTEND;TZID=Nowhere:20240101T110000Z"), nil, ""},
		{"zone from VTIMEZONE", strings.Replace(outlookZone, "END:VCALENDAR\r\n",
			"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Customized Time Zone:20240101T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", 1), nil, ""},
		{"zone from an empty VTIMEZONE", lines("BEGIN:VCALENDAR", "BEGIN:VTIMEZONE", "TZID:Nowhere", "END:VTIMEZONE",
			"BEGIN:VEVENT", "UID:1", "DTSTART;TZID=Nowhere:20240101T100000", "END:VEVENT", "END:VCALENDAR"), ErrData, "VTIMEZONE TZID"},
		{"Outlook's zone without VTIMEZONE", with("DTEND;TZID=W. Europe Standard Time:20240101T110000"), nil, ""},
	} {
		err := Check(mustParse(t, tt.source))
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
			continue
		}
		if tt.want != nil && !strings.HasPrefix(err.Error(), tt.want.Error()+": "+tt.place+": ") {
			t.Errorf("%s: %q does not name %s", tt.name, err, tt.place)
		}
	}
}
