package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/server/store"
	"calport/server/store/postgrestest"
)

// without is a directory in which somebody is not found.
type without struct {
	directory.Directory
	name *string
}

func (w without) Read(ctx context.Context, yield func(*directory.Principal) error) error {
	return w.Directory.Read(ctx, func(p *directory.Principal) error {
		if p.ShortName == *w.name {
			return nil
		}
		return yield(p)
	})
}

func TestWhoIsCalledOffIsToldByMailAndTheRoomIsFree(t *testing.T) {
	s, server := mailSite(t, "")
	edit(t, s.config, "[profiles]", fmt.Sprintf("[directory.rooms]\nbase = %q\n[profiles]", demo.RoomsDN))
	if status, said := s.command(t, "room", "set", "room-turing", "--reader", "grace"); status != 0 {
		t.Fatal(said)
	}
	in := s.serve(t)
	room := s.open(t).people.Snapshot().ByName(directory.Room, "room-turing")
	text := strings.Replace(meeting("lunch", "Lunch", 0, time.Now().Add(48*time.Hour)), "END:VEVENT", "ATTENDEE;CUTYPE=ROOM:urn:uuid:"+room.GUID+"\r\nEND:VEVENT", 1)
	if status, body, _ := in.do(t, "PUT", "/calendars/users/ada/calendar/lunch.ics", "ada", text, "Content-Type", "text/calendar"); status != 201 {
		t.Fatalf("PUT: %d %s", status, body)
	}
	server.Wait(t, 1)
	booked := func() string {
		t.Helper()
		status, answer, _ := in.do(t, "GET", "/calendars/__uids__/"+room.GUID+"/calendar/", "grace", "")
		if status != 200 {
			t.Fatalf("the room's calendar: %d %s", status, answer)
		}
		return answer
	}
	if got := booked(); !strings.Contains(got, "UID:lunch") {
		t.Fatalf("the room is not booked:\n%s", got)
	}
	in.stop()
	s.leave(t, "ada")

	// No server runs, so nobody sends the mails yet, and she stays until they are sent.
	status, said := s.command(t, "people", "erase", "ada", "--yes", "--cancel-meetings")
	if status != 0 || !strings.Contains(said, "1 of 1 wait until the server has sent the mails") {
		t.Fatalf("erasing: %d %s", status, said)
	}
	h := s.open(t)
	due, err := h.store.DepartedToErase(t.Context())
	if err != nil || len(due) != 1 || due[0].Unsent != 1 {
		t.Fatalf("orders: %+v, %v", due, err)
	}
	// Taken back, it is too late for the mails: what others have here is called off already.
	if err := h.store.WithdrawErasing(t.Context(), []string{due[0].Owner}); err != nil {
		t.Fatal(err)
	}
	in = s.serve(t)
	last := server.Wait(t, 2)[1]
	if m := readMail(t, last.Data); last.To[0] != "zoe@elsewhere.example" || m.From[0][0] != "Ada Byron" || m.Body.Parts[0].Parts[2].Method != "CANCEL" {
		t.Errorf("to %q: %+v", last.To, m)
	}
	if got := booked(); strings.Contains(got, "UID:lunch") && !strings.Contains(got, "STATUS:CANCELLED") {
		t.Errorf("the room is not free:\n%s", got)
	}
	if kept, err := h.store.Keeps(t.Context(), due[0].Owner); err != nil || !kept {
		t.Errorf("she is erased though the order was taken back: %v, %v", kept, err)
	}
	if status, said := s.command(t, "people", "erase", "ada", "--yes", "--cancel-meetings"); status != 0 || !strings.Contains(said, "1 of 1 erased: ada") {
		t.Errorf("once more: %d %s", status, said)
	}
	if kept, err := h.store.Keeps(t.Context(), due[0].Owner); err != nil || kept {
		t.Errorf("something of her is kept: %v, %v", kept, err)
	}
}

