package ical

import (
	"fmt"
	"strconv"
	"strings"
)

// Period is a PERIOD: a start and either an end or a duration.
type Period struct {
	Start    Time
	End      Time // zero if the duration is given
	Duration Duration
}

// ParsePeriod reads a PERIOD.
func ParsePeriod(s, tzid string) (Period, error) {
	from, to, ok := strings.Cut(s, "/")
	start, err := ParseTime(from, tzid)
	if !ok || err != nil || to == "" || start.IsDate() {
		return Period{}, badValue("PERIOD", s)
	}
	p := Period{Start: start}
	if to[0] == 'P' || to[0] == '+' || to[0] == '-' {
		p.Duration, err = ParseDuration(to)
	} else {
		p.End, err = ParseTime(to, tzid)
	}
	if err != nil || p.End.IsDate() {
		return Period{}, badValue("PERIOD", s)
	}
	return p, nil
}

// String returns the value as it is written.
func (p Period) String() string {
	if p.End.IsZero() {
		return p.Start.String() + "/" + p.Duration.String()
	}
	return p.Start.String() + "/" + p.End.String()
}

// ParseUTCOffset reads a UTC-OFFSET and returns seconds east of Greenwich.
func ParseUTCOffset(s string) (int, error) {
	if len(s) != 5 && len(s) != 7 || s[0] != '+' && s[0] != '-' {
		return 0, badValue("UTC-OFFSET", s)
	}
	hours, ok1 := digits(s[1:3])
	minutes, ok2 := digits(s[3:5])
	seconds, ok3 := 0, true
	if len(s) == 7 {
		seconds, ok3 = digits(s[5:7])
	}
	if !ok1 || !ok2 || !ok3 || hours > 23 || minutes > 59 || seconds > 59 {
		return 0, badValue("UTC-OFFSET", s)
	}
	n := hours*3600 + minutes*60 + seconds
	if s[0] == '-' {
		n = -n
	}
	return n, nil
}

// FormatUTCOffset writes seconds east of Greenwich as a UTC-OFFSET.
func FormatUTCOffset(seconds int) string {
	b := []byte{'+'}
	if seconds < 0 {
		b[0], seconds = '-', -seconds
	}
	b = appendDigits(b, seconds/3600, 2)
	b = appendDigits(b, seconds/60%60, 2)
	if seconds%60 != 0 {
		b = appendDigits(b, seconds%60, 2)
	}
	return string(b)
}

// Time returns the value as one DATE or DATE-TIME.
func (p *Property) Time() (Time, error) {
	return ParseTime(strings.TrimSpace(p.Value()), p.Param("TZID"))
}

// Times returns the value as a list of DATE or DATE-TIME; of periods, as RDATE
// may have, the starts.
func (p *Property) Times() ([]Time, error) {
	periods, err := p.Periods()
	times := make([]Time, len(periods))
	for i, one := range periods {
		times[i] = one.Start
	}
	return times, err
}

// Periods returns the value as a list of PERIOD. A DATE or DATE-TIME in it is
// a period without end and duration. On an error the readable ones are
// returned too.
func (p *Property) Periods() ([]Period, error) {
	var all []Period
	var failed error
	tzid := p.Param("TZID")
	for s := range strings.SplitSeq(p.Value(), ",") {
		s = strings.TrimSpace(s)
		one := Period{}
		var err error
		if strings.Contains(s, "/") {
			one, err = ParsePeriod(s, tzid)
		} else {
			one.Start, err = ParseTime(s, tzid)
		}
		if err != nil {
			failed = err
			continue
		}
		all = append(all, one)
	}
	return all, failed
}

// Duration returns the value as a DURATION.
func (p *Property) Duration() (Duration, error) {
	return ParseDuration(strings.TrimSpace(p.Value()))
}

// Int returns the value as an INTEGER.
func (p *Property) Int() (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(p.Value()))
	if err != nil {
		return 0, badValue("INTEGER", p.Value())
	}
	return n, nil
}

// Rule returns the value as a RECUR.
func (p *Property) Rule() (*Rule, error) { return ParseRule(strings.TrimSpace(p.Value())) }

func badValue(kind, s string) error { return &valueError{kind, s} }

// valueError is worded when somebody reads it: most values that are asked for
// and are not there are nobody's mistake.
type valueError struct{ kind, value string }

func (e *valueError) Error() string {
	s := e.value
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return fmt.Sprintf("%v: %q is no %s", ErrData, s, e.kind)
}

func (e *valueError) Unwrap() error { return ErrData }
