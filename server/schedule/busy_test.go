package schedule_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"calport/directory"
	"calport/server/dav"
	"calport/server/ical"
	"calport/server/schedule"
	"calport/server/store"
)

var now = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// person is the n-th of the people of these tests.
func person(n int) *directory.Principal {
	return &directory.Principal{Kind: directory.Individual, GUID: fmt.Sprintf("0a000000-0000-4000-8000-%012d", n),
		ShortName: fmt.Sprintf("person%d", n), FullName: fmt.Sprintf("Person %d", n),
		Mails: []string{fmt.Sprintf("person%d@example.com", n)}}
}

// house is a store with people in it, each with a home of one calendar and an inbox.
type house struct {
	*store.Store
	people *directory.Snapshot
	all    []*directory.Principal
}

func newHouse(t testing.TB, people int) *house {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "calport.db"), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	h := &house{Store: s}
	for n := range people {
		h.all = append(h.all, person(n))
	}
	h.people = directory.NewSnapshot(h.all, now)
	for _, p := range h.all {
		h.write(t, func(tx *store.Tx) error {
			_, err := tx.CreateHome(p.GUID, []store.NewCollection{
				{Name: "calendar", Kind: store.Calendar, Components: []string{"VEVENT"}}, {Name: "inbox", Kind: store.Inbox},
			})
			return err
		})
	}
	return h
}

