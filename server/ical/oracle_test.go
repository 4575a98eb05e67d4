package ical

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"
)

// The oracle knows no periods, masks or jumps: it asks of every second,
// minute, hour or day whether the rule, read as the text of RFC 5545 section
// 3.3.10 stands, admits it.

// admitted says whether t is in the rule's set before BYSETPOS and COUNT.
func admitted(r *Rule, start, t time.Time) bool {
	has := func(list []int, n int) bool { return slices.Contains(list, n) }
	either := func(list []int, n, length int) bool { return has(list, n) || has(list, n-length-1) }
	if periodOf(r, t)%r.interval() != periodOf(r, start)%r.interval() {
		return false
	}
	length := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	year := time.Date(t.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	switch {
	case len(r.ByMonth) > 0 && !has(r.ByMonth, int(t.Month())),
		len(r.ByMonthDay) > 0 && !either(r.ByMonthDay, t.Day(), length),
		len(r.ByYearDay) > 0 && !either(r.ByYearDay, t.YearDay(), year),
		len(r.ByWeekNo) > 0 && !weekNumberAdmitted(r, t),
		len(r.ByDay) > 0 && !weekdayAdmitted(r, t, length, year),
		len(r.ByHour) > 0 && !has(r.ByHour, t.Hour()),
		len(r.ByMinute) > 0 && !has(r.ByMinute, t.Minute()),
		len(r.BySecond) > 0 && !has(r.BySecond, t.Second()):
		return false
	}
	// What the rule does not say is as in DTSTART.
	days := len(r.ByMonthDay) + len(r.ByYearDay) + len(r.ByDay)
	switch {
	case r.Freq > Secondly && len(r.BySecond) == 0 && t.Second() != start.Second(),
		r.Freq > Minutely && len(r.ByMinute) == 0 && t.Minute() != start.Minute(),
		r.Freq > Hourly && len(r.ByHour) == 0 && t.Hour() != start.Hour(),
		r.Freq == Weekly && days == 0 && t.Weekday() != start.Weekday(),
		r.Freq == Monthly && days == 0 && t.Day() != start.Day(),
		r.Freq == Yearly && days == 0 && len(r.ByWeekNo) > 0 && t.Weekday() != start.Weekday(),
		r.Freq == Yearly && days == 0 && len(r.ByWeekNo) == 0 && t.Day() != start.Day(),
		r.Freq == Yearly && days == 0 && len(r.ByWeekNo) == 0 && len(r.ByMonth) == 0 && t.Month() != start.Month():
		return false
	}
	return true
}

// periodOf numbers the rule's periods.
func periodOf(r *Rule, t time.Time) int {
	switch r.Freq {
	case Yearly:
		return t.Year()
	case Monthly:
		return t.Year()*12 + int(t.Month())
	case Weekly:
		days := int(t.Unix()/daySeconds) + 3 // since a Monday
		return (days + 7 - (int(r.WeekStart)+6)%7) / 7
	case Daily:
		return int(t.Unix() / daySeconds)
	case Hourly:
		return int(t.Unix() / 3600)
	case Minutely:
		return int(t.Unix() / 60)
	}
	return int(t.Unix())
}

func weekdayAdmitted(r *Rule, t time.Time, month, year int) bool {
	for _, d := range r.ByDay {
		if d.Day != t.Weekday() {
			continue
		}
		day, length := t.Day(), month
		if r.Freq == Yearly && len(r.ByMonth) == 0 {
			day, length = t.YearDay(), year
		}
		if d.N == 0 || r.Freq < Monthly || len(r.ByWeekNo) > 0 || d.N == (day-1)/7+1 || -d.N == (length-day)/7+1 {
			return true
		}
	}
	return false
}

// weekNumberAdmitted counts the weeks of a year from the one that has at least
// four days in it.
func weekNumberAdmitted(r *Rule, t time.Time) bool {
	firstOf := func(year int) time.Time {
		d := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
		for d.Weekday() != r.WeekStart {
			d = d.AddDate(0, 0, -1)
		}
		return d
	}
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	year := t.Year() + 1
	for firstOf(year).After(day) {
		year--
	}
	week := int(day.Sub(firstOf(year)).Hours()/24)/7 + 1
	weeks := int(firstOf(year+1).Sub(firstOf(year)).Hours()/24) / 7
	return slices.Contains(r.ByWeekNo, week) || slices.Contains(r.ByWeekNo, week-weeks-1)
}

// oracle returns what the rule gives before end.
func oracle(r *Rule, start, end time.Time) []int64 {
	step := time.Second
	switch {
	case r.Freq >= Daily && len(r.ByHour)+len(r.ByMinute)+len(r.BySecond) == 0:
		step = 24 * time.Hour
	case r.Freq >= Hourly && len(r.ByMinute)+len(r.BySecond) == 0:
		step = time.Hour
	case r.Freq >= Minutely && len(r.BySecond) == 0:
		step = time.Minute
	}
	// From before DTSTART, for BYSETPOS counts whole periods.
	from := start
	if len(r.BySetPos) > 0 {
		for periodOf(r, from.Add(-step)) == periodOf(r, start) {
			from = from.Add(-step)
		}
	}
	var all []int64
	var period []int64
	flush := func() {
		var picked []int64
		for i, u := range period {
			if len(r.BySetPos) == 0 || slices.Contains(r.BySetPos, i+1) || slices.Contains(r.BySetPos, i-len(period)) {
				picked = append(picked, u)
			}
		}
		all = append(all, picked...)
		period = nil
	}
	number := periodOf(r, from)
	// To the end of the last period, again for BYSETPOS.
	for t := from; t.Before(end) || periodOf(r, t) == number && len(r.BySetPos) > 0; t = t.Add(step) {
		if n := periodOf(r, t); n != number {
			flush()
			number = n
		}
		if admitted(r, start, t) {
			period = append(period, t.Unix())
		}
	}
	flush()
	all = slices.DeleteFunc(all, func(u int64) bool { return u <= start.Unix() || u >= end.Unix() })
	all = append([]int64{start.Unix()}, all...)
	if r.Count > 0 && len(all) > r.Count {
		all = all[:r.Count]
	}
	if !r.Until.IsZero() {
		all = slices.DeleteFunc(all, func(u int64) bool { return u > r.Until.wall && u != start.Unix() })
	}
	return all
}

func drawList(t *rapid.T, name string, low, high int, signed bool) []int {
	if !rapid.Bool().Draw(t, "has "+name) {
		return nil
	}
	one := rapid.IntRange(low, high)
	if signed {
		one = rapid.Custom(func(t *rapid.T) int {
			n := rapid.IntRange(low, high).Draw(t, "n")
			if rapid.Bool().Draw(t, "negative") {
				return -n
			}
			return n
		})
	}
	return rapid.SliceOfNDistinct(one, 1, 4, rapid.ID[int]).Draw(t, name)
}

// drawRule draws rules of days and above, or of less.
func drawRule(t *rapid.T, short bool) *Rule {
	r := &Rule{
		Freq:      Freq(rapid.IntRange(int(Daily), int(Yearly)).Draw(t, "freq")),
		Interval:  rapid.IntRange(1, 5).Draw(t, "interval"),
		WeekStart: time.Weekday(rapid.IntRange(0, 6).Draw(t, "wkst")),
	}
	if short {
		r.Freq = Freq(rapid.IntRange(int(Secondly), int(Hourly)).Draw(t, "short freq"))
		r.Interval = rapid.IntRange(1, 100).Draw(t, "short interval")
	}
	if rapid.Bool().Draw(t, "counted") {
		r.Count = rapid.IntRange(1, 40).Draw(t, "count")
	}
	r.ByMonth = drawList(t, "bymonth", 1, 12, false)
	r.ByMonthDay = drawList(t, "bymonthday", 1, 31, true)
	if r.Freq == Yearly || short {
		r.ByYearDay = drawList(t, "byyearday", 1, 366, true)
	}
	if r.Freq == Yearly {
		r.ByWeekNo = drawList(t, "byweekno", 1, 53, true)
	}
	if rapid.Bool().Draw(t, "has byday") {
		r.ByDay = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) WeekdayNum {
			w := WeekdayNum{Day: time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))}
			if r.Freq >= Monthly && len(r.ByWeekNo) == 0 && rapid.Bool().Draw(t, "numbered") {
				w.N = rapid.SampledFrom([]int{1, 2, 4, 5, -1, -2, -5, 20, 53, -53}).Draw(t, "n")
			}
			return w
		}), 1, 3).Draw(t, "byday")
	}
	if short {
		r.ByHour = drawList(t, "byhour", 0, 23, false)
		r.ByMinute = drawList(t, "byminute", 0, 59, false)
	}
	if len(r.ByDay)+len(r.ByMonthDay)+len(r.ByYearDay)+len(r.ByHour) > 0 {
		r.BySetPos = drawList(t, "bysetpos", 1, 5, true)
	}
	return r
}

