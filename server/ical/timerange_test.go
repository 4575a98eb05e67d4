package ical

import (
	"testing"
)

// Each row of the tables of RFC 4791 section 9.9, with ranges that touch, miss
// and hit. Times of day are those of 2 January 2024; a range is hours, "-" an
// open side.
func TestOverlaps(t *testing.T) {
	at := func(h string) string {
		if h == "-" {
			return ""
		}
		return "20240102T" + h + "0000Z"
	}
	type probe struct {
		from, to string
		want     bool
	}
	for _, tt := range []struct {
		name, kind string
		props      []string
		probes     []probe
	}{
		{"event with DTEND", "VEVENT", []string{"DTSTART:20240102T100000Z", "DTEND:20240102T120000Z"}, []probe{
			{"08", "10", false}, {"08", "11", true}, {"10", "12", true}, {"11", "-", true}, {"12", "13", false}, {"-", "10", false}, {"-", "-", true}, {"09", "13", true}}},
		{"event with DURATION", "VEVENT", []string{"DTSTART:20240102T100000Z", "DURATION:PT2H"}, []probe{
			{"08", "10", false}, {"11", "13", true}, {"12", "13", false}}},
		{"event with DURATION 0", "VEVENT", []string{"DTSTART:20240102T100000Z", "DURATION:PT0S"}, []probe{
			{"08", "10", false}, {"10", "11", true}, {"11", "12", false}, {"09", "11", true}}},
		{"event at a time", "VEVENT", []string{"DTSTART:20240102T100000Z"}, []probe{
			{"08", "10", false}, {"10", "11", true}, {"11", "12", false}}},
		{"event on a day", "VEVENT", []string{"DTSTART;VALUE=DATE:20240102"}, []probe{
			{"00", "01", true}, {"23", "-", true}, {"-", "00", false}}},
		{"task with DTSTART and DURATION", "VTODO", []string{"DTSTART:20240102T100000Z", "DURATION:PT2H"}, []probe{
			{"08", "10", false}, {"12", "13", true}, {"13", "14", false}, {"08", "11", true}}},
		{"task with DTSTART and DUE", "VTODO", []string{"DTSTART:20240102T100000Z", "DUE:20240102T120000Z"}, []probe{
			{"08", "10", false}, {"08", "11", true}, {"11", "12", true}, {"12", "13", false}}},
		{"task with DTSTART", "VTODO", []string{"DTSTART:20240102T100000Z"}, []probe{
			{"08", "10", false}, {"10", "11", true}, {"11", "12", false}}},
		{"task with DUE", "VTODO", []string{"DUE:20240102T100000Z"}, []probe{
			{"08", "10", true}, {"10", "11", false}, {"08", "09", false}}},
		{"task with CREATED and COMPLETED", "VTODO", []string{"CREATED:20240102T100000Z", "COMPLETED:20240102T120000Z"}, []probe{
			{"08", "09", false}, {"08", "10", true}, {"12", "13", true}, {"13", "14", false}}},
		{"task with COMPLETED", "VTODO", []string{"COMPLETED:20240102T120000Z"}, []probe{
			{"08", "11", false}, {"08", "12", true}, {"12", "13", true}, {"13", "14", false}}},
		{"task with CREATED", "VTODO", []string{"CREATED:20240102T100000Z"}, []probe{
			{"08", "10", false}, {"08", "11", true}, {"20", "-", true}}},
		{"task without time", "VTODO", nil, []probe{{"08", "10", true}}},
		{"journal at a time", "VJOURNAL", []string{"DTSTART:20240102T100000Z"}, []probe{
			{"08", "10", false}, {"10", "11", true}, {"11", "12", false}}},
		{"journal on a day", "VJOURNAL", []string{"DTSTART;VALUE=DATE:20240102"}, []probe{{"22", "23", true}, {"-", "00", false}}},
		{"journal without time", "VJOURNAL", nil, []probe{{"-", "-", false}}},
		{"free-busy with DTSTART and DTEND", "VFREEBUSY", []string{"DTSTART:20240102T100000Z", "DTEND:20240102T120000Z"}, []probe{
			{"08", "10", false}, {"12", "13", true}, {"13", "14", false}}},
		{"free-busy with periods", "VFREEBUSY", []string{"FREEBUSY:20240102T100000Z/PT1H,20240102T150000Z/20240102T160000Z"}, []probe{
			{"08", "10", false}, {"10", "11", true}, {"11", "15", false}, {"15", "16", true}, {"16", "-", false}}},
		{"free-busy without time", "VFREEBUSY", nil, []probe{{"-", "-", false}}},
		{"availability with both ends", "VAVAILABILITY", []string{"DTSTART:20240102T100000Z", "DTEND:20240102T120000Z"}, []probe{
			{"08", "10", false}, {"11", "13", true}, {"12", "13", false}}},
		{"availability with DURATION", "VAVAILABILITY", []string{"DTSTART:20240102T100000Z", "DURATION:PT2H"}, []probe{
			{"08", "10", false}, {"11", "13", true}, {"12", "13", false}}},
		{"availability from", "VAVAILABILITY", []string{"DTSTART:20240102T100000Z"}, []probe{{"08", "10", false}, {"22", "-", true}}},
		{"availability until", "VAVAILABILITY", []string{"DTEND:20240102T100000Z"}, []probe{{"08", "09", true}, {"10", "-", false}}},
		{"availability always", "VAVAILABILITY", nil, []probe{{"08", "09", true}}},
		{"recurring event", "VEVENT", []string{"DTSTART:20200101T100000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY"}, []probe{
			{"08", "10", false}, {"11", "13", true}, {"12", "-", true}, {"-", "08", true}, {"12", "23", false}}},
		{"recurring event with this day out", "VEVENT", []string{"DTSTART:20200101T100000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY", "EXDATE:20240102T100000Z"}, []probe{
			{"08", "13", false}}},
		{"recurring task with DUE only", "VTODO", []string{"DUE:20200101T100000Z", "RRULE:FREQ=DAILY"}, []probe{{"08", "10", true}, {"10", "11", false}}},
	} {
		o := parsed(t, calendar(tt.kind, tt.props), nil)
		c := o.Calendar().Child(tt.kind)
		f := o.Facts()
		for _, p := range tt.probes {
			r := within(t, at(p.from), at(p.to))
			if got := o.Overlaps(c, r); got != p.want {
				t.Errorf("%s: %s to %s: got %v", tt.name, p.from, p.to, got)
			}
			from, to := r.bounds()
			if p.want && (f.FirstStart > to || f.LastEnd < from) {
				t.Errorf("%s: %s to %s: the facts %d to %d hide it", tt.name, p.from, p.to, f.FirstStart, f.LastEnd)
			}
		}
	}
}

