package itip

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"calport/server/ical"
)

// crowd returns an event with n attendees, and the context of its organizer.
func crowd(b *testing.B, n int) (*ical.Component, Context) {
	var text strings.Builder
	text.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n" +
		"DTSTART:20260504T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY\r\nSUMMARY:All hands\r\nORGANIZER:mailto:p0@calport.example\r\n")
	for i := range n {
		fmt.Fprintf(&text, "ATTENDEE;CN=Person %d;RSVP=TRUE:mailto:p%d@calport.example\r\n", i, i)
	}
	text.WriteString("END:VEVENT\r\nEND:VCALENDAR\r\n")
	return parse(b, text.String()), person(0)
}

func person(i int) Context {
	me := fmt.Sprintf("mailto:p%d@calport.example", i)
	return Context{
		Now:    time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC),
		Me:     func(address string) bool { return address == me },
		Lookup: func(address string) (User, bool) { return User{Address: address}, true },
	}
}

// BenchmarkInvite is what an organizer's PUT costs here: the diff, the object,
// the messages, and each recipient's copy.
func BenchmarkInvite(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			cal, x := crowd(b, n)
			b.ReportAllocs()
			for b.Loop() {
				o, err := Organize(nil, cal, x)
				if err != nil {
					b.Fatal(err)
				}
				for i := range o.Messages {
					d, err := Deliver(&o.Messages[i], nil, person(i+1))
					if err != nil || d.Outcome != Create {
						b.Fatal(err, d.Outcome)
					}
				}
			}
		})
	}
}

// BenchmarkReply is what an answer costs the organizer's copy.
func BenchmarkReply(b *testing.B) {
	cal, x := crowd(b, 100)
	o, err := Organize(nil, cal, x)
	if err != nil {
		b.Fatal(err)
	}
	d, err := Deliver(&o.Messages[41], nil, person(42))
	if err != nil {
		b.Fatal(err)
	}
	mine := d.Object.Clone()
	for p := range mine.Child("VEVENT").Props("ATTENDEE") {
		if person(42).Me(p.Value()) {
			p.SetParam("PARTSTAT", "ACCEPTED")
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		a, err := Attend(d.Object, mine, person(42))
		if err != nil || a.Reply == nil {
			b.Fatal(err)
		}
		if r, err := Deliver(a.Reply, o.Object, x); err != nil || !r.Refresh {
			b.Fatal(err)
		}
	}
}
