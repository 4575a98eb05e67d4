package caldav_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/server/caldav"
	"calport/server/dav"
)

// newServerOfRules starts a server in which Zoë, a pupil, finds the staff and nobody else.
func newServerOfRules(t *testing.T) *testServer {
	t.Helper()
	s := newServer(t)
	snapshot := directory.NewSnapshot(people(), time.Now())
	handler, err := caldav.New(caldav.Options{
		Store: s.store, People: func() *directory.Snapshot { return snapshot },
		Visibility: directory.Visibility{{
			For: directory.Rule{People: []string{"zoë"}}, Finds: directory.Rule{Groups: []string{"staff"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.handler = handler
	return s
}

// hits are the short names of those among the people whom an answer names.
func hits(body string) (names []string) {
	for _, p := range people() {
		if strings.Contains(body, "<D:href>/principals/__uids__/"+p.GUID+"/</D:href><D:propstat>") {
			names = append(names, p.ShortName)
		}
	}
	return names
}

func TestWhoIsHiddenIsFoundByNoReport(t *testing.T) {
	s := newServerOfRules(t)
	const search = `<D:principal-property-search xmlns:D="DAV:"><D:property-search><D:prop><D:displayname/></D:prop>
		<D:match>a</D:match></D:property-search><D:prop><D:displayname/></D:prop></D:principal-property-search>`
	if got, want := fmt.Sprint(hits(s.want(t, "zoë", "REPORT", "/principals/", search, 207).Body.String())), "[ada linus staff]"; got != want {
		t.Errorf("a pupil finds %s, want %s", got, want)
	}
	if got := hits(s.want(t, "ada", "REPORT", "/principals/", search, 207).Body.String()); len(got) < 5 {
		t.Errorf("a teacher finds %v, want everybody of that name", got)
	}
	for token, want := range map[string]string{"grace": "[]", "lovelace": "[ada]"} {
		body := `<C:calendarserver-principal-search xmlns:C="http://calendarserver.org/ns/" xmlns:D="DAV:"><C:search-token>` + token +
			`</C:search-token><D:prop><D:displayname/></D:prop></C:calendarserver-principal-search>`
		if got := fmt.Sprint(hits(s.want(t, "zoë", "REPORT", "/principals/", body, 207).Body.String())); got != want {
			t.Errorf("a pupil who types %s finds %s, want %s", token, got, want)
		}
	}
}

func TestNobodyAsksForTheTimeOfWhomHeCannotFind(t *testing.T) {
	s := newServerOfRules(t)
	const query = `<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range start="20260901T000000Z" end="20260902T000000Z"/></C:free-busy-query>`
	s.want(t, "zoë", "REPORT", "/calendars/users/ada/calendar/", query, 200)
	s.want(t, "zoë", "REPORT", "/calendars/__uids__/"+graceGUID+"/calendar/", query, 403)
	s.want(t, "zoë", "REPORT", "/calendars/users/grace/calendar/", query, 404)
	s.want(t, "linus", "REPORT", "/calendars/users/grace/calendar/", query, 200)

	request := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:1\r\nDTSTAMP:20260901T000000Z\r\n" +
		"DTSTART:20260901T000000Z\r\nDTEND:20260902T000000Z\r\nORGANIZER:mailto:zoe@example.com\r\nATTENDEE:mailto:ada@example.com\r\n" +
		"ATTENDEE:mailto:grace@example.com\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
	body := s.want(t, "zoë", "POST", "/calendars/users/zo%C3%AB/outbox/", request, 200).Body.String()
	if got := strings.Count(body, "2.0;Success"); got != 1 || !strings.Contains(body, "3.7;") {
		t.Errorf("got %d answers, want one, and 3.7 for the other:\n%s", got, body)
	}
}

// TestThePortalHidesWhomReportsHide: what a visitor does by other doors follows the same rules as a request.
func TestThePortalHidesWhomReportsHide(t *testing.T) {
	s := newServerOfRules(t)
	all := directory.NewSnapshot(people(), time.Now())
	named := func(name string) *directory.Principal {
		p, err := all.ByLogin(name)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	zoe, ada, grace := named("zoë"), named("ada"), named("grace")
	pupil := s.handler.(*caldav.Server).As(zoe)
	if found := pupil.Finds(); !found(ada) || found(grace) {
		t.Errorf("a pupil finds ada: %t, grace: %t, want only ada", found(ada), found(grace))
	}
	var refused *dav.Error
	if err := pupil.AddDelegate(t.Context(), zoe, grace, false); !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("whom she cannot find she makes her delegate: %v", err)
	}
	if err := pupil.AddDelegate(t.Context(), zoe, ada, false); err != nil {
		t.Errorf("whom she finds she cannot make her delegate: %v", err)
	}
}

// A calendar user type that there is none of is nobody's, rather than everybody's.
func TestATypeThatThereIsNoneOfIsNobodys(t *testing.T) {
	s := newServer(t)
	search := func(kind string) string {
		return s.want(t, "ada", "REPORT", "/principals/", `<D:principal-property-search xmlns:D="DAV:"><D:property-search><D:prop>
			<calendar-user-type xmlns="urn:ietf:params:xml:ns:caldav"/></D:prop><D:match>`+kind+`</D:match></D:property-search>
			<D:property-search><D:prop><D:displayname/></D:prop><D:match>a</D:match></D:property-search>
			<D:prop><D:displayname/></D:prop></D:principal-property-search>`, 207, "Prefer: return=representation, depth-noroot").Body.String()
	}
	if got := hits(search("GROUP")); len(got) == 0 {
		t.Error("there are no groups")
	}
	if got := hits(search("ROBOT")); len(got) > 0 {
		t.Errorf("robots are %v", got)
	}
}

// To invite somebody tells nothing of him that was not known before: not the name of whom the rules hide, and by a short
// name, which can be guessed, not even that there is somebody.
func TestAnInvitationTellsNothingOfWhoIsHidden(t *testing.T) {
	s := newServerOfRules(t)
	const path = "/calendars/users/zo%C3%AB/calendar/hidden.ics"
	invite := func(whom string) string {
		t.Helper()
		s.want(t, "zoë", "PUT", path, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:hidden\r\nDTSTAMP:20260901T000000Z\r\n"+
			"DTSTART:20260901T000000Z\r\nDURATION:PT1H\r\nSUMMARY:Hello\r\nORGANIZER:mailto:zoe@example.com\r\nATTENDEE:"+whom+
			"\r\nATTENDEE:/principals/users/ada/\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", 201)
		got := strings.ReplaceAll(s.want(t, "zoë", "GET", path, "", 200).Body.String(), "\r\n ", "")
		s.want(t, "zoë", "DELETE", path, "", 204)
		if !strings.Contains(got, "Lovelace") {
			t.Errorf("the name of whom the pupil finds is missing:\n%s", got)
		}
		return got
	}
	messages := func() int {
		return strings.Count(s.want(t, "grace", "PROPFIND", "/calendars/users/grace/inbox/", "", 207, "Depth: 1").Body.String(), ".ics<")
	}
	if got := invite("mailto:grace@example.com"); strings.Contains(got, "Hopper") || messages() != 2 {
		t.Errorf("by mail: grace has %d messages, want to be invited, and to hear that it is off; her name is not told in\n%s", messages(), got)
	}
	if got := invite("/principals/__uids__/" + graceGUID + "/"); strings.Contains(got, "Hopper") || strings.Contains(got, "grace@") || messages() != 4 {
		t.Errorf("by GUID: grace has %d messages, want two more; neither name nor address is told in\n%s", messages(), got)
	}
	hidden := invite("/principals/users/grace/")
	nobody := strings.ReplaceAll(invite("/principals/users/nobody/"), "nobody", "grace")
	if hidden != nobody || !strings.Contains(hidden, "SCHEDULE-STATUS=3.7") || messages() != 4 {
		t.Errorf("by a guess: %d messages, and the pupil sees\n%s\nwhere there is nobody\n%s", messages(), hidden, nobody)
	}
	for _, path := range []string{"/principals/users/%s/", "/principals/users/%s/calendar-proxy-read/", "/calendars/users/%s/", "/calendars/users/%s/calendar/", "/calendars/users/%s/calendar/1.ics"} {
		for _, method := range []string{"PROPFIND", "GET", "PUT", "MKCALENDAR", "POST", "DELETE"} {
			hidden, nobody := s.do(t, "zoë", method, fmt.Sprintf(path, "grace"), ""), s.do(t, "zoë", method, fmt.Sprintf(path, "nobody"), "")
			if hidden.Code != nobody.Code || strings.ReplaceAll(hidden.Body.String(), "grace", "nobody") != nobody.Body.String() {
				t.Errorf("%s "+path+": %d, and where there is nobody %d", method, "", hidden.Code, nobody.Code)
			}
		}
	}
	s.want(t, "zoë", "PROPFIND", "/principals/__uids__/"+graceGUID+"/", "", 207, "Depth: 0") // whom an event names is looked up
}

// Whose account is switched off, and whom the inviter may not find, is to him as unknown as anybody outside.
func TestAHiddenAccountThatIsOffIsUnknown(t *testing.T) {
	s := newServer(t)
	all := people()
	for _, p := range all {
		if p.ShortName == "grace" {
			p.State = directory.Disabled
		}
	}
	snapshot := directory.NewSnapshot(all, time.Now())
	handler, err := caldav.New(caldav.Options{
		Store: s.store, People: func() *directory.Snapshot { return snapshot },
		Visibility: directory.Visibility{{For: directory.Rule{People: []string{"zoë"}}, Finds: directory.Rule{Groups: []string{"staff"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.handler = handler
	invited := func(who, whom string) string {
		t.Helper()
		path := "/calendars/users/" + who + "/calendar/off.ics"
		address := map[string]string{"zo%C3%AB": "zoe", "linus": "linus"}[who] + "@example.com"
		name := map[string]string{"zo%C3%AB": "zoë", "linus": "linus"}[who]
		s.want(t, name, "PUT", path, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:off\r\nDTSTAMP:20260901T000000Z\r\n"+
			"DTSTART:20260901T000000Z\r\nDURATION:PT1H\r\nORGANIZER:mailto:"+address+"\r\nATTENDEE:mailto:"+whom+"@example.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", 201)
		got := strings.ReplaceAll(s.want(t, name, "GET", path, "", 200).Body.String(), "\r\n ", "")
		s.want(t, name, "DELETE", path, "", 204)
		return got
	}
	if got := invited("linus", "grace"); !strings.Contains(got, "SCHEDULE-STATUS=5.3") {
		t.Errorf("who may find her is not told that she takes nothing any more:\n%s", got)
	}
	if hidden, nobody := invited("zo%C3%AB", "grace"), invited("zo%C3%AB", "nobody"); hidden != strings.ReplaceAll(nobody, "nobody", "grace") {
		t.Errorf("the pupil sees\n%s\nwhere there is nobody\n%s", hidden, nobody)
	}
}
