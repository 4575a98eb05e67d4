package ical

import (
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