func (h *house) write(t testing.TB, f func(*store.Tx) error) {
	t.Helper()
	if err := h.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// put stores an object in a person's calendar.
func (h *house) put(t testing.TB, who int, name, component string, properties ...store.PropertyChange) {
	t.Helper()
	h.write(t, func(tx *store.Tx) error {
		home, err := tx.Home(h.all[who].GUID)
		if err != nil {
			return err
		}
		return putIn(tx, home.Collection("calendar"), name, component)
	})
}

func putIn(tx *store.Tx, c *store.Collection, name, component string) error {
	calendar, err := ical.Parse([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n" +
		strings.ReplaceAll(strings.TrimSpace(component), "\n", "\r\n") + "\r\nEND:VCALENDAR\r\n"))
	if err != nil {
		return err
	}
	facts := ical.NewObject(calendar, nil).Facts()
	_, _, err = tx.PutObject(c.ID, store.NewObject{Name: name, UID: facts.UID, Component: facts.Component, Data: calendar.Bytes(),
		FirstStart: facts.FirstStart, LastEnd: facts.LastEnd, Organizer: facts.Organizer, Recurring: facts.Recurring})
	return err
}

// set changes a property of a person's collection.
func (h *house) set(t testing.TB, who int, collection string, value *dav.Element) {
	t.Helper()
	h.write(t, func(tx *store.Tx) error {
		home, err := tx.Home(h.all[who].GUID)
		if err != nil {
			return err
		}
		return tx.SaveProperties(store.OnCollection(home.Collection(collection)), []store.PropertyChange{{
			PropertyKey: store.PropertyKey{Name: store.PropertyName(value.Name)}, Value: value.XML()}})
	})
}

func at(day, hour int) time.Time { return time.Date(2026, 9, day, hour, 0, 0, 0, time.UTC) }

// busy writes what the query finds, a line for each period, in hours of September.
func (h *house) busy(t testing.TB, who int, q schedule.BusyQuery) string {
	t.Helper()
	var text strings.Builder
	err := h.Read(t.Context(), func(tx *store.Tx) error {
		periods, err := schedule.Busy(tx, h.people, h.all[who], q)
		for _, p := range periods {
			fmt.Fprintf(&text, "%s %s-%s\n", p.Type, p.Start.Format("02T15"), p.End.Format("02T15"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

const meeting = `BEGIN:VEVENT
UID:%s
DTSTAMP:20260901T120000Z
DTSTART:20260907T%02d0000Z
DURATION:PT2H
ORGANIZER:mailto:person1@example.com
ATTENDEE;PARTSTAT=ACCEPTED:mailto:person1@example.com
ATTENDEE%s:mailto:person0@example.com
%sEND:VEVENT`

func TestOwnAnswerDecidesWhetherAMeetingMakesBusy(t *testing.T) {
	for _, test := range []struct{ params, lines, want string }{
		{";PARTSTAT=ACCEPTED", "", "BUSY 07T09-07T11\n"},
		{";PARTSTAT=TENTATIVE", "", "BUSY-TENTATIVE 07T09-07T11\n"},
		{";PARTSTAT=NEEDS-ACTION", "", "BUSY-TENTATIVE 07T09-07T11\n"},
		{"", "", "BUSY-TENTATIVE 07T09-07T11\n"},
		{";PARTSTAT=DECLINED", "", ""},
		{";PARTSTAT=DELEGATED", "", ""},
		{";PARTSTAT=ACCEPTED", "TRANSP:TRANSPARENT\n", ""},
		{";PARTSTAT=ACCEPTED", "STATUS:CANCELLED\n", ""},
		{";PARTSTAT=ACCEPTED", "STATUS:TENTATIVE\n", "BUSY-TENTATIVE 07T09-07T11\n"},
	} {
		h := newHouse(t, 2)
		h.put(t, 0, "1.ics", fmt.Sprintf(meeting, "1", 9, test.params, test.lines))
		got := h.busy(t, 0, schedule.BusyQuery{Range: ical.Range{Start: at(7, 0), End: at(8, 0)}})
		if got != test.want {
			t.Errorf("with ATTENDEE%s and %q: got %q, want %q", test.params, test.lines, got, test.want)
		}
		told := 0
		h.busy(t, 0, schedule.BusyQuery{Range: ical.Range{Start: at(7, 0), End: at(8, 0)}, Detail: func(*ical.Component) { told++ }})
		if busy := test.want != ""; told == 1 != busy {
			t.Errorf("with ATTENDEE%s and %q: %d events are told of, which makes busy: %v", test.params, test.lines, told, busy)
		}
	}
}

func TestTheEventBeingArrangedIsMaskedForItsOrganizerOnly(t *testing.T) {
	h := newHouse(t, 3)
	h.put(t, 0, "1.ics", fmt.Sprintf(meeting, "1", 9, ";PARTSTAT=ACCEPTED", ""))
	h.put(t, 0, "2.ics", "BEGIN:VEVENT\nUID:2\nDTSTAMP:20260901T120000Z\nDTSTART:20260907T150000Z\nDURATION:PT1H\nEND:VEVENT")
	day := ical.Range{Start: at(7, 0), End: at(8, 0)}
	for _, test := range []struct {
		asker int
		uid   string
		want  string
	}{
		{1, "1", "BUSY 07T15-07T16\n"},
		{2, "1", "BUSY 07T09-07T11\nBUSY 07T15-07T16\n"},
		{0, "2", "BUSY 07T09-07T11\n"},
		{1, "2", "BUSY 07T09-07T11\nBUSY 07T15-07T16\n"},
	} {
		got := h.busy(t, 0, schedule.BusyQuery{Range: day, Asker: h.all[test.asker], MaskUID: test.uid})
		if got != test.want {
			t.Errorf("person %d masks %s: got %q, want %q", test.asker, test.uid, got, test.want)
		}
	}
}

func TestAllDayAndFloatingTimesAreInTheCalendarsZone(t *testing.T) {
	h := newHouse(t, 1)
	h.put(t, 0, "1.ics", "BEGIN:VEVENT\nUID:1\nDTSTAMP:20260901T120000Z\nDTSTART;VALUE=DATE:20260907\nEND:VEVENT")
	h.put(t, 0, "2.ics", "BEGIN:VEVENT\nUID:2\nDTSTAMP:20260901T120000Z\nDTSTART:20260909T080000\nDURATION:PT1H\nEND:VEVENT")
	h.set(t, 0, "calendar", dav.NewText(dav.CalendarTimezoneID, "Asia/Tokyo"))
	want := "BUSY 06T15-07T15\nBUSY 08T23-09T00\n"
	if got := h.busy(t, 0, schedule.BusyQuery{Range: ical.Range{Start: at(5, 0), End: at(10, 0)}}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPeriodsAreCutToTheRangeAndMerged(t *testing.T) {
	h := newHouse(t, 1)
	h.put(t, 0, "1.ics", "BEGIN:VEVENT\nUID:1\nDTSTAMP:20260901T120000Z\nDTSTART:20260907T080000Z\nDURATION:PT3H\nEND:VEVENT")
	h.put(t, 0, "2.ics", "BEGIN:VEVENT\nUID:2\nDTSTAMP:20260901T120000Z\nDTSTART:20260907T110000Z\nDURATION:PT3H\nEND:VEVENT")
	h.put(t, 0, "3.ics", "BEGIN:VEVENT\nUID:3\nDTSTAMP:20260901T120000Z\nDTSTART:20260907T160000Z\nDURATION:PT3H\nEND:VEVENT")
	want := "BUSY 07T09-07T14\nBUSY 07T16-07T17\n"
	if got := h.busy(t, 0, schedule.BusyQuery{Range: ical.Range{Start: at(7, 9), End: at(7, 17)}}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHigherPrioritiesOfAvailabilityWin(t *testing.T) {
	h := newHouse(t, 1)
	h.set(t, 0, "inbox", dav.NewText(dav.CSCalendarAvailability, `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VAVAILABILITY
UID:usual
DTSTAMP:20260901T120000Z
PRIORITY:9
BEGIN:AVAILABLE
UID:hours
DTSTAMP:20260901T120000Z
DTSTART:20260901T080000Z
DURATION:PT8H
RRULE:FREQ=DAILY
END:AVAILABLE
END:VAVAILABILITY
BEGIN:VAVAILABILITY
UID:fair
DTSTAMP:20260901T120000Z
DTSTART:20260908T000000Z
DTEND:20260909T000000Z
PRIORITY:1
BUSYTYPE:BUSY
BEGIN:AVAILABLE
UID:evening
DTSTAMP:20260901T120000Z
DTSTART:20260908T180000Z
DTEND:20260908T200000Z
END:AVAILABLE
END:VAVAILABILITY
END:VCALENDAR`))
	want := "BUSY 08T00-08T18\nBUSY 08T20-09T00\nBUSY-UNAVAILABLE 07T00-07T08\nBUSY-UNAVAILABLE 07T16-08T00\n"
	if got := h.busy(t, 0, schedule.BusyQuery{Range: ical.Range{Start: at(7, 0), End: at(9, 0)}}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAddressesOfEveryFormLeadToThePrincipal(t *testing.T) {
	people := directory.NewSnapshot([]*directory.Principal{person(0),
		{Kind: directory.Room, GUID: "R1", ShortName: "room turing", Place: &directory.Place{}}}, now)
	for address, want := range map[string]string{
		"mailto:person0@example.com": "person0", "MAILTO:Person0@Example.com": "person0", "person0@example.com": "person0",
		"urn:uuid:0A000000-0000-4000-8000-000000000000": "person0", "urn:x-uid:R1": "room turing",
		"/principals/__uids__/R1/": "room turing", "/principals/users/person0": "person0",
		"https://example.com:8443/principals/locations/room%20turing/": "room turing",
		"mailto:nobody@example.com":                                    "", "/principals/users/": "", "/principals/users/%zz/": "", "": "", "http://[": "",
		"/principals/groups/person0/": "", "/calendars/users/person0/": "",
	} {
		got := ""
		if p := schedule.ByAddress(people, address); p != nil {
			got = p.ShortName
		}
		if got != want {
			t.Errorf("ByAddress(%q): got %q, want %q", address, got, want)
		}
	}
}

// Thirty people of two thousand events each, a week of them.
func BenchmarkBusyOfThirtyPeople(b *testing.B) {
	h := newHouse(b, 30)
	zone := `BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
`
	for who := range h.all {
		h.write(b, func(tx *store.Tx) error {
			home, err := tx.Home(h.all[who].GUID)
			if err != nil {
				return err
			}
			for n := range 2000 { // three a day, and twenty that recur for ever
				start := time.Date(2025, 1, 1, 7+n%9, 0, 0, 0, time.UTC).AddDate(0, 0, n/3)
				rule := ""
				if n%100 == 0 {
					rule = "RRULE:FREQ=WEEKLY\n"
				}
				err := putIn(tx, home.Collection("calendar"), fmt.Sprintf("%d.ics", n), zone+fmt.Sprintf("BEGIN:VEVENT\nUID:%d-%d\n"+
					"DTSTAMP:20260901T120000Z\nDTSTART;TZID=Europe/Berlin:%s\nDTEND;TZID=Europe/Berlin:%s\n%sSUMMARY:Meeting %d\n"+
					"LOCATION:Room %d\nDESCRIPTION:An hour about the usual things\nBEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Soon\n"+
					"TRIGGER:-PT15M\nEND:VALARM\nEND:VEVENT", who, n, start.Format("20060102T150405"),
					start.Add(time.Hour).Format("20060102T150405"), rule, n, n%9))
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, bench := range []struct {
		name    string
		objects *ical.Cache
	}{{"unread", nil}, {"read before", ical.NewCache(64 << 20)}} {
		b.Run(bench.name, func(b *testing.B) {
			q := schedule.BusyQuery{Range: ical.Range{Start: at(7, 0), End: at(14, 0)}, Objects: bench.objects}
			ask := func() {
				err := h.Read(b.Context(), func(tx *store.Tx) error {
					for _, p := range h.all {
						if periods, err := schedule.Busy(tx, h.people, p, q); err != nil || len(periods) < 10 {
							return fmt.Errorf("%d periods, %v", len(periods), err)
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			ask()
			b.ReportAllocs()
			before, turns := cpu(b), 0
			for b.Loop() {
				turns++
				ask()
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(turns)/1e6, "cpu-ms/op")
		})
	}
}

func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
