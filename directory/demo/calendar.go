package demo

import (
	"strings"
	"time"
	"unicode/utf8"

	"calport/directory"
)

const (
	dateTime = "20060102T150405"
	dateOnly = "20060102"
)

// calendar writes the appointment as an iCalendar object (RFC 5545 section 3.4) with one VEVENT.
func (a appointment) calendar(uid string, monday time.Time, zone []string) []byte {
	stamp := monday.AddDate(0, 0, -3).UTC().Format(dateTime) + "Z"
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//calport//sample week//EN"}
	if a.days == 0 {
		lines = append(lines, zone...)
	}
	lines = append(lines, "BEGIN:VEVENT", "UID:"+uid, "DTSTAMP:"+stamp, "CREATED:"+stamp, "LAST-MODIFIED:"+stamp, "SEQUENCE:0")
	lines = append(lines, a.times(monday)...)
	lines = append(lines, "SUMMARY:"+escape(a.summary), "STATUS:CONFIRMED")
	if a.description != "" {
		lines = append(lines, "DESCRIPTION:"+escape(a.description))
	}
	if a.free {
		lines = append(lines, "TRANSP:TRANSPARENT")
	}
	if a.private {
		lines = append(lines, "CLASS:PRIVATE")
	}
	if all := a.participants(); len(all) > 1 { // RFC 5545 section 3.8.4.3: only what is scheduled for a group has an organizer
		lines = append(lines, attendance(all)...)
		lines = append(lines, "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:"+escape(a.summary), "TRIGGER:-PT15M", "END:VALARM")
	}
	return fold(append(lines, "END:VEVENT", "END:VCALENDAR"))
}

// times writes when it is, and how it recurs.
func (a appointment) times(monday time.Time) []string {
	day := monday.AddDate(0, 0, a.day)
	if a.days > 0 { // DTEND is the first day after (RFC 5545 section 3.6.1)
		lines := []string{"DTSTART;VALUE=DATE:" + day.Format(dateOnly), "DTEND;VALUE=DATE:" + day.AddDate(0, 0, a.days).Format(dateOnly)}
		return append(lines, a.recurrence()...)
	}
	end := day
	if a.to < a.from {
		end = day.AddDate(0, 0, 1)
	}
	local := func(property string, day time.Time, clock string) string {
		return property + ";TZID=" + zoneID(monday) + ":" + day.Format(dateOnly) + "T" + strings.ReplaceAll(clock, ":", "") + "00"
	}
	lines := []string{local("DTSTART", day, a.from), local("DTEND", end, a.to)}
	lines = append(lines, a.recurrence()...)
	if a.except > 0 {
		lines = append(lines, local("EXDATE", day.AddDate(0, 0, 7*(a.except-1)), a.from))
	}
	return lines
}

func (a appointment) recurrence() []string {
	if a.rule == "" {
		return nil
	}
	return []string{"RRULE:" + a.rule}
}

// attendance writes the organizer, the attendees (RFC 5545 section 3.8.4) and where they meet.
func attendance(all []participant) []string {
	var lines, places []string
	for _, p := range all {
		if p.organizing {
			lines = append(lines, `ORGANIZER;CN="`+p.fullName+`":mailto:`+p.mail)
		}
		parameters := `CN="` + p.fullName + `";CUTYPE=` + p.kind.CUType() + ";PARTSTAT=" + p.status
		switch {
		case p.organizing:
			parameters += ";ROLE=CHAIR"
		case p.status == "NEEDS-ACTION":
			parameters += ";ROLE=REQ-PARTICIPANT;RSVP=TRUE"
		case p.kind != directory.Individual:
			parameters += ";ROLE=NON-PARTICIPANT"
		default:
			parameters += ";ROLE=REQ-PARTICIPANT"
		}
		lines = append(lines, "ATTENDEE;"+parameters+":mailto:"+p.mail)
		if p.kind == directory.Room {
			places = append(places, p.fullName)
		}
	}
	if len(places) > 0 {
		lines = append(lines, "LOCATION:"+escape(strings.Join(places, ", ")))
	}
	return lines
}

// escape writes a TEXT value (RFC 5545 section 3.3.11).
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(text)
}

// fold ends each line with CRLF and breaks it after at most 75 octets, never within a character (RFC 5545 section
// 3.1).
func fold(lines []string) []byte {
	var out []byte
	for _, line := range lines {
		for room := 75; len(line) > room; room = 74 {
			cut := room
			for !utf8.RuneStart(line[cut]) {
				cut--
			}
			out = append(out, line[:cut]+"\r\n "...)
			line = line[cut:]
		}
		out = append(out, line+"\r\n"...)
	}
	return out
}
