package web

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/server/caldav"
	"calport/server/schedule"
	"calport/server/store"
)

// caldavDesk joins the calendar server as package cmd does.
type caldavDesk struct {
	caldav.Visitor
	who *directory.Principal
}

// withDesk gives a house the calendar server.
func withDesk(o *Options) {
	calendars, err := caldav.New(caldav.Options{
		Store: o.Sessions.(*store.Store), People: o.People, Now: o.Now, Log: o.Log,
		IsAdmin: func(p *directory.Principal) bool { return o.Access.Admin.Allows(o.People(), p) },
	})
	if err != nil {
		panic(err)
	}
	o.Desk = func(who *directory.Principal) Desk { return caldavDesk{calendars.As(who), who} }
}

func each[From, To any](all []From, err error, convert func(From) To) ([]To, error) {
	var list []To
	for _, one := range all {
		list = append(list, convert(one))
	}
	return list, err
}

func (d caldavDesk) Calendars(ctx context.Context) ([]Calendar, error) {
	all, err := d.Visitor.Calendars(ctx)
	return each(all, err, func(c caldav.CalendarInfo) Calendar { return Calendar(c) })
}

func (d caldavDesk) MakeCalendar(ctx context.Context, n NewCalendar) (string, error) {
	return d.Visitor.MakeCalendar(ctx, caldav.NewCalendar(n))
}

func (d caldavDesk) ChangeCalendar(ctx context.Context, name, title, color string) error {
	return d.Visitor.ChangeCalendar(ctx, name, caldav.CalendarChange{Title: &title, Color: &color})
}

func (d caldavDesk) DeletedCalendars(ctx context.Context) ([]DeletedCalendar, error) {
	all, err := d.Visitor.DeletedCalendars(ctx)
	return each(all, err, func(c caldav.DiscardedCalendar) DeletedCalendar { return DeletedCalendar(c) })
}

func (d caldavDesk) RestoreCalendar(ctx context.Context, id int64) (Restored, error) {
	back, err := d.Visitor.RestoreCalendar(ctx, id)
	return Restored(back), err
}

func (d caldavDesk) Download(w http.ResponseWriter, r *http.Request, name string) {
	get := r.Clone(caldav.WithPrincipal(r.Context(), d.who))
	get.URL = &url.URL{Path: "/calendars/__uids__/" + d.who.GUID + "/" + name + "/"}
	d.Visitor.ServeHTTP(w, get)
}

func (d caldavDesk) Import(ctx context.Context, f ImportFile) error {
	_, err := d.Visitor.Import(ctx, caldav.Import(f))
	return err
}

func (d caldavDesk) LastImport(ctx context.Context) (*ImportReport, error) {
	last, err := d.Visitor.LastImport(ctx)
	if last == nil || err != nil {
		return nil, err
	}
	why, _ := each(last.Why, nil, func(s caldav.SkippedObject) SkippedObject { return SkippedObject(s) })
	return &ImportReport{File: last.File, Calendars: last.Calendars, Objects: last.Objects, Done: last.Done, Created: last.Created,
		Updated: last.Updated, Same: last.Same, Skipped: last.Skipped, Why: why, Started: last.Started, At: last.At,
		Finished: last.Finished, Failed: last.Failed}, nil
}

func (d caldavDesk) Delegates(ctx context.Context, whose *directory.Principal) ([]Delegate, error) {
	all, err := d.Visitor.Delegates(ctx, whose)
	return each(all, err, func(i caldav.DelegateInfo) Delegate { return Delegate(i) })
}

func (d caldavDesk) SetPlace(ctx context.Context, whose *directory.Principal, to PlaceSettings, by Deed) error {
	set := func(s *schedule.PlaceSettings) { *s = schedule.PlaceSettings(to) }
	return d.Visitor.SetPlace(ctx, whose, set, store.AuditEntry{Actor: by.Actor, Action: by.Action, Object: by.Object, Detail: by.Detail, From: by.From})
}

func (d caldavDesk) Bookings(ctx context.Context, whose *directory.Principal, from, to time.Time) ([]Booking, bool, error) {
	all, more, err := d.Visitor.Bookings(ctx, whose, from, to)
	list, err := each(all, err, func(b caldav.Booking) Booking { return Booking(b) })
	return list, more, err
}

