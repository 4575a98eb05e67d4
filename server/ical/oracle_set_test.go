package ical

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// These oracles stand beside that of oracle_test.go: for the days that a month lacks (RFC 7529), and for whole recurrence
// sets on clocks that change (RFC 5545 sections 3.3.5 and 3.8.5).

// skipped says of a day whether a rule of months or years with SKIP admits it: a day that the month lacks is its last, or
// the first of the next.
func skipped(r *Rule, start, t time.Time) bool {
	days := r.ByMonthDay
	if len(days) == 0 {
		days = []int{start.Day()}
	}
	inPeriod := func(t time.Time) bool {
		switch {
		case len(r.ByMonth) > 0 && !slices.Contains(r.ByMonth, int(t.Month())):
			return false
		case r.Freq == Yearly && len(r.ByMonth) == 0 && len(r.ByMonthDay) == 0 && t.Month() != start.Month():
			return false
		}
		return (periodOf(r, t)-periodOf(r, start))%r.interval() == 0
	}
	lacks := func(t time.Time) bool {
		length := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		return inPeriod(t) && slices.ContainsFunc(days, func(d int) bool { return d > length })
	}
	switch {
	case inPeriod(t) && slices.Contains(days, t.Day()):
		return true
	case r.Skip == Backward:
		return t.AddDate(0, 0, 1).Day() == 1 && lacks(t)
	case r.Skip == Forward:
		return t.Day() == 1 && lacks(t.AddDate(0, 0, -1))
	}
	return false
}

func TestSkippedDaysAgreeWithOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := drawStart(t)
		if rapid.Bool().Draw(t, "late") {
			start = time.Date(start.Year(), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), 31, 10, 0, 0, 0, time.UTC)
		}
		r := &Rule{Freq: Freq(rapid.IntRange(int(Monthly), int(Yearly)).Draw(t, "freq")), WeekStart: time.Monday,
			Interval: rapid.IntRange(1, 5).Draw(t, "interval"), Skip: Skip(rapid.IntRange(0, 2).Draw(t, "skip"))}
		r.ByMonth = drawList(t, "bymonth", 1, 12, false)
		r.ByMonthDay = drawList(t, "bymonthday", 26, 31, false)
		end := start.AddDate(12, 0, 0)
		want := []int64{start.Unix()}
		for day := start.AddDate(0, 0, 1); day.Before(end); day = day.AddDate(0, 0, 1) {
			if skipped(r, start, day) {
				want = append(want, day.Unix())
			}
		}
		if rapid.Bool().Draw(t, "counted") {
			r.Count = rapid.IntRange(1, 40).Draw(t, "count")
			want = want[:min(r.Count, len(want))]
		}
		if d := differ(walked(r, start, start, end), want); d != "" {
			t.Fatalf("DTSTART:%s RRULE:%s %s", UTCOf(start), r, d)
		}
	})
}

// clocks change by an hour, in either hemisphere, by half an hour, at midnight, and by a day.
var clocks = []struct {
	zone    string
	changes []time.Time // days about which the clock changes
}{
	{"Europe/Berlin", []time.Time{date(2026, 3, 29), date(2026, 10, 25)}},
	{"America/New_York", []time.Time{date(2026, 3, 8), date(2026, 11, 1)}},
	{"Australia/Lord_Howe", []time.Time{date(2026, 4, 5), date(2026, 10, 4)}},
	{"America/Santiago", []time.Time{date(2026, 4, 5), date(2026, 9, 6)}},
	{"Pacific/Apia", []time.Time{date(2011, 12, 30)}},
	{"Asia/Kolkata", []time.Time{date(2026, 6, 1)}},
}

func date(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

// instantOf is the first instant at which a clock shows the wall, or, for what it never shows, that of the clock as it was
// before the gap.
func instantOf(wall time.Time, location *time.Location) int64 {
	shows := func(u int64) bool {
		_, offset := time.Unix(u, 0).In(location).Zone()
		return u+int64(offset) == wall.Unix()
	}
	for u := wall.Unix() - 26*3600; u <= wall.Unix()+26*3600; u += 1800 { // no offset of these zones is finer
		if shows(u) {
			return u
		}
	}
	_, before := time.Unix(wall.Unix()-48*3600, 0).In(location).Zone()
	return wall.Unix() - int64(before)
}

func TestSetsOnChangingClocksAgreeWithOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := rapid.SampledFrom(clocks).Draw(t, "clock")
		location, err := time.LoadLocation(clock.zone)
		if err != nil {
			t.Fatal(err)
		}
		change := rapid.SampledFrom(clock.changes).Draw(t, "change")
		half := func(name string, low, high int) time.Time {
			return change.Add(time.Duration(rapid.IntRange(low*48, high*48-1).Draw(t, name)) * 30 * time.Minute)
		}
		start := half("start", -10, 2)
		r := drawRule(t, false)
		if rapid.Bool().Draw(t, "hourly") {
			r = &Rule{Freq: Hourly, Interval: rapid.IntRange(1, 30).Draw(t, "hours"), WeekStart: time.Monday}
		}
		end := change.AddDate(0, 0, 40)

		const form = "20060102T150405"
		extra := func(name, line string) (lines string, instants []int64) {
			for i := range rapid.IntRange(0, 4).Draw(t, name) {
				wall := half(fmt.Sprint(name, i), -10, 30)
				instant := instantOf(wall, location)
				switch rapid.IntRange(0, 1).Draw(t, name+" form") {
				case 0:
					lines += line + ";TZID=" + clock.zone + ":" + wall.Format(form) + "\r\n"
				default:
					lines += line + ":" + time.Unix(instant, 0).UTC().Format(form) + "Z\r\n"
				}
				instants = append(instants, instant)
			}
			return lines, instants
		}
		dates, want := extra("rdates", "RDATE")
		exceptions, gone := extra("exdates", "EXDATE")
		for _, wall := range oracle(r, start, end.AddDate(0, 0, 2)) {
			instant := instantOf(time.Unix(wall, 0).UTC(), location)
			want = append(want, instant)
			if rapid.IntRange(0, 5).Draw(t, "left out") == 0 {
				exceptions += "EXDATE;TZID=" + clock.zone + ":" + time.Unix(wall, 0).UTC().Format(form) + "\r\n"
				gone = append(gone, instant)
			}
		}
		slices.Sort(want)
		want = slices.DeleteFunc(slices.Compact(want), func(u int64) bool { return slices.Contains(gone, u) || u >= end.Unix() })

		data := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=" + clock.zone + ":" +
			start.Format(form) + "\r\nRRULE:" + r.String() + "\r\n" + dates + exceptions + "END:VEVENT\r\nEND:VCALENDAR\r\n"
		calendar, err := Parse([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for i := range NewObject(calendar, nil).Instances(Range{End: end}) {
			got = append(got, i.Start.Unix())
		}
		if d := differ(got, want); d != "" {
			t.Fatalf("%s %s", strings.ReplaceAll(data, "\r\n", "\n"), d)
		}
	})
}
