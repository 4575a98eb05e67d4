package ical

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Form says what a [Time] refers to.
type Form uint8

// The four forms of RFC 5545 sections 3.3.4 and 3.3.5.
const (
	Date     Form = iota + 1 // a day, nowhere in particular
	Floating                 // a time of day, nowhere in particular
	UTC                      // an instant
	Zoned                    // a time of day in the zone that TZID names
)

// Time is a DATE or DATE-TIME value as it is written: a clock reading and what
// it refers to. Which instant that is, [Zones] knows. The zero Time is none.
type Time struct {
	wall int64
	form Form
	tzid string
}

// DateOf returns the DATE of that day.
func DateOf(year int, month time.Month, day int) Time {
	return Time{wall: int64(civilDay(year, int(month), day)) * daySeconds, form: Date}
}

// UTCOf returns the DATE-TIME in UTC of an instant, to the second.
func UTCOf(t time.Time) Time { return Time{wall: t.Unix(), form: UTC} }

// FloatingOf returns the floating DATE-TIME that t's clock shows.
func FloatingOf(t time.Time) Time { return Time{wall: wall(t), form: Floating} }

// ZonedOf returns the DATE-TIME of t's clock with the given TZID.
func ZonedOf(t time.Time, tzid string) Time { return Time{wall: wall(t), form: Zoned, tzid: tzid} }

// ParseTime reads a DATE or DATE-TIME. A tzid makes a time zoned unless it is
// in UTC or a date. Leap seconds are read as the second before (RFC 5545
// section 3.3.12).
func ParseTime(s, tzid string) (Time, error) {
	day, ok := parseDay(s)
	if !ok {
		return Time{}, badValue("DATE or DATE-TIME", s)
	}
	if len(s) == 8 {
		return Time{wall: day, form: Date}, nil
	}
	clock, utc := strings.CutSuffix(s[8:], "Z")
	seconds, ok := parseClock(clock)
	if !ok {
		return Time{}, badValue("DATE-TIME", s)
	}
	t := Time{wall: day + seconds, form: Floating}
	switch {
	case utc:
		t.form = UTC
	case tzid != "":
		t.form, t.tzid = Zoned, tzid
	}
	return t, nil
}

// parseDay reads the eight digits that s starts with, as wall seconds.
func parseDay(s string) (int64, bool) {
	if len(s) < 8 {
		return 0, false
	}
	year, ok1 := digits(s[:4])
	month, ok2 := digits(s[4:6])
	day, ok3 := digits(s[6:8])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > monthDays(year, month) {
		return 0, false
	}
	return int64(civilDay(year, month, day)) * daySeconds, true
}

// parseClock reads "T" and six digits as seconds of the day.
func parseClock(s string) (int64, bool) {
	if len(s) != 7 || s[0] != 'T' {
		return 0, false
	}
	hour, ok1 := digits(s[1:3])
	minute, ok2 := digits(s[3:5])
	second, ok3 := digits(s[5:7])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	return int64(hour*3600 + minute*60 + min(second, 59)), true
}

// digits reads a number that consists of digits only.
func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s != ""
}

// IsZero says whether t is no time at all.
func (t Time) IsZero() bool { return t.form == 0 }

// IsDate says whether t is a DATE.
func (t Time) IsDate() bool { return t.form == Date }

// Form returns what the time refers to.
func (t Time) Form() Form { return t.form }

// TZID returns the zone's name as it was written, "" unless Zoned.
func (t Time) TZID() string { return t.tzid }

// Clock returns the clock reading as if the clock were in UTC.
func (t Time) Clock() time.Time { return time.Unix(t.wall, 0).UTC() }

// String returns the value as it is written.
func (t Time) String() string {
	if t.IsZero() {
		return ""
	}
	year, month, day := civilDate(dayOf(t.wall))
	b := make([]byte, 0, 16)
	b = appendDigits(b, min(max(year, 0), 9999), 4)
	b = appendDigits(b, month, 2)
	b = appendDigits(b, day, 2)
	if t.form == Date {
		return string(b)
	}
	s := int(floorMod(t.wall, daySeconds))
	b = append(b, 'T')
	b = appendDigits(b, s/3600, 2)
	b = appendDigits(b, s/60%60, 2)
	b = appendDigits(b, s%60, 2)
	if t.form == UTC {
		b = append(b, 'Z')
	}
	return string(b)
}

