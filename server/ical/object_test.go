package ical

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// calendar wraps components that are given by their lines; a line of dashes
// separates components.
func calendar(kind string, components ...[]string) string {
	all := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"}
	for _, c := range components {
		all = append(all, "BEGIN:"+kind, "UID:1")
		all = append(all, c...)
		all = append(all, "END:"+kind)
	}
	return lines(append(all, "END:VCALENDAR")...)
}

// event returns an object of VEVENTs.
func event(t testing.TB, components ...[]string) *Object {
	t.Helper()
	return parsed(t, calendar("VEVENT", components...), nil)
}

func utc(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := ParseTime(s, "")
	if err != nil {
		t.Fatal(err)
	}
	return at.Clock()
}

// within returns the range between two times in UTC; "" leaves a side open.
func within(t testing.TB, from, to string) Range {
	t.Helper()
	var r Range
	if from != "" {
		r.Start = utc(t, from)
	}
	if to != "" {
		r.End = utc(t, to)
	}
	return r
}

// list writes the first instances in r as start in UTC, length, and the
// SUMMARY of the component.
func list(o *Object, r Range) string {
	var all []string
	for i := range o.Instances(r) {
		s := i.Start.UTC().Format("0102T1504") + "+" + strings.Replace(i.End.Sub(i.Start).String(), "h0m0s", "h", 1)
		if sum := i.Component.Text("SUMMARY"); sum != "" {
			s += "/" + sum
		}
		if all = append(all, s); len(all) == 8 {
			break
		}
	}
	return strings.Join(all, " ")
}

