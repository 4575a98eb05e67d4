package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"calport/server/ical"
	"calport/server/store/postgrestest"
)

// TestKilledServerSendsInvitationsOnce kills the built program amid a storm of invitations, answers, changes and
// cancellations, again and again on the same data: of each that was acknowledged everybody has heard exactly once, of each
// that was cut off everybody or nobody, and organizers have the answers that attendees gave.
func TestKilledServerSendsInvitationsOnce(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { killInvitations(t, newSite(t, ""), nil) })
	t.Run("PostgreSQL", func(t *testing.T) {
		server := postgrestest.New(t)
		s := newSite(t, "")
		s.useDatabase(t, server.Database(t))
		killInvitations(t, s, func() error { return errors.Join(server.Crash(), server.Start()) })
	})
}

var mailOf = map[string]string{
	"ada": "ada.byron@example.org", "grace": "grace.murray@example.org", "linus": "linus.bergstrom@example.org",
}

func killInvitations(t *testing.T, s *site, between func() error) {
	var all []*inviter
	for _, user := range stormyUsers {
		all = append(all, &inviter{user: user, known: map[string]invited{}})
	}
	accepted := 0
	for rng, kill := moments(t), 0; kill < 3; kill++ {
		p := s.spawn(t)
		var write, answer []client
		for i, w := range all {
			write = append(write, func(ctx context.Context, _ int) error { return w.write(ctx, p) })
			answer = append(answer, func(ctx context.Context, _ int) error { return w.answer(ctx, p, all[(i+1)%len(all)]) })
		}
		p.storm(t, 20+rng.Int64N(50), write, answer...) // who has nothing to answer yet does not count
		if between != nil {
			if err := between(); err != nil {
				t.Fatal(err)
			}
		}
		p = s.spawn(t)
		copies := map[string]map[string][]*ical.Component{}
		inboxes := map[string]map[string][]*ical.Component{}
		for _, user := range stormyUsers {
			copies[user] = objectsIn(t, p, user, "calendar")
			inboxes[user] = objectsIn(t, p, user, "inbox")
		}
		for _, w := range all {
			w.check(t, copies, inboxes)
			for uid := range w.known {
				for _, c := range copies[w.user][uid] {
					for _, user := range stormyUsers {
						if user != w.user && answerIn(c, user) == "ACCEPTED" {
							accepted++
						}
					}
				}
			}
		}
		if status := p.stop(); status != 0 {
			t.Fatalf("it ended with status %d: %s", status, p.log)
		}
	}
	if accepted == 0 {
		t.Error("nobody ever accepted: the answers were not tested")
	}
}

// invited is what an inviter knows of a meeting of his.
type invited struct {
	turn     int // of the last change
	requests int // REQUESTs that every attendee has got
	deleted  bool
}

// inviter invites both others to meetings, changes them and calls some off, and answers what others invite him to.
type inviter struct {
	user string
	turn int

	mu    sync.Mutex
	known map[string]invited // acknowledged, by UID
	tried string             // UID of the request that was not answered
	would invited
}

func (w *inviter) path(uid string) string {
	return "/calendars/users/" + w.user + "/calendar/" + uid + ".ics"
}

// invitation is a meeting of the organizer with both others, as a client writes it.
func (w *inviter) invitation(uid string, turn int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20300101T000000Z\r\n"+
		"DTSTART:20300102T100000Z\r\nDURATION:PT1H\r\nSUMMARY:turn %d\r\nORGANIZER:mailto:%s\r\n", uid, turn, mailOf[w.user])
	for _, user := range stormyUsers {
		fmt.Fprintf(&b, "ATTENDEE;PARTSTAT=%s:mailto:%s\r\n", map[bool]string{true: "ACCEPTED", false: "NEEDS-ACTION"}[user == w.user], mailOf[user])
	}
	return b.String() + "END:VEVENT\r\nEND:VCALENDAR\r\n"
}

// write makes a meeting, changes it, makes another and calls that off, and so on.
func (w *inviter) write(ctx context.Context, p *process) error {
	turn := w.turn
	w.turn++
	uid := func(n int) string { return fmt.Sprintf("%s-%d", w.user, n) }
	switch turn % 4 {
	case 1:
		return w.request(ctx, p, "PUT", uid(turn-1), invited{turn: turn, requests: 2}, http.StatusNoContent)
	case 3:
		return w.request(ctx, p, "DELETE", uid(turn-1), invited{turn: turn - 1, requests: 1, deleted: true}, http.StatusNoContent)
	}
	return w.request(ctx, p, "PUT", uid(turn), invited{turn: turn, requests: 1}, http.StatusCreated)
}

