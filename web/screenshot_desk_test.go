package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"calport/directory"
	"calport/server/caldav"
)

// inhabited is a house where ada keeps calendars, delegates and a room, which is booked.
func inhabited(t *testing.T) *house {
	t.Helper()
	h := build(t, plan{change: withDesk})
	ada, grace, admin := h.browser(t).signIn("ada"), h.browser(t).signIn("grace"), h.browser(t).signIn("admin")
	for _, form := range []url.Values{
		{"title": {"Work"}, "color": {"#ff9500"}}, {"title": {"Choir & band"}, "color": {"#cc73e1"}}, {"title": {"Old projects"}, "color": {"#a2845e"}},
		{"kind": {"subscription"}, "title": {"Public holidays"}, "address": {"https://holidays.example.com/de/nrw/2026.ics"}, "color": {"#63da38"}},
	} {
		ada.post(calendarsPath, form).wants(t, http.StatusSeeOther)
	}
	ada.post(busyPath, url.Values{"on": {"1"}}).wants(t, http.StatusSeeOther)
	ada.upload("calendar", "away.ics", []byte(holiday)).wants(t, http.StatusSeeOther)
	ada.post(deletePath, url.Values{"name": {ada.get(calendarsPath).named(t, "Old projects")}}).wants(t, http.StatusSeeOther)
	ada.post(delegationPath, url.Values{"who": {h.person(t, "grace").GUID}, "may": {"write"}}).wants(t, http.StatusSeeOther)
	for p := range h.live.Snapshot().All(directory.Group) {
		ada.post(delegationPath, url.Values{"who": {p.GUID}, "may": {"read"}}).wants(t, http.StatusSeeOther)
		break
	}
	grace.post(delegationPath, url.Values{"who": {h.person(t, "ada").GUID}, "may": {"write"}}).wants(t, http.StatusSeeOther)
	room := h.aRoom()
	admin.post(delegationPath, url.Values{"of": {room.GUID}, "who": {h.person(t, "ada").GUID}, "may": {"write"}}).wants(t, http.StatusSeeOther)
	for i, title := range []string{"Weekly meeting", "Interview with the new colleague", "Interview with the new colleague"} {
		h.book(t, room, i, title)
	}
	return h
}

// aRoom is one of the sample organisation's.
func (h *house) aRoom() (room *directory.Principal) {
	for p := range h.live.Snapshot().All(directory.Room) {
		room = p
	}
	return room
}

// book has grace invite a room for tomorrow.
func (h *house) book(t *testing.T, room *directory.Principal, number int, title string) {
	t.Helper()
	grace, start := h.person(t, "grace"), h.clock.now().AddDate(0, 0, 1+number/2).UTC().Format("20060102")
	body := fmt.Sprintf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:book-%[1]d\r\nDTSTAMP:20260801T100000Z\r\n"+
		"DTSTART:%[2]sT%02[3]d0000Z\r\nDURATION:PT1H30M\r\nSUMMARY:%[4]s\r\nORGANIZER:mailto:%[5]s\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:%[5]s\r\n"+
		"ATTENDEE;CUTYPE=ROOM;PARTSTAT=NEEDS-ACTION:urn:x-uid:%[6]s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", number, start, 9+number/3, title, grace.Mail(), room.GUID)
	path := "/calendars/__uids__/" + grace.GUID + fmt.Sprintf("/calendar/book-%d.ics", number)
	r := httptest.NewRequest(http.MethodPut, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "text/calendar")
	w := httptest.NewRecorder()
	h.options.Desk(grace).(caldavDesk).ServeHTTP(w, r.WithContext(caldav.WithPrincipal(t.Context(), grace)))
	if w.Code >= 300 {
		t.Fatalf("PUT: %d\n%s", w.Code, w.Body)
	}
}

// TestScreenshotsOfCalendars takes the pages about calendars, delegates and rooms as TestScreenshots takes the others.
func TestScreenshotsOfCalendars(t *testing.T) {
	c := chrome(t)
	h := inhabited(t)
	room := roomPath + "?" + url.Values{"id": {h.aRoom().GUID}}.Encode()
	var shots []shot
	for _, page := range []struct{ name, path string }{
		{"11-calendars", calendarsPath}, {"11-calendars-back", calendarsPath + "?back=calendar&left=2&invited=1&moved=1"},
		{"11-calendar", calendarPath + "?name=calendar"}, {"12-import", importPath},
		{"13-delegation", delegationPath}, {"13-delegation-search", delegationPath + "?q=a"},
		{"14-rooms", roomsPath}, {"14-room", room}, {"14-room-search", room + "&q=linus"},
	} {
		shots = append(shots, shot{name: page.name, path: page.path, house: h})
	}
	c.walk(t, shots)
}
