package imip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory"
	"calport/server/ical"
	"calport/server/imip/imiptest"
	"calport/server/schedule"
	"calport/server/store"
)

const adaGUID, juergenGUID = "0a000000-0000-4000-8000-000000000001", "0a000000-0000-4000-8000-000000000002"

// office is a store with two people in it, their scheduler, the way out, and the mail server that it leads to.
type office struct {
	*store.Store
	*Gateway
	scheduler *schedule.Scheduler
	server    *imiptest.SMTP
	people    *directory.Snapshot

	mu  sync.Mutex
	now time.Time
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

func newOffice(t *testing.T, change func(*Options)) *office {
	t.Helper()
	o := &office{now: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC), server: &imiptest.SMTP{}}
	var err error
	if o.Store, err = store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "calport.db"), Now: o.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Store.Close() })
	o.server.Start(t, "127.0.0.1:0")
	person := func(guid, name, mail, language string) *directory.Principal {
		return &directory.Principal{Kind: directory.Individual, GUID: guid, ShortName: mail, FullName: name, Mails: []string{mail + "@example.com"},
			Attributes: map[string][]string{"preferredlanguage": {language}}}
	}
	all := []*directory.Principal{person(adaGUID, "Ada Byron", "ada", "en"), person(juergenGUID, "Jürgen Groß", "juergen", "de-AT")}
	o.people = directory.NewSnapshot(all, o.now)
	options := Options{
		Store: o.Store, People: func() *directory.Snapshot { return o.people }, Now: o.clock, ReplyTo: "calendar@example.com", Log: slog.New(slog.DiscardHandler),
		Submission: submission(t, SubmissionOptions{Port: o.server.Port(), Security: Plain}),
		Language:   func(p *directory.Principal) string { return p.Attributes["preferredlanguage"][0] },
	}
	if change != nil {
		change(&options)
	}
	if o.Gateway, err = New(options); err != nil {
		t.Fatal(err)
	}
	o.scheduler, err = schedule.New(schedule.Options{
		Store: o.Store, People: options.People, Now: o.clock, Outside: o.Post,
		Home: func(tx *store.Tx, whose *directory.Principal) (*store.Home, error) {
			h, err := tx.Home(strings.ToLower(whose.GUID))
			if errors.Is(err, store.ErrNotFound) {
				h, err = tx.CreateHome(strings.ToLower(whose.GUID), []store.NewCollection{
					{Name: "calendar", Kind: store.Calendar, Components: []string{"VEVENT"}}, {Name: "inbox", Kind: store.Inbox},
				})
			}
			return h, err
		},
		Default: func(_ *store.Tx, h *store.Home, _ string) (*store.Collection, error) {
			return h.Collection("calendar"), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// put stores an event of somebody's with an attendee outside, as a client does; "" deletes it.
func (o *office) put(t *testing.T, guid, event string) {
	t.Helper()
	err := o.Write(t.Context(), func(tx *store.Tx) error {
		who := o.people.ByGUID(guid)
		home, err := o.scheduler.Home(tx, who)
		if err != nil {
			return err
		}
		calendar := home.Collection("calendar")
		w := schedule.Write{Owner: who}
		if item, err := tx.Object(calendar.ID, "event.ics", store.Facts); err == nil {
			w.Before = &item
		}
		if event == "" {
			if err := o.scheduler.Delete(tx, schedule.Deletion{Owner: who, Item: w.Before, Reply: true}); err != nil {
				return err
			}
			return tx.DeleteObject(calendar.ID, "event.ics")
		}
		if w.After, err = ical.Parse([]byte(strings.ReplaceAll(event, "\n", "\r\n"))); err != nil {
			return err
		}
		done, err := o.scheduler.Put(tx, w)
		if err != nil {
			return err
		}
		facts := ical.NewObject(done.Object, nil).Facts()
		_, _, err = tx.PutObject(calendar.ID, store.NewObject{Name: "event.ics", UID: facts.UID, Component: facts.Component, Data: done.Object.Bytes(),
			ScheduleTag: done.Tag, FirstStart: facts.FirstStart, LastEnd: facts.LastEnd, Organizer: facts.Organizer})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// stored is somebody's copy of the event, unfolded.
func (o *office) stored(t *testing.T, guid string) (text string) {
	t.Helper()
	err := o.Store.Write(t.Context(), func(tx *store.Tx) error {
		home, err := tx.Home(guid)
		if err != nil {
			return err
		}
		item, err := tx.ObjectByUID(home.ID, "meeting", store.Whole)
		text = strings.ReplaceAll(string(item.Data), "\r\n ", "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (o *office) work(t *testing.T) {
	t.Helper()
	if _, err := o.Work(t.Context(), o.scheduler); err != nil {
		t.Fatal(err)
	}
}

// sent reads the header and the decoded first text of the n-th mail.
func (o *office) sent(t *testing.T, n int) netmail.Header {
	t.Helper()
	mails := o.server.Mails()
	if len(mails) <= n {
		t.Fatalf("%d mails were sent, want more than %d", len(mails), n)
	}
	m, err := netmail.ReadMessage(strings.NewReader(string(mails[n].Data)))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header
}

// meetingOf is an event of an organizer with an attendee outside.
func meetingOf(organizer, summary, day, more string) string {
	return fmt.Sprintf(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:meeting
DTSTAMP:20260801T000000Z
DTSTART:%[3]sT120000Z
DTEND:%[3]sT130000Z
SUMMARY:%[2]s
ORGANIZER:mailto:%[1]s
ATTENDEE:mailto:%[1]s
ATTENDEE;RSVP=TRUE:mailto:Zoe@Elsewhere.example
%[4]sEND:VEVENT
END:VCALENDAR
`, organizer, summary, day, more)
}

func TestChangesInARowAreOneMail(t *testing.T) {
	o := newOffice(t, nil)
	o.put(t, adaGUID, meetingOf("ada@example.com", "First", "20260910", ""))
	o.put(t, adaGUID, meetingOf("ada@example.com", "Second", "20260911", ""))
	o.work(t)
	if n := len(o.server.Mails()); n != 0 {
		t.Fatalf("%d mails at once, want that more changes are waited for", n)
	}
	o.pass(6 * time.Second)
	o.work(t)
	if n := len(o.server.Mails()); n != 1 || o.sent(t, 0).Get("Subject") != "Invitation: Second" {
		t.Errorf("%d mails, the first %v", n, o.sent(t, 0))
	}
	o.put(t, adaGUID, "")
	o.pass(6 * time.Second)
	o.work(t)
	if o.sent(t, 1).Get("Subject") != "Cancelled: Second" {
		t.Errorf("got %v", o.sent(t, 1))
	}
}

// Somebody always changes something: that must not keep what is due waiting.
func TestMailIsSentWhileOthersAreWritten(t *testing.T) {
	o := newOffice(t, func(o *Options) { o.Delay = 20 * time.Millisecond })
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { o.Run(ctx, o.scheduler) })
	defer running.Wait()
	defer stop()
	noted := make(chan struct{}, 1)
	o.put(t, adaGUID, meetingOf("ada@example.com", "First", "20260910", ""))
	o.Observe(func([]store.Change) {
		select {
		case noted <- struct{}{}:
		default:
		}
	})
	o.pass(time.Minute)
	<-noted // which is the last that comes of the first mail
	running.Go(func() {
		for ctx.Err() == nil {
			select {
			case o.wake <- struct{}{}:
			case <-ctx.Done():
			}
		}
	})
	o.put(t, adaGUID, meetingOf("ada@example.com", "Second", "20260911", ""))
	o.pass(time.Minute)
	o.server.Wait(t, 2)
}

// A mail that the server is taking while the program is told to end is finished, noted, and not sent once more.
func TestAMailUnderWayOutlivesTheEnd(t *testing.T) {
	o := newOffice(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	o.server.RefuseData = func(imiptest.Mail) error {
		stop()
		return nil
	}
	o.put(t, adaGUID, meetingOf("ada@example.com", "Lunch", "20260910", ""))
	o.pass(time.Minute)
	o.Work(ctx, o.scheduler) // what it says is that ctx has ended
	o.server.RefuseData = nil
	if err := o.Store.ReleaseMail(t.Context()); err != nil { // as at the next start
		t.Fatal(err)
	}
	o.work(t)
	if n := len(o.server.Mails()); n != 1 {
		t.Errorf("it is sent %d times", n)
	}
}

// What cannot be noted for one event must not keep what is to be noted for others waiting.
func TestADamagedEventKeepsNoNotesWaiting(t *testing.T) {
	o := newOffice(t, nil)
	o.put(t, adaGUID, meetingOf("ada@example.com", "Damaged", "20260910", ""))
	err := o.Write(t.Context(), func(tx *store.Tx) error {
		home, err := tx.Home(adaGUID)
		if err != nil {
			return err
		}
		_, _, err = tx.PutObject(home.Collection("calendar").ID, store.NewObject{Name: "event.ics", UID: "meeting", Component: "VEVENT", Data: []byte("BEGIN:VCALENDAR")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	o.pass(time.Minute)
	o.work(t)
	if n := len(o.server.Mails()); n != 1 {
		t.Errorf("%d mails", n)
	}
	if q, err := o.MailQueue(t.Context()); err != nil || q.Waiting != 0 {
		t.Errorf("%d messages are left, %v", q.Waiting, err)
	}
}

func TestAnEventThatIsGoneAtOnceIsNotMailed(t *testing.T) {
	o := newOffice(t, nil)
	o.put(t, adaGUID, meetingOf("ada@example.com", "Mistake", "20260910", ""))
	o.put(t, adaGUID, "")
	o.pass(time.Hour)
	o.work(t)
	if n := len(o.server.Mails()); n != 0 {
		t.Errorf("%d mails about an event that came and went", n)
	}
}

func TestNobodyIsToldOfWhatIsLongPast(t *testing.T) {
	o := newOffice(t, nil)
	o.put(t, adaGUID, meetingOf("ada@example.com", "Past", "20260823", ""))
	o.pass(time.Hour)
	o.work(t)
	if n := len(o.server.Mails()); n != 0 {
		t.Errorf("%d mails", n)
	}
	if text := o.stored(t, adaGUID); strings.Contains(text, "SCHEDULE-STATUS") {
		t.Errorf("a status of what was not sent:\n%s", text)
	}
	o.put(t, adaGUID, meetingOf("ada@example.com", "Last week", "20260826", ""))
	o.pass(time.Hour)
	o.work(t)
	if n := len(o.server.Mails()); n != 1 {
		t.Errorf("%d mails of what was six days ago", n)
	}
}

func TestAnInvitationIsTriedTenTimes(t *testing.T) {
	o := newOffice(t, nil)
	tries := 0
	o.server.RefuseTo = func(string) error { tries++; return imiptest.Refusal(451, "not now") }
	o.put(t, adaGUID, meetingOf("ada@example.com", "Later", "20260910", ""))
	began := o.clock()
	for i := 1; i < 10; i++ {
		o.pass(lastPause)
		o.work(t)
		if h, err := o.Health(t.Context()); err != nil || tries != i || h.Waiting != 1 || !strings.Contains(h.Problem, "not now") || h.OldestSince.IsZero() {
			t.Fatalf("after %d tries: health %+v %v", tries, h, err)
		}
	}
	if text := o.stored(t, adaGUID); !strings.Contains(text, "SCHEDULE-STATUS=1.0") {
		t.Errorf("while it is tried:\n%s", text)
	}
	o.pass(lastPause)
	o.work(t)
	if text := o.stored(t, adaGUID); tries != 10 || !strings.Contains(text, "SCHEDULE-STATUS=5.1") {
		t.Errorf("after %d tries in %v:\n%s", tries, o.clock().Sub(began), text)
	}
	o.pass(24 * time.Hour)
	if o.work(t); tries != 10 {
		t.Errorf("%d tries, want no more", tries)
	}
	if pause(1) != time.Minute || pause(2) != 2*time.Minute || pause(9) != time.Hour {
		t.Errorf("pauses %v %v %v", pause(1), pause(2), pause(9))
	}
}

func TestARefusedAddressIsKnownAtOnce(t *testing.T) {
	o := newOffice(t, nil)
	o.server.RefuseTo = func(string) error { return imiptest.Refusal(550, "no such user") }
	o.put(t, adaGUID, meetingOf("ada@example.com", "x", "20260910", ""))
	o.pass(time.Minute)
	o.work(t)
	if text := o.stored(t, adaGUID); !strings.Contains(text, "SCHEDULE-STATUS=5.1") {
		t.Errorf("got\n%s", text)
	}
}

func TestMailIsInTheOrganizersLanguageAndZone(t *testing.T) {
	o := newOffice(t, nil)
	berlin := ical.Timezone("Europe/Berlin", mustLoad(t, "Europe/Berlin"), o.now, o.now.AddDate(1, 0, 0)).String()
	event := meetingOf("juergen@example.com", "Prüfung", "20260910", "RRULE:FREQ=WEEKLY;COUNT=3\nLOCATION:Raum 1\n")
	event = strings.Replace(event, "DTSTART:20260910T120000Z\nDTEND:20260910T130000Z", "DTSTART;TZID=Europe/Berlin:20260910T140000\nDTEND;TZID=Europe/Berlin:20260910T150000", 1)
	event = strings.Replace(event, "BEGIN:VEVENT", strings.ReplaceAll(berlin, "\r\n", "\n")+"BEGIN:VEVENT", 1)
	o.put(t, juergenGUID, event)
	o.pass(time.Minute)
	o.work(t)
	m, err := read(o.server.Mails()[0].Data, nil)
	if err != nil {
		t.Fatal(err)
	}
	subject, _ := m.header.Text("Subject")
	body := firstText(t, o.server.Mails()[0].Data)
	for _, want := range []string{"Jürgen Groß lädt Sie ein.", "Wann: Donnerstag, 10. September 2026, 14:00 – 15:00 (Europe/Berlin); jede Woche, 3-mal", "Wo: Raum 1"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in\n%s", want, body)
		}
	}
	if subject != "Einladung: Prüfung" || m.header.Get("Content-Language") != "de" {
		t.Errorf("subject %q", subject)
	}
}

func mustLoad(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, ok := ical.LookupZone(name)
	if !ok {
		t.Fatalf("no zone %s", name)
	}
	return zone
}

// Every text that mails say has words in every language.
func TestEveryTextHasWords(t *testing.T) {
	german := tongues[1].texts
	for _, key := range []string{subjectInvitation, subjectUpdate, subjectCancel, subjectAccepted, subjectDeclined, subjectTentative, subjectAnswer,
		leadInvitation, leadUpdate, leadCancel, leadAccepted, leadDeclined, leadTentative, leadAnswer, howToAnswer, proposal,
		"When", "Where", "Who", "Link", "all day", "due %s", "repeats", "%s, until %s", "%s, %d times", "This is about one date of several", "(no title)", "and %d others"} {
		if german[key] == "" {
			t.Errorf("no German for %q", key)
		}
	}
	for _, forms := range every {
		if german[forms[0]] == "" || german[forms[1]] == "" {
			t.Errorf("no German for %q", forms)
		}
	}
}