func (w *inviter) request(ctx context.Context, p *process, method, uid string, would invited, want int) error {
	w.mu.Lock()
	w.tried, w.would = uid, would
	w.mu.Unlock()
	text := ""
	if method == "PUT" {
		text = w.invitation(uid, would.turn)
	}
	status, body, _, err := p.try(ctx, method, w.path(uid), w.user, text, "Content-Type", "text/calendar")
	if err != nil {
		return err
	}
	if status != want {
		return fmt.Errorf("%w: %s %s: got %d, want %d: %s", errUnlike, method, uid, status, want, body)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known[uid], w.tried = would, ""
	return nil
}

// answer accepts the last meeting of another that still stands. What is called off meanwhile is refused or ignored.
func (w *inviter) answer(ctx context.Context, p *process, organizer *inviter) error {
	uid, at := organizer.standing()
	if uid == "" {
		status, _, _, err := p.try(ctx, "OPTIONS", w.path(""), w.user, "")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("%w: OPTIONS: %d", errUnlike, status)
		}
		return err
	}
	text := strings.Replace(organizer.invitation(uid, at.turn), "PARTSTAT=NEEDS-ACTION:mailto:"+mailOf[w.user], "PARTSTAT=ACCEPTED:mailto:"+mailOf[w.user], 1)
	status, body, _, err := p.try(ctx, "PUT", w.path(uid), w.user, text, "Content-Type", "text/calendar")
	if err == nil && status >= 500 {
		err = fmt.Errorf("%w: answer to %s: %d: %s", errUnlike, uid, status, body)
	}
	return err
}

// standing is the last meeting that was not called off.
func (w *inviter) standing() (uid string, at invited) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for u, known := range w.known {
		if !known.deleted && known.turn%4 < 2 && (uid == "" || known.turn > at.turn) {
			uid, at = u, known
		}
	}
	return uid, at
}

// check compares what everybody has with what was acknowledged, and takes over what became of the request that was cut
// off.
func (w *inviter) check(t *testing.T, copies, inboxes map[string]map[string][]*ical.Component) {
	t.Helper()
	if w.tried != "" {
		mine := copies[w.user][w.tried]
		done := len(mine) == 1 && mine[0].Text("SUMMARY") == fmt.Sprint("turn ", w.would.turn)
		if w.would.deleted {
			done = len(mine) == 0
		}
		if done {
			w.known[w.tried] = w.would
		}
		if _, known := w.known[w.tried]; !known { // then nobody has heard of it
			for _, user := range stormyUsers {
				if len(copies[user][w.tried])+len(inboxes[user][w.tried]) > 0 {
					t.Errorf("%s was cut off, and yet %s has heard of it", w.tried, user)
				}
			}
		}
		w.tried = ""
		w.turn = (w.turn + 3) / 4 * 4
	}
	for uid, known := range w.known {
		for _, user := range stormyUsers {
			if user != w.user {
				w.checkAttendee(t, user, uid, known, copies, inboxes)
			}
		}
	}
}

func (w *inviter) checkAttendee(t *testing.T, user, uid string, known invited, copies, inboxes map[string]map[string][]*ical.Component) {
	t.Helper()
	his := copies[user][uid]
	if len(his) != 1 {
		t.Errorf("%s has %d copies of %s", user, len(his), uid)
		return
	}
	if got, want := his[0].Text("SUMMARY"), fmt.Sprint("turn ", known.turn); got != want {
		t.Errorf("%s has %s as %q, want %q", user, uid, got, want)
	}
	if cancelled := his[0].Value("STATUS") == "CANCELLED"; cancelled != known.deleted {
		t.Errorf("%s: is it called off at %s? %v, want %v", uid, user, cancelled, known.deleted)
	}
	got := map[string]int{}
	for _, message := range inboxes[user][uid] {
		kind := "REQUEST"
		if message.Value("STATUS") == "CANCELLED" {
			kind = "CANCEL"
		}
		got[kind]++
	}
	want := map[bool]int{true: 1}[known.deleted]
	if got["REQUEST"] != known.requests || got["CANCEL"] != want {
		t.Errorf("%s has got of %s %v, want %d REQUESTs and %d CANCELs", user, uid, got, known.requests, want)
	}
	mine := copies[w.user][uid]
	if known.deleted {
		if len(mine) > 0 {
			t.Errorf("%s still has %s, which is called off", w.user, uid)
		}
		return
	}
	if len(mine) != 1 || answerIn(mine[0], user) != answerIn(his[0], user) {
		t.Errorf("%s of %s: its organizer has\n%v\nthe attendee has\n%v", uid, user, mine, his)
	}
}

// answerIn is what an event says of somebody's participation.
func answerIn(c *ical.Component, user string) string {
	for p := range c.Props("ATTENDEE") {
		if strings.EqualFold(p.Value(), "mailto:"+mailOf[user]) {
			return p.Param("PARTSTAT")
		}
	}
	return "none"
}

// objectsIn are the events of a collection, by UID.
func objectsIn(t *testing.T, p *process, user, collection string) map[string][]*ical.Component {
	t.Helper()
	const query = `<calendar-query xmlns="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><calendar-data/></D:prop>
		<filter><comp-filter name="VCALENDAR"/></filter></calendar-query>`
	status, body, _ := p.do(t, "REPORT", "/calendars/users/"+user+"/"+collection+"/", user, query, "Content-Type", "text/xml", "Depth", "1")
	var answer struct {
		Data []string `xml:"response>propstat>prop>calendar-data"`
	}
	if err := xml.Unmarshal([]byte(body), &answer); status != http.StatusMultiStatus || err != nil {
		t.Fatalf("REPORT on %s of %s: %d %v %s", collection, user, status, err, body)
	}
	all := map[string][]*ical.Component{}
	for _, text := range answer.Data {
		cal, err := ical.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		event := cal.Child("VEVENT")
		all[event.Text("UID")] = append(all[event.Text("UID")], event)
	}
	return all
}
