package ical

import (
	"errors"
	"strings"
	"testing"
)

// body returns what is between the calendar's own properties and its end, a
// line each.
func body(c *Component) string {
	var b []byte
	for _, s := range c.Components {
		b = s.Append(b)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

func TestExpand(t *testing.T) {
	o := parsed(t, lines(
		"BEGIN:VCALENDAR", "VERSION:2.0",
		"BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "END:VTIMEZONE",
		"BEGIN:VEVENT", "UID:1", "DTSTART;X-A=1;TZID=Europe/Berlin:20240330T100000", "DTEND;TZID=Europe/Berlin:20240330T110000",
		"RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Berlin:20240402T100000", "SUMMARY:m",
		"BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM", "END:VEVENT",
		"BEGIN:VEVENT", "UID:1", "RECURRENCE-ID;TZID=Europe/Berlin:20240401T100000",
		"DTSTART;TZID=America/New_York:20240401T100000", "DURATION:PT30M", "SUMMARY:o", "END:VEVENT",
		"END:VCALENDAR"), nil)
	got, err := o.Expand(within(t, "20240330T093000Z", "20240403T000000Z"), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := `BEGIN:VEVENT
UID:1
DTSTART;X-A=1:20240330T090000Z
DTEND:20240330T100000Z
SUMMARY:m
BEGIN:VALARM
TRIGGER:-PT5M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:1
DTSTART;X-A=1:20240331T080000Z
DTEND:20240331T090000Z
SUMMARY:m
RECURRENCE-ID:20240331T080000Z
BEGIN:VALARM
TRIGGER:-PT5M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:1
RECURRENCE-ID:20240401T080000Z
DTSTART:20240401T140000Z
DURATION:PT30M
SUMMARY:o
END:VEVENT
`
	if got := body(got); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := o.Expand(within(t, "20240330T093000Z", "20240503T000000Z"), 5); !errors.Is(err, ErrInstances) {
		t.Errorf("got %v, want ErrInstances", err)
	}
	if _, err := o.Expand(within(t, "20240330T093000Z", ""), 1000); !errors.Is(err, ErrInstances) {
		t.Errorf("without end: got %v, want ErrInstances", err)
	}
}

func TestExpandKeepsDatesAndFloatingTimes(t *testing.T) {
	o := parsed(t, calendar("VEVENT", []string{"DTSTART;VALUE=DATE:20240101", "RRULE:FREQ=DAILY;COUNT=2", "DURATION:P1D"}), location(t, "Asia/Tokyo"))
	got, err := o.Expand(Range{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := "BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20240101\nDURATION:P1D\nEND:VEVENT\n" +
		"BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20240102\nDURATION:P1D\nRECURRENCE-ID;VALUE=DATE:20240102\nEND:VEVENT\n"
	if got := body(got); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	o = parsed(t, calendar("VEVENT", []string{"DTSTART:20240101T100000", "DTEND:20240101T110000"}), location(t, "Asia/Tokyo"))
	if got, err = o.Expand(Range{}, 0); err != nil {
		t.Fatal(err)
	}
	if got, want := body(got), "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T100000\nDTEND:20240101T110000\nEND:VEVENT\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestExpandOverAClockChangeKeepsTheLength(t *testing.T) {
	o := event(t, []string{"DTSTART;TZID=Europe/Berlin:20240330T120000", "DURATION:P1D"})
	got, err := o.Expand(Range{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := body(got), "BEGIN:VEVENT\nUID:1\nDTSTART:20240330T110000Z\nDURATION:PT23H\nEND:VEVENT\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestExpandTasks(t *testing.T) {
	o := parsed(t, calendar("VTODO", []string{"DUE;TZID=Europe/Berlin:20240101T100000", "RRULE:FREQ=DAILY;COUNT=2"}), nil)
	got, err := o.Expand(Range{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := "BEGIN:VTODO\nUID:1\nDUE:20240101T090000Z\nEND:VTODO\n" +
		"BEGIN:VTODO\nUID:1\nDUE:20240102T090000Z\nRECURRENCE-ID:20240102T090000Z\nEND:VTODO\n"
	if got := body(got); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	o = parsed(t, calendar("VTODO", []string{"SUMMARY:x"}), nil)
	if got, err = o.Expand(aYear, 0); err != nil || len(got.Components) != 1 {
		t.Errorf("task without time: got %v, %v", got, err)
	}
}

func TestLimitRecurrence(t *testing.T) {
	o := event(t,
		[]string{"DTSTART:20240101T100000Z", "RRULE:FREQ=DAILY"},
		[]string{"SUMMARY:in", "RECURRENCE-ID:20240102T100000Z", "DTSTART:20240302T100000Z"},
		[]string{"SUMMARY:was in", "RECURRENCE-ID:20240302T100000Z", "DTSTART:20240102T100000Z"},
		[]string{"SUMMARY:out", "RECURRENCE-ID:20240401T100000Z", "DTSTART:20240401T110000Z"},
		[]string{"SUMMARY:future", "RECURRENCE-ID;RANGE=THISANDFUTURE:20240110T100000Z", "DTSTART:20240110T110000Z"})
	got := o.LimitRecurrence(within(t, "20240302T000000Z", "20240303T000000Z"))
	var names []string
	for _, c := range got.Components {
		names = append(names, c.Text("SUMMARY"))
	}
	if got := strings.Join(names, ","); got != ",in,was in,future" {
		t.Errorf("got %s", got)
	}
}

func TestLimitFreeBusy(t *testing.T) {
	o := parsed(t, calendar("VFREEBUSY", []string{
		"FREEBUSY:20240101T100000Z/PT1H,20240102T100000Z/PT1H", "FREEBUSY:20240105T100000Z/PT1H", "COMMENT:x"}), nil)
	got := body(o.LimitFreeBusy(within(t, "20240102T000000Z", "20240103T000000Z")))
	if want := "BEGIN:VFREEBUSY\nUID:1\nFREEBUSY:20240102T100000Z/PT1H\nCOMMENT:x\nEND:VFREEBUSY\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSelect(t *testing.T) {
	cal := mustParse(t, calendar("VEVENT", []string{"SUMMARY;LANGUAGE=en:s", "DTSTART:20240101T100000Z", "BEGIN:VALARM", "ACTION:AUDIO", "END:VALARM"}))
	for _, tt := range []struct {
		name string
		s    Selection
		want string
	}{
		{"everything", Selection{Name: "VCALENDAR"}, cal.String()},
		{"all by name", Selection{Name: "vcalendar", AllProps: true, AllComps: true}, cal.String()},
		{"some", Selection{
			Name: "VCALENDAR", Props: []SelectedProp{{Name: "version"}},
			Components: []Selection{{Name: "VEVENT", Props: []SelectedProp{{Name: "UID"}, {Name: "SUMMARY", NoValue: true}}}},
		}, lines("BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:1", "SUMMARY;LANGUAGE=en:", "END:VEVENT", "END:VCALENDAR")},
		{"nested", Selection{
			Name:       "VCALENDAR",
			Components: []Selection{{Name: "VEVENT", AllComps: true}},
		}, lines("BEGIN:VCALENDAR", "BEGIN:VEVENT", "BEGIN:VALARM", "ACTION:AUDIO", "END:VALARM", "END:VEVENT", "END:VCALENDAR")},
	} {
		if got := Select(cal, tt.s).String(); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
	if got := Select(cal, Selection{Name: "VEVENT"}); got != nil {
		t.Errorf("got %v", got)
	}
}
