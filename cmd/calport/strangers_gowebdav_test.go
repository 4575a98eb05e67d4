package main

import (
	"fmt"
	"io"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-webdav"
	"github.com/emersion/go-webdav/caldav"
)

// account is what go-webdav's clients know of somebody.
type account struct {
	files     *webdav.Client
	calendars *caldav.Client
	home      string
}

// account discovers the account from the bare base URL, as go-webdav does.
func (in *instance) account(t *testing.T, user string) *account {
	t.Helper()
	client := webdav.HTTPClientWithBasicAuth(in.client, user, "calport")
	files, err := webdav.NewClient(client, in.origin)
	if err != nil {
		t.Fatal(err)
	}
	calendars, err := caldav.NewClient(client, in.origin)
	if err != nil {
		t.Fatal(err)
	}
	principal, err := calendars.FindCurrentUserPrincipal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	home, err := calendars.FindCalendarHomeSet(t.Context(), principal)
	if err != nil {
		t.Fatal(err)
	}
	return &account{files, calendars, home}
}

func TestGoWebDAVWalksAnAccount(t *testing.T) {
	in := newSite(t, "").spawn(t).instance
	a := in.account(t, "linus")
	ctx := t.Context()
	all, err := a.calendars.FindCalendars(ctx, a.home)
	if err != nil || len(all) != 2 {
		t.Fatalf("got %+v, %v, want two calendars", all, err)
	}
	calendar := path.Join(a.home, "calendar") + "/"
	for _, c := range all {
		if c.Path == calendar && (c.Name != "Calendar" || c.MaxResourceSize == 0 || len(c.SupportedComponentSet) != 1) {
			t.Errorf("got %+v", c)
		}
	}

	name := calendar + "läufe.ics"
	series := strings.Replace(fmt.Sprintf(benchEvent, "runs", "Lauf"), "DTSTART:20260101T100000Z\r\nDTEND:20260101T110000Z", "DTSTART:20260504T080000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=10", 1)
	if status, body, _ := in.do(t, "PUT", "/calendars/users/linus/calendar/l%C3%A4ufe.ics", "linus", series, "Content-Type", "text/calendar"); status != 201 {
		t.Fatalf("PUT: %d %s", status, body)
	}
	got, err := a.calendars.GetCalendarObject(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	// written is how the library writes the event that it has read, with other texts.
	written := func(uid, summary string) (*caldav.CalendarObject, error) {
		event := got.Data.Events()[0]
		event.Props.SetText("UID", uid)
		event.Props.SetText("SUMMARY", summary)
		return a.calendars.PutCalendarObject(ctx, name, got.Data)
	}
	summaryOf := func(file string) string {
		t.Helper()
		object, err := a.calendars.GetCalendarObject(ctx, file)
		if err != nil {
			t.Fatal(err)
		}
		return object.Data.Events()[0].Props.Get("SUMMARY").Value
	}
	put, err := written("runs", "Früh am Fluß")
	if err != nil || put.ETag == "" || put.ETag == got.ETag || summaryOf(name) != "Früh am Fluß" {
		t.Fatalf("changed: got %+v, %v, and %q", put, err, summaryOf(name))
	}

	search := func(from, to time.Time) []caldav.CalendarObject {
		t.Helper()
		found, err := a.calendars.QueryCalendar(ctx, calendar, &caldav.CalendarQuery{
			CompRequest: caldav.CalendarCompRequest{Name: "VCALENDAR", AllProps: true, AllComps: true},
			CompFilter: caldav.CompFilter{Name: "VCALENDAR", Comps: []caldav.CompFilter{{Name: "VEVENT", Start: from, End: to,
				Props: []caldav.PropFilter{{Name: "SUMMARY", TextMatch: &caldav.TextMatch{Text: "fluß"}}}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC) }
	if found := search(day(6, 1), day(6, 2)); len(found) != 1 || found[0].Path != name || found[0].ETag != put.ETag {
		t.Errorf("on a day of the series: got %+v", found)
	}
	if found := search(day(6, 2), day(6, 8)); len(found) != 0 {
		t.Errorf("between two of the series: got %+v", found)
	}
	many, err := a.calendars.MultiGetCalendar(ctx, calendar, &caldav.CalendarMultiGet{Paths: []string{name},
		CompRequest: caldav.CalendarCompRequest{Name: "VCALENDAR", AllProps: true, AllComps: true}})
	if err != nil || len(many) != 1 || many[0].ETag != put.ETag {
		t.Errorf("multiget: got %+v, %v", many, err)
	}

	// Moved, and not over what is there.
	if err := a.files.Mkdir(ctx, a.home+"folder/"); err == nil {
		t.Error("a home takes a folder that is no calendar")
	}
	moved := calendar + "moved.ics"
	if err := a.files.Move(ctx, name, moved, &webdav.MoveOptions{NoOverwrite: true}); err != nil {
		t.Error(err)
	}
	if _, err := written("rest", "Ruhetag"); err != nil {
		t.Error(err)
	}
	if err := a.files.Move(ctx, name, moved, &webdav.MoveOptions{NoOverwrite: true}); err == nil || !strings.Contains(err.Error(), "412") {
		t.Errorf("moved over another: %v, want 412", err)
	}
	if _, err := written("runs", "Zweimal"); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("another's UID: %v, want 403", err)
	}
	for file, summary := range map[string]string{name: "Ruhetag", moved: "Früh am Fluß"} {
		if got := summaryOf(file); got != summary {
			t.Errorf("%s: got %s, want %s", file, got, summary)
		}
	}
	listed, err := a.files.ReadDir(ctx, calendar, false)
	if err != nil || len(listed) != 3 { // the calendar itself too
		t.Errorf("listed: %+v, %v", listed, err)
	}
	whole, err := a.files.Open(ctx, calendar)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	if text, err := io.ReadAll(whole); err != nil || strings.Count(string(text), "BEGIN:VEVENT") != 2 {
		t.Errorf("the calendar as one file: %s, %v", text, err)
	}
	if err := a.files.RemoveAll(ctx, moved); err != nil {
		t.Error(err)
	}
	if _, err := a.files.Stat(ctx, moved); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("after it was removed: %v, want 404", err)
	}

	// Another's calendar.
	if _, err := in.account(t, "ada").calendars.GetCalendarObject(ctx, name); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("another's event: %v, want 403", err)
	}
}
