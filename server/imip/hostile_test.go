package imip

import (
	"slices"
	"strings"
	"testing"
	"time"

	"calport/server/ical"
)

// hostileAnswers change an answer that has the right token and names the right event, and mean harm.
var hostileAnswers = map[string]func(answer string) string{
	"a rule of every second":   inEvent("RRULE:FREQ=SECONDLY\r\n"),
	"a hundred rules":          inEvent(strings.Repeat("RRULE:FREQ=DAILY\r\n", 100)),
	"dates by the thousand":    inEvent("RDATE:" + strings.Repeat("20260911T120000Z,", 20000) + "20260912T120000Z\r\n"),
	"an instance that is none": inEvent("RECURRENCE-ID:20270101T120000Z\r\n"),
	"an instance that is text": inEvent("RECURRENCE-ID:yesterday\r\n"),
	"all that follow":          inEvent("RECURRENCE-ID;RANGE=THISANDFUTURE:20260912T120000Z\r\n"),
	"another time":             inEvent("DTSTART:20300101T000000Z\r\nDTEND:20300102T000000Z\r\n"),
	"another text and place":   inEvent("SUMMARY:Forged\r\nLOCATION:Elsewhere\r\nURL:https://evil.example/\r\n"),
	"a cancellation":           inEvent("STATUS:CANCELLED\r\n"),
	"a highest SEQUENCE":       func(s string) string { return strings.Replace(s, "SEQUENCE:0", "SEQUENCE:2147483647", 1) },
	"a SEQUENCE beyond all":    func(s string) string { return strings.Replace(s, "SEQUENCE:0", "SEQUENCE:99999999999999999999", 1) },
	"a negative SEQUENCE":      func(s string) string { return strings.Replace(s, "SEQUENCE:0", "SEQUENCE:-1", 1) },
	"a DTSTAMP that is none":   func(s string) string { return strings.Replace(s, "DTSTAMP:20260901T000000Z", "DTSTAMP:now", 1) },
	"a task in place of it":    func(s string) string { return strings.ReplaceAll(s, "VEVENT", "VTODO") },
	"the organizer in its name": func(s string) string {
		return strings.Replace(s, "ATTENDEE;PARTSTAT=DECLINED:mailto:zoe@elsewhere.example", "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.com", 1)
	},
	"guests of its own": inEvent("ATTENDEE:mailto:eve@evil.example\r\nATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.com\r\n"),
	"an answer that is none": func(s string) string {
		return strings.Replace(s, "PARTSTAT=DECLINED", "PARTSTAT=\"X;ROLE=CHAIR:mailto:eve@evil.example\"", 1)
	},
	"a line in a parameter": func(s string) string {
		return strings.Replace(s, "PARTSTAT=DECLINED", "PARTSTAT=DECLINED;CN=\"x^nORGANIZER:mailto:eve@evil.example\"", 1)
	},
	"parameters without end": func(s string) string {
		return strings.Replace(s, "ATTENDEE;", "ATTENDEE"+strings.Repeat(";X-A=b", 20000)+";", 1)
	},
	"alarms in each other": inEvent(strings.Repeat("BEGIN:VALARM\r\n", 5000)),
	"an alarm that runs":   inEvent("BEGIN:VALARM\r\nACTION:PROCEDURE\r\nTRIGGER:-PT1H\r\nATTACH:file:///bin/sh\r\nEND:VALARM\r\n"),
	"marks of the server":  inEvent("X-CALENDARSERVER-ATTENDEE-COMMENT;X-CALENDARSERVER-ATTENDEE-REF=\"mailto:ada@example.com\":Forged\r\nX-CALENDARSERVER-ACCESS:CONFIDENTIAL\r\n"),
	"a zone without end": func(s string) string {
		return strings.Replace(s, "BEGIN:VEVENT", "BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:00010101T000000\r\nRRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT", 1)
	},
	"the same twice": func(s string) string {
		event := s[strings.Index(s, "BEGIN:VEVENT"):strings.Index(s, "END:VCALENDAR")]
		return strings.Replace(s, "END:VCALENDAR", event+"END:VCALENDAR", 1)
	},
	"instances by the thousand": func(s string) string {
		event := s[strings.Index(s, "BEGIN:VEVENT"):strings.Index(s, "END:VCALENDAR")]
		var all strings.Builder
		for i := range 4000 {
			day := time.Date(2026, 9, 10, 12, 0, 0, 0, time.UTC).AddDate(0, 0, i).Format("20060102T150405Z")
			all.WriteString(strings.Replace(event, "UID:", "RECURRENCE-ID:"+day+"\r\nUID:", 1))
		}
		return strings.Replace(s, event, all.String(), 1)
	},
	"an octet that is none": inEvent("COMMENT:\x00\x1b[2J\xff\xfe\r\n"),
}

