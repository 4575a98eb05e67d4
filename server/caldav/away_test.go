package caldav_test

import (
	"net/http"
	"strings"
	"testing"

	"calport/server/store"
	"calport/server/store/postgrestest"
)

// A database server that is away is 503 to clients, who come back, and to nobody's loss.
func TestAStoreThatIsAwayIs503(t *testing.T) {
	server := postgrestest.New(t)
	o := officeOn(t, 1, store.Options{DSN: server.Database(t)})
	ada := o.people[0]
	event := strings.ReplaceAll(meetingOf("one", 9, ada), "ORGANIZER", "X-NOBODY")
	o.put(t, ada, inCalendar(ada, "one.ics"), event)
	if err := server.Crash(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, path, body string }{
		{"PUT", inCalendar(ada, "two.ics"), strings.ReplaceAll(event, "UID:one", "UID:two")},
		{"PROPFIND", homePath(ada), ""},
		{"DELETE", inCalendar(ada, "one.ics"), ""},
	} {
		w := o.do(ada, c.method, c.path, c.body)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: got %d with Retry-After %q, want 503", c.method, w.Code, w.Header().Get("Retry-After"))
		}
		if strings.Contains(w.Body.String(), "127.0.0.1") || strings.Contains(w.Body.String(), "postgres") {
			t.Errorf("%s: a client is told of the database: %s", c.method, w.Body)
		}
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if w := o.do(ada, "GET", inCalendar(ada, "one.ics"), ""); w.Code != http.StatusOK {
		t.Errorf("when it is back: %d %s", w.Code, w.Body)
	}
	if w := o.do(ada, "GET", inCalendar(ada, "two.ics"), ""); w.Code != http.StatusNotFound {
		t.Errorf("what was refused is there: %d", w.Code)
	}
}
