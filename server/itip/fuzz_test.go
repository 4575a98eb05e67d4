package itip

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calport/server/ical"
)

// hostile are pairs of objects that are no meeting as one would like it.
var hostile = [][2]string{
	{
		"DTSTART:20260504T100000Z\nRRULE:FREQ=SECONDLY\nORGANIZER:ada\nATTENDEE:bob\n-\nRECURRENCE-ID:19700101T000000Z\nATTENDEE:bob",
		"DTSTART:20260504T100000Z\nRRULE:FREQ=SECONDLY;BYMONTH=13\nORGANIZER:ada\nATTENDEE:bob\nEXDATE:99991231T235959Z,00010101T000000Z",
	},
	{
		"ORGANIZER:ada\nATTENDEE:bob\n-\nORGANIZER:ada\nATTENDEE:bob",
		"ORGANIZER:\nATTENDEE:\nATTENDEE;PARTSTAT=:bob\nSEQUENCE:99999999999999999999",
	},
	{
		"RECURRENCE-ID:x\nORGANIZER:ada\nATTENDEE:bob",
		"DTSTART;VALUE=DATE:20260504\nDTEND:20260503T000000Z\nRECURRENCE-ID:20260504T100000Z\nORGANIZER:ada\nATTENDEE;SCHEDULE-FORCE-SEND=REPLY:bob\nSEQUENCE:2147483647",
	},
	{
		"VTODO\nDUE:20260504T100000Z\nRRULE:FREQ=DAILY\nORGANIZER:ada\nATTENDEE;PARTSTAT=COMPLETED:bob\nCOMPLETED:20260504T100000Z",
		"DTSTART;TZID=Nowhere:20260504T100000\nDURATION:-P1D\nRDATE;VALUE=PERIOD:20260504T100000Z/P1D\nORGANIZER:ada\nATTENDEE;DELEGATED-FROM=\"mailto:x\":bob",
	},
}

func FuzzEntryPoints(f *testing.F) {
	s := &scenario{world: newWorld(f, time.Time{}), file: "seed"}
	for _, pair := range hostile {
		a, b := s.calendar(strings.Split(pair[0], "\n")), s.calendar(strings.Split(pair[1], "\n"))
		f.Add(a.Bytes(), b.Bytes())
		f.Add(b.Bytes(), a.Bytes())
	}
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		before := hostile[0][0]
		for _, block := range strings.Split(string(data), "\n\n") {
			lines := strings.Split(block, "\n")
			if !strings.Contains(block, "ORGANIZER") || len(lines) < 2 {
				continue
			}
			object := s.fragment(lines[1:])
			f.Add([]byte(before), object)
			before = string(object)
		}
	}
	f.Fuzz(func(t *testing.T, before, after []byte) {
		a, err := ical.Parse(before)
		if err != nil {
			return
		}
		b, err := ical.Parse(after)
		if err != nil || len(before)+len(after) > 8<<10 {
			return
		}
		everything(t, a, b)
	})
}

// fragment makes an object of indented lines that may not be one.
func (s *scenario) fragment(lines []string) []byte {
	var b bytes.Buffer
	b.WriteString("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n")
	for _, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case line == "-":
			b.WriteString("END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\n")
		case strings.Contains(line, ":"):
			b.WriteString(named(line) + "\r\n")
		}
	}
	b.WriteString("END:VEVENT\r\nEND:VCALENDAR\r\n")
	return b.Bytes()
}

// everything calls all entry points, for each who may be meant.
func everything(t *testing.T, a, b *ical.Component) {
	was := a.String() + b.String()
	for _, who := range []string{"ada", "bob"} {
		x := contextOf(who)
		Classify(a, x.Me)
		for _, before := range []*ical.Component{nil, a} {
			o, err := Organize(before, b, x)
			if err == nil {
				wellFormed(t, o.Object, o.Messages...)
			}
			for _, here := range []bool{false, true} {
				n, err := AttendNew(b, before, here, x)
				if err == nil {
					attendedWell(t, n)
				}
			}
			deliverAll(t, b, before, x)
		}
		if c, err := Attend(a, b, x); err == nil {
			attendedWell(t, c)
		}
		attendedWell(t, AttendMissing(a, x))
		wellFormed(t, nil, CancelAll(a, x)...)
		wellFormed(t, nil, Refresh(a, "", x)...)
		if m := DeclineAll(a, x); m != nil {
			wellFormed(t, nil, *m)
		}
		n := 0
		answered := Answer(a, func(_, _ time.Time) PartStat { n++; return []PartStat{Accepted, Declined, ""}[n%3] }, x)
		wellFormed(t, answered.Object)
		if answered.Reply != nil {
			wellFormed(t, nil, *answered.Reply)
		}
	}
	if a.String()+b.String() != was {
		t.Error("an argument was changed")
	}
}

func contextOf(who string) Context {
	return Context{
		Now:    time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC),
		Me:     func(address string) bool { return key(address) == key(addressOf(who)) },
		Lookup: func(address string) (User, bool) { return User{Address: address}, strings.Contains(address, "calport") },
	}
}

func deliverAll(t *testing.T, cal, mine *ical.Component, x Context) {
	for _, method := range append(methods, "X") {
		message := cal.Clone()
		message.Set(ical.NewProperty("METHOD", string(method)))
		m, err := ReadMessage(message)
		if err != nil {
			m = &Message{Method: method, From: addressOf("ada"), To: addressOf("bob"), Calendar: message}
		}
		d, err := Deliver(m, mine, x)
		if err == nil {
			wellFormed(t, d.Object, d.Resend...)
			wellFormed(t, d.Renamed)
		}
	}
}

func attendedWell(t *testing.T, a Attended) {
	wellFormed(t, a.Object)
	if a.Reply != nil {
		wellFormed(t, nil, *a.Reply)
	}
}

// wellFormed checks that what comes out can be read again.
func wellFormed(t *testing.T, cal *ical.Component, messages ...Message) {
	t.Helper()
	if cal != nil {
		messages = append(messages, Message{Calendar: cal})
	}
	for _, m := range messages {
		if _, err := ical.Parse(m.Calendar.Bytes()); err != nil {
			t.Errorf("%v in\n%s", err, m.Calendar)
		}
	}
}
