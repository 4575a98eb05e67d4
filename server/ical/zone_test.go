package ical

import (
	"strings"
	"testing"
	"time"
)

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, ok := LookupZone(name)
	if !ok {
		t.Fatalf("no zone %q", name)
	}
	return loc
}

func TestEveryWindowsNameLeadsToAZone(t *testing.T) {
	if len(windowsZones) < 130 {
		t.Errorf("only %d names", len(windowsZones))
	}
	for name, iana := range windowsZones {
		if _, err := time.LoadLocation(iana); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if loc, ok := LookupZone(name); !ok || loc.String() != iana {
			t.Errorf("%s: got %v, want %s", name, loc, iana)
		}
	}
}

func TestLookupZone(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"Europe/Berlin", "Europe/Berlin"},
		{"US/Eastern", "US/Eastern"},
		{"UTC", "Etc/UTC"},
		{"W. Europe Standard Time", "Europe/Berlin"},
		{"/softwarestudio.org/Tzfile/America/New_York", "America/New_York"},
		{"/citadel.org/20190914_1/Europe/Vienna", "Europe/Vienna"},
		{"/freeassociation.sourceforge.net/America/Argentina/Salta", "America/Argentina/Salta"},
		{"/mozilla.org/20050126_1/Asia/Tokyo", "Asia/Tokyo"},
		{"GMT+0100", "GMT+0100"},
		{"GMT-0330", "GMT-0330"},
		{"UTC+05:45", "UTC+05:45"},
		{"GMT+2", "GMT+2"},
		{"", ""}, {"Local", ""}, {"Bogus", ""}, {"/nowhere.org/x", ""}, {"/", ""},
		{"../../etc/passwd", ""}, {"GMT+", ""}, {"GMT+2500", ""}, {"/x/Local", ""}, {"/x/", ""},
	} {
		loc, ok := LookupZone(tt.name)
		got := ""
		if ok {
			got = loc.String()
		}
		if got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.name, got, tt.want)
		}
	}
	_, offset := time.Unix(0, 0).In(location(t, "GMT-0330")).Zone()
	if want := -(3*3600 + 1800); offset != want {
		t.Errorf("GMT-0330: got %d, want %d", offset, want)
	}
}

// RFC 5545 section 3.3.5: the offset before a gap, the first of two times.
func TestLocalTimesAtClockChanges(t *testing.T) {
	for _, tt := range []struct{ zone, local, want string }{
		{"America/New_York", "20240310T015959", "2024-03-10T06:59:59Z"},
		{"America/New_York", "20240310T023000", "2024-03-10T07:30:00Z"}, // gap: is 03:30 EDT
		{"America/New_York", "20240310T030000", "2024-03-10T07:00:00Z"},
		{"America/New_York", "20241103T003000", "2024-11-03T04:30:00Z"},
		{"America/New_York", "20241103T013000", "2024-11-03T05:30:00Z"}, // fold: EDT
		{"America/New_York", "20241103T020000", "2024-11-03T07:00:00Z"},
		{"Europe/Berlin", "20240331T023000", "2024-03-31T01:30:00Z"},
		{"Europe/Berlin", "20241027T023000", "2024-10-27T00:30:00Z"},
		{"Europe/Berlin", "20241027T030000", "2024-10-27T02:00:00Z"},
		{"Europe/Dublin", "20240331T013000", "2024-03-31T01:30:00Z"},
		{"Europe/Dublin", "20241027T013000", "2024-10-27T00:30:00Z"},
		{"Africa/Casablanca", "20240310T023000", "2024-03-10T01:30:00Z"}, // Ramadan begins: fold
		{"Africa/Casablanca", "20240414T023000", "2024-04-14T02:30:00Z"}, // ends: gap
		{"Australia/Lord_Howe", "20241006T021500", "2024-10-05T15:45:00Z"},
		{"Australia/Lord_Howe", "20240407T014500", "2024-04-06T14:45:00Z"},
		{"Pacific/Apia", "20111230T120000", "2011-12-30T22:00:00Z"}, // a day that was left out
		{"America/New_York", "20600310T120000", "2060-03-10T17:00:00Z"},
		{"America/New_York", "20600701T120000", "2060-07-01T16:00:00Z"},
	} {
		zones := NewZones(nil, nil)
		at, err := ParseTime(tt.local, tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time from memory
			if got := zones.Time(at).UTC().Format(time.RFC3339); got != tt.want {
				t.Errorf("%s %s: got %s, want %s", tt.zone, tt.local, got, tt.want)
			}
		}
	}
}

