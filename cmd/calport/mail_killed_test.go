package main

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"sync/atomic"
	"testing"
	"time"

	"calport/server/imip/imiptest"
)

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