// office is a house with the calendar server, and a browser in it.
func office(t testing.TB, who string) (*house, *client) {
	t.Helper()
	h := build(t, plan{change: withDesk})
	return h, h.browser(t).signIn(who)
}

// named is the name of the calendar with a title, as a page has it.
func (a answer) named(t testing.TB, title string) string {
	t.Helper()
	m := regexp.MustCompile(`one\?(name=[^"]+)" aria-label="Open “` + regexp.QuoteMeta(title) + `”"`).FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("no calendar %q on the page", title)
	}
	q, err := url.ParseQuery(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return q.Get("name")
}

// number is the value of the first field of that name.
func (a answer) number(t testing.TB, field string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + field + `" value="([^"]+)"`).FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("no field %s on the page", field)
	}
	return m[1]
}

func TestCalendarsAreMadeRenamedDeletedAndBroughtBack(t *testing.T) {
	_, b := office(t, "ada")
	b.get(calendarsPath).wants(t, http.StatusOK).says(t, "Calendar", "Tasks", "new invitations", "new tasks").silent(t, "Undo")
	b.post(calendarsPath, url.Values{"title": {" Choir \x00& band "}, "kind": {"events"}, "color": {"#ff9500"}}).wants(t, http.StatusSeeOther).header(t, "Location", calendarsPath)
	b.post(calendarsPath, url.Values{"title": {"Errands"}, "kind": {"tasks"}}).wants(t, http.StatusSeeOther)
	b.post(calendarsPath, url.Values{"kind": {"subscription"}, "address": {"webcal://example.com/holidays.ics"}}).wants(t, http.StatusSeeOther)
	page := b.get(calendarsPath).says(t, "Choir &amp; band", "Errands", "Subscription to https://example.com/holidays.ics", `fill="#ff9500"`)
	name := page.named(t, "Choir &amp; band")

	one := calendarPath + "?" + url.Values{"name": {name}}.Encode()
	b.get(one).wants(t, http.StatusOK).says(t, "Choir &amp; band", `value="#ff9500"`, "0 events")
	b.post(calendarPath, url.Values{"name": {name}, "title": {"Choir"}, "color": {"#63da38"}}).wants(t, http.StatusSeeOther)
	b.get(one).says(t, `value="Choir"`, `value="#63da38"`)
	b.get(exportPath+"?"+url.Values{"name": {name}}.Encode()).wants(t, http.StatusOK).
		header(t, "Content-Disposition", `attachment; filename="Choir.ics"; filename*=UTF-8''Choir.ics`).says(t, "BEGIN:VCALENDAR", "X-WR-CALNAME:Choir")

	b.post(deletePath, url.Values{"name": {name}}).wants(t, http.StatusSeeOther)
	b.get(one).wants(t, http.StatusNotFound).says(t, "not there any more")
	page = b.get(calendarsPath).says(t, "“Choir” has been deleted.", "Undo")
	id := page.number(t, "id")
	b.post(restorePath, url.Values{"id": {id}}).wants(t, http.StatusSeeOther)
	b.get(calendarsPath+"?back="+name).says(t, "“Choir” is back").silent(t, "Undo")
	b.get(one).wants(t, http.StatusOK)
	b.post(deletePath, url.Values{"name": {name}}).wants(t, http.StatusSeeOther)
	b.post(erasePath, url.Values{"id": {id}}).wants(t, http.StatusSeeOther)
	b.get(calendarsPath).silent(t, "Choir")
}