func appendDigits(b []byte, n, width int) []byte {
	for range width {
		b = append(b, '0')
	}
	for i := len(b) - 1; n > 0 && width > 0; i, width = i-1, width-1 {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

// Property returns the property of that name with the time as its value and
// the parameters that it needs.
func (t Time) Property(name string) *Property {
	p := NewProperty(name, t.String())
	switch t.form {
	case Date:
		p.SetParam("VALUE", "DATE")
	case Zoned:
		p.SetParam("TZID", t.tzid)
	}
	return p
}

// Duration is a DURATION. Weeks and days are nominal: they are as long as the
// calendar's days (RFC 5545 section 3.3.6). Both fields have the same sign.
type Duration struct {
	Days    int
	Seconds int
}

// maxDuration bounds the fields so that no sum overflows: some 30,000 years.
const maxDuration = 1_000_000_000_000

// ParseDuration reads a DURATION. As clients do, parts may be missing after
// "T", and weeks may be combined with days.
func ParseDuration(s string) (Duration, error) {
	rest := strings.TrimPrefix(s, "+")
	rest, negative := strings.CutPrefix(rest, "-")
	rest, ok := strings.CutPrefix(rest, "P")
	if !ok || rest == "" {
		return Duration{}, badValue("DURATION", s)
	}
	var d Duration
	units := durationUnits
	for rest != "" {
		if rest[0] == 'T' {
			rest, units = rest[1:], timeUnits
			continue
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if end <= 0 || end > 12 {
			return Duration{}, badValue("DURATION", s)
		}
		n, _ := digits(rest[:end])
		unit, ok := units[rest[end]]
		if !ok {
			return Duration{}, badValue("DURATION", s)
		}
		d.Days += n * unit.Days
		d.Seconds += n * unit.Seconds
		if d.Days > maxDuration/daySeconds || d.Seconds > maxDuration {
			return Duration{}, badValue("DURATION", s)
		}
		rest = rest[end+1:]
	}
	if negative {
		d.Days, d.Seconds = -d.Days, -d.Seconds
	}
	return d, nil
}

// The units before and after the "T" of a DURATION.
var (
	durationUnits = map[byte]Duration{'W': {Days: 7}, 'D': {Days: 1}}
	timeUnits     = map[byte]Duration{'H': {Seconds: 3600}, 'M': {Seconds: 60}, 'S': {Seconds: 1}}
)

// DurationOf returns the exact duration d, to the second.
func DurationOf(d time.Duration) Duration { return Duration{Seconds: int(d / time.Second)} }

// IsZero says whether the duration is empty.
func (d Duration) IsZero() bool { return d == Duration{} }

// Nominal returns the duration with days of 24 hours.
func (d Duration) Nominal() time.Duration {
	return time.Duration(d.wall()) * time.Second
}

// wall returns the duration in seconds, with days of 24 hours.
func (d Duration) wall() int64 { return int64(d.Days)*daySeconds + int64(d.Seconds) }

// String returns the value as it is written.
func (d Duration) String() string {
	var b strings.Builder
	if d.Days < 0 || d.Seconds < 0 {
		b.WriteByte('-')
		d.Days, d.Seconds = -d.Days, -d.Seconds
	}
	b.WriteByte('P')
	if d.Days > 0 && d.Days%7 == 0 && d.Seconds == 0 {
		return b.String() + strconv.Itoa(d.Days/7) + "W"
	}
	if d.Days > 0 {
		b.WriteString(strconv.Itoa(d.Days) + "D")
	}
	if d.Seconds == 0 && d.Days > 0 {
		return b.String()
	}
	b.WriteByte('T')
	hours, minutes, seconds := d.Seconds/3600, d.Seconds/60%60, d.Seconds%60
	if hours > 0 {
		b.WriteString(strconv.Itoa(hours) + "H")
	}
	// RFC 5545 section 3.3.6 has no hours and seconds without minutes.
	if minutes > 0 || hours > 0 && seconds > 0 {
		b.WriteString(strconv.Itoa(minutes) + "M")
	}
	if seconds > 0 || d.Seconds == 0 {
		b.WriteString(strconv.Itoa(seconds) + "S")
	}
	return b.String()
}

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

func badValue(kind, s string) error {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return fmt.Errorf("%w: %q is no %s", ErrData, s, kind)
}
