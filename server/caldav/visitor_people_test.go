package caldav_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/server/caldav"
	"calport/server/schedule"
	"calport/server/store"
)

// delegates are somebody's, in words.
func delegates(t testing.TB, o *office, who, whose *directory.Principal) string {
	t.Helper()
	all, err := o.As(who).Delegates(t.Context(), whose)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, d := range all {
		word := d.Who.ShortName + " reads"
		if d.Write {
			word = d.Who.ShortName + " writes"
		}
		if d.Fixed {
			word += " fixed"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

func TestDelegatesNamedByOtherDoorsAreThoseOfTheProxyGroups(t *testing.T) {
	o := newOffice(t, 3)
	ada, grace, linus := o.people[0], o.people[1], o.people[2]
	a := o.As(ada)
	may := func(who *directory.Principal, method string) bool {
		body := meetingOf("x", 9, ada, ada)
		if method == "GET" {
			body = ""
		}
		return o.do(who, method, inCalendar(ada, "x.ics"), body).Code < 300
	}
	if err := a.AddDelegate(t.Context(), ada, grace, true); err != nil {
		t.Fatal(err)
	}
	if err := a.AddDelegate(t.Context(), ada, linus, false); err != nil {
		t.Fatal(err)
	}
	if got := delegates(t, o, ada, ada); got != "p1 writes, p2 reads" {
		t.Errorf("got %s", got)
	}
	if !may(grace, "PUT") || may(linus, "PUT") || !may(linus, "GET") {
		t.Error("the rights are not those that were given")
	}
	w := o.do(ada, "PROPFIND", "/principals/__uids__/"+ada.GUID+"/calendar-proxy-write/", `<propfind xmlns="DAV:"><prop><group-member-set/></prop></propfind>`,
		"Content-Type: application/xml", "Depth: 0")
	if !strings.Contains(w.Body.String(), grace.GUID) || strings.Contains(w.Body.String(), linus.GUID) {
		t.Errorf("the proxy group is another:\n%s", w.Body)
	}
	if _, write := o.As(grace).Delegators(); len(write) != 1 || write[0] != ada {
		t.Errorf("Grace acts for %v", write)
	}
	if err := a.AddDelegate(t.Context(), ada, grace, false); err != nil {
		t.Fatal(err)
	}
	if err := a.RemoveDelegate(t.Context(), ada, linus.GUID); err != nil {
		t.Fatal(err)
	}
	if got := delegates(t, o, ada, ada); got != "p1 reads" {
		t.Errorf("got %s", got)
	}
	if may(grace, "PUT") || may(linus, "GET") {
		t.Error("the rights are not those that were left")
	}
}

func TestDelegatesAreNamedByWhomTheyActForOnly(t *testing.T) {
	o := newOffice(t, 3)
	ada, grace, linus := o.people[0], o.people[1], o.people[2]
	if err := o.As(ada).AddDelegate(t.Context(), ada, grace, true); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"a stranger names himself":        o.As(linus).AddDelegate(t.Context(), ada, linus, true),
		"a delegate names another":        o.As(grace).AddDelegate(t.Context(), ada, linus, true),
		"a delegate takes himself away":   o.As(grace).RemoveDelegate(t.Context(), ada, grace.GUID),
		"a stranger asks who they are":    second(o.As(linus).Delegates(t.Context(), ada)),
		"somebody names himself":          o.As(ada).AddDelegate(t.Context(), ada, ada, true),
		"a room is named":                 o.As(ada).AddDelegate(t.Context(), ada, o.room, true),
		"who is none is taken away":       o.As(ada).RemoveDelegate(t.Context(), ada, linus.GUID),
		"a stranger gives away the room":  o.As(ada).AddDelegate(t.Context(), o.room, ada, true),
		"a stranger looks into the room":  third(o.As(ada).Bookings(t.Context(), o.room, o.clock, o.clock.AddDate(0, 0, 30))),
		"a stranger looks into calendars": third(o.As(linus).Bookings(t.Context(), ada, o.clock, o.clock.AddDate(0, 0, 30))),
	} {
		if got := status(t, err); got != http.StatusForbidden && got != http.StatusNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := delegates(t, o, ada, ada); got != "p1 writes" {
		t.Errorf("got %s", got)
	}
}

func third[T, U any](_ T, _ U, err error) error { return err }

// TestWhoWritesForARoomSaysWhoElseDoes: nobody signs in as a room.
func TestWhoWritesForARoomSaysWhoElseDoes(t *testing.T) {
	o := newOffice(t, 3)
	ada, grace, linus := o.people[0], o.people[1], o.people[2]
	o.room.Delegates.Write = []string{ada.GUID}
	o.reload(t)
	if got := o.As(ada).Places(); len(got) != 1 || got[0].GUID != o.room.GUID {
		t.Fatalf("Ada keeps %v", got)
	}
	if got := o.As(grace).Places(); len(got) != 0 {
		t.Errorf("Grace keeps %v", got)
	}
	if err := o.As(ada).AddDelegate(t.Context(), o.room, grace, false); err != nil {
		t.Fatal(err)
	}
	if got := delegates(t, o, ada, o.room); got != "p0 writes fixed, p1 reads" {
		t.Errorf("got %s", got)
	}
	set := func(who *directory.Principal) int {
		return status(t, o.As(who).SetPlace(t.Context(), o.room, func(s *schedule.PlaceSettings) { s.AutoSchedule = "accept-always" }, store.AuditEntry{}))
	}
	if set(grace) != http.StatusForbidden || set(linus) != http.StatusForbidden || o.PlaceOf(o.room).AutoSchedule != directory.Automatic {
		t.Error("who may not write for the room says how it answers")
	}
	if set(ada) != 0 || o.PlaceOf(o.room).AutoSchedule != directory.AcceptAlways {
		t.Error("who writes for the room cannot say how it answers")
	}
	if got := status(t, o.As(grace).AddDelegate(t.Context(), o.room, linus, false)); got != http.StatusForbidden {
		t.Errorf("who may only read names others: %d, want 403", got)
	}
	if got := status(t, o.As(ada).RemoveDelegate(t.Context(), o.room, ada.GUID)); got != http.StatusNotFound {
		t.Errorf("whom the directory names is taken away: %d, want 404", got)
	}
}

func TestBookingsTellWhoWantsARoomAndWhatItAnswered(t *testing.T) {
	o := newOffice(t, 2)
	ada, grace := o.people[0], o.people[1]
	o.room.Delegates.Read = []string{grace.GUID}
	o.reload(t)
	invite := func(uid string, hour int, more string) {
		t.Helper()
		body := meetingOf(uid, hour, ada, ada)
		room := "ATTENDEE;CUTYPE=ROOM;PARTSTAT=NEEDS-ACTION:urn:x-uid:" + o.room.GUID + "\r\n" + more
		o.put(t, ada, inCalendar(ada, uid+".ics"), strings.Replace(body, "END:VEVENT", room+"END:VEVENT", 1))
	}
	invite("series", 9, "RRULE:FREQ=WEEKLY;COUNT=2\r\n")
	invite("same-time", 9, "CLASS:PRIVATE\r\n")
	all, more, err := o.As(grace).Bookings(t.Context(), o.room, o.clock, o.clock.AddDate(0, 0, 30))
	if err != nil || more {
		t.Fatal(err, more)
	}
	var lines []string
	for _, b := range all {
		lines = append(lines, b.Start.Format("02T15")+" "+b.Summary+" "+b.Organizer+" "+b.Answer)
	}
	got := strings.Join(lines, "|")
	if want := "07T09 Meeting Person 0 ACCEPTED|07T09  Person 0 DECLINED|14T09 Meeting Person 0 ACCEPTED"; got != want && got != "07T09  Person 0 DECLINED|07T09 Meeting Person 0 ACCEPTED|14T09 Meeting Person 0 ACCEPTED" {
		t.Errorf("got %s", got)
	}
	if all, _, err := o.As(grace).Bookings(t.Context(), o.room, o.clock, o.clock.Add(time.Hour)); err != nil || len(all) != 0 {
		t.Errorf("in another time: %v, %v", all, err)
	}
}

func TestBookingsKeepWhatIsKeptFromReaders(t *testing.T) {
	o := newOffice(t, 2)
	ada, grace := o.people[0], o.people[1]
	ada.Delegates.Read = []string{grace.GUID}
	o.reload(t)
	for i, access := range []string{"PUBLIC", "RESTRICTED", "CONFIDENTIAL", "PRIVATE"} {
		body := strings.Replace(meetingOf(access, 9+i, ada, ada), "BEGIN:VEVENT", "X-CALENDARSERVER-ACCESS:"+access+"\r\nBEGIN:VEVENT", 1)
		o.put(t, ada, inCalendar(ada, access+".ics"), body)
	}
	all, _, err := o.As(grace).Bookings(t.Context(), ada, o.clock, o.clock.AddDate(0, 0, 30))
	if err != nil || len(all) != 4 {
		t.Fatalf("got %+v, %v", all, err)
	}
	for i, b := range all {
		if kept := i >= 2; b.Private != kept || (b.Summary+b.Organizer == "") != kept {
			t.Errorf("got %+v", b)
		}
	}
}

// reload makes the server anew, with the directory as it is now.
func (o *office) reload(t testing.TB) {
	t.Helper()
	snapshot := directory.NewSnapshot(append([]*directory.Principal{o.room}, o.people...), o.clock)
	var err error
	o.Server, err = caldav.New(caldav.Options{Store: o.store, People: func() *directory.Snapshot { return snapshot },
		Now: func() time.Time { return o.clock }})
	if err != nil {
		t.Fatal(err)
	}
}
