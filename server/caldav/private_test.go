package caldav_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"calport/directory"
	"calport/server/store"
	"calport/server/store/storetest"
)

// secret is an event with that access.
func secret(uid, access string) string {
	return strings.Replace(event(uid, "20260907T090000Z"), "BEGIN:VEVENT\r\n", "X-CALENDARSERVER-ACCESS:"+access+"\r\nBEGIN:VEVENT\r\nSUMMARY:secret-"+uid+
		"\r\nLOCATION:place-"+uid+"\r\nDESCRIPTION:words-"+uid+"\r\n", 1)
}

// privateOffice has an owner with an event of each access, and somebody who may read and write his calendar.
func privateOffice(t *testing.T) (o *office, owner, guest *directory.Principal) {
	o = newOffice(t, 3)
	owner, guest = o.people[0], o.people[1]
	for _, access := range []string{"PUBLIC", "RESTRICTED", "CONFIDENTIAL", "PRIVATE"} {
		o.put(t, owner, inCalendar(owner, strings.ToLower(access)+".ics"), secret(strings.ToLower(access), access))
	}
	o.grantAll(t, owner, inCalendar(owner, ""), guest)
	return o, owner, guest
}

const (
	queryAll = `<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><D:getetag/><C:calendar-data/></D:prop>
		<C:filter><C:comp-filter name="VCALENDAR">%</C:comp-filter></C:filter></C:calendar-query>`
	ofWeek = `<C:comp-filter name="VEVENT"><C:time-range start="20260906T000000Z" end="20260913T000000Z"/></C:comp-filter>`
	bySaid = `<C:comp-filter name="VEVENT"><C:prop-filter name="SUMMARY"><C:text-match>secret</C:text-match></C:prop-filter></C:comp-filter>`
	byWord = `<C:comp-filter name="VEVENT"><C:prop-filter name="DESCRIPTION"><C:text-match>words</C:text-match></C:prop-filter></C:comp-filter>`
	syncOf = `<D:sync-collection xmlns:D="DAV:"><D:sync-token>%</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>`
)

func TestOthersSeeOfPrivateEventsWhatTheirOwnerLetsThem(t *testing.T) {
	o, owner, guest := privateOffice(t)
	calendar := inCalendar(owner, "")
	report := func(who *directory.Principal, body string) string {
		t.Helper()
		w := o.do(who, "REPORT", calendar, body, "Content-Type: text/xml", "Depth: 1")
		if w.Code != http.StatusMultiStatus {
			t.Fatalf("REPORT: %d %s", w.Code, w.Body)
		}
		return w.Body.String()
	}
	multiget := `<C:calendar-multiget xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><C:calendar-data/></D:prop>`
	for _, name := range []string{"public", "restricted", "confidential", "private"} {
		multiget += "<D:href>" + calendar + name + ".ics</D:href>"
	}
	multiget += "</C:calendar-multiget>"
	for _, look := range []struct {
		name string
		do   func(who *directory.Principal) string
	}{
		{"query by time", func(who *directory.Principal) string { return report(who, strings.Replace(queryAll, "%", ofWeek, 1)) }},
		{"query of all", func(who *directory.Principal) string { return report(who, strings.Replace(queryAll, "%", "", 1)) }},
		{"multiget", func(who *directory.Principal) string { return report(who, multiget) }},
		{"GET of the calendar", func(who *directory.Principal) string { return o.do(who, "GET", calendar, "").Body.String() }},
		{"GETs", func(who *directory.Principal) (all string) {
			for _, name := range []string{"public", "restricted", "confidential", "private"} {
				all += o.do(who, "GET", calendar+name+".ics", "").Body.String()
			}
			return all
		}},
		{"expansion", func(who *directory.Principal) string {
			return report(who, strings.Replace(strings.Replace(queryAll, "%", ofWeek, 1), "<C:calendar-data/>",
				`<C:calendar-data><C:expand start="20260906T000000Z" end="20260913T000000Z"/></C:calendar-data>`, 1))
		}},
	} {
		all, some := look.do(owner), look.do(guest)
		for _, word := range []string{"secret-public", "words-public", "secret-restricted", "place-restricted", "UID:confidential"} {
			if !strings.Contains(all, word) || !strings.Contains(some, word) {
				t.Errorf("%s: no %s:\n%s", look.name, word, some)
			}
		}
		for _, word := range []string{"words-restricted", "secret-confidential", "place-confidential", "UID:private", "secret-private"} {
			if !strings.Contains(all, word) {
				t.Errorf("%s: the owner sees no %s:\n%s", look.name, word, all)
			}
			if strings.Contains(some, word) {
				t.Errorf("%s: the guest sees %s:\n%s", look.name, word, some)
			}
		}
	}
	for filter, want := range map[string]string{bySaid: "public restricted", byWord: "public"} {
		got := report(guest, strings.Replace(queryAll, "%", filter, 1))
		for _, name := range []string{"public", "restricted", "confidential", "private"} {
			if strings.Contains(got, "/"+name+".ics") != strings.Contains(want, name) {
				t.Errorf("a search for %s: %s\n%s", filter, name, got)
			}
		}
	}
	if got := o.do(guest, "PROPFIND", calendar, "", "Depth: 1").Body.String(); strings.Contains(got, "private.ics") || !strings.Contains(got, "confidential.ics") {
		t.Errorf("the listing:\n%s", got)
	}
}

