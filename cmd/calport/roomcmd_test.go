package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"calport/directory/demo"
)

func TestRoomAndScheduleCommands(t *testing.T) {
	s := newSite(t, "")
	edit(t, s.config, "[profiles]", fmt.Sprintf("[directory.rooms]\nbase = %q\n[profiles]", demo.RoomsDN))
	in := s.serve(t)
	said := func(want int, args ...string) string {
		t.Helper()
		status, out := s.command(t, args...)
		if status != want {
			t.Fatalf("calport %s: status %d\n%s", strings.Join(args, " "), status, out)
		}
		return out
	}
	list := said(0, "room", "list")
	name, _, _ := strings.Cut(strings.Split(list, "\n")[1], " ")
	for _, word := range []string{"NAME", "SEATS", "room"} {
		if !strings.Contains(list, word) {
			t.Errorf("room list: no %s in\n%s", word, list)
		}
	}
	if got := said(0, "room", "set", name, "--mode", "decline-always", "--writer", "grace"); !strings.Contains(got, "decline-always (set here)") || !strings.Contains(got, "grace keeps it") {
		t.Errorf("room set:\n%s", got)
	}
	said(exitUsage, "room", "set", name, "--mode", "sometimes")
	said(exitUsage, "room", "set", name, "--writer", "nobody-at-all")
	said(exitUsage, "room", "show", "no-such-room")

	// The server that runs answers as it was set.
	_, guid, _ := strings.Cut(said(0, "room", "show", name, "--json"), `"guid":"`)
	guid, _, _ = strings.Cut(guid, `"`)
	event := strings.NewReplacer("mailto:"+mailOf["linus"], "urn:x-uid:"+guid, "20300102", time.Now().AddDate(0, 0, 2).Format("20060102")).
		Replace((&inviter{user: "ada"}).invitation("booking", 1))
	if status, body, _ := in.do(t, "PUT", "/calendars/users/ada/calendar/booking.ics", "ada", event, "Content-Type", "text/calendar"); status != 201 {
		t.Fatalf("PUT: %d %s", status, body)
	}
	life := said(0, "schedule", "explain", "booking")
	for _, words := range []string{"ada wrote the event as organizer", "REQUEST from ada to grace, " + name + ": created, status 1.2",
		"REPLY from " + name + " to ada: DECLINED, updated, status 2.0", "How it stands:", "ada (organizer) has \"turn 1\"", name + ": DECLINED, status 2.0", "answered NEEDS-ACTION"} {
		if !strings.Contains(life, words) {
			t.Errorf("schedule explain: no %q in\n%s", words, life)
		}
	}
	if got := said(0, "schedule", "explain", "booking", "--json"); !strings.HasPrefix(got, `{"uid":"booking","entries":[{`) {
		t.Errorf("as JSON:\n%s", got)
	}
	said(exitFailed, "schedule", "explain", "nothing")
	if got := said(0, "room", "show", name); !strings.Contains(got, "declined") || !strings.Contains(got, "Ada Byron") {
		t.Errorf("room show:\n%s", got)
	}
	if got := said(0, "room", "set", name, "--mode", "directory", "--remove", "grace"); strings.Contains(got, "set here") || strings.Contains(got, "grace keeps") {
		t.Errorf("set back:\n%s", got)
	}
}
