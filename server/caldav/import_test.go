package caldav_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"

	"calport/server/caldav"
)

// crlf ends the lines of a file as RFC 5545 wants it.
func crlf(text string) []byte { return []byte(strings.ReplaceAll(text, "\n", "\r\n")) }

// appleFile is what Calendar on a Mac exports, shortened: a title, a zone, a series with an override, a meeting, a task.
const appleFile = `BEGIN:VCALENDAR
METHOD:PUBLISH
VERSION:2.0
X-WR-CALNAME:Home\, sweet home
PRODID:-//Apple Inc.//macOS 14.5//EN
X-APPLE-CALENDAR-COLOR:#1D9BF6
X-WR-TIMEZONE:Europe/Berlin
CALSCALE:GREGORIAN
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
DTSTART:19810329T020000
TZNAME:CEST
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
DTSTART:19961027T030000
TZNAME:CET
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:series
DTSTAMP:20260801T100000Z
DTSTART;TZID=Europe/Berlin:20260901T090000
DTEND;TZID=Europe/Berlin:20260901T100000
RRULE:FREQ=DAILY;COUNT=5
SUMMARY:Choir
SEQUENCE:2
END:VEVENT
BEGIN:VEVENT
UID:meeting
DTSTAMP:20260801T100000Z
DTSTART;TZID=Europe/Berlin:20260905T090000
DTEND;TZID=Europe/Berlin:20260905T100000
SUMMARY:With others
ORGANIZER;CN=Me;SCHEDULE-STATUS=1.2:mailto:p0@example.com
ATTENDEE;PARTSTAT=ACCEPTED:mailto:p0@example.com
ATTENDEE;PARTSTAT=ACCEPTED;SCHEDULE-FORCE-SEND=REQUEST:mailto:p1@example.com
END:VEVENT
BEGIN:VEVENT
UID:series
DTSTAMP:20260801T100000Z
RECURRENCE-ID;TZID=Europe/Berlin:20260902T090000
DTSTART;TZID=Europe/Berlin:20260902T110000
DTEND;TZID=Europe/Berlin:20260902T120000
SUMMARY:Choir\, later
SEQUENCE:2
END:VEVENT
BEGIN:VTODO
UID:task
DTSTAMP:20260801T100000Z
SUMMARY:Buy milk
END:VTODO
END:VCALENDAR
`

