package main

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-webdav"
	"github.com/emersion/go-webdav/caldav"

	"calport/directory/demo"
)

// stock are ada's calendars as a stranger's client lists them: by title, the paths.
func (in *instance) stock(t *testing.T, client *caldav.Client) map[string]string {
	t.Helper()
	principal, err := client.FindCurrentUserPrincipal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	home, err := client.FindCalendarHomeSet(t.Context(), principal)
	if err != nil {
		t.Fatal(err)
	}
	calendars, err := client.FindCalendars(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, c := range calendars {
		all[c.Name] = c.Path
	}
	return all
}

// TestAStrangersClientSeesWhatThePortalDoes: what people do in the portal is there for every client, and back again.
func TestAStrangersClientSeesWhatThePortalDoes(t *testing.T) {
	in := newSite(t, "").serve(t)
	client, err := caldav.NewClient(webdav.HTTPClientWithBasicAuth(in.client, "ada", demo.Password), in.origin)
	if err != nil {
		t.Fatal(err)
	}
	visit := in.portalOf(t, "ada")
	redirected := func(path string, form url.Values) {
		t.Helper()
		if status, body := visit("POST", path, form); status != http.StatusSeeOther {
			t.Fatalf("POST %s: got %d %s", path, status, body)
		}
	}
	redirected("/portal/calendars", url.Values{"title": {"Läufe & Rennen"}, "kind": {"events"}, "color": {"#ff9500"}})
	path := in.stock(t, client)["Läufe & Rennen"]
	segments := strings.Split(strings.Trim(path, "/"), "/")
	name := segments[len(segments)-1]
	if path == "" {
		t.Fatalf("a stranger's client does not see the calendar; it sees %v", in.stock(t, client))
	}

	var body bytes.Buffer
	upload := multipart.NewWriter(&body)
	upload.WriteField("calendar", name)
	part, _ := upload.CreateFormFile("file", "runs.ics")
	part.Write([]byte("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nMETHOD:PUBLISH\nBEGIN:VEVENT\nUID:run\nDTSTAMP:20260101T000000Z\nDTSTART;VALUE=DATE:20260504\nSUMMARY:Lauf\nEND:VEVENT\nEND:VCALENDAR\n"))
	upload.Close()
	if status, text, _ := in.do(t, "POST", "/portal/calendars/import", "", body.String(), "Content-Type", upload.FormDataContentType()); status != http.StatusSeeOther {
		t.Fatalf("import: got %d %s", status, text)
	}
	everything := &caldav.CalendarQuery{CompRequest: caldav.CalendarCompRequest{Name: "VCALENDAR", AllProps: true, AllComps: true}, CompFilter: caldav.CompFilter{Name: "VCALENDAR"}}
	events, err := client.QueryCalendar(t.Context(), path, everything)
	if err != nil || len(events) != 1 {
		t.Fatalf("the client finds %d events, %v", len(events), err)
	}

	redirected("/portal/calendars/one", url.Values{"name": {name}, "title": {"Nur Läufe"}, "color": {"#ff9500"}})
	if in.stock(t, client)["Nur Läufe"] != path {
		t.Errorf("the client sees %v", in.stock(t, client))
	}
	if _, text := visit("GET", "/portal/calendars/export?name="+name, nil); !strings.Contains(text, "SUMMARY:Lauf") {
		t.Errorf("exported: %s", text)
	}
	redirected("/portal/calendars/delete", url.Values{"name": {name}})
	if all := in.stock(t, client); all["Nur Läufe"] != "" {
		t.Errorf("deleted, the client sees %v", all)
	}
	_, page := visit("GET", "/portal/calendars", nil)
	id := regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(page)
	if id == nil {
		t.Fatalf("nothing can be undone on\n%s", page)
	}
	redirected("/portal/calendars/restore", url.Values{"id": {id[1]}})
	again, err := client.QueryCalendar(t.Context(), path, everything)
	if err != nil || len(again) != 1 || again[0].Path != events[0].Path || again[0].ETag != events[0].ETag {
		t.Errorf("brought back: got %+v, %v, want %+v", again, err, events)
	}
}

// TestTheFreeBusyPageNeedsNoPassword: whoever has its address is told, and nobody else.
func TestTheFreeBusyPageNeedsNoPassword(t *testing.T) {
	in := newSite(t, "").serve(t)
	visit := in.portalOf(t, "ada")
	visit("POST", "/portal/calendars/free-busy", url.Values{"on": {"1"}})
	_, page := visit("GET", "/portal/calendars", nil)
	address := regexp.MustCompile(`/freebusy\?[^<]+`).FindString(page)
	in.client.Jar = nil
	address = strings.ReplaceAll(address, "&amp;", "&")
	status, text, header := in.do(t, "GET", address, "", "")
	if status != http.StatusOK || !strings.Contains(text, "BEGIN:VFREEBUSY") || !strings.HasPrefix(header.Get("Content-Type"), "text/calendar") {
		t.Errorf("got %d %s", status, text)
	}
	if status, _, _ = in.do(t, "GET", address+"x", "", ""); status != http.StatusNotFound {
		t.Errorf("a wrong address: got %d, want 404", status)
	}
	in.stop()
	if token := regexp.MustCompile(`token=(\w+)`).FindStringSubmatch(address); token == nil || strings.Contains(in.log.String(), token[1]) {
		t.Error("the log has the secret of the address")
	}
}