func TestPrivateEventsAreNotChangedByOthers(t *testing.T) {
	o, owner, guest := privateOffice(t)
	own := inCalendar(guest, "mine.ics")
	for _, c := range []struct {
		method, name, body string
		head               []string
		want               int
	}{
		{"GET", "private", "", nil, 403},
		{"PROPFIND", "private", "", []string{"Depth: 0"}, 403},
		{"DELETE", "private", "", nil, 403},
		{"PUT", "private", secret("private", "PUBLIC"), nil, 403},
		{"PUT", "confidential", secret("confidential", "PUBLIC"), nil, 403},
		{"PUT", "restricted", secret("restricted", "PUBLIC"), []string{`If-Match: "x"`, "Prefer: return=representation"}, 403},
		{"PUT", "new", secret("new", "CONFIDENTIAL"), nil, 403},
		{"PUT", "public", secret("public", "PRIVATE"), nil, 403},
		{"COPY", "confidential", "", []string{"Destination: " + own}, 403},
		{"MOVE", "restricted", "", []string{"Destination: " + own}, 403},
		{"MOVE", "public", "", []string{"Destination: " + inCalendar(owner, "private.ics")}, 403},
		{"PUT", "public", secret("public", "PUBLIC"), nil, 204},
		{"DELETE", "confidential", "", nil, 204}, // caldav-privateevents section 4.2.4
	} {
		w := o.do(guest, c.method, inCalendar(owner, c.name+".ics"), c.body, c.head...)
		if w.Code != c.want || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s %s: %d, want %d\n%s", c.method, c.name, w.Code, c.want, w.Body)
		}
	}
	w := o.do(guest, "PUT", inCalendar(owner, "new.ics"), secret("new", "CONFIDENTIAL"))
	if !strings.Contains(w.Body.String(), "valid-access-restriction-change") {
		t.Errorf("got %s", w.Body)
	}
	for _, bad := range []string{"SECRET", "PUBLIC\r\nX-CALENDARSERVER-ACCESS:PUBLIC"} {
		if w = o.do(owner, "PUT", inCalendar(owner, "new.ics"), secret("new", bad)); w.Code != 403 || !strings.Contains(w.Body.String(), "valid-access-restriction") {
			t.Errorf("%q: %d %s", bad, w.Code, w.Body)
		}
	}
}

// What becomes private is gone for those who knew it, and comes back.
// What others must not know of they cannot delete either, by whatever request.
func TestABulkRequestDeletesNothingThatIsHidden(t *testing.T) {
	o, owner, guest := privateOffice(t)
	path := inCalendar(owner, "private.ics")
	bulk := `<multiput xmlns="http://me.com/_namespace/" xmlns:D="DAV:"><resource><D:href>` + path + `</D:href><delete/></resource></multiput>`
	w := o.do(guest, "POST", inCalendar(owner, ""), bulk, "Content-Type: text/xml")
	if !strings.Contains(w.Body.String(), "403 Forbidden") {
		t.Errorf("got %d %s, want 403 within", w.Code, w.Body)
	}
	if w := o.do(owner, "GET", path, ""); w.Code != 200 {
		t.Errorf("the event is gone: %d", w.Code)
	}
	if w := o.do(owner, "POST", inCalendar(owner, ""), bulk, "Content-Type: text/xml"); !strings.Contains(w.Body.String(), "200 OK") {
		t.Errorf("its owner cannot delete it: %s", w.Body)
	}
}