func TestWrongFormsAboutCalendarsAreSaidInWords(t *testing.T) {
	_, b := office(t, "ada")
	for _, c := range []struct {
		path   string
		form   url.Values
		status int
		words  string
	}{
		{calendarsPath, url.Values{"title": {" \u200b "}}, http.StatusBadRequest, "no name"},
		{calendarsPath, url.Values{"kind": {"subscription"}, "address": {"javascript:alert(1)"}}, http.StatusBadRequest, "no address of a calendar"},
		{calendarsPath, url.Values{"kind": {"subscription"}, "address": {"https://"}}, http.StatusBadRequest, "no address of a calendar"},
		{calendarPath, url.Values{"name": {"calendar"}, "title": {""}}, http.StatusBadRequest, "no name"},
		{calendarPath, url.Values{"name": {"inbox"}, "title": {"x"}}, http.StatusNotFound, "not there"},
		{deletePath, url.Values{"name": {"inbox"}}, http.StatusNotFound, "not there"},
		{deletePath, url.Values{"name": {"../../x"}}, http.StatusNotFound, "not there"},
		{restorePath, url.Values{"id": {"12"}}, http.StatusNotFound, "not there"},
		{restorePath, url.Values{"id": {"x"}}, http.StatusNotFound, "not there"},
		{erasePath, url.Values{"id": {"12"}}, http.StatusNotFound, "not there"},
		{delegationPath, url.Values{"who": {"nobody"}, "may": {"write"}}, http.StatusNotFound, "not there"},
		{delegationPath, url.Values{"of": {"nobody"}, "who": {"x"}}, http.StatusNotFound, "no such room"},
		{undelegatePath, url.Values{"who": {"nobody"}}, http.StatusNotFound, "not there"},
		{importPath, url.Values{"calendar": {"calendar"}}, http.StatusBadRequest, "could not be read"},
	} {
		b.post(c.path, c.form).wants(t, c.status).says(t, c.words)
	}
	b.get(exportPath+"?name=inbox").wants(t, http.StatusNotFound)
	b.get(roomPath+"?id=nobody").wants(t, http.StatusNotFound).says(t, "no such room")
	for i := range 60 {
		if a := b.post(calendarsPath, url.Values{"title": {fmt.Sprint("Calendar ", i)}}); a.StatusCode != http.StatusSeeOther {
			a.wants(t, http.StatusInsufficientStorage).says(t, "no room for it")
			return
		}
	}
	t.Error("calendars without end")
}

func TestPagesOfCalendarsAreForTheirOwner(t *testing.T) {
	h, ada := office(t, "ada")
	ada.post(calendarsPath, url.Values{"title": {"Secret plans"}}).wants(t, http.StatusSeeOther)
	name := ada.get(calendarsPath).named(t, "Secret plans")
	grace := h.browser(t).signIn("grace")
	grace.get(calendarsPath).silent(t, "Secret plans")
	q := "?" + url.Values{"name": {name}}.Encode()
	grace.get(calendarPath+q).wants(t, http.StatusNotFound)
	grace.get(exportPath+q).wants(t, http.StatusNotFound)
	for _, path := range []string{calendarPath, deletePath} {
		grace.post(path, url.Values{"name": {name}, "title": {"Mine"}}).wants(t, http.StatusNotFound)
	}
	ada.post(deletePath, url.Values{"name": {name}}).wants(t, http.StatusSeeOther)
	id := ada.get(calendarsPath).number(t, "id")
	grace.post(restorePath, url.Values{"id": {id}}).wants(t, http.StatusNotFound)
	grace.post(erasePath, url.Values{"id": {id}}).wants(t, http.StatusNotFound)
	ada.get(calendarsPath).says(t, "Secret plans")
}

func TestCalendarsNeedTheRightToUseTheServer(t *testing.T) {
	only := directory.Access{Profile: directory.Rule{Everyone: true}}
	b := build(t, plan{change: withDesk, access: &only}).browser(t).signIn("ada")
	b.get(homePath).silent(t, calendarsPath)
	for _, path := range []string{calendarsPath, delegationPath, roomsPath, importPath} {
		b.get(path).wants(t, http.StatusForbidden).says(t, "may not use the calendar server")
	}
	b = build(t, plan{}).browser(t).signIn("ada")
	b.get(calendarsPath).wants(t, http.StatusNotFound)
}

// upload sends a file as the form of the page does.
func (b *client) upload(calendar, file string, data []byte) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("calendar", calendar)
	part, err := form.CreateFormFile("file", file)
	if err != nil {
		b.t.Fatal(err)
	}
	part.Write(data)
	form.Close()
	return b.do(http.MethodPost, importPath, &body, "Content-Type", form.FormDataContentType())
}

