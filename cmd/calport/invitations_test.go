package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calport/server/imip/imiptest"
)

// mailRead is a mail as Python's email package reads it.
type mailRead struct {
	Header   map[string]string
	From, To [][2]string
	ReplyTo  [][2]string `json:"reply_to"`
	Defects  []string
	Body     mailPart
}

type mailPart struct {
	Type, Method, Charset, File, Text string
	Parts                             []mailPart
}

func readMail(t *testing.T, data []byte) mailRead {
	t.Helper()
	stranger(t, "python3")
	c := exec.CommandContext(t.Context(), "python3", filepath.Join("testdata", "readmail.py"))
	c.Stdin = strings.NewReader(string(data))
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	var m mailRead
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// meeting is an event of ada's with an attendee inside the directory and one outside, in a time zone.
func meeting(uid, summary string, sequence int, start time.Time) string {
	return strings.ReplaceAll(fmt.Sprintf(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:%s
DTSTAMP:20260101T000000Z
SEQUENCE:%d
DTSTART:%s
DURATION:PT1H
SUMMARY:%s
LOCATION:Room Turing
ORGANIZER:mailto:ada.byron@example.org
ATTENDEE;PARTSTAT=ACCEPTED:mailto:ada.byron@example.org
ATTENDEE;RSVP=TRUE:mailto:grace.murray@example.org
ATTENDEE;CN=Zoë Outside;RSVP=TRUE:mailto:zoe@elsewhere.example
END:VEVENT
END:VCALENDAR
`, uid, sequence, start.UTC().Format("20060102T150405Z"), summary), "\n", "\r\n")
}

// mailSite is a site that sends to a mail server of the test's own.
func mailSite(t *testing.T, extra string) (*site, *imiptest.SMTP) {
	t.Helper()
	server := &imiptest.SMTP{}
	server.Start(t, "127.0.0.1:0")
	s := newSite(t, fmt.Sprintf("[mail]\nhost = \"127.0.0.1\"\nport = %d\ntls = \"none\"\nfrom = \"Calendar <calendar@example.org>\"\ndelay = \"10ms\"\n%s", server.Port(), extra))
	return s, server
}

func TestAnInvitationReachesSomebodyOutsideByMail(t *testing.T) {
	s, server := mailSite(t, "")
	in := s.serve(t)
	start := time.Now().Add(48 * time.Hour).Truncate(time.Hour)
	path := "/calendars/users/ada/calendar/lunch.ics"
	if status, body, _ := in.do(t, "PUT", path, "ada", meeting("lunch", "Lunch; with Zoë", 0, start), "Content-Type", "text/calendar"); status != 201 {
		t.Fatalf("PUT: %d %s", status, body)
	}
	if _, text, _ := in.do(t, "GET", path, "ada", ""); !strings.Contains(unfold(text), `SCHEDULE-STATUS=1.0:mailto:zoe@elsewhere.example`) {
		t.Errorf("before the mail is sent:\n%s", text)
	}
	got := server.Wait(t, 1)[0]
	if got.From != "calendar@example.org" || len(got.To) != 1 || got.To[0] != "zoe@elsewhere.example" {
		t.Errorf("envelope from %q to %q", got.From, got.To)
	}
	m := readMail(t, got.Data)
	if len(m.Defects) > 0 || m.From[0] != [2]string{"Ada Byron", "calendar@example.org"} || m.To[0] != [2]string{"Zoë Outside", "zoe@elsewhere.example"} ||
		m.ReplyTo[0][1] != "ada.byron@example.org" || m.Header["Auto-Submitted"] != "auto-generated" || m.Header["Subject"] != "Invitation: Lunch; with Zoë" {
		t.Errorf("got %+v", m)
	}
	if m.Body.Type != "multipart/mixed" || len(m.Body.Parts) != 2 || len(m.Body.Parts[0].Parts) != 3 {
		t.Fatalf("structure: %+v", m.Body)
	}
	text, html, calendar, file := m.Body.Parts[0].Parts[0], m.Body.Parts[0].Parts[1], m.Body.Parts[0].Parts[2], m.Body.Parts[1]
	if text.Type != "text/plain" || !strings.Contains(text.Text, "Ada Byron invites you.") || !strings.Contains(text.Text, "Where: Room Turing") ||
		html.Type != "text/html" || !strings.Contains(html.Text, "Lunch; with Zoë") {
		t.Errorf("words: %s\n%s", text.Text, html.Text)
	}
	if calendar.Type != "text/calendar" || calendar.Method != "REQUEST" || calendar.Charset != "utf-8" || calendar.Text != file.Text || file.File != "invite.ics" {
		t.Errorf("calendar: %+v", calendar)
	}
	for _, want := range []string{"METHOD:REQUEST\r\n", "UID:lunch\r\n", "ORGANIZER;CN=Ada Byron:mailto:ada.byron@example.org\r\n"} {
		if !strings.Contains(unfold(calendar.Text), want) {
			t.Errorf("%q is not in\n%s", want, calendar.Text)
		}
	}
	if strings.Contains(calendar.Text, "SCHEDULE-") {
		t.Errorf("the server's notes are in\n%s", calendar.Text)
	}
	tag := scheduleTag(t, in, path)
	awaitText(t, in, path, "SCHEDULE-STATUS=1.1:mailto:zoe@elsewhere.example")
	if now := scheduleTag(t, in, path); now != tag {
		t.Errorf("the Schedule-Tag changed from %s to %s", tag, now)
	}

	in.do(t, "PUT", path, "ada", meeting("lunch", "Lunch, late", 1, start.Add(time.Hour)), "Content-Type", "text/calendar")
	update := readMail(t, server.Wait(t, 2)[1].Data)
	if update.Header["Subject"] != "Changed: Lunch, late" || update.Header["References"] != m.Header["Message-ID"] || update.Header["In-Reply-To"] != m.Header["Message-ID"] {
		t.Errorf("update: %v", update.Header)
	}
	in.do(t, "DELETE", path, "ada", "")
	gone := readMail(t, server.Wait(t, 3)[2].Data)
	if gone.Header["Subject"] != "Cancelled: Lunch, late" || gone.Body.Parts[0].Parts[2].Method != "CANCEL" {
		t.Errorf("cancel: %v", gone.Header)
	}
}

func unfold(text string) string { return strings.ReplaceAll(text, "\r\n ", "") }

func scheduleTag(t *testing.T, in *instance, path string) string {
	t.Helper()
	_, _, h := in.do(t, "GET", path, "ada", "")
	return h.Get("Schedule-Tag")
}

// awaitText reads a resource until it has a text, a minute at most.
func awaitText(t *testing.T, in *instance, path, want string) string {
	t.Helper()
	late := time.After(time.Minute)
	for {
		status, text, _ := in.do(t, "GET", path, "ada", "")
		if strings.Contains(unfold(text), want) {
			return unfold(text)
		}
		select {
		case <-late:
			t.Fatalf("%q does not come: %d\n%s", want, status, text)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