// walked returns what the engine gives from an instant until before end.
func walked(r *Rule, start, from, end time.Time) []int64 {
	var all []int64
	w := newWalk(r, start.Unix(), false, math.MaxInt64)
	if !r.Until.IsZero() {
		w = newWalk(r, start.Unix(), false, r.Until.wall)
	}
	w.each(from.Unix(), newBudget(), func(v int64) bool {
		if v >= end.Unix() {
			return false
		}
		if v >= from.Unix() {
			all = append(all, v)
		}
		return true
	})
	return all
}

// differ returns where two lists begin to differ, "" if they do not.
func differ(got, want []int64) string {
	if slices.Equal(got, want) {
		return ""
	}
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	few := func(all []int64) string {
		var b strings.Builder
		for _, u := range all[max(n-1, 0):min(n+5, len(all))] {
			fmt.Fprintf(&b, "%s ", time.Unix(u, 0).UTC().Format("20060102T150405"))
		}
		return b.String()
	}
	return fmt.Sprintf("after %d\n got %s\nwant %s", n, few(got), few(want))
}

func drawStart(t *rapid.T) time.Time {
	return time.Date(rapid.IntRange(1996, 2005).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC).
		Add(time.Duration(rapid.IntRange(0, 366*daySeconds-1).Draw(t, "second")) * time.Second)
}

func TestRulesOfDaysAgreeWithOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, start := drawRule(t, false), drawStart(t)
		end := start.AddDate(6, 0, 0)
		if d := differ(walked(r, start, start, end), oracle(r, start, end)); d != "" {
			t.Fatalf("DTSTART:%s RRULE:%s %s", UTCOf(start), r, d)
		}
	})
}

func TestRulesShorterThanADayAgreeWithOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, start := drawRule(t, true), drawStart(t)
		end := start.AddDate(0, 0, 2)
		if r.Freq == Secondly {
			end = start.Add(3 * time.Hour)
		}
		if d := differ(walked(r, start, start, end), oracle(r, start, end)); d != "" {
			t.Fatalf("DTSTART:%s RRULE:%s %s", UTCOf(start), r, d)
		}
	})
}

func TestSkippingAheadChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, start := drawRule(t, rapid.Bool().Draw(t, "short")), drawStart(t)
		r.Skip = Skip(rapid.IntRange(0, 2).Draw(t, "skip"))
		from := start.Add(time.Duration(rapid.IntRange(0, 3*366*24).Draw(t, "hours")) * time.Hour)
		end := from.AddDate(0, 4, 0)
		if r.Freq < Hourly {
			from = start.Add(from.Sub(start) / 50)
			end = from.Add(50 * time.Hour)
		}
		want := slices.DeleteFunc(walked(r, start, start, end), func(u int64) bool { return u < from.Unix() })
		if d := differ(walked(r, start, from, end), want); d != "" {
			t.Fatalf("DTSTART:%s RRULE:%s from %s %s", UTCOf(start), r, UTCOf(from), d)
		}
	})
}

// rrule-go is right as long as there is no zone, no BYWEEKNO without BYDAY, no
// BYDAY with numbers in some places only, and a DTSTART that the rule gives.
func TestRulesAgreeWithRRuleGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, start := drawRule(t, false), drawStart(t)
		if len(r.ByWeekNo) > 0 && len(r.ByDay)+len(r.ByMonthDay)+len(r.ByYearDay) == 0 {
			t.Skip("rrule-go takes the whole week")
		}
		if slices.ContainsFunc(r.ByWeekNo, func(n int) bool { return n < 0 || n > 51 }) {
			t.Skip("rrule-go forgets weeks that reach into the next year")
		}
		if r.Freq == Weekly && len(r.BySetPos) > 0 {
			t.Skip("rrule-go begins the first week at DTSTART")
		}
		numbered := func(d WeekdayNum) bool { return d.N != 0 }
		if slices.ContainsFunc(r.ByDay, numbered) != (len(r.ByDay) > 0 && !slices.ContainsFunc(r.ByDay, func(d WeekdayNum) bool { return d.N == 0 })) {
			t.Skip("rrule-go wants both FR and 1WE of one day")
		}
		if far := func(d WeekdayNum) bool { return d.N > 5 || d.N < -5 }; slices.ContainsFunc(r.ByDay, far) && (r.Freq == Monthly || len(r.ByMonth) > 0) {
			t.Skip("rrule-go looks beyond the month, and panics")
		}
		end := start.AddDate(6, 0, 0)
		count := r.Count
		r.Count = 0
		theirs, err := rrule.StrToRRule(r.String())
		if err != nil {
			t.Fatal(err)
		}
		theirs.DTStart(start)
		var want []int64
		for _, at := range theirs.Between(start, end.Add(-time.Second), true) {
			want = append(want, at.Unix())
		}
		if len(want) == 0 || want[0] != start.Unix() {
			want = append([]int64{start.Unix()}, want...)
		}
		r.Count = count
		if count > 0 {
			want = want[:min(count, len(want))]
		}
		if d := differ(walked(r, start, start, end), want); d != "" {
			t.Fatalf("DTSTART:%s RRULE:%s %s", UTCOf(start), r, d)
		}
	})
}

func TestRuleIsReadBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRule(t, rapid.Bool().Draw(t, "short"))
		r.Skip = Skip(rapid.IntRange(0, 2).Draw(t, "skip"))
		again, err := ParseRule(r.String())
		if err != nil {
			t.Fatal(err)
		}
		if again.String() != r.String() {
			t.Fatalf("%s became %s", r, again)
		}
	})
}