const holiday = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nX-WR-CALNAME:Away\r\n" +
	"BEGIN:VEVENT\r\nUID:h1\r\nDTSTAMP:20260801T100000Z\r\nDTSTART;VALUE=DATE:20260901\r\nSUMMARY:Holiday\r\nEND:VEVENT\r\n" +
	"BEGIN:VTODO\r\nUID:h2\r\nDTSTAMP:20260801T100000Z\r\nSUMMARY:Pack <b>bags</b>\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"

func TestImportTellsWhatBecameOfEachEntry(t *testing.T) {
	_, b := office(t, "ada")
	b.get(importPath).wants(t, http.StatusOK).says(t, "How to get such a file", `<option value="calendar">Calendar`)
	b.upload("calendar", `C:\files\away.ics`, []byte(holiday)).wants(t, http.StatusSeeOther).header(t, "Location", importPath)
	page := b.get(importPath).says(t, "“away.ics” has been imported", "Pack &lt;b&gt;bags&lt;/b&gt;", "does not take this kind (VTODO)")
	for term, number := range map[string]string{"New": "1", "Brought up to date": "0", "There already": "0", "Skipped": "1"} {
		page.says(t, "<dt>"+term+"</dt><dd>"+number+"</dd>")
	}
	b.get(exportPath+"?name=calendar").says(t, "SUMMARY:Holiday")
	b.upload("", "away.ics", []byte(holiday)).wants(t, http.StatusSeeOther)
	b.get(importPath).says(t, "It is in the calendar “Calendar” already")
	b.get(calendarsPath).says(t, "Open “Away”") // for the task
	b.upload("", "away.ics", []byte(strings.ReplaceAll(holiday, "Away", "Nowhere"))).wants(t, http.StatusSeeOther)
	b.get(importPath).says(t, "No calendar was made for it")
	b.get(calendarsPath).silent(t, "Nowhere")
}

func TestImportRefusesWhatIsNoCalendarFile(t *testing.T) {
	_, b := office(t, "ada")
	b.upload("calendar", "page.ics", []byte("<html>")).wants(t, http.StatusBadRequest).says(t, "This is no calendar file", "line 1")
	b.upload("calendar", "empty.ics", nil).wants(t, http.StatusBadRequest).says(t, "This is no calendar file")
	b.upload("nowhere", "away.ics", []byte(holiday)).wants(t, http.StatusNotFound)
	b.upload("calendar", "big.ics", bytes.Repeat([]byte("x"), maxImport+maxForm+1)).wants(t, http.StatusRequestEntityTooLarge).says(t, "16 MB")
	b.do(http.MethodPost, importPath, strings.NewReader("x"), "Content-Type", "multipart/form-data; boundary=x").wants(t, http.StatusBadRequest)
	b.get(importPath).silent(t, "has been imported")
}

func TestFreeBusyPageIsSwitchedOnAndOff(t *testing.T) {
	h, b := office(t, "ada")
	b.get(calendarsPath).silent(t, "/freebusy?")
	b.post(busyPath, url.Values{"on": {"1"}}).wants(t, http.StatusSeeOther)
	address := regexp.MustCompile(regexp.QuoteMeta(h.URL) + `/freebusy\?[^<]+`)
	first := address.FindString(b.get(calendarsPath).body)
	b.post(busyPath, url.Values{"on": {"1"}}).wants(t, http.StatusSeeOther)
	if second := address.FindString(b.get(calendarsPath).body); first == "" || second == "" || first == second {
		t.Errorf("got %q, then %q", first, second)
	}
	b.post(busyPath, url.Values{"on": {"0"}}).wants(t, http.StatusSeeOther)
	b.get(calendarsPath).silent(t, "/freebusy?").says(t, "Switch it on")
}

