package ical

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// dates are those that a rule gives for a DTSTART with a DATE, before an end.
func dates(t testing.TB, start, rule, end string) string {
	t.Helper()
	o := event(t, []string{"DTSTART;VALUE=DATE:" + start, "RRULE:" + rule})
	var all []string
	for i := range o.Instances(within(t, "", end)) {
		all = append(all, i.Start.UTC().Format("20060102"))
	}
	return strings.Join(all, " ")
}

func TestRulesOfOtherCalendars(t *testing.T) {
	for _, tt := range []struct{ name, start, rule, end, want string }{
		// RFC 7529 section 4.3
		{"Chinese New Year", "20130210", "RSCALE=CHINESE;FREQ=YEARLY", "20170101", "20130210 20140131 20150219 20160208"},
		{"Ethiopic 13th month", "20130906", "RSCALE=ETHIOPIC;FREQ=MONTHLY;BYMONTH=13", "20170101", "20130906 20140906 20150906 20160906"},
		{"Hebrew anniversary in Adar I", "20140208", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD", "20171231", "20140208 20150227 20160217 20170306"},
		{"Gregorian leap day", "20120229", "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", "20161231", "20120229 20130301 20140301 20150301 20160229"},
		{"last days of months", "20140131", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD;COUNT=4", "20151231", "20140131 20140301 20140331 20140501"},

		{"Adar I in leap years only", "20140208", "RSCALE=HEBREW;FREQ=YEARLY", "20220101", "20140208 20160217 20190213"},
		{"Adar I, else Shevat", "20140208", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=BACKWARD", "20161231", "20140208 20150128 20160217"},
		{"Rosh Hashanah", "20201003", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1,2", "20230101", "20201003 20210907 20210908 20220926 20220927"},
		{"first day of each Islamic month", "20240708", "RSCALE=ISLAMIC-CIVIL;FREQ=MONTHLY;COUNT=4", "20250101", "20240708 20240807 20240905 20241005"},
		{"Nowruz", "20230321", "RSCALE=PERSIAN;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", "20260101", "20230321 20240320 20250321"},
		{"Saka new year", "20230322", "RSCALE=INDIAN;FREQ=YEARLY", "20260101", "20230322 20240321 20250322"},
		{"Buddhist years have Gregorian months", "20240131", "RSCALE=BUDDHIST;FREQ=MONTHLY;SKIP=BACKWARD;COUNT=3", "20250101", "20240131 20240229 20240331"},
		{"every other Chinese leap month", "20200523", "RSCALE=CHINESE;FREQ=MONTHLY;BYMONTH=2L,4L,6L;BYMONTHDAY=1", "20260101", "20200523 20230322 20250725"},
		{"Sabbaths of Elul", "20240907", "RSCALE=HEBREW;FREQ=DAILY;BYMONTH=12;BYDAY=SA", "20250901", "20240907 20240914 20240921 20240928 20250830"},
		{"last day of the year", "20241002", "RSCALE=HEBREW;FREQ=YEARLY;BYYEARDAY=-1", "20270101", "20241002 20250922 20260911"},
		{"to the end of what is known", "20980201", "RSCALE=CHINESE;FREQ=YEARLY", "21500101", "20980201 20990121"},
	} {
		if got := dates(t, tt.start, tt.rule, tt.end); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// told asks of a single day whether a rule in the terms of a calendar admits it, by what the calendar calls that day.
type told struct {
	cal   chronology
	rule  *Rule
	start int
}

// inMonth says whether the rule reaches the month of a day, and which day of it that is.
func (o told) inMonth(day int) (in bool, dayOfMonth, length int) {
	year, month, dayOfMonth := o.cal.date(day)
	startYear, startMonth, _ := o.cal.date(o.start)
	length = o.cal.first(year, month+1) - o.cal.first(year, month)
	periods := year - startYear
	if o.rule.Freq == Monthly {
		periods = o.cal.since(year, month, startYear, startMonth)
	}
	months, leaps := o.rule.ByMonth, o.rule.ByLeapMonth
	if len(months)+len(leaps) == 0 {
		if o.rule.Freq == Monthly || len(o.rule.ByMonthDay) > 0 {
			return periods%o.rule.interval() == 0, dayOfMonth, length
		}
		if number, leap := o.cal.name(startYear, startMonth); leap {
			leaps = []int{number}
		} else {
			months = []int{number}
		}
	}
	number, leap := o.cal.name(year, month)
	named := !leap && slices.Contains(months, number) || leap && slices.Contains(leaps, number)
	for _, n := range leaps {
		if o.cal.place(year, n, true) == 0 && !leap {
			named = named || o.rule.Skip == Backward && number == n || o.rule.Skip == Forward && number == n+1
		}
	}
	return named && periods%o.rule.interval() == 0, dayOfMonth, length
}

func (o told) admits(day int) bool {
	_, _, startDay := o.cal.date(o.start)
	days := o.rule.ByMonthDay
	if len(days) == 0 {
		days = []int{startDay}
	}
	in, n, length := o.inMonth(day)
	lacks := func(length int) bool { return slices.ContainsFunc(days, func(d int) bool { return d > length }) }
	if in && (slices.Contains(days, n) || slices.Contains(days, n-length-1) || o.rule.Skip == Backward && n == length && lacks(length)) {
		return true
	}
	before, _, length := o.inMonth(day - 1)
	return o.rule.Skip == Forward && n == 1 && before && lacks(length)
}

func TestRulesOfOtherCalendarsAgreeWithOracle(t *testing.T) {
	others := slices.DeleteFunc(RScales(), func(name string) bool { return name == "GREGORIAN" })
	rapid.Check(t, func(t *rapid.T) {
		r := &Rule{RScale: rapid.SampledFrom(others).Draw(t, "rscale"), Freq: Freq(rapid.IntRange(int(Monthly), int(Yearly)).Draw(t, "freq")),
			WeekStart: time.Monday, Interval: rapid.IntRange(1, 5).Draw(t, "interval"), Skip: Skip(rapid.IntRange(0, 2).Draw(t, "skip"))}
		r.ByMonth = drawList(t, "bymonth", 1, 13, false)
		r.ByLeapMonth = drawList(t, "leap months", 1, 11, false)
		r.ByMonthDay = drawList(t, "bymonthday", 1, 31, true)
		start := drawStart(t).Truncate(daySeconds * time.Second)
		end := start.AddDate(12, 0, 0)
		want := []int64{start.Unix()}
		o := told{chronologies[r.RScale](), r, dayOf(start.Unix())}
		for day := o.start + 1; day < dayOf(end.Unix()); day++ {
			if o.admits(day) {
				want = append(want, int64(day)*daySeconds)
			}
		}
		if d := differ(walked(r, start, start, end), want); d != "" {
			t.Fatalf("DTSTART:%s RRULE:%s %s", UTCOf(start), r, d)
		}
		from := start.AddDate(0, 0, rapid.IntRange(0, 3000).Draw(t, "later"))
		want = slices.DeleteFunc(want, func(u int64) bool { return u < from.Unix() })
		if d := differ(walked(r, start, from, end), want); d != "" {
			t.Fatalf("DTSTART:%s RRULE:%s from %s %s", UTCOf(start), r, UTCOf(from), d)
		}
		if again, err := ParseRule(r.String()); err != nil || again.String() != r.String() {
			t.Fatalf("%s is read back as %v, %v", r, again, err)
		}
	})
}

// Rules far away and of absurd intervals cost little and end.
func TestRulesOfOtherCalendarsEnd(t *testing.T) {
	for _, name := range RScales() {
		for _, rest := range []string{"FREQ=YEARLY", "FREQ=MONTHLY;INTERVAL=999999999", "FREQ=YEARLY;INTERVAL=999999999", "FREQ=MONTHLY;BYMONTH=13;BYMONTHDAY=31", "FREQ=YEARLY;BYWEEKNO=55", "FREQ=YEARLY;BYDAY=53SU;BYMONTHDAY=-31"} {
			for _, start := range []string{"00010101", "19700101", "99991231"} {
				dates(t, start, fmt.Sprintf("RSCALE=%s;%s", name, rest), "99991231")
			}
		}
	}
}
