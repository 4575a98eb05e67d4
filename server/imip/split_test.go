package imip

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/server/ical"
	"calport/server/schedule"
	"calport/server/store"
)

// calendarIn is what the first calendar of a mail says, unfolded.
func calendarIn(t *testing.T, mail []byte) string {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(string(mail)))
	if err != nil {
		t.Fatal(err)
	}
	var find func(kind, encoding string, body io.Reader) string
	find = func(kind, encoding string, body io.Reader) string {
		media, params, err := mime.ParseMediaType(kind)
		if err != nil {
			t.Fatal(err)
		}
		if encoding == "base64" {
			body = base64.NewDecoder(base64.StdEncoding, body)
		}
		if media == "text/calendar" {
			text, err := io.ReadAll(body)
			if err != nil {
				t.Fatal(err)
			}
			return strings.ReplaceAll(string(text), "\r\n ", "")
		}
		if !strings.HasPrefix(media, "multipart/") {
			return ""
		}
		for parts := multipart.NewReader(body, params["boundary"]); ; {
			part, err := parts.NextPart()
			if err != nil {
				return ""
			}
			if text := find(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); text != "" {
				return text
			}
		}
	}
	return find(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
}

// Who is invited by mail hears of both parts of a series that was split: of the future under its UID and in its next
// version, of the past under its new one.
func TestASplitSeriesIsMailedInBothParts(t *testing.T) {
	o := newOffice(t, nil)
	o.put(t, adaGUID, meetingOf("ada@example.com", "Lesson", "20260907", "RRULE:FREQ=WEEKLY;COUNT=8\n"))
	o.pass(6 * time.Second)
	o.work(t)
	if n := len(o.server.Mails()); n != 1 {
		t.Fatalf("%d mails for the invitation", n)
	}
	ada := o.people.ByGUID(adaGUID)
	err := o.Write(t.Context(), func(tx *store.Tx) error {
		home, err := tx.Home(adaGUID)
		if err != nil {
			return err
		}
		item, err := tx.ObjectByUID(home.ID, "meeting", store.Facts)
		if err != nil {
			return err
		}
		_, err = o.scheduler.Split(tx, ada, &item, schedule.Split{At: ical.UTCOf(time.Date(2026, 9, 28, 0, 0, 0, 0, time.UTC)), UID: "past"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if mine := o.stored(t, adaGUID); !strings.Contains(mine, "SCHEDULE-STATUS=1.0:mailto:Zoe") {
		t.Errorf("it is not noted that mails wait:\n%s", mine)
	}
	o.pass(6 * time.Second)
	o.work(t)
	var got []string
	for _, m := range o.server.Mails()[1:] {
		got = append(got, calendarIn(t, m.Data))
	}
	slices.Sort(got) // in whatever order they were sent
	if len(got) != 2 {
		t.Fatalf("%d mails, want two", len(got))
	}
	for uid, want := range map[string][]string{
		"meeting": {"METHOD:REQUEST", "SEQUENCE:1", "DTSTART:20260928T120000Z", "RRULE:FREQ=WEEKLY;COUNT=5"},
		"past":    {"METHOD:REQUEST", "SEQUENCE:1", "DTSTART:20260907T120000Z", "RRULE:FREQ=WEEKLY;UNTIL=20260928T115959Z"},
	} {
		i := slices.IndexFunc(got, func(text string) bool { return strings.Contains(text, "UID:"+uid+"\r\n") })
		if i < 0 {
			t.Errorf("nothing is said of %s:\n%s", uid, strings.Join(got, "\n"))
			continue
		}
		for _, line := range want {
			if !strings.Contains(got[i], line+"\r\n") {
				t.Errorf("%s: %s is missing in\n%s", uid, line, got[i])
			}
		}
	}
	if mine := o.stored(t, adaGUID); !strings.Contains(mine, "SCHEDULE-STATUS=1.1:mailto:Zoe") {
		t.Errorf("it is not noted that it was sent:\n%s", mine)
	}
}