func TestCtrlCTakesOrdersBackThatAreOurs(t *testing.T) {
	s, h := adaHasLeft(t)
	lock, err := h.config.lockData() // as a server that does not come to it
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	interrupted := func() (asked bool) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var out buffer
		begun, done := out.await("runs beside"), make(chan int, 1)
		go func() {
			done <- run(ctx, []string{"people", "erase", "ada", "--yes", "--config", s.config}, stdio{strings.NewReader(""), &out, &out, func(string) string { return "" }})
		}()
		select {
		case <-begun:
		case status := <-done:
			t.Fatalf("it ended with %d: %s", status, out.String())
		}
		if due, err := h.store.DepartedToErase(t.Context()); err != nil || len(due) != 1 {
			t.Fatalf("orders: %+v, %v", due, err)
		}
		cancel()
		if status := <-done; status != exitFailed || !strings.Contains(out.String(), "1 of 1 are not erased") {
			t.Errorf("status %d: %s", status, out.String())
		}
		due, err := h.store.DepartedToErase(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(due) == 1
	}
	if interrupted() {
		t.Error("the order stays")
	}
	all, err := h.store.Departed(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := h.store.Write(t.Context(), h.askFor(all[0].Owner)); err != nil {
		t.Fatal(err)
	}
	if !interrupted() {
		t.Error("the order that somebody else had given is gone")
	}
}

func TestAServerThatStillHasSomebodyErasesNobodyAndTheCommandSaysSo(t *testing.T) {
	s := newSite(t, "")
	in := s.serve(t)
	guid := in.guidOf(t, "ada")
	in.do(t, "PROPFIND", "/calendars/users/ada/", "ada", "", "Depth", "1")
	s.leave(t, "ada") // of the command only: the server has the filter of its start
	if status, said := s.command(t, "people", "erase", "ada", "--yes"); status != exitFailed || !strings.Contains(said, "not erased") || strings.Contains(said, "1 of 1") {
		t.Errorf("status %d: %s", status, said)
	}
	if kept, err := s.open(t).store.Keeps(t.Context(), guid); err != nil || !kept {
		t.Errorf("her home: %v, %v", kept, err)
	}
}

func TestAServerReadsTheDirectoryAgainBeforeItDropsAnOrder(t *testing.T) {
	s := newSite(t, "")
	h := s.open(t)
	missing := ""
	h.people = directory.NewLive(without{h.directory, &missing}, nil, directory.LiveOptions{MaxLoss: 0.5})
	h.leavers = newLeavers(h)
	if err := h.people.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.calendarsOf(t, "ada"); err != nil {
		t.Fatal(err)
	}
	ada, err := h.findPerson("ada")
	if err != nil {
		t.Fatal(err)
	}
	missing = "ada"
	s.leave(t, "ada")
	other := s.open(t)
	owner := strings.ToLower(ada.GUID)
	if err := other.store.Write(t.Context(), other.askFor(owner)); err != nil {
		t.Fatal(err)
	}
	// Somebody who comes says nothing about ada.
	h.people.Include(&directory.Principal{Kind: directory.Individual, GUID: "new-guid", ShortName: "newcomer"})
	if due, err := h.store.DepartedToErase(t.Context()); err != nil || len(due) != 1 {
		t.Fatalf("orders: %+v, %v", due, err)
	}
	if err := h.leavers.work(t.Context()); err != nil {
		t.Fatal(err)
	}
	if kept, err := h.store.Keeps(t.Context(), owner); err != nil || kept {
		t.Errorf("ada is not erased: %v, %v", kept, err)
	}
}

func TestWhoMayBeElsewhereIsNotErasedByItself(t *testing.T) {
	s := newSite(t, "[records]\nerase_left_days = 30\n")
	h := s.open(t)
	for _, name := range []string{"ada", "grace"} {
		if _, err := h.calendarsOf(t, name); err != nil {
			t.Fatal(err)
		}
	}
	leave := func(d store.Departed) {
		t.Helper()
		err := h.store.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.CreateHome(d.Owner, []store.NewCollection{{Name: "calendar", Kind: store.Calendar}})
			return err
		})
		d.Kind, d.Since = int64(directory.Individual), time.Now().AddDate(0, 0, -31)
		if err == nil {
			err = h.store.NoteDeparted(t.Context(), []store.Departed{d}, func(string) bool { return false })
		}
		if err == nil {
			err = h.leavers.askForOld(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		departed store.Departed
		asked    int
	}{
		{store.Departed{Owner: "guid-of-grace-before", Name: "grace"}, 0},
		{store.Departed{Owner: "guid-of-hedy", Name: "hedy", Mails: []string{"hedy@example.org"}}, 1},
		{store.Departed{Owner: "guid-of-emmy", Name: "emmy"}, 1}, // more have left than are there
	} {
		leave(c.departed)
		if due, err := h.store.DepartedToErase(t.Context()); err != nil || len(due) != c.asked || c.asked == 1 && due[0].Owner != "guid-of-hedy" {
			t.Errorf("after %s: %+v, %v", c.departed.Owner, due, err)
		}
	}
	hall := store.Departed{Owner: "hall", Kind: int64(directory.Room), Name: "hall"}
	if !h.leavers.mayBeElsewhere(&hall) {
		t.Error("a room is erased though no room is found any more")
	}
	if other := (store.Departed{Kind: int64(directory.Individual), Name: "other", Mails: []string{mailOf["ada"]}}); !h.leavers.mayBeElsewhere(&other) {
		t.Error("one whose address somebody has is erased")
	}
}

func TestTwoNodesEraseSomebodyOnce(t *testing.T) {
	one := newSite(t, "")
	edit(t, one.config, `data = "."`, fmt.Sprintf("data = \".\"\ndatabase = %q", postgrestest.Database(t)))
	one.shareKeys(t)
	if _, err := one.open(t).calendarsOf(t, "ada"); err != nil {
		t.Fatal(err)
	}
	one.leave(t, "ada")
	nodes := []*house{one.open(t), one.node(t).open(t)}
	all, err := nodes[0].store.Departed(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := nodes[0].store.Write(t.Context(), nodes[0].askFor(all[0].Owner)); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for _, h := range nodes {
		both.Go(func() {
			if err := h.leavers.work(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if kept, err := nodes[1].store.Keeps(t.Context(), all[0].Owner); err != nil || kept {
		t.Errorf("something is kept: %v, %v", kept, err)
	}
	if _, said := one.command(t, "audit", "--format", "jsonl"); strings.Count(said, `"left.erased"`) != 1 {
		t.Errorf("the record:\n%s", said)
	}
}
