package caldav_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/server/caldav"
	"calport/server/dav"
	"calport/server/store"
	"calport/server/store/storetest"
)

// status is the DAV status of an error that is for the visitor, 0 for none.
func status(t testing.TB, err error) int {
	t.Helper()
	var known *dav.Error
	if err != nil && !errors.As(err, &known) {
		t.Fatal(err)
	}
	if known == nil {
		return 0
	}
	return known.Status
}

// titles are what the visitor's calendars are called, in their order.
func titles(t testing.TB, a caldav.Visitor) (all []string) {
	t.Helper()
	calendars, err := a.Calendars(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calendars {
		all = append(all, c.Title)
	}
	return all
}

func homePath(p *directory.Principal) string { return "/calendars/__uids__/" + p.GUID + "/" }

// syncHome asks for what changed in a home since a token, "" for all; the answer has the next token.
func (o *office) syncHome(t testing.TB, p *directory.Principal, path, token string) (body, next string) {
	t.Helper()
	w := o.do(p, "REPORT", path, `<sync-collection xmlns="DAV:"><sync-token>`+token+`</sync-token><sync-level>1</sync-level>`+
		`<prop><getetag/><resourcetype/></prop></sync-collection>`, "Content-Type: application/xml")
	if w.Code != http.StatusMultiStatus {
		t.Fatalf("sync %s: %d\n%s", path, w.Code, w.Body)
	}
	m := regexp.MustCompile(`sync-token>([^<]*)<`).FindStringSubmatch(w.Body.String())
	return w.Body.String(), m[1]
}

func TestCalendarsMadeAndChangedByOtherDoorsAreSeenByClients(t *testing.T) {
	o := newOffice(t, 1)
	ada := o.people[0]
	a := o.As(ada)
	name, err := a.MakeCalendar(t.Context(), caldav.NewCalendar{Title: "Work & play", Color: "#FF2968FF", Component: "VEVENT"})
	if err != nil {
		t.Fatal(err)
	}
	_, token := o.syncHome(t, ada, homePath(ada), "")
	title, color := "Only work", "#0088CCFF"
	if err := a.ChangeCalendar(t.Context(), name, caldav.CalendarChange{Title: &title, Color: &color}); err != nil {
		t.Fatal(err)
	}
	body, _ := o.syncHome(t, ada, homePath(ada), token)
	if !strings.Contains(body, name) || strings.Contains(body, "tasks") {
		t.Errorf("the sync report tells of something else:\n%s", body)
	}
	w := o.do(ada, "PROPFIND", homePath(ada)+name+"/", `<propfind xmlns="DAV:" xmlns:a="http://apple.com/ns/ical/" xmlns:c="urn:ietf:params:xml:ns:caldav">`+
		`<prop><displayname/><a:calendar-color/><c:supported-calendar-component-set/></prop></propfind>`, "Content-Type: application/xml", "Depth: 0")
	for _, want := range []string{title, color, `name="VEVENT"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %q in\n%s", want, w.Body)
		}
	}
	if got := titles(t, a); len(got) != 3 || got[1] != title {
		t.Errorf("got %q", got)
	}
}

func TestSubscriptionsAreMadeAsClientsMakeThem(t *testing.T) {
	o := newOffice(t, 1)
	a := o.As(o.people[0])
	name, err := a.MakeCalendar(t.Context(), caldav.NewCalendar{Title: "Holidays", Source: "https://example.com/holidays.ics"})
	if err != nil {
		t.Fatal(err)
	}
	w := o.do(o.people[0], "PROPFIND", homePath(o.people[0])+name+"/", `<propfind xmlns="DAV:"><prop><resourcetype/><s:source xmlns:s="http://calendarserver.org/ns/"/></prop></propfind>`,
		"Content-Type: application/xml", "Depth: 0")
	if text := w.Body.String(); !strings.Contains(text, "subscribed") || !strings.Contains(text, "https://example.com/holidays.ics") {
		t.Errorf("got %s", text)
	}
}

func TestVisitorsAreRefusedWhatTheTablesRefuse(t *testing.T) {
	o := newOffice(t, 1)
	a := o.As(o.people[0])
	title := "x"
	for name, err := range map[string]error{
		"the inbox is deleted":             a.DeleteCalendar(t.Context(), "inbox"),
		"the inbox is renamed":             a.ChangeCalendar(t.Context(), "inbox", caldav.CalendarChange{Title: &title}),
		"what is not there is deleted":     a.DeleteCalendar(t.Context(), "nothing"),
		"the home is deleted":              a.DeleteCalendar(t.Context(), ""),
		"a calendar of what is no type":    second(a.MakeCalendar(t.Context(), caldav.NewCalendar{Title: "x", Component: "VCARD"})),
		"what was not deleted is restored": second(a.RestoreCalendar(t.Context(), 12)),
		"what was not deleted is erased":   a.EraseCalendar(t.Context(), 12),
	} {
		if got := status(t, err); got < 400 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestDeletedCalendarVanishesAndReturnsToClients(t *testing.T) {
	o := newOffice(t, 2)
	ada := o.people[0]
	a := o.As(ada)
	o.put(t, ada, inCalendar(ada, "one.ics"), strings.ReplaceAll(meetingOf("one", 9, ada), "ORGANIZER", "X-NOBODY"))
	etag := o.do(ada, "GET", inCalendar(ada, "one.ics"), "").Header().Get("ETag")
	_, before := o.syncHome(t, ada, homePath(ada), "")
	_, inside := o.syncHome(t, ada, homePath(ada)+"calendar/", "")

	if err := a.DeleteCalendar(t.Context(), "calendar"); err != nil {
		t.Fatal(err)
	}
	if w := o.do(ada, "GET", inCalendar(ada, "one.ics"), ""); w.Code != http.StatusNotFound {
		t.Errorf("its event: %d", w.Code)
	}
	body, between := o.syncHome(t, ada, homePath(ada), before)
	if !strings.Contains(body, " 404 ") || !strings.Contains(body, "/calendar/") {
		t.Errorf("a client is not told that it is gone:\n%s", body)
	}
	deleted, err := a.DeletedCalendars(t.Context())
	if err != nil || len(deleted) != 1 || deleted[0].Title != "Calendar" || deleted[0].Objects != 1 {
		t.Fatalf("got %+v, %v", deleted, err)
	}
	if got := status(t, second(o.As(o.people[1]).RestoreCalendar(t.Context(), deleted[0].ID))); got != http.StatusNotFound {
		t.Errorf("somebody else brings it back: %d, want 404", got)
	}
	done, err := a.RestoreCalendar(t.Context(), deleted[0].ID)
	if err != nil || done != (caldav.Restored{Name: "calendar"}) {
		t.Fatalf("got %+v, %v", done, err)
	}
	if w := o.do(ada, "GET", inCalendar(ada, "one.ics"), ""); w.Code != http.StatusOK || w.Header().Get("ETag") != etag {
		t.Errorf("its event: %d %s, want %s", w.Code, w.Header().Get("ETag"), etag)
	}
	body, _ = o.syncHome(t, ada, homePath(ada), between)
	if strings.Contains(body, " 404 ") || !strings.Contains(body, "/calendar/") {
		t.Errorf("a client that saw it vanish is not told that it is back:\n%s", body)
	}
	if body, _ = o.syncHome(t, ada, homePath(ada)+"calendar/", inside); strings.Contains(body, "one.ics") {
		t.Errorf("a client that saw nothing is told of changes:\n%s", body)
	}
}

// partstat is what an attendee has answered in somebody's copy; "" if there is none.
func (o *office) partstat(t testing.TB, whose *directory.Principal, uid string, of *directory.Principal) string {
	t.Helper()
	c := o.copyOf(t, whose, uid)
	if c == nil {
		return ""
	}
	for p := range c.Child("VEVENT").Props("ATTENDEE") {
		if strings.EqualFold(p.Value(), "mailto:"+of.Mail()) {
			return p.Param("PARTSTAT")
		}
	}
	return ""
}

func TestMeetingsOfADeletedCalendarAreCalledOffLater(t *testing.T) {
	o := newOffice(t, 2)
	ada, grace := o.people[0], o.people[1]
	o.put(t, ada, inCalendar(ada, "m.ics"), meetingOf("m", 9, ada, ada, grace))
	a := o.As(ada)
	deleteAndWait := func(d time.Duration) int64 {
		t.Helper()
		if err := a.DeleteCalendar(t.Context(), "calendar"); err != nil {
			t.Fatal(err)
		}
		o.clock = o.clock.Add(d)
		if err := o.TidyDiscarded(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, err := a.DeletedCalendars(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("got %+v, %v", all, err)
		}
		return all[0].ID
	}
	status := func() string { return o.copyOf(t, grace, "m").Child("VEVENT").Value("STATUS") }

	id := deleteAndWait(9 * time.Minute)
	if status() == "CANCELLED" || o.messages(t, grace) != 1 {
		t.Error("others were told at once")
	}
	if done, err := a.RestoreCalendar(t.Context(), id); err != nil || done.Invited != 0 {
		t.Fatalf("got %+v, %v", done, err)
	}
	id = deleteAndWait(11 * time.Minute)
	if status() != "CANCELLED" || o.messages(t, grace) != 2 {
		t.Errorf("after a while: STATUS %q, %d messages", status(), o.messages(t, grace))
	}
	if err := o.TidyDiscarded(t.Context()); err != nil || o.messages(t, grace) != 2 {
		t.Errorf("told twice: %v, %d messages", err, o.messages(t, grace))
	}
	done, err := a.RestoreCalendar(t.Context(), id)
	if err != nil || done.Invited != 1 || done.Left != 0 {
		t.Fatalf("got %+v, %v", done, err)
	}
	if status() == "CANCELLED" || o.partstat(t, grace, "m", grace) != "NEEDS-ACTION" {
		t.Errorf("invited anew: STATUS %q, PARTSTAT %q", status(), o.partstat(t, grace, "m", grace))
	}
}

// What comes for a calendar that was deleted a moment ago waits for it.
func TestADeletedCalendarThatReturnsHasWhatCameMeanwhile(t *testing.T) {
	storetest.OnEveryEngine(t, func(t *testing.T, options store.Options) {
		o := officeOn(t, 3, options)
		ada, grace, linus := o.people[0], o.people[1], o.people[2]
		o.put(t, ada, inCalendar(ada, "m.ics"), meetingOf("m", 9, ada, ada, grace))
		o.put(t, linus, inCalendar(linus, "off.ics"), meetingOf("off", 11, linus, linus, ada))
		o.put(t, linus, inCalendar(linus, "stays.ics"), meetingOf("stays", 13, linus, linus, ada))
		a := o.As(ada)
		if err := a.DeleteCalendar(t.Context(), "calendar"); err != nil {
			t.Fatal(err)
		}
		var path string
		for name := range o.listing(t, grace) {
			path = name
		}
		mine := o.do(grace, "GET", path, "").Body.String()
		for _, answer := range []string{"TENTATIVE", "ACCEPTED"} {
			o.put(t, grace, path, strings.Replace(mine, "NEEDS-ACTION;CN=Person 1", answer+";CN=Person 1", 1))
		}
		if w := o.do(linus, "DELETE", inCalendar(linus, "off.ics"), ""); w.Code != http.StatusNoContent {
			t.Fatalf("DELETE: %d", w.Code)
		}
		if messages := o.messages(t, ada); messages != 2 {
			t.Errorf("ada has %d messages before, want the two invitations", messages)
		}
		deleted, err := a.DeletedCalendars(t.Context())
		if err != nil || len(deleted) != 1 {
			t.Fatalf("got %+v, %v", deleted, err)
		}
		if done, err := a.RestoreCalendar(t.Context(), deleted[0].ID); err != nil || done != (caldav.Restored{Name: "calendar"}) {
			t.Fatalf("got %+v, %v", done, err)
		}
		if got := o.partstat(t, ada, "m", grace); got != "ACCEPTED" {
			t.Errorf("the organizer has %q, want ACCEPTED", got)
		}
		if c := o.copyOf(t, ada, "off"); c == nil || c.Child("VEVENT").Value("STATUS") != "CANCELLED" {
			t.Errorf("what was called off is\n%v", c)
		}
		if got := o.partstat(t, ada, "stays", ada); got != "NEEDS-ACTION" {
			t.Errorf("what stays is %q", got)
		}
		if messages := o.messages(t, ada); messages != 5 {
			t.Errorf("ada has %d messages, want two answers and a cancellation more", messages)
		}
	})
}

// Of many meetings others hear by the dozen, so that nobody waits long for the store; then the calendar is gone for good.
func TestErasingAFullCalendarCallsItsMeetingsOffBySteps(t *testing.T) {
	o := newOffice(t, 2)
	ada, grace := o.people[0], o.people[1]
	const meetings = 120
	for i := range meetings {
		uid := fmt.Sprintf("uid-%03d", i)
		o.put(t, ada, inCalendar(ada, uid+".ics"), meetingOf(uid, 9, ada, grace))
	}
	a := o.As(ada)
	if err := a.DeleteCalendar(t.Context(), "calendar"); err != nil {
		t.Fatal(err)
	}
	deleted, err := a.DeletedCalendars(t.Context())
	if err != nil || len(deleted) != 1 {
		t.Fatalf("got %+v, %v", deleted, err)
	}
	if got := status(t, o.As(grace).EraseCalendar(t.Context(), deleted[0].ID)); got != http.StatusNotFound {
		t.Errorf("somebody else erases it: %d, want 404", got)
	}
	steps := 0
	o.store.Observe(func([]store.Change) { steps++ })
	if err := a.EraseCalendar(t.Context(), deleted[0].ID); err != nil {
		t.Fatal(err)
	}
	if steps < 3 || o.messages(t, grace) != 2*meetings {
		t.Errorf("%d steps, %d messages", steps, o.messages(t, grace))
	}
	if left, err := a.DeletedCalendars(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("left are %+v, %v", left, err)
	}
}

func TestInvitationsOfADeletedCalendarAreDeclinedAndAnsweredAnew(t *testing.T) {
	o := newOffice(t, 2)
	ada, grace := o.people[0], o.people[1]
	o.put(t, ada, inCalendar(ada, "m.ics"), meetingOf("m", 9, ada, ada, grace))
	a := o.As(grace)
	var path string
	for name := range o.listing(t, grace) {
		path = name
	}
	answer := strings.Replace(o.do(grace, "GET", path, "").Body.String(), "NEEDS-ACTION;CN=Person 1", "TENTATIVE;CN=Person 1", 1)
	o.put(t, grace, path, answer)
	if err := a.DeleteCalendar(t.Context(), "calendar"); err != nil {
		t.Fatal(err)
	}
	o.clock = o.clock.Add(time.Hour)
	if err := o.TidyDiscarded(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := o.partstat(t, ada, "m", grace); got != "DECLINED" {
		t.Errorf("after a while: %q, want DECLINED", got)
	}
	all, err := a.DeletedCalendars(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.RestoreCalendar(t.Context(), all[0].ID); err != nil {
		t.Fatal(err)
	}
	if got := o.partstat(t, ada, "m", grace); got != "TENTATIVE" {
		t.Errorf("afterwards: %q, want TENTATIVE", got)
	}
}

// listing are the paths of what is in somebody's calendar.
func (o *office) listing(t testing.TB, p *directory.Principal) map[string]bool {
	t.Helper()
	body, _ := o.syncHome(t, p, homePath(p)+"calendar/", "")
	all := map[string]bool{}
	for _, m := range regexp.MustCompile(`<[A-Za-z:]*href>([^<]*\.ics)<`).FindAllStringSubmatch(body, -1) {
		all[m[1]] = true
	}
	return all
}

func TestDeletedCalendarsAreErasedInTheEnd(t *testing.T) {
	o := newOffice(t, 1)
	a := o.As(o.people[0])
	for range 52 {
		name, err := a.MakeCalendar(t.Context(), caldav.NewCalendar{Title: "x", Component: "VEVENT"})
		if err != nil {
			t.Fatal(err)
		}
		if w := o.do(o.people[0], "DELETE", homePath(o.people[0])+name+"/", ""); w.Code != http.StatusNoContent {
			t.Fatalf("DELETE: %d", w.Code)
		}
	}
	all, err := a.DeletedCalendars(t.Context())
	if err != nil || len(all) != 50 || !all[0].Told {
		t.Fatalf("got %d, %v", len(all), err)
	}
	o.clock = o.clock.Add(31 * 24 * time.Hour)
	if err := o.TidyDiscarded(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, err := a.DeletedCalendars(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("got %d, %v", len(all), err)
	}
}

// doOn sends a request that names nobody.
func (o *office) doOn(h http.Handler, method, url string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, url, nil))
	return w
}
