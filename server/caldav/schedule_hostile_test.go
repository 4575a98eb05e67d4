package caldav_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"calport/directory"
)

// Who forges an organizer invites nobody: what names another is an import, and nobody hears of it.
func TestAForgedOrganizerInvitesNobody(t *testing.T) {
	o := newOffice(t, 3)
	ada, grace, mallory := o.people[0], o.people[1], o.people[2]
	o.put(t, mallory, inCalendar(mallory, "1.ics"), meetingOf("forged", 9, ada, ada, grace, mallory))
	if c := o.copyOf(t, mallory, "forged"); c == nil || c.Child("VEVENT").Prop("ORGANIZER").Param("SCHEDULE-AGENT") != "NONE" {
		t.Errorf("the forger has\n%v", c)
	}
	o.put(t, mallory, inCalendar(mallory, "2.ics"), meetingOf("alien", 9, ada, grace))
	for _, p := range o.people[:2] {
		if o.copyOf(t, p, "forged") != nil || o.copyOf(t, p, "alien") != nil || o.hasHome(t, p) && o.messages(t, p) > 0 {
			t.Errorf("%s has heard of it", p.ShortName)
		}
	}
	// A real meeting of ada's is not changed by what an attendee says of the others, of its time or of who comes.
	o.put(t, ada, inCalendar(ada, "real.ics"), meetingOf("real", 9, ada, ada, grace, mallory))
	for name := range o.listing(t, mallory) {
		if text := o.do(mallory, "GET", name, "").Body.String(); strings.Contains(text, "UID:real") {
			o.put(t, mallory, name, strings.NewReplacer("DTSTART:20260907T09", "DTSTART:20260907T15", "NEEDS-ACTION", "DECLINED",
				"END:VEVENT", "ATTENDEE:mailto:eve@elsewhere.example\r\nEND:VEVENT").Replace(text))
		}
	}
	for _, p := range []*directory.Principal{ada, grace} {
		c := o.copyOf(t, p, "real")
		if got := o.partstat(t, p, "real", grace); got != "NEEDS-ACTION" || c.Child("VEVENT").Value("DTSTART") != "20260907T090000Z" ||
			strings.Contains(c.String(), "eve@") {
			t.Errorf("%s has\n%v", p.ShortName, c)
		}
	}
	if got := o.partstat(t, ada, "real", mallory); got != "DECLINED" {
		t.Errorf("what he said of himself is %q", got)
	}
	// Nothing is put into inboxes, and nobody asks in another's name.
	for _, try := range []struct {
		method, path, body string
	}{
		{"PUT", homePath(grace) + "inbox/1.ics", meetingOf("x", 9, ada, grace)},
		{"PUT", homePath(mallory) + "inbox/1.ics", meetingOf("x", 9, ada, mallory)},
		{"PUT", inCalendar(grace, "1.ics"), meetingOf("x", 9, mallory, grace)},
		{"POST", outboxOf(mallory), busyRequest(ada, "", grace)},
		{"POST", outboxOf(ada), busyRequest(ada, "", grace)},
	} {
		if w := o.do(mallory, try.method, try.path, try.body); w.Code != http.StatusForbidden && w.Code != http.StatusBadRequest {
			t.Errorf("%s %s: %d %s", try.method, try.path, w.Code, w.Body)
		}
	}
	// The outbox is for free and busy time: an event in it goes to nobody.
	invitation := strings.Replace(meetingOf("x", 9, mallory, grace), "BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT", 1)
	if w := o.do(mallory, "POST", outboxOf(mallory), invitation); !strings.Contains(w.Body.String(), "3.14;") || o.copyOf(t, grace, "x") != nil {
		t.Errorf("an event in the outbox: %d %s", w.Code, w.Body)
	}
}

func (o *office) hasHome(t testing.TB, p *directory.Principal) bool {
	t.Helper()
	_, err := o.store.Home(t.Context(), strings.ToLower(p.GUID))
	return err == nil
}

