package demo

import (
	"fmt"
	"time"
)

// zoneID is the TZID of a time's location.
func zoneID(t time.Time) string { return t.Location().String() }

// vtimezone writes the time zone of a time's location as a VTIMEZONE (RFC 5545 section 3.6.5): each change of offset
// from the one before the time until two years after it.
func vtimezone(t time.Time) []string {
	lines := []string{"BEGIN:VTIMEZONE", "TZID:" + zoneID(t)}
	begin, _ := t.ZoneBounds()
	if begin.IsZero() {
		lines = append(lines, observance(time.Date(1970, 1, 1, 0, 0, 0, 0, t.Location()))...)
	}
	for at := begin; !at.IsZero() && at.Before(t.AddDate(2, 0, 0)); {
		lines = append(lines, observance(at)...)
		_, at = at.ZoneBounds()
	}
	return append(lines, "END:VTIMEZONE")
}

// observance writes the offset in force from a time on.
func observance(from time.Time) []string {
	name, offset := from.Zone()
	_, before := from.Add(-time.Second).Zone()
	component := "STANDARD"
	if from.IsDST() {
		component = "DAYLIGHT"
	}
	return []string{
		"BEGIN:" + component,
		// the onset in the local time before it (RFC 5545 section 3.6.5)
		"DTSTART:" + from.UTC().Add(time.Duration(before)*time.Second).Format(dateTime),
		"TZOFFSETFROM:" + utcOffset(before),
		"TZOFFSETTO:" + utcOffset(offset),
		"TZNAME:" + name,
		"END:" + component,
	}
}

// utcOffset writes seconds east of UTC as a UTC-OFFSET (RFC 5545 section 3.3.14).
func utcOffset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf("%02d", seconds%60)
	}
	return text
}