// inEvent puts lines into the event of an answer.
func inEvent(lines string) func(string) string {
	return func(s string) string { return strings.Replace(s, "SEQUENCE:", lines+"SEQUENCE:", 1) }
}

// whatStays are the lines of somebody's copy that an answer must not touch.
func whatStays(text string) (lines []string) {
	for line := range strings.SplitSeq(text, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		name, _, _ = strings.Cut(name, ";")
		switch name {
		case "DTSTART", "DTEND", "SUMMARY", "LOCATION", "STATUS", "RRULE", "RDATE", "ORGANIZER", "URL", "SEQUENCE", "X-CALENDARSERVER-ACCESS", "BEGIN":
			lines = append(lines, line)
		case "ATTENDEE":
			lines = append(lines, "ATTENDEE "+line[strings.LastIndex(line, ":")+1:])
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// TestHostileAnswersChangeNothingButTheAnswer: whoever holds a token can answer for himself, and nothing else; whatever he
// sends, an honest answer is still understood after it.
func TestHostileAnswersChangeNothingButTheAnswer(t *testing.T) {
	declined := calendarReply("REPLY", "zoe@elsewhere.example", "DECLINED", "ORGANIZER:mailto:ada@example.com\r\n")
	for name, change := range hostileAnswers {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, nil)
			o.put(t, adaGUID, meetingOf("ada@example.com", "Lunch", "20260910", "RRULE:FREQ=DAILY;COUNT=10\n"))
			o.pass(time.Minute)
			o.work(t)
			to := o.server.Mails()[0].From
			before := whatStays(o.stored(t, adaGUID))
			v := o.take(t, "1", mailOfPart(to, "text/calendar; method=REPLY", "7bit", change(declined)))
			t.Log(v)
			after := o.stored(t, adaGUID)
			if got := whatStays(after); name != "instances by the thousand" && name != "all that follow" && !slices.Equal(got, before) {
				t.Errorf("the organizer's copy has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
			}
			if c, err := ical.Parse([]byte(after)); err != nil || ical.Check(c) != nil || len(after) > 1<<16 {
				t.Errorf("the organizer's copy has %d octets, %v, %v", len(after), err, ical.Check(c))
			}
			honest := calendarReply("REPLY", "zoe@elsewhere.example", "TENTATIVE", "ORGANIZER:mailto:ada@example.com\r\n")
			if v := o.take(t, "2", mailOfPart(to, "text/calendar; method=REPLY", "7bit", honest)); v.aside || !strings.Contains(o.stored(t, adaGUID), "PARTSTAT=TENTATIVE") {
				t.Errorf("an honest answer after it: %+v\n%s", v, o.stored(t, adaGUID))
			}
		})
	}
}

// TestAnAnswerToADeletedEventIsSetAside: nothing is made anew of it.
func TestAnAnswerToADeletedEventIsSetAside(t *testing.T) {
	o := newOffice(t, nil)
	to := o.invite(t)
	o.put(t, adaGUID, "")
	v := o.take(t, "1", mailOfPart(to, "text/calendar", "7bit", calendarReply("REPLY", "zoe@elsewhere.example", "ACCEPTED", "")))
	if !v.aside || !strings.Contains(v.why, "(3.8)") {
		t.Errorf("got %+v, want it set aside with 3.8", v)
	}
}
