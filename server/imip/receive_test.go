package imip

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-msgauth/dkim"

	"calport/server/store"
)

// firstText is the first text/plain of a mail.
func firstText(t *testing.T, data []byte) (text string) {
	t.Helper()
	e, err := message.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	e.Walk(func(_ []int, part *message.Entity, _ error) error {
		if kind, _, _ := part.Header.ContentType(); kind == "text/plain" && text == "" {
			data, _ := io.ReadAll(part.Body)
			text = strings.ReplaceAll(string(data), "\r\n", "\n")
		}
		return nil
	})
	return text
}

// calendarReply is the calendar of an answer.
func calendarReply(method, attendee, partstat, more string) string {
	return strings.ReplaceAll(fmt.Sprintf(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
METHOD:%s
BEGIN:VEVENT
UID:meeting
DTSTAMP:20260901T000000Z
SEQUENCE:0
%sATTENDEE;PARTSTAT=%s:mailto:%s
END:VEVENT
END:VCALENDAR
`, method, more, partstat, attendee), "\n", "\r\n")
}

// mailOfPart is a mail with one part beside a text.
func mailOfPart(to, contentType, encoding, body string) []byte {
	return fmt.Appendf(nil, "From: Zoe <zoe@elsewhere.example>\r\nTo: %s\r\nSubject: Re\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nYes\r\n--b\r\nContent-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n--b--\r\n",
		to, contentType, encoding, body)
}

// invite has ada invite zoe, and returns the address that takes her answer.
func (o *office) invite(t *testing.T) string {
	t.Helper()
	o.put(t, adaGUID, meetingOf("ada@example.com", "Lunch", "20260910", ""))
	o.pass(time.Minute)
	o.work(t)
	return o.server.Mails()[0].From
}

func (o *office) take(t *testing.T, name string, mail []byte) verdict {
	t.Helper()
	v, err := o.receive(t.Context(), o.scheduler, name, mail)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRealAnswersAreUnderstood(t *testing.T) {
	accepted := calendarReply("REPLY", "zoe@elsewhere.example", "ACCEPTED", "ORGANIZER:mailto:ada@example.com\n")
	utf16 := func(s string) string {
		var b []byte
		for _, r := range s {
			b = append(b, byte(r), byte(r>>8))
		}
		return base64.StdEncoding.EncodeToString(append([]byte{0xff, 0xfe}, b...))
	}
	for name, mail := range map[string]func(to string) []byte{
		"Gmail: base64 and a method": func(to string) []byte {
			return mailOfPart(to, `text/calendar; charset="UTF-8"; method=REPLY`, "base64", base64.StdEncoding.EncodeToString([]byte(accepted)))
		},
		"Outlook: the alias of who was invited, and a name in a code page": func(to string) []byte {
			return mailOfPart(to, `text/calendar; charset="windows-1252"; method=REPLY`, "8bit",
				strings.Replace(calendarReply("REPLY", "Z.Outside@elsewhere.example", "ACCEPTED", "ORGANIZER:MAILTO:ada@example.com\n"), "UID:", "SUMMARY;LANGUAGE=en-us:Caf\xe9\r\nUID:", 1))
		},
		"UTF-16": func(to string) []byte {
			return mailOfPart(to, "text/calendar; charset=utf-16; method=REPLY", "base64", utf16(accepted))
		},
		"quoted-printable": func(to string) []byte {
			return mailOfPart(to, "text/calendar; charset=utf-8; method=reply", "quoted-printable", strings.ReplaceAll(accepted, "=", "=3D"))
		},
		"a file of no type": func(to string) []byte {
			return mailOfPart(to, "application/octet-stream; name=\"invite.ics\"", "7bit", accepted)
		},
		"no METHOD in the calendar": func(to string) []byte {
			return mailOfPart(to, "text/calendar; method=REPLY", "7bit", strings.Replace(accepted, "METHOD:REPLY\r\n", "", 1))
		},
		"no ORGANIZER": func(to string) []byte {
			return mailOfPart(to, "text/calendar; method=REPLY", "7bit", strings.Replace(accepted, "ORGANIZER:mailto:ada@example.com\r\n", "", 1))
		},
		"the token as ORGANIZER, the mail to somebody else": func(to string) []byte {
			return mailOfPart("ada@example.com", "text/calendar; method=REPLY", "7bit", strings.Replace(accepted, "mailto:ada@example.com", "mailto:"+to, 1))
		},
		"an address in capitals": func(to string) []byte {
			return mailOfPart("<"+strings.ToUpper(to)+">", "text/calendar; method=REPLY", "7bit", accepted)
		},
		"the whole event in the answer, with all attendees": func(to string) []byte {
			return mailOfPart(to, "text/calendar; method=REPLY", "7bit", strings.Replace(accepted, "UID:", "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.com\r\nUID:", 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, nil)
			to := o.invite(t)
			if v := o.take(t, "1", mail(to)); v.aside {
				t.Fatalf("set aside: %s", v.why)
			}
			if text := o.stored(t, adaGUID); !strings.Contains(text, "PARTSTAT=ACCEPTED") || strings.Contains(text, "DECLINED") {
				t.Errorf("the organizer's copy:\n%s", text)
			}
		})
	}
}

func TestWrongAnswersAreSetAside(t *testing.T) {
	accepted := calendarReply("REPLY", "zoe@elsewhere.example", "ACCEPTED", "")
	deep := "Content-Type: multipart/mixed; boundary=x0\r\n\r\n"
	for i := range 50 {
		deep += fmt.Sprintf("--x%d\r\nContent-Type: multipart/mixed; boundary=x%d\r\n\r\n", i, i+1)
	}
	for name, c := range map[string]struct {
		mail func(to string) []byte
		pass time.Duration
		why  string
	}{
		"a token that is none": {mail: func(to string) []byte {
			return mailOfPart("calendar+aaaaaaaaaaaaaaaaaaaaaaaaaa@example.com", "text/calendar", "7bit", accepted)
		}, why: "no invitation of ours"},
		"a token of long ago": {mail: func(to string) []byte { return mailOfPart(to, "text/calendar", "7bit", accepted) }, pass: 91 * 24 * time.Hour, why: "90 days"},
		"another event": {mail: func(to string) []byte {
			return mailOfPart(to, "text/calendar", "7bit", strings.Replace(accepted, "UID:meeting", "UID:another", 1))
		}, why: "another event"},
		"no calendar, and no token": {mail: func(string) []byte { return []byte("From: a@b.example\r\nTo: calendar@example.com\r\n\r\nhello") }, why: "no calendar"},
		"a broken calendar":         {mail: func(to string) []byte { return mailOfPart(to, "text/calendar", "7bit", "BEGIN:VCALENDAR\r\nnonsense") }, why: "cannot be read"},
		"a big calendar": {mail: func(to string) []byte {
			return mailOfPart(to, "text/calendar", "7bit", accepted+strings.Repeat("X-A:b\r\n", 200000))
		}, why: "octets"},
		"an unknown method": {mail: func(to string) []byte {
			return mailOfPart(to, "text/calendar", "7bit", strings.Replace(accepted, "REPLY", "POLLSTATUS", 1))
		}, why: ""},
		"an invitation": {mail: func(to string) []byte {
			return mailOfPart(to, "text/calendar", "7bit", strings.Replace(accepted, "REPLY", "REQUEST", 1))
		}, why: "accept_from_outside"},
		"parts in parts": {mail: func(to string) []byte { return []byte("To: " + to + "\r\n" + deep) }, why: "too many parts"},
		"nothing":        {mail: func(string) []byte { return nil }, why: ""},
		"an attendee too many": {mail: func(to string) []byte {
			return mailOfPart(to, "text/calendar", "7bit", strings.Replace(accepted, "mailto:zoe@elsewhere.example", "mailto:a@b.example\r\nATTENDEE:mailto:c@d.example", 1))
		}, why: "no more"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, nil)
			to := o.invite(t)
			before := o.stored(t, adaGUID)
			o.pass(c.pass)
			v := o.take(t, "1", c.mail(to))
			if !v.aside || !strings.Contains(v.why, c.why) {
				t.Errorf("got %+v, want it set aside for %q", v, c.why)
			}
			if o.stored(t, adaGUID) != before {
				t.Errorf("the organizer's copy became\n%s", o.stored(t, adaGUID))
			}
		})
	}
}

func TestAMailIsActedUponOnce(t *testing.T) {
	o := newOffice(t, nil)
	to := o.invite(t)
	mail := func(partstat string) []byte {
		return mailOfPart(to, "text/calendar", "7bit", calendarReply("REPLY", "zoe@elsewhere.example", partstat, ""))
	}
	o.take(t, "1", mail("ACCEPTED"))
	o.take(t, "2", mail("DECLINED"))
	if v := o.take(t, "1", mail("ACCEPTED")); v.aside || !strings.Contains(o.stored(t, adaGUID), "DECLINED") {
		t.Errorf("after the crash got %+v and\n%s", v, o.stored(t, adaGUID))
	}
}

func TestACounterProposalIsAnAnswerWithANote(t *testing.T) {
	o := newOffice(t, nil)
	to := o.invite(t)
	counter := calendarReply("COUNTER", "zoe@elsewhere.example", "TENTATIVE", "DTSTART:20260911T090000Z\nDTEND:20260911T100000Z\nCOMMENT:Earlier is better\n")
	if v := o.take(t, "1", mailOfPart(to, "text/calendar; method=COUNTER", "7bit", counter)); v.aside {
		t.Fatalf("set aside: %s", v.why)
	}
	text := o.stored(t, adaGUID)
	for _, want := range []string{"PARTSTAT=TENTATIVE", "Proposes: Friday\\, 11 September 2026\\, 09:00 – 10:00", "Earlier is better", "DTSTART:20260910T120000Z"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestWhatAPersonWritesIsForwarded(t *testing.T) {
	o := newOffice(t, nil)
	to := o.invite(t)
	letter := []byte("From: Zoe <zoe@elsewhere.example>\r\nTo: " + to + "\r\nSubject: Re: Lunch\r\n\r\nCan we make it dinner?\r\n")
	for range 2 { // after a crash, too
		if v := o.take(t, "1", letter); v.aside {
			t.Fatalf("set aside: %s", v.why)
		}
	}
	before := o.stored(t, adaGUID)
	o.work(t)
	o.work(t)
	mails := o.server.Mails()
	if len(mails) != 2 || mails[1].To[0] != "ada@example.com" || mails[1].From != "calendar@example.com" {
		t.Fatalf("%d mails, the last to %v", len(mails), mails[len(mails)-1].To)
	}
	h := o.sent(t, 1)
	if h.Get("Reply-To") != "\"Zoe\" <zoe@elsewhere.example>" || h.Get("Subject") != "Re: Lunch" || !strings.Contains(firstText(t, mails[1].Data), "dinner?") {
		t.Errorf("got %v\n%s", h, mails[1].Data)
	}
	if o.stored(t, adaGUID) != before {
		t.Error("the calendar changed")
	}
}

func TestARefreshIsAnsweredByTheInvitation(t *testing.T) {
	o := newOffice(t, nil)
	to := o.invite(t)
	if v := o.take(t, "1", mailOfPart(to, "text/calendar", "7bit", calendarReply("REFRESH", "zoe@elsewhere.example", "NEEDS-ACTION", ""))); v.aside {
		t.Fatalf("set aside: %s", v.why)
	}
	o.pass(time.Minute)
	o.work(t)
	if len(o.server.Mails()) != 2 {
		t.Errorf("%d mails, want the invitation again", len(o.server.Mails()))
	}
}

func TestBouncesAreNoted(t *testing.T) {
	report := func(action string) func(string) []byte {
		return func(to string) []byte {
			return fmt.Appendf(nil, "Return-Path: <>\r\nFrom: MAILER-DAEMON@b.example\r\nTo: %s\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"+
				"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"+
				"Reporting-MTA: dns; b.example\r\n\r\nFinal-Recipient: rfc822; zoe@elsewhere.example\r\nAction: %s\r\nStatus: 5.1.1\r\n\r\n--b--\r\n", to, action)
		}
	}
	for name, c := range map[string]struct {
		mail   func(string) []byte
		status string
	}{
		"failed":  {report("failed"), "5.1"},
		"delayed": {report("delayed"), "1.1"},
		"to the server's own address, with what came back": {func(to string) []byte {
			return bytes.Replace(bytes.Replace(report("failed")(to), []byte("To: "+to), []byte("To: calendar@example.com"), 1), []byte("--b--"),
				[]byte("--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: calendar@example.com\r\nReply-To: Ada <"+to+">\r\n\r\n--b--"), 1)
		}, "5.1"},
		"of no standard": {func(to string) []byte {
			return []byte("Return-Path: <>\r\nFrom: MAILER-DAEMON@b.example\r\nTo: " + to + "\r\nSubject: failure notice\r\n\r\nSorry\r\n")
		}, "5.1"},
		"out of office": {func(to string) []byte {
			return []byte("From: zoe@elsewhere.example\r\nTo: " + to + "\r\nAuto-Submitted: auto-replied\r\nSubject: Away\r\n\r\nI am away\r\n")
		}, "1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, nil)
			v := o.take(t, "1", c.mail(o.invite(t)))
			if text := o.stored(t, adaGUID); v.aside || !strings.Contains(text, "SCHEDULE-STATUS="+c.status+":") {
				t.Errorf("got %+v and, want %s in\n%s", v, c.status, text)
			}
		})
	}
}

func TestInvitationsFromOutsideNeedASignature(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	lookUp := func(domain string) ([]string, error) {
		if domain != "s._domainkey.elsewhere.example" && domain != "s._domainkey.evil.example" {
			return nil, fmt.Errorf("no such name")
		}
		return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}, nil
	}
	request := strings.ReplaceAll(meetingOf("org@elsewhere.example", "From outside", "20260910", "ATTENDEE:mailto:ada@example.com\n"), "\n", "\r\n")
	request = strings.Replace(request, "VERSION:2.0", "VERSION:2.0\r\nMETHOD:REQUEST", 1)
	mail := func(from, domain string) []byte {
		plain := fmt.Sprintf("From: %s\r\nTo: ada@example.com\r\nSubject: Hi\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n%s", from, request)
		if domain == "" {
			return []byte(plain)
		}
		var signed bytes.Buffer
		err := dkim.Sign(&signed, strings.NewReader(plain), &dkim.SignOptions{Domain: domain, Selector: "s", Signer: private})
		if err != nil {
			t.Fatal(err)
		}
		return signed.Bytes()
	}
	for name, c := range map[string]struct {
		accept bool
		mail   []byte
		taken  bool
	}{
		"signed":                       {true, mail("org@elsewhere.example", "elsewhere.example"), true},
		"not wanted":                   {false, mail("org@elsewhere.example", "elsewhere.example"), false},
		"unsigned":                     {true, mail("org@elsewhere.example", ""), false},
		"signed by another domain":     {true, mail("org@elsewhere.example", "evil.example"), false},
		"from somebody else":           {true, mail("x@evil.example", "evil.example"), false},
		"changed after it was signed":  {true, bytes.Replace(mail("org@elsewhere.example", "elsewhere.example"), []byte("From outside"), []byte("Forged"), 1), false},
		"two senders":                  {true, append([]byte("From: org@elsewhere.example\r\n"), mail("x@evil.example", "evil.example")...), false},
		"of somebody in the directory": {true, bytes.ReplaceAll(mail("juergen@example.com", ""), []byte("org@elsewhere.example"), []byte("juergen@example.com")), false},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, func(op *Options) { op.AcceptFromOutside, op.LookupTXT = c.accept, lookUp })
			if v := o.take(t, "1", c.mail); v.aside == c.taken {
				t.Errorf("got %+v", v)
			}
			err := o.Store.Read(t.Context(), func(tx *store.Tx) error {
				home, err := tx.Home(adaGUID)
				if err != nil {
					return err
				}
				_, err = tx.ObjectByUID(home.ID, "meeting", store.Facts)
				return err
			})
			if (err == nil) != c.taken {
				t.Errorf("in the calendar: %v", err)
			}
		})
	}
}

// FuzzRead: whatever a mail holds, reading it ends with a result or a reason.
func FuzzRead(f *testing.F) {
	own := &address{"calendar", "example.com"}
	f.Add(mailOfPart("calendar+abc@example.com", "text/calendar; method=REPLY", "7bit", calendarReply("REPLY", "zoe@elsewhere.example", "ACCEPTED", "")))
	f.Add([]byte("Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n\r\n--b--"))
	f.Add([]byte("To: <a@b>, \"x\" <calendar+@example.com>\r\nContent-Type: text/calendar; charset=iso-2022-jp\r\nContent-Transfer-Encoding: base64\r\n\r\n////"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := read(data, own)
		if (m == nil) == (err == nil) {
			t.Fatalf("got %v and %v", m, err)
		}
		if m == nil || m.calendar == nil {
			return
		}
		if message, err := m.asMessage("mailto:zoe@elsewhere.example", "mailto:ada@example.com"); err == nil {
			asReply(message, tongues[0], time.UTC)
		}
	})
}