func TestSyncTellsWhatBecamePrivateAsGone(t *testing.T) {
	o, owner, guest := privateOffice(t)
	token := func(body string) string {
		_, rest, _ := strings.Cut(body, "<D:sync-token>")
		token, _, _ := strings.Cut(rest, "<")
		return token
	}
	look := func(since string) string {
		return o.do(guest, "REPORT", inCalendar(owner, ""), strings.Replace(syncOf, "%", since, 1), "Content-Type: text/xml").Body.String()
	}
	first := look("")
	if strings.Contains(first, "private.ics") || !strings.Contains(first, "public.ics") {
		t.Errorf("at first:\n%s", first)
	}
	o.put(t, owner, inCalendar(owner, "public.ics"), secret("public", "PRIVATE"))
	second := look(token(first))
	if !strings.Contains(second, "public.ics") || !strings.Contains(second, " 404 ") {
		t.Errorf("what became private:\n%s", second)
	}
	o.put(t, owner, inCalendar(owner, "public.ics"), secret("public", "RESTRICTED"))
	if third := look(token(second)); !strings.Contains(third, "public.ics") || strings.Contains(third, " 404 ") {
		t.Errorf("what is no longer private:\n%s", third)
	}
}

// What was stored before the store knew of private events is found once, and goes for those who knew it.
func TestPrivateEventsOfAnEarlierVersionAreFound(t *testing.T) {
	storetest.OnEveryEngine(t, func(t *testing.T, options store.Options) {
		o := officeOn(t, 2, options)
		owner, guest := o.people[0], o.people[1]
		o.put(t, owner, inCalendar(owner, "1.ics"), event("first", "20260901T090000Z"))
		err := o.store.Write(t.Context(), func(tx *store.Tx) error {
			h, err := tx.Home(strings.ToLower(owner.GUID))
			for i := range 502 { // more than are read together
				if err != nil {
					return err
				}
				name := fmt.Sprintf("%04d.ics", i)
				text := event(name, "20260907T090000Z")
				if i%200 == 0 {
					text = secret(name, "PRIVATE")
				}
				_, _, err = tx.PutObject(h.Collection("calendar").ID, store.NewObject{Name: name, UID: name, Component: "VEVENT",
					Data: []byte(text), FirstStart: 1788771600, LastEnd: 1788775200})
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		o.grantAll(t, owner, inCalendar(owner, ""), guest)
		seen := func() int {
			return strings.Count(o.do(guest, "REPORT", inCalendar(owner, ""), strings.Replace(syncOf, "%", "", 1), "Content-Type: text/xml").Body.String(), ".ics")
		}
		if got := seen(); got != 503 {
			t.Fatalf("the guest sees %d events before", got)
		}
		for range 2 {
			if err := o.IndexAccess(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := seen(); got != 500 {
				t.Errorf("the guest sees %d events, want 500", got)
			}
		}
	})
}

func TestAccessRestrictionsAreOnesOwn(t *testing.T) {
	o := newOffice(t, 3)
	organizer, attendee, guest := o.people[0], o.people[1], o.people[2]
	o.grantAll(t, attendee, inCalendar(attendee, ""), guest)
	restricted := strings.Replace(meetingOf("uid", 9, organizer, attendee), "BEGIN:VEVENT", "X-CALENDARSERVER-ACCESS:CONFIDENTIAL\r\nBEGIN:VEVENT", 1)
	o.put(t, organizer, inCalendar(organizer, "1.ics"), restricted)
	if c := o.copyOf(t, attendee, "uid"); c.Prop("X-CALENDARSERVER-ACCESS") != nil {
		t.Errorf("the organizer's restriction came along:\n%s", c)
	}
	o.put(t, attendee, inCalendar(attendee, "1.ics"), restricted)
	if c := o.copyOf(t, attendee, "uid"); c.Prop("X-CALENDARSERVER-ACCESS").Value() != "CONFIDENTIAL" {
		t.Errorf("the attendee's is not kept:\n%s", c)
	}
	o.put(t, organizer, inCalendar(organizer, "1.ics"), strings.Replace(restricted, "Meeting", "Another", 1))
	w := o.do(guest, "GET", inCalendar(attendee, "1.ics"), "")
	if got := w.Body.String(); w.Code != 200 || strings.Contains(got, "Another") || !strings.Contains(got, "DTSTART") {
		t.Errorf("%d\n%s", w.Code, got)
	}
	busy := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nX-CALENDARSERVER-ACCESS:PRIVATE\r\nBEGIN:VFREEBUSY\r\nUID:1\r\nDTSTAMP:20260901T000000Z\r\n" +
		"DTSTART:20260907T000000Z\r\nDTEND:20260908T000000Z\r\nORGANIZER:mailto:p0@example.com\r\nATTENDEE:mailto:p1@example.com\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
	w = o.do(organizer, "POST", "/calendars/__uids__/"+organizer.GUID+"/outbox/", busy)
	if w.Code != 403 || !strings.Contains(w.Body.String(), "no-access-restrictions") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
