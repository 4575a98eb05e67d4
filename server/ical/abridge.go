package ical

import (
	"bytes"
	"time"
)

// readEvent reads an event for its times, and for whose they are and what they
// are called: without its alarms, and without its VTIMEZONEs if its times can be
// told without them. Of 20 lines, 10 are so left out, and they are the long ones.
// It returns nil for what is no event. The size is that of the lines read.
func readEvent(data []byte, floating *time.Location) (o *Object, size int) {
	lines := abridged(data)
	cal, err := Parse(lines)
	if err != nil {
		return nil, 0
	}
	o = NewObject(cal, floating)
	for _, c := range cal.Components {
		if c.Name != "VEVENT" {
			return nil, 0
		}
	}
	if o.zones.unknown {
		return nil, 0
	}
	return o, len(lines)
}

// abridged returns the lines of an object that [readEvent] needs, and those of
// which that is hard to say.
func abridged(data []byte) []byte {
	short := make([]byte, 0, len(data))
	for len(data) > 0 {
		line := data[:contentLine(data)]
		name := line[:nameLen(line)]
		if n := leftOut(data, name, line); n > 0 {
			data = data[n:]
			continue
		}
		short = append(short, line...)
		data = data[len(line):]
	}
	return short
}

// leftOut returns how much of the data is left out: nothing, its first line, or
// all of the component that this line begins.
func leftOut(data, name, line []byte) int {
	switch string(name) {
	case "BEGIN":
		switch string(bytes.TrimRight(line[len(name):], "\r\n")) {
		case ":VTIMEZONE":
			return componentLen(data, "\nEND:VTIMEZONE")
		case ":VALARM":
			return componentLen(data, "\nEND:VALARM")
		}
		return 0
	case "END", propAccess, "UID", "CLASS", "SUMMARY", "LOCATION", "ORGANIZER", "ATTENDEE", "STATUS", "TRANSP",
		"DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "EXRULE", "RDATE", "EXDATE":
		return 0
	}
	for _, c := range name {
		if c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return 0 // perhaps one of those, written otherwise
		}
	}
	if len(name) == len(line) || line[len(name)] != ':' && line[len(name)] != ';' {
		return 0 // the name may go on in the next line
	}
	return len(line)
}

// contentLine returns the length of the first line with its folded parts.
func contentLine(data []byte) int {
	n := 0
	for {
		i := bytes.IndexByte(data[n:], '\n')
		if i < 0 {
			return len(data)
		}
		n += i + 1
		if n == len(data) || data[n] != ' ' && data[n] != '\t' {
			return n
		}
	}
}

// componentLen returns the length of the component at the start of the data, 0
// if its end is not there, or is another's: its own may be written otherwise.
func componentLen(data []byte, end string) int {
	i := bytes.Index(data, []byte(end))
	if i < 0 || bytes.Contains(data[:i], []byte("\nBEGIN:V")) {
		return 0
	}
	return i + 1 + contentLine(data[i+1:])
}
