package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"calport/server/store/postgrestest"
)

// Two nodes on one PostgreSQL database: what one has acknowledged the other shows at once, by whatever way it is asked.
func TestTwoNodesOnOneDatabaseSeeEachOthersChangesAtOnce(t *testing.T) {
	s := newSite(t, "")
	s.useDatabase(t, postgrestest.Database(t))
	s.shareKeys(t)
	nodes := []*process{s.spawn(t), s.node(t).spawn(t)}
	nodes[1].client.Transport = nodes[0].client.Transport // which trusts what the first node showed

	const calendar = "/calendars/users/ada/calendar/"
	watch := []*watcher{{user: "ada", there: map[string]string{}}, {user: "ada", there: map[string]string{}}}
	for i := range 20 {
		here, there := nodes[i%2], nodes[(i+1)%2]
		name := fmt.Sprintf("%d.ics", i/2)
		text := fmt.Sprintf(benchEvent, name, fmt.Sprint("turn ", i))
		status, body, h := here.do(t, "PUT", calendar+name, "ada", text, "Content-Type", "text/calendar")
		if status != http.StatusCreated && status != http.StatusNoContent {
			t.Fatalf("turn %d: PUT: got %d: %s", i, status, body)
		}
		if status, got, now := there.do(t, "GET", calendar+name, "ada", ""); status != http.StatusOK || got != text || now.Get("ETag") != h.Get("ETag") {
			t.Errorf("turn %d: the other node answers %d with %s: %s", i, status, now.Get("ETag"), got)
		}
		w := watch[(i+1)%2]
		if err := w.look(t.Context(), there); err != nil || w.there[calendar+name] != h.Get("ETag") {
			t.Errorf("turn %d: by its token the other node has %v, %v, want %s", i, w.there, err, h.Get("ETag"))
		}
	}

	made := "/calendars/users/ada/made-there/"
	if status, body, _ := nodes[0].do(t, "MKCALENDAR", made, "ada", ""); status != http.StatusCreated {
		t.Fatalf("MKCALENDAR: got %d: %s", status, body)
	}
	if _, body, _ := nodes[1].do(t, "PROPFIND", "/calendars/users/ada/", "ada", "", "Depth", "1"); !strings.Contains(body, "made-there/") {
		t.Errorf("the other node does not list the new calendar: %s", body)
	}
	if status, _, _ := nodes[1].do(t, "DELETE", made, "ada", ""); status != http.StatusNoContent {
		t.Errorf("DELETE at the other node: got %d", status)
	}
	if status, _, _ := nodes[0].do(t, "PROPFIND", made, "ada", "", "Depth", "0"); status != http.StatusNotFound {
		t.Errorf("the first node still shows it: got %d", status)
	}
}