func TestMasterDoesNotAnswerForItsOverrides(t *testing.T) {
	o := event(t,
		[]string{"DTSTART:20240101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"},
		[]string{"RECURRENCE-ID:20240102T100000Z", "DTSTART:20240102T150000Z", "DURATION:PT1H"})
	day := within(t, "20240102T000000Z", "20240103T000000Z")
	if o.Overlaps(o.Master(), day) {
		t.Error("master overlaps the day of the override")
	}
	if !o.Overlaps(o.Overrides()[0], day) {
		t.Error("override does not overlap its day")
	}
}

func TestAlarms(t *testing.T) {
	ev := []string{"DTSTART:20240102T100000Z", "DURATION:PT2H"}
	daily := append(ev, "RRULE:FREQ=DAILY")
	for _, tt := range []struct {
		name     string
		event    []string
		alarm    []string
		from, to string
		want     bool
	}{
		{"before the start", ev, []string{"TRIGGER:-PT15M"}, "20240102T094500Z", "20240102T094501Z", true},
		{"until the range ends", ev, []string{"TRIGGER:-PT15M"}, "20240102T090000Z", "20240102T094500Z", false},
		{"after the end", ev, []string{"TRIGGER;RELATED=END:PT5M"}, "20240102T120500Z", "20240102T120600Z", true},
		{"at a time", ev, []string{"TRIGGER;VALUE=DATE-TIME:20240601T120000Z"}, "20240601T110000Z", "20240601T130000Z", true},
		{"a day before", ev, []string{"TRIGGER:-P1D"}, "20240101T100000Z", "20240101T100100Z", true},
		{"repetition", ev, []string{"TRIGGER:-PT1H", "REPEAT:2", "DURATION:PT10M"}, "20240102T091500Z", "20240102T092500Z", true},
		{"after the last repetition", ev, []string{"TRIGGER:-PT1H", "REPEAT:2", "DURATION:PT10M"}, "20240102T092100Z", "20240102T100000Z", false},
		{"between repetitions", ev, []string{"TRIGGER:-PT1H", "REPEAT:2", "DURATION:PT10M"}, "20240102T090100Z", "20240102T090900Z", false},
		{"later instance", daily, []string{"TRIGGER:-PT15M"}, "20250102T094500Z", "20250102T094501Z", true},
		{"between instances", daily, []string{"TRIGGER:-PT15M"}, "20250102T094600Z", "20250103T094500Z", false},
		{"weeks before a later instance", daily, []string{"TRIGGER:-P2W"}, "20250102T100000Z", "20250102T100001Z", true},
		{"no trigger", ev, []string{"ACTION:DISPLAY"}, "", "", false},
	} {
		props := append(append(append([]string{}, tt.event...), "BEGIN:VALARM"), tt.alarm...)
		o := event(t, append(props, "END:VALARM"))
		alarm := o.Master().Child("VALARM")
		if got := o.OverlapsAlarm(o.Master(), alarm, within(t, tt.from, tt.to)); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

func TestOverlapsProperty(t *testing.T) {
	o := event(t, []string{"DTSTART;VALUE=DATE:20240102", "CREATED:20240102T100000Z", "EXDATE:20240105T000000Z,20240106T000000Z"})
	for _, tt := range []struct {
		prop, from, to string
		want           bool
	}{
		{"CREATED", "20240102T100000Z", "20240102T110000Z", true},
		{"CREATED", "20240102T090000Z", "20240102T100000Z", false},
		{"DTSTART", "20240102T220000Z", "20240102T230000Z", true},
		{"DTSTART", "20240103T000000Z", "", false},
		{"EXDATE", "20240106T000000Z", "", true},
	} {
		if got := o.OverlapsProperty(o.Master().Prop(tt.prop), within(t, tt.from, tt.to)); got != tt.want {
			t.Errorf("%s %s to %s: got %v", tt.prop, tt.from, tt.to, got)
		}
	}
}

func TestBusy(t *testing.T) {
	day := within(t, "20240102T000000Z", "20240103T000000Z")
	for _, tt := range []struct{ name, source, want string }{
		{"event", calendar("VEVENT", []string{"DTSTART:20240102T100000Z", "DURATION:PT1H"}), "1000-1100 BUSY "},
		{"cut to the range", calendar("VEVENT", []string{"DTSTART:20240101T230000Z", "DURATION:PT2H"}), "0000-0100 BUSY "},
		{"tentative", calendar("VEVENT", []string{"DTSTART:20240102T100000Z", "DURATION:PT1H", "STATUS:tentative"}), "1000-1100 BUSY-TENTATIVE "},
		{"cancelled", calendar("VEVENT", []string{"DTSTART:20240102T100000Z", "DURATION:PT1H", "STATUS:CANCELLED"}), ""},
		{"transparent", calendar("VEVENT", []string{"DTSTART:20240102T100000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"}), ""},
		{"no length", calendar("VEVENT", []string{"DTSTART:20240102T100000Z"}), ""},
		{"task", calendar("VTODO", []string{"DTSTART:20240102T100000Z", "DURATION:PT1H"}), ""},
		{"transparent override", calendar("VEVENT", []string{"DTSTART:20240101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"},
			[]string{"RECURRENCE-ID:20240102T100000Z", "DTSTART:20240102T100000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"}), ""},
		{"free-busy", calendar("VFREEBUSY", []string{"FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20240102T100000Z/PT1H", "FREEBUSY;FBTYPE=FREE:20240102T120000Z/PT1H",
			"FREEBUSY;FBTYPE=X-ODD:20240102T140000Z/PT1H,20240109T140000Z/PT1H"}), "1000-1100 BUSY-UNAVAILABLE 1400-1500 BUSY "},
	} {
		got := ""
		for b := range parsed(t, tt.source, nil).Busy(day) {
			got += b.Start.Format("1504") + "-" + b.End.Format("1504") + " " + string(b.Type) + " "
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