// Those whom nobody knows keep nobody else from being invited.
func TestUnknownAttendeesAreNamedAsSuch(t *testing.T) {
	o := newOffice(t, 2)
	ada, grace := o.people[0], o.people[1]
	odd := "ATTENDEE:mailto:eve@elsewhere.example\r\nATTENDEE:urn:uuid:00000000-0000-4000-8000-00000000dead\r\nATTENDEE:/principals/users/nobody/\r\n" +
		"ATTENDEE:mailto:\r\nATTENDEE:tel:+49-30-1\r\nATTENDEE:" + strings.Repeat("x", 3000) + "\r\n"
	o.put(t, ada, inCalendar(ada, "1.ics"), strings.Replace(meetingOf("odd", 9, ada, ada, grace), "END:VEVENT", odd+"END:VEVENT", 1))
	if got := o.partstat(t, grace, "odd", grace); got != "NEEDS-ACTION" {
		t.Errorf("grace has %q", got)
	}
	got := map[string]string{}
	for p := range o.copyOf(t, ada, "odd").Child("VEVENT").Props("ATTENDEE") {
		got[p.Value()[:min(len(p.Value()), 20)]] = p.Param("SCHEDULE-STATUS")
	}
	for address, want := range map[string]string{"mailto:eve@elsewhere": "5.2", "urn:uuid:00000000-00": "3.7", "/principals/users/no": "3.7",
		"tel:+49-30-1": "3.7", strings.Repeat("x", 20): "3.7", "mailto:p1@example.co": "1.2"} {
		if got[address] != want {
			t.Errorf("%s: SCHEDULE-STATUS %q, want %q", address, got[address], want)
		}
	}
}