// The clock must not let what it remembers decide near an edge.
func TestClockMemoryAgreesWithSearch(t *testing.T) {
	for _, name := range []string{"America/New_York", "Europe/Dublin", "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"} {
		loc := location(t, name)
		warm := newClock(loc)
		from := time.Date(2008, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
		for w := from; w < from+20*366*daySeconds; w += 5*3600 + 900 {
			if got, want := warm.unix(w), newClock(loc).unix(w); got != want {
				t.Fatalf("%s at %v: got %d, want %d", name, time.Unix(w, 0).UTC(), got, want)
			}
		}
	}
}

const outlookZone = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\n" +
	"BEGIN:STANDARD\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\n" +
	"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11\r\nEND:STANDARD\r\n" +
	"BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\n" +
	"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"

func TestUnknownNameIsReadFromVTIMEZONE(t *testing.T) {
	cal, err := Parse([]byte(outlookZone))
	if err != nil {
		t.Fatal(err)
	}
	loc, ok := NewZones(cal, nil).Location("Customized Time Zone")
	if !ok {
		t.Fatal("not found")
	}
	sameClock(t, loc, location(t, "America/New_York"), 2008, 2100)
}

func TestLibicalNameOfVTIMEZONEIsUsed(t *testing.T) {
	source := strings.Replace(outlookZone, "BEGIN:STANDARD", "X-LIC-LOCATION:Asia/Tokyo\r\nBEGIN:STANDARD", 1)
	cal, err := Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	if loc, _ := NewZones(cal, nil).Location("Customized Time Zone"); loc.String() != "Asia/Tokyo" {
		t.Errorf("got %v", loc)
	}
}

// sameClock compares two locations for every three hours of the years.
func sameClock(t *testing.T, got, want *time.Location, from, to int) {
	t.Helper()
	end := time.Date(to, 1, 1, 0, 0, 0, 0, time.UTC)
	for at := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(end); at = at.Add(3 * time.Hour) {
		_, g := at.In(got).Zone()
		_, w := at.In(want).Zone()
		if g != w {
			t.Errorf("%v at %v: got offset %d, want %d", want, at, g, w)
			return
		}
	}
}

func TestTimezoneIsReadBackAsTheSameClock(t *testing.T) {
	for _, name := range []string{
		"America/New_York", "Europe/Berlin", "Europe/Dublin", "Africa/Casablanca", "Australia/Lord_Howe",
		"America/Sao_Paulo", "Asia/Jerusalem", "Asia/Tehran", "Pacific/Apia", "Europe/Istanbul", "Asia/Kolkata",
		"America/St_Johns", "Antarctica/Troll", "Africa/Cairo", "America/Santiago", "Asia/Gaza", "UTC",
	} {
		loc := location(t, name)
		for _, year := range []int{1990, 2007, 2020} {
			from := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
			def := Timezone(name, loc, from, from.AddDate(20, 0, 0))
			got, err := Location(def)
			if err != nil {
				t.Fatal(err)
			}
			sameClock(t, got, loc, year, year+20)
		}
	}
}

func TestTimezoneWithYearlyRuleHoldsForEver(t *testing.T) {
	loc := location(t, "Europe/Dublin")
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	def := Timezone("Europe/Dublin", loc, from, from.AddDate(1, 0, 0))
	got, err := Location(def)
	if err != nil {
		t.Fatal(err)
	}
	sameClock(t, got, loc, 2024, 2100)
	if n := len(def.Components); n != 3 {
		t.Errorf("%d observances, want 3:\n%s", n, def)
	}
	for c := range def.Children("DAYLIGHT") {
		if c.Value("TZOFFSETTO") != "+0100" {
			t.Errorf("daylight time is not the summer's:\n%s", def)
		}
	}
}

func TestTimezoneHasNoChangeWithoutDifference(t *testing.T) {
	from := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	def := Timezone("America/Sao_Paulo", location(t, "America/Sao_Paulo"), from, from.AddDate(20, 0, 0))
	if n := len(def.Components); n != 1 {
		t.Errorf("%d observances, want 1:\n%s", n, def)
	}
}
