package ical

import (
	"strconv"
	"strings"
	"time"
)

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