// Groups that are in each other, and in themselves, invite everybody in them once.
func TestGroupsInALoopInviteEverybodyOnce(t *testing.T) {
	o := newOffice(t, 3)
	p := o.people
	a, b := staff(p[1]), staff(p[2], p[1])
	b.ShortName, b.GUID, b.Mails = "others", "0b000000-0000-4000-8000-0000000000bb", []string{"others@example.com"}
	a.Members = append(a.Members, b.GUID, a.GUID)
	b.Members = append(b.Members, a.GUID)
	o.know(a, b)
	o.put(t, p[0], inCalendar(p[0], "1.ics"), meetingOf("uid", 9, p[0], a, b, p[1]))
	for _, who := range p[1:] {
		if o.messages(t, who) != 1 {
			t.Errorf("%s has %d invitations", who.ShortName, o.messages(t, who))
		}
	}
	n := 0
	for range o.copyOf(t, p[0], "uid").Child("VEVENT").Props("ATTENDEE") {
		n++
	}
	if n != 4 {
		t.Errorf("%d ATTENDEEs, want two groups and two people:\n%v", n, o.copyOf(t, p[0], "uid"))
	}
	if err := o.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Data of hostile make is refused by a condition, or stored; it is never the server's fault, and what is refused reaches
// nobody.
func TestHostileMeetingsAreRefusedOrHarmless(t *testing.T) {
	for name, change := range map[string]func(text string) string{
		"a rule of every second": func(s string) string { return strings.Replace(s, "SUMMARY", "RRULE:FREQ=SECONDLY\r\nSUMMARY", 1) },
		"a rule that gives nothing": func(s string) string {
			return strings.Replace(s, "SUMMARY", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31\r\nSUMMARY", 1)
		},
		"a hundred rules": func(s string) string {
			return strings.Replace(s, "SUMMARY", strings.Repeat("RRULE:FREQ=DAILY\r\n", 100)+"SUMMARY", 1)
		},
		"two masters": func(s string) string { return twice(s, "") },
		"two overrides of one": func(s string) string {
			return twice(twice(s, "RECURRENCE-ID:20260907T090000Z\r\n"), "RECURRENCE-ID:20260907T090000Z\r\n")
		},
		"two organizers": func(s string) string {
			return strings.Replace(s, "ORGANIZER", "ORGANIZER:mailto:p1@example.com\r\nORGANIZER", 1)
		},
		"another organizer inside": func(s string) string {
			return strings.Replace(twice(s, "RECURRENCE-ID:20260908T090000Z\r\n"), "ORGANIZER:mailto:p0", "ORGANIZER:mailto:p1", 1)
		},
		"a METHOD":                    func(s string) string { return strings.Replace(s, "BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT", 1) },
		"an organizer who is nothing": func(s string) string { return strings.Replace(s, "ORGANIZER:mailto:p0@example.com", "ORGANIZER:", 1) },
		"a SEQUENCE beyond all": func(s string) string {
			return strings.Replace(s, "SUMMARY", "SEQUENCE:99999999999999999999\r\nSUMMARY", 1)
		},
		"a negative SEQUENCE":          func(s string) string { return strings.Replace(s, "SUMMARY", "SEQUENCE:-5\r\nSUMMARY", 1) },
		"a highest SEQUENCE":           func(s string) string { return strings.Replace(s, "SUMMARY", "SEQUENCE:2147483647\r\nSUMMARY", 1) },
		"a UID of 64 KB":               func(s string) string { return strings.Replace(s, "UID:uid", "UID:"+strings.Repeat("u", 64<<10), 1) },
		"a UID with a slash and zeros": func(s string) string { return strings.Replace(s, "UID:uid", "UID:../../\x00/uid", 1) },
		"a RECURRENCE-ID for all that follows": func(s string) string {
			return twice(strings.Replace(s, "SUMMARY", "RRULE:FREQ=DAILY\r\nSUMMARY", 1), "RECURRENCE-ID;RANGE=THISANDFUTURE:20260908T090000Z\r\n")
		},
		"everybody ten times": func(s string) string {
			return strings.Replace(s, "END:VEVENT", strings.Repeat("ATTENDEE:mailto:p1@example.com\r\n", 10)+"END:VEVENT", 1)
		},
		"parameters without end": func(s string) string {
			return strings.Replace(s, "ATTENDEE;", "ATTENDEE"+strings.Repeat(";X-A=b", 20000)+";", 1)
		},
		"SCHEDULE-AGENT of a kind": func(s string) string {
			return strings.Replace(s, "ATTENDEE;", "ATTENDEE;SCHEDULE-AGENT=\"CLIENT,SERVER\";", 1)
		},
		"a forced reply of organizer": func(s string) string {
			return strings.Replace(s, "ATTENDEE;", "ATTENDEE;SCHEDULE-FORCE-SEND=REPLY;", 1)
		},
		"a group that is none": func(s string) string {
			return strings.Replace(s, "ATTENDEE;", "ATTENDEE;CUTYPE=X-SERVER-GROUP;MEMBER=\"mailto:p1@example.com\";", 1)
		},
		"dates by the thousand": func(s string) string {
			return strings.Replace(s, "SUMMARY", "RDATE:"+strings.Repeat("20260908T090000Z,", 20000)+"20260909T090000Z\r\nSUMMARY", 1)
		},
		"a start that is none":    func(s string) string { return strings.Replace(s, "DTSTART:20260907T090000Z", "DTSTART:tomorrow", 1) },
		"an end before the start": func(s string) string { return strings.Replace(s, "DURATION:PT1H", "DTEND:20260907T080000Z", 1) },
		"components in each other": func(s string) string {
			return strings.Replace(s, "SUMMARY", strings.Repeat("BEGIN:VALARM\r\n", 5000)+"SUMMARY", 1)
		},
		"an address with a newline": func(s string) string {
			return strings.Replace(s, "END:VEVENT", "ATTENDEE;CN=\"x^nATTENDEE:mailto:p1@example.com\":mailto:p1@example.com\r\nEND:VEVENT", 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, 2)
			ada, grace := o.people[0], o.people[1]
			for _, who := range o.people {
				o.put(t, who, inCalendar(who, "first.ics"), event("first-"+who.ShortName, "20260901T090000Z"))
			}
			w := o.do(ada, "PUT", inCalendar(ada, "1.ics"), change(meetingOf("uid", 9, ada, ada, grace)))
			switch {
			case w.Code == http.StatusForbidden && strings.Contains(w.Body.String(), "<D:error"):
				if n := len(o.listing(t, grace)); n != 1 || o.messages(t, grace) > 0 || len(o.listing(t, ada)) != 1 {
					t.Errorf("it is refused, and yet grace has %d events and %d messages", n, o.messages(t, grace))
				}
			case w.Code == http.StatusCreated:
				again := o.do(ada, "GET", inCalendar(ada, "1.ics"), "").Body.String()
				if w := o.do(ada, "PUT", inCalendar(ada, "1.ics"), strings.Replace(again, "SUMMARY:Meeting", "SUMMARY:Changed", 1)); w.Code != http.StatusNoContent {
					t.Errorf("what was stored cannot be changed: %d %s", w.Code, w.Body)
				}
				if w := o.do(ada, "DELETE", inCalendar(ada, "1.ics"), ""); w.Code != http.StatusNoContent {
					t.Errorf("nor deleted: %d", w.Code)
				}
			default:
				t.Errorf("%d %.300s", w.Code, w.Body)
			}
		})
	}
}

// twice has the event a second time, with more lines.
func twice(text, lines string) string {
	from, to := strings.LastIndex(text, "BEGIN:VEVENT"), strings.LastIndex(text, "END:VCALENDAR")
	return text[:to] + fmt.Sprint(strings.Replace(text[from:to], "SUMMARY", lines+"SUMMARY", 1)) + text[to:]
}
