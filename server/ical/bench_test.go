package ical

import (
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
)

// tenKilobytes is an object of that size: an event with overrides.
func tenKilobytes() []byte {
	start := strings.Index(sampleEvent, "BEGIN:VEVENT")
	end := strings.Index(sampleEvent, "END:VCALENDAR")
	master := sampleEvent[start:end]
	override := strings.Replace(master, "RRULE:FREQ=WEEKLY;BYDAY=MO", "RECURRENCE-ID;TZID=Europe/Berlin:20240108T100000", 1)
	all := sampleEvent[:end]
	for len(all) < 10_000 {
		all += override
	}
	return []byte(all + sampleEvent[end:])
}

func BenchmarkParse(b *testing.B) {
	data := tenKilobytes()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteUnchanged(b *testing.B) {
	cal := mustParse(b, string(tenKilobytes()))
	buf := cal.Bytes()
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = cal.Append(buf[:0])
	}
}

func BenchmarkWriteAfresh(b *testing.B) {
	cal := refreshed(mustParse(b, string(tenKilobytes())))
	buf := cal.Bytes()
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = cal.Append(buf[:0])
	}
}

// The weekly event began ten years before the year that is asked for.
func BenchmarkInstancesOfAYear(b *testing.B) {
	o := parsed(b, sampleEvent, nil)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range o.Instances(aYear) {
			n++
		}
		if n != 52 {
			b.Fatal(n)
		}
	}
}

// The same by rrule-go, for comparison.
func BenchmarkInstancesOfAYearByRRuleGo(b *testing.B) {
	r, err := rrule.StrToRRule("FREQ=WEEKLY;BYDAY=MO")
	if err != nil {
		b.Fatal(err)
	}
	r.DTStart(time.Date(2014, 1, 6, 10, 0, 0, 0, location(b, "Europe/Berlin")))
	for b.Loop() {
		if n := len(r.Between(aYear.Start, aYear.End, true)); n != 53 {
			b.Fatal(n)
		}
	}
}

func BenchmarkExpandAYear(b *testing.B) {
	o := parsed(b, sampleEvent, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.Expand(aYear, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// From the bytes to the answer, as a query does it for one object.
func BenchmarkQuery(b *testing.B) {
	data := []byte(sampleEvent)
	day := Range{aYear.Start, aYear.Start.AddDate(0, 0, 7)}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		cal, err := Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		o := NewObject(cal, nil)
		if !o.Overlaps(o.Master(), day) {
			b.Fatal("no")
		}
	}
}

func BenchmarkFacts(b *testing.B) {
	for _, bb := range []struct{ name, rule string }{
		{"forever", "FREQ=WEEKLY;BYDAY=MO"},
		{"until", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20300101T000000Z"},
		{"count", "FREQ=WEEKLY;BYDAY=MO;COUNT=100"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			cal := mustParse(b, strings.Replace(sampleEvent, "FREQ=WEEKLY;BYDAY=MO", bb.rule, 1))
			b.ReportAllocs()
			for b.Loop() {
				NewObject(cal, nil).Facts()
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	cal := mustParse(b, sampleEvent)
	b.ReportAllocs()
	for b.Loop() {
		if err := Check(cal); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLocationFromVTIMEZONE(b *testing.B) {
	def := mustParse(b, outlookZone).Child("VTIMEZONE")
	for b.Loop() {
		if _, err := Location(def); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTimezone(b *testing.B) {
	loc := location(b, "Europe/Berlin")
	for b.Loop() {
		Timezone("Europe/Berlin", loc, aYear.Start, aYear.End)
	}
}