func TestInstances(t *testing.T) {
	const ny = ";TZID=America/New_York:"
	for _, tt := range []struct {
		name     string
		events   [][]string
		from, to string
		want     string
	}{
		{"plain", [][]string{{"DTSTART:20240101T100000Z", "DTEND:20240101T113000Z"}}, "", "", "0101T1000+1h30m0s"},
		{"all day", [][]string{{"DTSTART;VALUE=DATE:20240101"}}, "", "", "0101T0000+24h"},
		{"three days", [][]string{{"DTSTART;VALUE=DATE:20240101", "DTEND;VALUE=DATE:20240104"}}, "", "", "0101T0000+72h"},
		{"all day that ends when it starts", [][]string{{"DTSTART;VALUE=DATE:20240101", "DTEND;VALUE=DATE:20240101"}}, "", "", "0101T0000+24h"},
		{"no length", [][]string{{"DTSTART:20240101T100000Z"}}, "", "", "0101T1000+0s"},
		{"end before start", [][]string{{"DTSTART:20240101T100000Z", "DTEND:20240101T090000Z"}}, "", "", "0101T1000+0s"},
		{"DURATION without time after T", [][]string{{"DTSTART;VALUE=DATE:20240101", "DURATION:P1DT"}}, "", "", "0101T0000+24h"},
		{"DTEND is exact over a clock change", [][]string{{"DTSTART" + ny + "20240309T120000", "DTEND" + ny + "20240310T120000", "RRULE:FREQ=DAILY;COUNT=2"}},
			"", "", "0309T1700+23h 0310T1600+23h"},
		{"DURATION in days is nominal", [][]string{{"DTSTART" + ny + "20240308T120000", "DURATION:P1D", "RRULE:FREQ=DAILY;COUNT=3"}},
			"", "", "0308T1700+24h 0309T1700+23h 0310T1600+24h"},
		{"wall time is kept over clock changes", [][]string{{"DTSTART" + ny + "20240309T023000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"}},
			"", "", "0309T0730+1h 0310T0730+1h 0311T0630+1h"},
		{"hourly over a gap gives each instant once", [][]string{{"DTSTART" + ny + "20240310T010000", "RRULE:FREQ=HOURLY;COUNT=4"}},
			"", "", "0310T0600+0s 0310T0700+0s 0310T0800+0s"},
		{"half-hourly over a gap is in order", [][]string{{"DTSTART" + ny + "20240310T013000", "RRULE:FREQ=MINUTELY;INTERVAL=30;COUNT=6"}},
			"", "", "0310T0630+0s 0310T0700+0s 0310T0730+0s 0310T0800+0s"},
		{"EXDATE in the zone, in UTC and as a date", [][]string{{"DTSTART" + ny + "20240101T100000", "RRULE:FREQ=DAILY;COUNT=6",
			"EXDATE" + ny + "20240102T100000,20240103T100000", "EXDATE:20240104T150000Z", "EXDATE;VALUE=DATE:20240105"}},
			"", "", "0101T1500+0s 0106T1500+0s"},
		{"EXDATE with a time for an all-day event", [][]string{{"DTSTART;VALUE=DATE:20240101", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20240102T000000Z"}},
			"", "", "0101T0000+24h 0103T0000+24h"},
		{"RDATE as time, in another zone, and as period", [][]string{{"DTSTART:20240101T100000Z", "DURATION:PT1H",
			"RDATE:20240105T100000Z,20240103T100000Z", "RDATE" + ny + "20240104T120000", "RDATE;VALUE=PERIOD:20240106T100000Z/PT3H,20240107T100000Z/20240107T100500Z"}},
			"", "", "0101T1000+1h 0103T1000+1h 0104T1700+1h 0105T1000+1h 0106T1000+3h 0107T1000+5m0s"},
		{"RDATE that the rule gives too counts once", [][]string{{"DTSTART:20240101T100000Z", "RRULE:FREQ=DAILY;COUNT=2", "RDATE:20240102T100000Z"}},
			"", "", "0101T1000+0s 0102T1000+0s"},
		{"two rules", [][]string{{"DTSTART:20240101T100000Z", "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=WEEKLY;COUNT=2"}},
			"", "", "0101T1000+0s 0102T1000+0s 0103T1000+0s 0108T1000+0s"},
		{"EXRULE", [][]string{{"DTSTART:20240101T100000Z", "RRULE:FREQ=DAILY;COUNT=5", "EXRULE:FREQ=DAILY;INTERVAL=2"}},
			"", "", "0102T1000+0s 0104T1000+0s"},
		{"UNTIL as a date includes the day", [][]string{{"DTSTART" + ny + "20240101T200000", "RRULE:FREQ=DAILY;UNTIL=20240103"}},
			"", "", "0102T0100+0s 0103T0100+0s 0104T0100+0s"},
		{"UNTIL in UTC for a zoned start", [][]string{{"DTSTART" + ny + "20240101T200000", "RRULE:FREQ=DAILY;UNTIL=20240103T005959Z"}},
			"", "", "0102T0100+0s"},
		{"UNTIL in UTC is included", [][]string{{"DTSTART" + ny + "20240101T200000", "RRULE:FREQ=DAILY;UNTIL=20240103T010000Z"}},
			"", "", "0102T0100+0s 0103T0100+0s"},
		{"floating UNTIL for a zoned start", [][]string{{"DTSTART" + ny + "20240101T200000", "RRULE:FREQ=DAILY;UNTIL=20240102T200000"}},
			"", "", "0102T0100+0s 0103T0100+0s"},
		{"UNTIL with a time for an all-day event", [][]string{{"DTSTART;VALUE=DATE:20240101", "RRULE:FREQ=DAILY;UNTIL=20240102T225959Z"}},
			"", "", "0101T0000+24h 0102T0000+24h"},
		{"override", [][]string{
			{"DTSTART:20240101T100000Z", "DURATION:PT1H", "SUMMARY:m", "RRULE:FREQ=DAILY;COUNT=4"},
			{"RECURRENCE-ID:20240102T100000Z", "DTSTART:20240103T150000Z", "DURATION:PT2H", "SUMMARY:o"}},
			"", "", "0101T1000+1h/m 0103T1000+1h/m 0103T1500+2h/o 0104T1000+1h/m"},
		{"override before its master", [][]string{
			{"RECURRENCE-ID" + ny + "20240102T050000", "DTSTART:20240102T110000Z", "SUMMARY:o"},
			{"DTSTART:20240101T100000Z", "SUMMARY:m", "RRULE:FREQ=DAILY;COUNT=3"}},
			"", "", "0101T1000+0s/m 0102T1100+0s/o 0103T1000+0s/m"},
		{"override moved into the range", [][]string{
			{"DTSTART:20240101T100000Z", "SUMMARY:m", "RRULE:FREQ=DAILY;COUNT=3"},
			{"RECURRENCE-ID:20240102T100000Z", "DTSTART:20250601T100000Z", "SUMMARY:o"}},
			"20250101T000000Z", "", "0601T1000+0s/o"},
		{"override moved out of the range", [][]string{
			{"DTSTART:20240101T100000Z", "SUMMARY:m", "RRULE:FREQ=DAILY;COUNT=3"},
			{"RECURRENCE-ID:20240102T100000Z", "DTSTART:20250601T100000Z", "SUMMARY:o"}},
			"20240102T000000Z", "20240103T000000Z", ""},
		{"override of an all-day event", [][]string{
			{"DTSTART;VALUE=DATE:20240101", "SUMMARY:m", "RRULE:FREQ=DAILY;COUNT=2"},
			{"RECURRENCE-ID;VALUE=DATE:20240102", "DTSTART:20240102T100000Z", "SUMMARY:o"}},
			"", "", "0101T0000+24h/m 0102T1000+0s/o"},
		{"overrides without master", [][]string{
			{"RECURRENCE-ID:20240105T100000Z", "DTSTART:20240105T110000Z", "SUMMARY:b"},
			{"RECURRENCE-ID:20240102T100000Z", "DTSTART:20240102T110000Z", "SUMMARY:a"}},
			"", "", "0102T1100+0s/a 0105T1100+0s/b"},
		{"override of nothing", [][]string{
			{"DTSTART:20240101T100000Z", "SUMMARY:m", "RRULE:FREQ=DAILY;COUNT=1"},
			{"RECURRENCE-ID:20240109T100000Z", "DTSTART:20240109T110000Z", "SUMMARY:o"}},
			"", "", "0101T1000+0s/m 0109T1100+0s/o"},
		{"this and future", [][]string{
			{"DTSTART:20240101T100000Z", "DURATION:PT1H", "SUMMARY:m", "RRULE:FREQ=DAILY;COUNT=5"},
			{"RECURRENCE-ID;RANGE=THISANDFUTURE:20240103T100000Z", "DTSTART:20240103T120000Z", "DURATION:PT2H", "SUMMARY:f"},
			{"RECURRENCE-ID:20240104T100000Z", "DTSTART:20240104T090000Z", "SUMMARY:o"}},
			"", "", "0101T1000+1h/m 0102T1000+1h/m 0103T1200+2h/f 0104T0900+0s/o 0105T1200+2h/f"},
		{"this and future moved by days, seen from far ahead", [][]string{
			{"DTSTART:20240101T100000Z", "DURATION:PT1H", "SUMMARY:m", "RRULE:FREQ=WEEKLY"},
			{"RECURRENCE-ID;RANGE=THISANDFUTURE:20240108T100000Z", "DTSTART:20240111T100000Z", "DURATION:PT2H", "SUMMARY:f"}},
			"20250101T000000Z", "20250110T000000Z", "0102T1000+2h/f 0109T1000+2h/f"},
		{"years later", [][]string{{"DTSTART:19000101T100000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"}},
			"20240101T000000Z", "20240114T000000Z", "0101T1000+1h 0108T1000+1h"},
		{"long instances reach into the range", [][]string{{"DTSTART:20200101T100000Z", "DURATION:P3D", "RRULE:FREQ=DAILY"}},
			"20240105T120000Z", "20240105T130000Z", "0103T1000+72h 0104T1000+72h 0105T1000+72h"},
		{"impossible rule", [][]string{{"DTSTART:20240101T100000Z", "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"}}, "", "", "0101T1000+0s"},
		{"rule of another calendar", [][]string{{"DTSTART:20240210T100000Z", "RRULE:RSCALE=MAYAN;FREQ=YEARLY;BYMONTH=5L"}}, "", "", "0210T1000+0s"},
		{"start before the calendar can be computed", [][]string{{"DTSTART:18000210T100000Z", "RRULE:RSCALE=CHINESE;FREQ=YEARLY"}}, "", "", "0210T1000+0s"},
		{"SKIP=FORWARD", [][]string{{"DTSTART:20240131T100000Z", "RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD;COUNT=4"}}, "", "", "0131T1000+0s 0301T1000+0s 0331T1000+0s 0501T1000+0s"},
		{"SKIP=BACKWARD", [][]string{{"DTSTART:20240229T100000Z", "RRULE:FREQ=YEARLY;SKIP=BACKWARD;COUNT=3"}}, "", "", "0229T1000+0s 0228T1000+0s 0228T1000+0s"},
	} {
		o := event(t, tt.events...)
		if got := list(o, within(t, tt.from, tt.to)); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
		f := o.Facts()
		n := 0
		for i := range o.Instances(Range{}) {
			if i.Start.Unix() < f.FirstStart || i.End.Unix() > f.LastEnd {
				t.Errorf("%s: %v to %v is outside of the facts %d to %d", tt.name, i.Start, i.End, f.FirstStart, f.LastEnd)
			}
			if n++; n > 30 {
				break
			}
		}
	}
}

func TestRecurrenceIDsAreInTheFormOfTheMaster(t *testing.T) {
	o := event(t,
		[]string{"DTSTART;TZID=Europe/Berlin:20240101T100000", "RRULE:FREQ=DAILY;COUNT=3", "RDATE:20240105T090000Z"},
		[]string{"RECURRENCE-ID:20240102T090000Z", "DTSTART:20240102T120000Z"})
	var got []string
	for i := range o.Instances(Range{}) {
		got = append(got, i.RecurrenceID.Property("RECURRENCE-ID").params()+":"+i.RecurrenceID.String())
	}
	want := []string{
		";TZID=Europe/Berlin:20240101T100000", ";TZID=Europe/Berlin:20240102T100000",
		";TZID=Europe/Berlin:20240103T100000", ";TZID=Europe/Berlin:20240105T100000",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for i := range event(t, []string{"DTSTART:20240101T100000Z"}).Instances(Range{}) {
		if !i.RecurrenceID.IsZero() {
			t.Errorf("got %v for what does not recur", i.RecurrenceID)
		}
	}
}

func TestFloatingTimesAreTakenInTheGivenLocation(t *testing.T) {
	berlin := location(t, "Europe/Berlin")
	source := calendar("VEVENT", []string{"DTSTART:20240701T100000", "RRULE:FREQ=DAILY;COUNT=2"})
	if got, want := list(parsed(t, source, berlin), Range{}), "0701T0800+0s 0702T0800+0s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	source = calendar("VEVENT", []string{"DTSTART;VALUE=DATE:20240701"})
	if got, want := list(parsed(t, source, berlin), Range{}), "0630T2200+24h"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	source = calendar("VEVENT", []string{"DTSTART;TZID=Nowhere:20240701T100000"})
	if got, want := list(parsed(t, source, berlin), Range{}), "0701T0800+0s"; got != want {
		t.Errorf("unknown zone: got %s, want %s", got, want)
	}
}

func TestStrayOverrides(t *testing.T) {
	o := event(t,
		[]string{"DTSTART:20240101T100000Z", "RRULE:FREQ=WEEKLY", "EXDATE:20240115T100000Z"},
		[]string{"RECURRENCE-ID:20240108T100000Z", "DTSTART:20240108T110000Z"},
		[]string{"RECURRENCE-ID:20240115T100000Z", "DTSTART:20240115T110000Z"},
		[]string{"RECURRENCE-ID:20240116T110000Z", "DTSTART:20240116T110000Z"})
	stray := o.StrayOverrides()
	if len(stray) != 1 || stray[0].Value("RECURRENCE-ID") != "20240116T110000Z" {
		t.Errorf("got %v", stray)
	}
	if n := len(event(t, []string{"RECURRENCE-ID:20240108T100000Z", "DTSTART:20240108T110000Z"}).StrayOverrides()); n != 0 {
		t.Errorf("%d strays without a master", n)
	}
}

func TestNoRuleRunsWithoutBound(t *testing.T) {
	for _, rule := range []string{
		"FREQ=SECONDLY", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MINUTELY;BYMONTHDAY=31;BYMONTH=4",
		"FREQ=SECONDLY;BYSECOND=59;INTERVAL=60", "FREQ=HOURLY;INTERVAL=24;BYHOUR=3", "FREQ=DAILY;BYYEARDAY=366;INTERVAL=7;BYMONTH=1",
		"FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6", "FREQ=WEEKLY;BYMONTHDAY=31;BYMONTH=2", "FREQ=SECONDLY;COUNT=999999999",
		"FREQ=YEARLY;BYDAY=53MO;BYMONTH=1", "FREQ=SECONDLY;INTERVAL=999999999", "FREQ=DAILY;COUNT=999999999;BYSETPOS=366",
		"FREQ=YEARLY;BYSETPOS=366;BYYEARDAY=1", "FREQ=MINUTELY;BYSETPOS=-366",
	} {
		o := event(t, []string{"DTSTART:19700101T000000Z", "RRULE:" + rule})
		for range o.Instances(Range{}) {
		}
		for range o.Instances(within(t, "20240101T000000Z", "20250101T000000Z")) {
		}
		o.Overlaps(o.Master(), within(t, "29990101T000000Z", ""))
		o.Facts()
	}
}

func TestFacts(t *testing.T) {
	const forever = "forever"
	for _, tt := range []struct {
		name, source, first, last string
		recurring, alarms         bool
	}{
		{"UTC", calendar("VEVENT", []string{"DTSTART:20240101T100000Z", "DURATION:PT1H"}), "20240101T100000Z", "20240101T110000Z", false, false},
		{"floating", calendar("VEVENT", []string{"DTSTART:20240102T100000", "DURATION:PT1H"}), "20240101T200000Z", "20240103T010000Z", false, false},
		{"unbounded", calendar("VEVENT", []string{"DTSTART:20240101T100000Z", "RRULE:FREQ=DAILY"}), "20240101T100000Z", forever, true, false},
		{"counted", calendar("VEVENT", []string{"DTSTART:20240101T100000Z", "RRULE:FREQ=DAILY;COUNT=3"}), "20240101T100000Z", "20240103T100000Z", true, false},
		{"counted, too many", calendar("VEVENT", []string{"DTSTART:20240101T100000Z", "RRULE:FREQ=DAILY;COUNT=999999999"}), "20240101T100000Z", forever, true, false},
		{"RDATE before DTSTART", calendar("VEVENT", []string{"DTSTART:20240105T100000Z", "RDATE:20240101T100000Z"}), "20240101T100000Z", "20240105T100000Z", true, false},
		{"override", calendar("VEVENT", []string{"DTSTART:20240105T100000Z"}, []string{"RECURRENCE-ID:20240105T100000Z", "DTSTART:20230105T100000Z", "BEGIN:VALARM", "END:VALARM"}),
			"20230105T100000Z", "20240105T100000Z", true, true},
		{"task without time", calendar("VTODO", []string{"SUMMARY:x"}), "", forever, false, false},
		{"task with due", calendar("VTODO", []string{"DUE:20240105T100000Z"}), "20240105T100000Z", "20240105T100000Z", false, false},
		{"other calendar", calendar("VEVENT", []string{"DTSTART:20240101T100000Z", "RRULE:RSCALE=MAYAN;FREQ=YEARLY"}), "20240101T100000Z", forever, true, false},
		{"free-busy", calendar("VFREEBUSY", []string{"DTSTART:20240101T100000Z", "DTEND:20240102T100000Z"}), "20240101T100000Z", "20240102T100000Z", false, false},
	} {
		f := parsed(t, tt.source, nil).Facts()
		first, last := "", forever
		if f.FirstStart > -1<<62 {
			first = UTCOf(time.Unix(f.FirstStart, 0)).String()
		}
		if f.LastEnd < 1<<62 {
			last = UTCOf(time.Unix(f.LastEnd, 0)).String()
		}
		if first != tt.first || last != tt.last || f.Recurring != tt.recurring || f.HasAlarms != tt.alarms {
			t.Errorf("%s: got %s to %s, %+v; want %s to %s", tt.name, first, last, f, tt.first, tt.last)
		}
	}
	f := parsed(t, sampleEvent, nil).Facts()
	if f.UID != "5E3D7A9C-0B5E-4F3B-9D52-1F4C3C6E0A11" || f.Component != "VEVENT" || f.Organizer != "mailto:ada@example.org" || !f.HasAlarms || !f.Recurring {
		t.Errorf("got %+v", f)
	}
}