func TestDelegatesAreFoundAddedChangedAndRemoved(t *testing.T) {
	h, b := office(t, "ada")
	grace := h.person(t, "grace")
	b.get(delegationPath).wants(t, http.StatusOK).says(t, "Nobody yet.", "Nobody has made you a delegate.")
	b.get(delegationPath+"?q=grace").says(t, grace.FullName, grace.GUID).silent(t, "Nobody is found")
	b.get(delegationPath+"?q=byron").says(t, "Nobody else is found")
	b.get(delegationPath+"?q=zzzz").says(t, "Nobody is found")
	b.post(delegationPath, url.Values{"who": {grace.GUID}, "may": {"write"}}).wants(t, http.StatusSeeOther).header(t, "Location", delegationPath)
	if e := h.audited(t, "delegate.add"); e.Detail != "write grace" || e.Object != h.person(t, "ada").GUID {
		t.Errorf("got %+v", e)
	}
	b.get(delegationPath).says(t, grace.FullName, "Reads and changes")
	h.browser(t).signIn("grace").get(delegationPath).says(t, "Ada", "in this person’s name")
	b.post(delegationPath, url.Values{"who": {grace.GUID}, "may": {"read"}}).wants(t, http.StatusSeeOther)
	b.get(delegationPath).says(t, "Reads only")
	b.post(undelegatePath, url.Values{"who": {grace.GUID}}).wants(t, http.StatusSeeOther)
	b.get(delegationPath).says(t, "Nobody yet.")
	b.post(delegationPath, url.Values{"who": {h.person(t, "ada").GUID}}).wants(t, http.StatusForbidden)
}

func TestOneTimeLinksOpenNothingToOthers(t *testing.T) {
	h := build(t, plan{change: withDesk})
	b := h.browser(t)
	b.post(linkPath, url.Values{"key": {h.link(t, "ada")}}).wants(t, http.StatusSeeOther)
	b.get(delegationPath).wants(t, http.StatusOK)
	for path, form := range map[string]url.Values{
		delegationPath: {"who": {h.person(t, "grace").GUID}, "may": {"write"}}, undelegatePath: {"who": {"x"}}, busyPath: {"on": {"1"}},
	} {
		b.post(path, form).wants(t, http.StatusForbidden).says(t, "one-time link")
	}
}

func TestRoomsAreForWhoKeepsThem(t *testing.T) {
	h, ada := office(t, "ada")
	var room *directory.Principal
	for p := range h.live.Snapshot().All(directory.Room) {
		room = p
	}
	one := roomPath + "?" + url.Values{"id": {room.GUID}}.Encode()
	ada.get(homePath).silent(t, roomsPath)
	ada.get(roomsPath).wants(t, http.StatusOK).says(t, "You keep no room")
	ada.get(one).wants(t, http.StatusNotFound)
	ada.post(delegationPath, url.Values{"of": {room.GUID}, "who": {h.person(t, "ada").GUID}, "may": {"write"}}).wants(t, http.StatusNotFound)

	admin := h.browser(t).signIn("admin")
	admin.get(roomsPath).says(t, room.FullName, "All rooms and resources")
	admin.get(one).wants(t, http.StatusOK).says(t, room.FullName, "How it answers", "Nothing is booked in this time.")
	admin.post(delegationPath, url.Values{"of": {room.GUID}, "who": {h.person(t, "ada").GUID}, "may": {"write"}}).
		wants(t, http.StatusSeeOther).header(t, "Location", one)
	ada.get(roomsPath).says(t, room.FullName).silent(t, "All rooms")
	ada.get(homePath).says(t, roomsPath)
	setting := url.Values{"id": {room.GUID}, "mode": {"accept-always"}, "group": {"nobody at all"}}
	ada.post(roomPath, setting).wants(t, http.StatusNotFound).says(t, "no such group")
	for g := range h.live.Snapshot().All(directory.Group) {
		setting.Set("group", g.ShortName)
	}
	ada.post(roomPath, setting).wants(t, http.StatusSeeOther).header(t, "Location", one)
	if e := h.audited(t, "room.set"); !strings.HasPrefix(e.Detail, "mode accept-always group ") {
		t.Errorf("got %+v", e)
	}
	ada.get(one).says(t, `value="accept-always" checked`, `value="`+setting.Get("group")+`"`)
	ada.post(roomPath, url.Values{"id": {room.GUID}, "mode": {"sometimes"}}).wants(t, http.StatusBadRequest)
	h.browser(t).signIn("grace").post(roomPath, setting).wants(t, http.StatusNotFound)
	ada.post(roomPath, url.Values{"id": {room.GUID}, "mode": {"automatic"}}).wants(t, http.StatusSeeOther)
	ada.get(one).says(t, `value="automatic" checked`)
	ada.get(one+"&weeks=1").wants(t, http.StatusOK).says(t, "Earlier", "Later")
	ada.get(one+"&q=grace").says(t, h.person(t, "grace").GUID)
}