func importInto(t testing.TB, o *office, calendar string, data []byte) caldav.ImportReport {
	t.Helper()
	report, err := o.As(o.people[0]).Import(t.Context(), caldav.Import{File: "file.ics", Data: data, Calendar: calendar, Title: "file"})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// counts is the outcome of an import in one word.
func counts(r caldav.ImportReport) string {
	return fmt.Sprintf("%d of %d: %d created, %d updated, %d same, %d skipped", r.Done, r.Objects, r.Created, r.Updated, r.Same, r.Skipped)
}

func wantCounts(t testing.TB, r caldav.ImportReport, want string) {
	t.Helper()
	if got := counts(r); got != want {
		t.Errorf("got %s, want %s; %+v", got, want, r.Why)
	}
}

func TestImportMakesObjectsThatClientsRead(t *testing.T) {
	o := newOffice(t, 2)
	ada, grace := o.people[0], o.people[1]
	report := importInto(t, o, "calendar", crlf(appleFile))
	wantCounts(t, report, "3 of 3: 2 created, 0 updated, 0 same, 1 skipped")
	if why := report.Why; len(why) != 1 || why[0].Reason != caldav.SkipComponent || why[0].Summary != "Buy milk" {
		t.Errorf("got %+v", why)
	}
	series := o.copyOf(t, ada, "series").String()
	for _, want := range []string{"BEGIN:VTIMEZONE", "RECURRENCE-ID", "COUNT=5"} {
		if !strings.Contains(series, want) {
			t.Errorf("no %s in\n%s", want, series)
		}
	}
	if strings.Contains(series, "METHOD") || len(o.listing(t, ada)) != 2 {
		t.Errorf("%d objects; the series is\n%s", len(o.listing(t, ada)), series)
	}
	last, err := o.As(ada).LastImport(t.Context())
	if err != nil || counts(*last) != counts(report) || !last.Finished || last.Failed {
		t.Errorf("got %+v, %v", last, err)
	}
	if o.As(grace); o.copyOf(t, grace, "meeting") != nil {
		t.Error("somebody was invited")
	}
}

// TestImportTroublesNobody: an imported meeting is nobody's to schedule, also when it is changed or deleted later.
func TestImportTroublesNobody(t *testing.T) {
	o := newOffice(t, 2)
	ada, grace := o.people[0], o.people[1]
	o.put(t, grace, inCalendar(grace, "x.ics"), meetingOf("x", 9, grace, grace)) // so that there is a home
	importInto(t, o, "calendar", crlf(appleFile))
	meeting := o.copyOf(t, ada, "meeting").String()
	if strings.Count(meeting, "SCHEDULE-AGENT=NONE") != 3 || strings.Contains(meeting, "FORCE-SEND") || strings.Contains(meeting, "SCHEDULE-STATUS") {
		t.Errorf("got\n%s", meeting)
	}
	for path := range o.listing(t, ada) {
		body := o.do(ada, "GET", path, "").Body.String()
		o.put(t, ada, path, strings.ReplaceAll(body, "100000\r\nSUMMARY", "103000\r\nSUMMARY"))
		if w := o.do(ada, "DELETE", path, ""); w.Code != http.StatusNoContent {
			t.Fatalf("DELETE: %d", w.Code)
		}
	}
	if n := o.messages(t, grace); n != 0 || o.copyOf(t, grace, "meeting") != nil {
		t.Errorf("%d messages", n)
	}
}

func TestImportMakesACalendarForEachKind(t *testing.T) {
	o := newOffice(t, 1)
	report := importInto(t, o, "", crlf(appleFile))
	wantCounts(t, report, "3 of 3: 3 created, 0 updated, 0 same, 0 skipped")
	got := titles(t, o.As(o.people[0]))
	if strings.Join(got, "|") != "Calendar|Home, sweet home|Home, sweet home|Tasks" {
		t.Errorf("got %q", got)
	}
}

func TestImportKeepsFromOthersWhatWasKeptFromThem(t *testing.T) {
	o := newOffice(t, 1)
	importInto(t, o, "calendar", crlf(strings.Replace(appleFile, "VERSION:2.0", "VERSION:2.0\nX-CALENDARSERVER-ACCESS:CONFIDENTIAL", 1)))
	if got := o.copyOf(t, o.people[0], "series").Value("X-CALENDARSERVER-ACCESS"); got != "CONFIDENTIAL" {
		t.Errorf("got %q", got)
	}
}

func TestImportBringsWhatIsThereUpToDate(t *testing.T) {
	o := newOffice(t, 2)
	ada := o.people[0]
	o.put(t, ada, inCalendar(ada, "live.ics"), meetingOf("live", 9, ada, ada, o.people[1]))
	importInto(t, o, "calendar", crlf(appleFile))
	wantCounts(t, importInto(t, o, "calendar", crlf(appleFile)), "3 of 3: 0 created, 0 updated, 2 same, 1 skipped")

	later := strings.ReplaceAll(appleFile, "Choir", "Concert")
	wantCounts(t, importInto(t, o, "calendar", crlf(later)), "3 of 3: 0 created, 1 updated, 1 same, 1 skipped")
	older := strings.ReplaceAll(appleFile, "SEQUENCE:2", "SEQUENCE:1")
	report := importInto(t, o, "calendar", crlf(older))
	wantCounts(t, report, "3 of 3: 0 created, 0 updated, 1 same, 2 skipped")
	if report.Why[0].Reason != caldav.SkipNewer {
		t.Errorf("got %+v", report.Why)
	}
	report = importInto(t, o, "calendar", []byte(strings.Replace(meetingOf("live", 11, ada, ada), "Meeting", "Other", 1)))
	if report.Skipped != 1 || report.Why[0].Reason != caldav.SkipMeeting {
		t.Errorf("a live meeting: %+v", report)
	}
	report = importInto(t, o, "", crlf(appleFile))
	if report.Created != 1 || report.Skipped != 2 || report.Why[0].Reason != caldav.SkipElsewhere || report.Why[0].Detail != "Calendar" {
		t.Errorf("into another calendar: %+v", report)
	}
}

// Of a file of which all is elsewhere already no empty calendar is left; of one with events and tasks only what is filled.
func TestAnImportLeavesNoEmptyCalendar(t *testing.T) {
	o := newOffice(t, 1)
	calendars := func() (titles []string) {
		all, err := o.As(o.people[0]).Calendars(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			titles = append(titles, c.Title)
		}
		return titles
	}
	before := len(calendars())
	data := crlf(strings.Replace(appleFile, "X-WR-CALNAME", "X-OTHER", 1))
	if report := importInto(t, o, "", data); len(report.Calendars) != 2 || len(calendars()) != before+2 {
		t.Errorf("at first: %+v, there are %v", report, calendars())
	}
	report := importInto(t, o, "", data)
	last, err := o.As(o.people[0]).LastImport(t.Context())
	if err != nil || len(report.Calendars) != 0 || len(last.Calendars) != 0 || len(calendars()) != before+2 {
		t.Errorf("once more: %+v, then %+v, %v, there are %v", report, last, err, calendars())
	}
	wantCounts(t, report, "3 of 3: 0 created, 0 updated, 0 same, 3 skipped")
	if left, err := o.As(o.people[0]).DeletedCalendars(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("among the deleted ones there are %+v, %v", left, err)
	}
	task := strings.Replace(string(data), "UID:task", "UID:another", 1)
	if report := importInto(t, o, "", []byte(task)); len(report.Calendars) != 1 || len(calendars()) != before+3 {
		t.Errorf("with one new task: %+v, there are %v", report, calendars())
	}
}

// outlookEvent is as old Outlooks write it: no UID, a zone of their own naming, Windows-1252 or UTF-16.
const outlookEvent = `BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:PUBLISH
X-MS-OLK-FORCEINSPECTOROPEN:TRUE
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
CLASS:PUBLIC
DTSTAMP:20260801T100000Z
DTSTART;TZID="W. Europe Standard Time":20260903T090000
DTEND;TZID="W. Europe Standard Time":20260903T100000
SUMMARY;LANGUAGE=de:Bürobesprechung
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT
END:VCALENDAR
`

func TestImportReadsWhatProgramsWrite(t *testing.T) {
	wide := utf16.Encode([]rune("\ufeff" + outlookEvent))
	var utf16le bytes.Buffer
	for _, unit := range wide {
		utf16le.Write([]byte{byte(unit), byte(unit >> 8)})
	}
	for name, data := range map[string][]byte{
		"CRLF":              crlf(outlookEvent),
		"LF":                []byte(outlookEvent),
		"byte order mark":   []byte("\ufeff" + outlookEvent),
		"Windows-1252":      bytes.ReplaceAll(crlf(outlookEvent), []byte("ü"), []byte{0xfc}),
		"UTF-16":            utf16le.Bytes(),
		"another DTSTAMP":   []byte(strings.Replace(outlookEvent, "20260801", "20260901", 1)),
		"twice in one file": []byte(outlookEvent + "\n\n" + strings.Replace(outlookEvent, "besprechung", "feier", 1)),
	} {
		o := newOffice(t, 1)
		report := importInto(t, o, "calendar", data)
		if report.Created != report.Objects || report.Skipped != 0 {
			t.Errorf("%s: %s, %+v", name, counts(report), report.Why)
		}
		for path := range o.listing(t, o.people[0]) {
			body := o.do(o.people[0], "GET", path, "").Body.String()
			if !strings.Contains(body, "Büro") || !strings.Contains(body, "BEGIN:VTIMEZONE") {
				t.Errorf("%s:\n%s", name, body)
			}
		}
		if again := importInto(t, o, "calendar", data); again.Created != 0 || again.Same != report.Objects {
			t.Errorf("%s again: %s", name, counts(again))
		}
	}
}

func TestImportRefusesWhatIsNoCalendar(t *testing.T) {
	o := newOffice(t, 1)
	for name, data := range map[string]string{
		"empty":           "",
		"blank":           "\r\n\r\n",
		"HTML":            "<html><body>Sign in</body></html>",
		"a picture":       "\x89PNG\r\n\x1a\n\x00\x00",
		"nothing in it":   "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
		"cut off":         "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n",
		"vCalendar 1.0":   "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VEVENT\r\nDTSTART:20260901T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		"a vCard":         "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEND:VCARD\r\n",
		"too deep":        "BEGIN:VCALENDAR\r\n" + strings.Repeat("BEGIN:X\r\n", 10_000),
		"too many zones":  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.Repeat("BEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n", 501) + "END:VCALENDAR\r\n",
		"rest is no data": appleFile + "BEGIN:VCALENDAR\nrubbish",
	} {
		_, err := o.As(o.people[0]).Import(t.Context(), caldav.Import{Data: []byte(data), Calendar: "calendar"})
		if status(t, err) != http.StatusBadRequest {
			t.Errorf("%s: got %v, want 400", name, err)
		}
	}
	if last, err := o.As(o.people[0]).LastImport(t.Context()); last != nil || err != nil {
		t.Errorf("got %+v, %v", last, err)
	}
}

func TestImportSkipsWhatIsHostileAndKeepsTheRest(t *testing.T) {
	o := newOffice(t, 1)
	event := func(uid, more string) string {
		return "BEGIN:VEVENT\nUID:" + uid + "\nDTSTAMP:20260801T100000Z\nDTSTART:20260901T100000Z\n" + more + "END:VEVENT\n"
	}
	file := "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n" +
		event("good", "SUMMARY:Good\n") +
		event("huge", "DESCRIPTION:"+strings.Repeat("x", 2<<20)+"\n") +
		event("endless", "RRULE:FREQ=DAILY;COUNT=5000\n") +
		event("lost", "DTEND;TZID=Nowhere/Land:20260901T110000\n") +
		event("bad", "RRULE:FREQ=SOMETIMES\n") +
		event("crowd", strings.Repeat("ATTENDEE:mailto:a@example.com\n", 2001)) +
		event("twins", "") + event("twins", "") +
		event("also good", "") + "END:VCALENDAR\n"
	report := importInto(t, o, "calendar", crlf(file))
	wantCounts(t, report, "8 of 8: 2 created, 0 updated, 0 same, 6 skipped")
	for _, s := range report.Why {
		if s.Reason != caldav.SkipInvalid && s.Reason != caldav.SkipTooLarge || s.Detail == "" {
			t.Errorf("got %+v", s)
		}
	}
}

func TestOneImportAtATimeAndOnlyIntoWhatIsOnesOwn(t *testing.T) {
	o := newOffice(t, 2)
	a := o.As(o.people[0])
	file := caldav.Import{Data: crlf(appleFile), Calendar: "nothing"}
	if got := status(t, second(a.Import(t.Context(), file))); got != http.StatusNotFound {
		t.Errorf("into no calendar: got %d", got)
	}
	file.Calendar = "inbox"
	if got := status(t, second(a.Import(t.Context(), file))); got != http.StatusNotFound {
		t.Errorf("into the inbox: got %d", got)
	}
	file.Calendar = "calendar"
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Import(ended, file); err == nil {
		t.Error("an import that was ended is none")
	}
	if last, err := a.LastImport(t.Context()); err != nil || !last.Finished || !last.Failed {
		t.Errorf("got %+v, %v", last, err)
	}
	importInto(t, o, "calendar", crlf(appleFile)) // nothing stands in its way
}

func BenchmarkImport(b *testing.B) {
	var file strings.Builder
	file.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n")
	for n := range 5000 {
		fmt.Fprintf(&file, "BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20260801T100000Z\r\nDTSTART:20260901T100000Z\r\nSUMMARY:Event\r\nEND:VEVENT\r\n", n)
	}
	file.WriteString("END:VCALENDAR\r\n")
	for b.Loop() {
		o := newOffice(b, 1)
		importInto(b, o, "calendar", []byte(file.String()))
	}
	b.ReportMetric(float64(5000*b.N)/b.Elapsed().Seconds(), "objects/s")
}

func TestFreeBusyURLTellsWhenSomebodyIsBusyToWhoKnowsIt(t *testing.T) {
	o := newOffice(t, 2)
	ada := o.people[0]
	a := o.As(ada)
	o.put(t, ada, inCalendar(ada, "m.ics"), strings.ReplaceAll(meetingOf("m", 9, ada, ada), "ORGANIZER", "X-O"))
	ask := func(url string) (int, string) {
		w := o.doOn(o.FreeBusyURL(), http.MethodGet, url)
		return w.Code, w.Body.String()
	}
	if link, err := a.BusyLink(t.Context()); link != "" || err != nil {
		t.Errorf("before it is switched on: %q, %v", link, err)
	}
	if err := a.SetBusyLink(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	link, err := a.BusyLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	code, body := ask(link)
	for _, want := range []string{"METHOD:PUBLISH", "BEGIN:VFREEBUSY", "20260907T090000Z/PT1H", "mailto:p0@example.com"} {
		if code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%d, no %s in\n%s", code, want, body)
		}
	}
	if strings.Contains(body, "Meeting") {
		t.Errorf("it tells why:\n%s", body)
	}
	if code, body = ask(link + "&start=2026-09-08T00:00:00Z&period=P1D"); code != http.StatusOK || strings.Contains(body, "FREEBUSY;") {
		t.Errorf("another day: %d\n%s", code, body)
	}
	for url, want := range map[string]int{
		link + "&start=tomorrow": 400, link + "&period=long": 400, link + "&end=2020-01-01T00:00:00Z": 400, link + "&period=P500D": 400,
		link + "x": 404, strings.Replace(link, ada.GUID, o.people[1].GUID, 1): 404, strings.Replace(link, ada.GUID, "nobody", 1): 404,
		"/freebusy": 404, "/freebusy?user=" + ada.GUID: 404, "/freebusy?user=" + o.people[1].GUID + "&token=": 404,
	} {
		if code, _ := ask(url); code != want {
			t.Errorf("%s: got %d, want %d", url, code, want)
		}
	}
	if w := o.doOn(o.FreeBusyURL(), http.MethodPost, link); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d", w.Code)
	}
	o.denied = ada
	if code, _ := ask(link); code != http.StatusNotFound {
		t.Errorf("of somebody who may not use the server any more: got %d, want 404", code)
	}
	o.denied = nil
	if err := a.SetBusyLink(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if code, _ := ask(link); code != http.StatusNotFound {
		t.Errorf("the old link: got %d, want 404", code)
	}
	link, _ = a.BusyLink(t.Context())
	if err := a.SetBusyLink(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if code, _ := ask(link); code != http.StatusNotFound {
		t.Errorf("switched off: got %d, want 404", code)
	}
}
