package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calport/directory/directorytest"
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

// withMailbox is a site that reads answers from a mailbox, too.
func withMailbox(t *testing.T, box *imiptest.IMAP) (*site, *imiptest.SMTP) {
	t.Helper()
	s, server := mailSite(t, fmt.Sprintf("[mail.incoming]\nhost = \"127.0.0.1\"\nport = %s\ntls = \"none\"\nuser = %q\npassword_file = \"mail-password\"\npoll = \"20ms\"\n",
		box.Port(t), imiptest.User))
	write(t, filepath.Join(s.dir, "mail-password"), imiptest.Password+"\n")
	return s, server
}

// mailedReply is a mail as Gmail answers: the calendar in text/calendar, and again as an attachment.
func mailedReply(to, uid, partstat, more string) []byte {
	calendar := strings.ReplaceAll(fmt.Sprintf(`BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
UID:%s
DTSTAMP:20261129T100000Z
SEQUENCE:0
ORGANIZER;CN=Ada Byron:mailto:ada.byron@example.org
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=%s;CN=Zoë;X-NUM-GUESTS=0:mailto:zoe@elsewhere.example
%sEND:VEVENT
END:VCALENDAR
`, uid, partstat, more), "\n", "\r\n")
	return fmt.Appendf(nil, `From: Zoë <zoe@elsewhere.example>
To: %s
Subject: Accepted: Lunch
MIME-Version: 1.0
Message-ID: <%s@mail.elsewhere.example>
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8

Zoë has accepted.
--inner
Content-Type: text/calendar; charset="UTF-8"; method=REPLY
Content-Transfer-Encoding: base64

%s
--inner--
--outer
Content-Type: application/ics; name="invite.ics"
Content-Disposition: attachment; filename="invite.ics"
Content-Transfer-Encoding: base64

%[3]s
--outer--
`, to, rand.Text(), base64.StdEncoding.EncodeToString([]byte(calendar)))
}

func TestAnAnswerByMailReachesTheOrganizerAndTheOthers(t *testing.T) {
	t.Run("a server in memory", func(t *testing.T) { testAnswers(t, imiptest.StartIMAP(t)) })
	t.Run("dovecot", func(t *testing.T) { testAnswers(t, startDovecot(t)) })
}

func testAnswers(t *testing.T, box *imiptest.IMAP) {
	s, server := withMailbox(t, box)
	in := s.serve(t)
	start := time.Now().Add(48 * time.Hour).Truncate(time.Hour)
	path := "/calendars/users/ada/calendar/lunch.ics"
	if status, body, _ := in.do(t, "PUT", path, "ada", meeting("lunch", "Lunch", 0, start), "Content-Type", "text/calendar"); status != 201 {
		t.Fatalf("PUT: %d %s", status, body)
	}
	sent := readMail(t, server.Wait(t, 1)[0].Data)
	answers := sent.ReplyTo[0][1]
	if !strings.HasPrefix(answers, "calendar+") || server.Mails()[0].From != answers {
		t.Fatalf("answers go to %q, bounces to %q", answers, server.Mails()[0].From)
	}
	awaitText(t, in, path, "SCHEDULE-STATUS=1.1:mailto:zoe@elsewhere.example")
	tag := scheduleTag(t, in, path)

	box.Put(t, mailedReply(answers, "lunch", "ACCEPTED", ""))
	box.Await(t, "calport-done", 1)
	text := awaitText(t, in, path, "PARTSTAT=ACCEPTED")
	if !strings.Contains(text, "SCHEDULE-STATUS=2.0") || scheduleTag(t, in, path) != tag {
		t.Errorf("the organizer's copy:\n%s", text)
	}
	if inbox := contents(t, in, "ada", "inbox"); !strings.Contains(inbox, "METHOD:REPLY") {
		t.Errorf("the organizer's inbox:\n%s", inbox)
	}
	late := time.Now().Add(time.Minute)
	for !strings.Contains(contents(t, in, "grace", "calendar"), "PARTSTAT=ACCEPTED;CN=Zoë Outside") &&
		!strings.Contains(contents(t, in, "grace", "calendar"), "CN=Zoë Outside;PARTSTAT=ACCEPTED") {
		if time.Now().After(late) {
			t.Fatalf("grace does not hear of it:\n%s", contents(t, in, "grace", "calendar"))
		}
		time.Sleep(20 * time.Millisecond)
	}

	box.Put(t, mailedReply("calendar+"+strings.Repeat("a", 26)+"@example.org", "lunch", "DECLINED", ""))
	box.Put(t, mailedReply(answers, "dinner", "DECLINED", ""))
	box.Put(t, []byte("From: zoe@elsewhere.example\nTo: "+answers+"\nSubject: Running late\n\nSee you at 1.\n"))
	box.Put(t, append([]byte("From: big@elsewhere.example\nTo: "+answers+"\nSubject: big\n\n"), bytes.Repeat([]byte("0123456789abcdef\n"), 3<<20)...))
	box.Put(t, mailedReply(answers, "lunch", "DECLINED", strings.Repeat("BEGIN:VALARM\n", 5000)))
	box.Await(t, "calport-failed", 4)
	if forwarded := server.Wait(t, 2)[1]; forwarded.To[0] != "ada.byron@example.org" || !bytes.Contains(forwarded.Data, []byte("See you at 1.")) {
		t.Errorf("what a person wrote goes to %v:\n%s", forwarded.To, forwarded.Data)
	}
	if text := awaitText(t, in, path, "ATTENDEE"); strings.Contains(text, "DECLINED") {
		t.Errorf("a wrong answer counts:\n%s", text)
	}

	box.Put(t, []byte("From: zoe@elsewhere.example\nTo: "+answers+"\nAuto-Submitted: auto-replied\nSubject: Away\n\nI am away.\n"))
	box.Put(t, mailedReply(answers, "lunch", "TENTATIVE", "COMMENT:Perhaps a little late\r\n"))
	box.Await(t, "calport-done", 4)
	if text := awaitText(t, in, path, "PARTSTAT=TENTATIVE"); !strings.Contains(text, "Perhaps a little late") {
		t.Errorf("the comment is lost:\n%s", text)
	}

	box.Put(t, dsn(answers, "failed"))
	awaitText(t, in, path, "SCHEDULE-STATUS=5.1")
}

