package ical

import (
	"fmt"
	"testing"
	"time"
)

// What the facts decide must be what the data says, for any location and any range.
func TestFactsDecideAsTheDataDoes(t *testing.T) {
	times := []string{
		"DTSTART:20260901T090000Z\r\nDTEND:20260901T100000Z", "DTSTART:20260901T090000Z", "DTSTART:20260901T090000",
		"DTSTART:20260901T000000\r\nDTEND:20260901T000000", "DTSTART;VALUE=DATE:20260901", "DTSTART;TZID=Europe/Berlin:20260901T090000\r\nDURATION:PT30M",
		"DTSTART;TZID=Nowhere:20260901T090000\r\nDURATION:PT30M", "DTSTART:20260901T090000Z\r\nDURATION:P1D",
		"DTSTART:20260901T090000Z\r\nDTEND:20260905T090000Z", "DTSTART:20260901T090000Z\r\nDTEND:20260831T090000Z",
		"DTSTART:20260901T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2", "SUMMARY:no time",
	}
	berlin, _ := LookupZone("Europe/Berlin")
	midnight := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	decided := 0
	for _, text := range times {
		for _, kind := range []string{"VEVENT", "VTODO"} {
			data := fmt.Sprintf("BEGIN:VCALENDAR\r\nBEGIN:%s\r\nUID:1\r\n%s\r\nEND:%s\r\nEND:VCALENDAR\r\n", kind, text, kind)
			for _, loc := range []*time.Location{time.UTC, berlin, time.FixedZone("west", -12*3600)} {
				o := parsed(t, data, loc)
				for start := -36; start <= 60; start++ {
					r := Range{Start: midnight.Add(time.Duration(start) * time.Hour)}
					r.End = r.Start.Add(time.Hour)
					for _, r := range []Range{r, {Start: r.Start}, {End: r.End}} {
						got, known := o.Facts().Overlaps(r)
						if known {
							decided++
						}
						if want := o.Overlaps(o.Master(), r); known && got != want {
							t.Fatalf("%s %q in %v, %v: %v, want %v", kind, text, loc, r, got, want)
						}
					}
				}
			}
		}
	}
	if decided == 0 {
		t.Error("nothing was decided")
	}
}
