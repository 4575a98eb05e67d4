package ical

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Freq is the FREQ of a recurrence rule.
type Freq uint8

// The frequencies, the shortest first.
const (
	Secondly Freq = iota + 1
	Minutely
	Hourly
	Daily
	Weekly
	Monthly
	Yearly
)

var freqNames = [...]string{"", "SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}

func (f Freq) String() string { return freqNames[f] }

var weekdayNames = [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// WeekdayNum is a day in BYDAY: every such day, or the N-th, counted from the
// end if negative.
type WeekdayNum struct {
	N   int
	Day time.Weekday
}

func (w WeekdayNum) String() string {
	if w.N == 0 {
		return weekdayNames[w.Day]
	}
	return strconv.Itoa(w.N) + weekdayNames[w.Day]
}

// Rule is a RECUR value (RFC 5545 section 3.3.10).
type Rule struct {
	Freq       Freq
	Interval   int  // 0 means 1
	Count      int  // 0 means no limit
	Until      Time // zero means no limit
	BySecond   []int
	ByMinute   []int
	ByHour     []int
	ByDay      []WeekdayNum
	ByMonthDay []int
	ByYearDay  []int
	ByWeekNo   []int
	ByMonth    []int
	// ByLeapMonth are the leap months of BYMONTH: 5 is 5L, the one after the fifth (RFC 7529 section 4.2).
	ByLeapMonth []int
	BySetPos    []int
	WeekStart   time.Weekday // Monday unless WKST says otherwise
	RScale      string       // RFC 7529, in upper case; "" means GREGORIAN. See Understood
	Skip        Skip
}

// Skip is the SKIP of RFC 7529 section 4.1: what becomes of a day that a month
// does not have.
type Skip uint8

// The values of SKIP.
const (
	Omit Skip = iota
	Backward
	Forward
)

var skipNames = [...]string{"OMIT", "BACKWARD", "FORWARD"}

// Bounds of the numbers in a rule's parts; foreign is the upper one in other calendars than the Gregorian.
var numberParts = map[string]struct {
	min, max, foreign int
	signed            bool
	of                func(*Rule) *[]int
}{
	"BYSECOND":   {0, 60, 60, false, func(r *Rule) *[]int { return &r.BySecond }},
	"BYMINUTE":   {0, 59, 59, false, func(r *Rule) *[]int { return &r.ByMinute }},
	"BYHOUR":     {0, 23, 23, false, func(r *Rule) *[]int { return &r.ByHour }},
	"BYMONTHDAY": {1, 31, 31, true, func(r *Rule) *[]int { return &r.ByMonthDay }},
	"BYYEARDAY":  {1, 366, 385, true, func(r *Rule) *[]int { return &r.ByYearDay }},
	"BYWEEKNO":   {1, 53, 55, true, func(r *Rule) *[]int { return &r.ByWeekNo }},
	"BYMONTH":    {1, 12, 13, false, func(r *Rule) *[]int { return &r.ByMonth }},
	"BYSETPOS":   {1, 366, 385, true, func(r *Rule) *[]int { return &r.BySetPos }},
}

// ParseRule reads a RECUR. As clients send them, letters may be lower case and
// the last part may be empty, COUNT and UNTIL may be together (both hold); parts with an X- name are passed over. Of a
// rule in the terms of a calendar that is not in RScales, numbers are not looked into.
func ParseRule(s string) (*Rule, error) {
	r := &Rule{WeekStart: time.Monday}
	seen := map[string]bool{}
	parts := strings.Split(strings.ToUpper(strings.TrimSuffix(s, ";")), ";")
	// RSCALE decides what the other parts may be.
	for _, part := range parts {
		if name, value, _ := strings.Cut(part, "="); name == "RSCALE" && value != "GREGORIAN" {
			r.RScale = value
		}
	}
	for _, part := range parts {
		name, value, ok := strings.Cut(part, "=")
		if !ok || value == "" || seen[name] {
			return nil, badValue("RECUR", s)
		}
		seen[name] = true
		if err := r.set(name, value); err != nil {
			return nil, fmt.Errorf("%w in %q", err, s)
		}
	}
	if r.Freq == 0 {
		return nil, fmt.Errorf("%w: rule %q has no FREQ", ErrData, s)
	}
	return r, nil
}

func (r *Rule) set(name, value string) error {
	if part, ok := numberParts[name]; ok {
		most := part.max
		switch {
		case !r.Understood():
			return nil
		case r.RScale != "":
			most = part.foreign
			if name == "BYMONTH" {
				if value = r.takeLeapMonths(value); value == "" {
					return nil
				}
			}
		}
		return parseNumbers(part.of(r), value, part.min, most, part.signed)
	}
	var err error
	switch name {
	case "FREQ":
		i := slices.Index(freqNames[1:], value)
		if i < 0 {
			return badValue("FREQ", value)
		}
		r.Freq = Freq(i + 1)
	case "INTERVAL":
		r.Interval, err = positive(name, value)
	case "COUNT":
		r.Count, err = positive(name, value)
	case "UNTIL":
		r.Until, err = ParseTime(value, "")
	case "BYDAY":
		err = r.parseByDay(value)
	case "WKST":
		i := slices.Index(weekdayNames[:], value)
		if i < 0 {
			return badValue("WKST", value)
		}
		r.WeekStart = time.Weekday(i)
	case "RSCALE":
	case "SKIP":
		i := slices.Index(skipNames[:], value)
		if i < 0 {
			return badValue("SKIP", value)
		}
		r.Skip = Skip(i)
	default:
		if !strings.HasPrefix(name, "X-") {
			return badValue("part of a RECUR", name)
		}
	}
	return err
}

// Understood says whether the rule is written in the terms of a calendar that is known here.
func (r *Rule) Understood() bool { return r.RScale == "" || chronologies[r.RScale] != nil }

// takeLeapMonths takes the leap months out of a list for BYMONTH.
func (r *Rule) takeLeapMonths(list string) (rest string) {
	others := slices.DeleteFunc(strings.Split(list, ","), func(s string) bool {
		number, isLeap := strings.CutSuffix(s, "L")
		n, ok := digits(number)
		if isLeap = isLeap && ok && n >= 1 && n <= 12 && len(number) <= 2; isLeap {
			r.ByLeapMonth = append(r.ByLeapMonth, n)
		}
		return isLeap
	})
	return strings.Join(others, ",")
}

// maxNumber bounds INTERVAL and COUNT so that no date overflows.
const maxNumber = 1_000_000_000

func positive(name, s string) (int, error) {
	n, ok := digits(s)
	if !ok || n < 1 || len(s) > 9 || n > maxNumber {
		return 0, badValue(name, s)
	}
	return n, nil
}

func parseNumbers(to *[]int, list string, low, high int, signed bool) error {
	for s := range strings.SplitSeq(list, ",") {
		n, err := parseSigned(s)
		if abs := max(n, -n); err != nil || abs < low || abs > high || n < 0 && !signed {
			return badValue("number of a RECUR", s)
		}
		*to = append(*to, n)
	}
	return nil
}

func parseSigned(s string) (int, error) {
	body := strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-")
	n, ok := digits(body)
	if !ok || len(body) > 4 || len(s)-len(body) > 1 {
		return 0, badValue("number", s)
	}
	if s[0] == '-' {
		n = -n
	}
	return n, nil
}

func (r *Rule) parseByDay(list string) error {
	for s := range strings.SplitSeq(list, ",") {
		if len(s) < 2 {
			return badValue("BYDAY", s)
		}
		day := slices.Index(weekdayNames[:], s[len(s)-2:])
		w := WeekdayNum{Day: time.Weekday(day)}
		if n := s[:len(s)-2]; n != "" {
			var err error
			if w.N, err = parseSigned(n); err != nil || w.N == 0 || max(w.N, -w.N) > 53 {
				return badValue("BYDAY", s)
			}
		}
		if day < 0 {
			return badValue("BYDAY", s)
		}
		r.ByDay = append(r.ByDay, w)
	}
	return nil
}

// String returns the rule as it is written. Parts that were not looked into, see
// [ParseRule], are lost.
func (r *Rule) String() string {
	var b strings.Builder
	if r.RScale != "" || r.Skip != Omit {
		fmt.Fprintf(&b, "RSCALE=%s;", cmp.Or(r.RScale, "GREGORIAN"))
	}
	b.WriteString("FREQ=" + r.Freq.String())
	if !r.Until.IsZero() {
		b.WriteString(";UNTIL=" + r.Until.String())
	}
	if r.Count > 0 {
		b.WriteString(";COUNT=" + strconv.Itoa(r.Count))
	}
	if r.Interval > 1 {
		b.WriteString(";INTERVAL=" + strconv.Itoa(r.Interval))
	}
	for _, name := range [...]string{"BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"} {
		switch {
		case name == "BYDAY":
			writeList(&b, name, r.ByDay)
		case name == "BYMONTH" && len(r.ByLeapMonth) > 0:
			writeList(&b, name, r.monthNames())
		default:
			writeList(&b, name, *numberParts[name].of(r))
		}
	}
	if r.WeekStart != time.Monday {
		b.WriteString(";WKST=" + weekdayNames[r.WeekStart])
	}
	if r.Skip != Omit {
		b.WriteString(";SKIP=" + skipNames[r.Skip])
	}
	return b.String()
}

// monthNames are the months of BYMONTH, the leap months last.
func (r *Rule) monthNames() (names []string) {
	for _, n := range r.ByMonth {
		names = append(names, strconv.Itoa(n))
	}
	for _, n := range r.ByLeapMonth {
		names = append(names, strconv.Itoa(n)+"L")
	}
	return names
}

func writeList[T any](b *strings.Builder, name string, list []T) {
	for i, v := range list {
		if i == 0 {
			b.WriteString(";" + name + "=")
		} else {
			b.WriteByte(',')
		}
		fmt.Fprint(b, v)
	}
}

func (r *Rule) interval() int { return max(r.Interval, 1) }