// dsn is a delivery status notification as Postfix writes it (RFC 3464).
func dsn(to, action string) []byte {
	return fmt.Appendf(nil, `Return-Path: <>
From: MAILER-DAEMON@example.org (Mail Delivery System)
To: %s
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org
Arrival-Date: Sun, 29 Nov 2026 00:00:00 +0000

Final-Recipient: rfc822; zoe@elsewhere.example
Action: %s
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: message/rfc822

From: Ada Byron <calendar@example.org>
Subject: Invitation: Lunch

--b--
`, to, action)
}

// contents are all objects of a person's collection.
func contents(t *testing.T, in *instance, who, collection string) string {
	t.Helper()
	status, text, _ := in.do(t, "REPORT", "/calendars/users/"+who+"/"+collection+"/", who,
		`<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><C:calendar-data/></prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>`,
		"Depth", "1", "Content-Type", "application/xml")
	if status != 207 {
		t.Fatalf("%s of %s: %d %s", collection, who, status, text)
	}
	text = strings.NewReplacer("&#13;", "\r", "&#xD;", "\r").Replace(text)
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n ", ""), "\n ", "")
}

// startDovecot starts dovecot's IMAP server with the account, on a port of its own and with all its files in a folder
// that goes with the test.
func startDovecot(t *testing.T) *imiptest.IMAP {
	t.Helper()
	program := "/usr/sbin/dovecot"
	if _, err := os.Stat(program); err != nil {
		skipWithout(t, "dovecot is not installed")
	}
	if os.Getuid() != 0 {
		skipWithout(t, "dovecot needs root to change its user")
	}
	dir, err := os.MkdirTemp("/tmp", "dovecot") // short: its sockets have long names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, sub := range []string{dir, filepath.Join(dir, "mail")} {
		if err := os.MkdirAll(sub, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(sub, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	address := directorytest.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	write(t, filepath.Join(dir, "users"), imiptest.User+":{PLAIN}"+imiptest.Password+"\n")
	write(t, filepath.Join(dir, "dovecot.conf"), fmt.Sprintf(`base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = %[1]s/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:%[1]s/mail/%%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
service imap-login {
  inet_listener imap {
    port = %[2]s
  }
  inet_listener imaps {
    port = 0
  }
}
passdb {
  driver = passwd-file
  args = %[1]s/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=%[1]s/mail/%%u
}
`, dir, port))
	if err := os.Chmod(filepath.Join(dir, "users"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "-F", "-c", filepath.Join(dir, "dovecot.conf"))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Signal(os.Interrupt); c.Wait() })
	for late := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return &imiptest.IMAP{Address: address}
		}
		if time.Now().After(late) {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("dovecot does not start: %v\n%s", err, log)
		}
	}
}
