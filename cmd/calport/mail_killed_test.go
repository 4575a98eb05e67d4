package main

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"calport/server/imip/imiptest"
)

// TestKilledServerTakesEveryAnswerByMailOnce kills the built program while it reads the mailbox of answers, at each step of
// acting upon one: the organizer has the answer, and has heard of it once.
func TestKilledServerTakesEveryAnswerByMailOnce(t *testing.T) {
	box := imiptest.StartIMAP(t)
	s, server := withMailbox(t, box)
	start := time.Now().Add(48 * time.Hour).Truncate(time.Hour)
	path := func(uid string) string { return "/calendars/users/ada/calendar/" + uid + ".ics" }
	steps := []imiptest.Step{imiptest.Fetching, imiptest.Moving, imiptest.Moved}
	var uids, to []string
	p := s.spawn(t)
	for i := range 2 * len(steps) {
		uid := fmt.Sprintf("event-%d", i)
		if status, body, _ := p.do(t, "PUT", path(uid), "ada", meeting(uid, uid, 0, start.AddDate(0, 0, i)), "Content-Type", "text/calendar"); status != 201 {
			t.Fatalf("PUT: %d %s", status, body)
		}
		awaitText(t, p.instance, path(uid), "SCHEDULE-STATUS=1.1")
		uids = append(uids, uid)
		to = append(to, readMail(t, server.Mails()[i].Data).ReplyTo[0][1])
	}
	for i, step := range steps {
		var killed atomic.Bool
		box.OnStep(func(at imiptest.Step) {
			if at == step && killed.CompareAndSwap(false, true) {
				p.kill()
			}
		})
		for _, n := range []int{2 * i, 2*i + 1} {
			box.Put(t, mailedReply(to[n], uids[n], "ACCEPTED", ""))
		}
		select {
		case <-p.ended:
		case <-time.After(time.Minute):
			t.Fatalf("%s: it is not killed:\n%s", step, p.log)
		}
		box.OnStep(nil)
		p = s.spawn(t)
		box.Await(t, "calport-done", 2*(i+1))
	}
	inbox := objectsIn(t, p, "ada", "inbox")
	for _, uid := range uids {
		_, text, _ := p.do(t, "GET", path(uid), "ada", "")
		text = unfold(text)
		if !strings.Contains(text, "SCHEDULE-STATUS=2.0;PARTSTAT=ACCEPTED:mailto:zoe") || len(inbox[uid]) != 1 {
			t.Errorf("%s: ada has heard of the answer %d times, and has\n%s", uid, len(inbox[uid]), text)
		}
	}
	if set := box.Count(t, "calport-failed"); set > 0 {
		t.Errorf("%d answers are set aside", set)
	}
}

// A mail that comes between the reader's last look and its IDLE, of which not every server tells, is read soon all the
// same, after a look that found nothing and after one that found something.
func TestAMailThatComesJustBeforeIdleIsRead(t *testing.T) {
	box := imiptest.StartIMAP(t)
	s, _ := withMailbox(t, box)
	var before atomic.Int32
	box.OnStep(func(at imiptest.Step) {
		if at == imiptest.Idling && before.Add(1) <= 2 {
			box.Put(t, []byte("From: zoe@elsewhere.example\nSubject: Hello\n\nNobody knows what to do with it.\n"))
		}
	})
	s.serve(t)
	box.Await(t, "calport-failed", 2)
}

// TestKilledServerMailsEveryInvitation kills the built program while it sends: before a mail server takes a mail, and
// when it has taken it but has not said so. Every invitation arrives; what arrives twice, as only the second can bring
// about, is the same mail: no more of them than are under way at a time.
func TestKilledServerMailsEveryInvitation(t *testing.T) {
	const events, atOnce = 12, 4
	var kill atomic.Pointer[func()] // called once, at the step that the test waits for
	strike := func() error {
		if do := kill.Swap(nil); do != nil {
			(*do)()
		}
		return nil
	}
	var beforeData atomic.Bool
	server := &imiptest.SMTP{}
	server.RefuseTo = func(string) error {
		if beforeData.Load() {
			return strike()
		}
		return nil
	}
	server.RefuseData = func(imiptest.Mail) error { return strike() }
	server.Start(t, "127.0.0.1:0")
	s := newSite(t, fmt.Sprintf("[mail]\nhost = \"127.0.0.1\"\nport = %d\ntls = \"none\"\nfrom = \"calendar@example.org\"\ndelay = \"10ms\"\n", server.Port()))
	start := time.Now().Add(48 * time.Hour).Truncate(time.Hour)

	// put stores an event; it says whether the server answered, which it does not if it was killed.
	put := func(p *process, i int) bool {
		uid := fmt.Sprintf("event-%d", i)
		status, body, _, err := p.try(t.Context(), "PUT", "/calendars/users/ada/calendar/"+uid+".ics", "ada",
			meeting(uid, uid, 0, start.AddDate(0, 0, i)), "Content-Type", "text/calendar", "If-None-Match", "*")
		if err == nil && status != 201 && status != 412 { // 412: it was stored before the server was killed
			t.Fatalf("PUT: %d %s", status, body)
		}
		return err == nil
	}
	stored := 0
	for stage := range 2 {
		beforeData.Store(stage == 0)
		p := s.spawn(t)
		end := p.kill
		kill.Store(&end)                        // the first mail of this stage
		for stored < events && put(p, stored) { // what was not answered is stored again
			stored++
		}
		select {
		case <-p.ended:
		case <-time.After(time.Minute):
			t.Fatalf("stage %d: nothing was sent", stage)
		}
	}
	p := s.spawn(t)
	for ; stored < events; stored++ {
		if !put(p, stored) {
			t.Fatal("it does not answer")
		}
	}
	for i := range events {
		awaitText(t, p.instance, fmt.Sprintf("/calendars/users/ada/calendar/event-%d.ics", i), "SCHEDULE-STATUS=1.1")
	}
	bySubject := map[string]map[string]bool{}
	mails := server.Mails()
	for _, m := range mails {
		read, err := netmail.ReadMessage(bytes.NewReader(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		subject := read.Header.Get("Subject")
		if bySubject[subject] == nil {
			bySubject[subject] = map[string]bool{}
		}
		bySubject[subject][read.Header.Get("Message-ID")] = true
	}
	if len(bySubject) != events {
		t.Errorf("%d invitations arrived, want %d", len(bySubject), events)
	}
	for subject, ids := range bySubject {
		if len(ids) != 1 {
			t.Errorf("%s arrived as %d different mails", subject, len(ids))
		}
	}
	if twice := len(mails) - events; twice > 2*atOnce {
		t.Errorf("%d mails arrived twice", twice)
	}
}
