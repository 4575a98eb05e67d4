package schedule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"calport/server/ical"
	"calport/server/schedule"
)

func availability(t testing.TB, parts string) *ical.Component {
	t.Helper()
	calendar, err := ical.Parse([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VAVAILABILITY\r\nUID:1\r\nDTSTAMP:20260901T120000Z\r\n" +
		parts + "END:VAVAILABILITY\r\nEND:VCALENDAR\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	return calendar
}

func availablePart(uid int, start, more string) string {
	return fmt.Sprintf("BEGIN:AVAILABLE\r\nUID:a%d\r\nDTSTAMP:20260901T120000Z\r\nDTSTART:%s\r\n%s\r\nEND:AVAILABLE\r\n", uid, start, more)
}

// Each minute of a day is unavailable or not, as one asks the parts one by one.
func TestUnavailableTimeIsWhatNoPartGives(t *testing.T) {
	day := time.Date(2026, 9, 7, 0, 0, 0, 0, time.UTC)
	const minutes = 24 * 60
	rapid.Check(t, func(r *rapid.T) {
		var parts strings.Builder
		given := make([]bool, minutes)
		for i := range rapid.IntRange(0, 12).Draw(r, "parts") {
			from := rapid.IntRange(0, minutes-1).Draw(r, "from")
			length := rapid.IntRange(1, 300).Draw(r, "length")
			fmt.Fprint(&parts, availablePart(i, day.Add(time.Duration(from)*time.Minute).Format("20060102T150405Z"), fmt.Sprintf("DURATION:PT%dM", length)))
			for m := from; m < min(from+length, minutes); m++ {
				given[m] = true
			}
		}
		taken := make([]bool, minutes)
		for _, p := range schedule.Unavailable(availability(t, parts.String()), time.UTC, ical.Range{Start: day, End: day.AddDate(0, 0, 1)}) {
			for at := p.Start; at.Before(p.End); at = at.Add(time.Minute) {
				m := int(at.Sub(day) / time.Minute)
				if taken[m] {
					r.Fatalf("minute %d is there twice", m)
				}
				taken[m] = true
			}
		}
		for m := range minutes {
			if taken[m] == given[m] {
				r.Fatalf("minute %d: given %v, unavailable %v", m, given[m], taken[m])
			}
		}
	})
}

// Whoever asks for the time of somebody else must not wait for what he wrote into his availability.
func TestAvailabilityMadeToKeepOthersWaitingIsBounded(t *testing.T) {
	everySecond := strings.Repeat(availablePart(1, "20200101T000000Z", "DURATION:PT1S\r\nRRULE:FREQ=SECONDLY;INTERVAL=2"), 3000)
	year := ical.Range{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
	if n := len(schedule.Unavailable(availability(t, everySecond), time.UTC, year)); n == 0 || n > 200_000 {
		t.Errorf("got %d periods", n)
	}
}
