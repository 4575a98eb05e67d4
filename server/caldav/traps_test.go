package caldav_test

import (
	"encoding/xml"
	"fmt"

	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/server/caldav"
	"calport/server/dav"
	"calport/server/store"
)

// Each of these tests is a trap that some calendar server has fallen into with real clients; the numbers are those of
// the list in reference/caldav-clients.md section 4.2. What is better read as a conversation stands in testdata.

const (
	nsCS    = "http://calendarserver.org/ns/"
	adaCal  = adaHome + "calendar/"
	makeCal = `<C:mkcalendar xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:set><D:prop>%s</D:prop></D:set></C:mkcalendar>`
	patch   = `<D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:I="http://apple.com/ns/ical/"><D:set><D:prop>%s</D:prop></D:set></D:propertyupdate>`
)

// inner is the contents of a property of the first response, "" with ok false if its status is not 200.
func (m multistatus) inner(name dav.Name) (text string, ok bool) {
	for _, ps := range m.Responses[0].Propstats {
		for _, p := range ps.Prop.Properties {
			if p.XMLName == name && strings.Contains(ps.Status, " 200 ") {
				return p.Inner, true
			}
		}
	}
	return "", false
}

// property asks for one property, at Depth 0.
func (s *testServer) property(t testing.TB, who, path string, name dav.Name) (text string, ok bool) {
	t.Helper()
	return readMultistatus(t, s.want(t, who, "PROPFIND", path, propfindFor(name), 207, "Depth: 0")).inner(name)
}

func TestTrap02DiscoveryAnswersCurrentUserPrincipalEverywhere(t *testing.T) {
	s := newServer(t)
	for _, path := range []string{"/", "/principals/", "/principals", "/principals/users/", "/calendars/", "/calendar/dav/ada/user/", "/calendar/dav/ada/user", adaHome, adaCal} {
		if got, _ := s.property(t, "ada", path, dav.CurrentUserPrincipal); !strings.Contains(got, ">/principals/__uids__/"+adaGUID+"/<") {
			t.Errorf("current-user-principal of %s: got %q", path, got)
		}
	}
}

func TestTrap06AllowLetsEvolutionWrite(t *testing.T) {
	s := newServer(t)
	allow := strings.Split(s.want(t, "ada", "OPTIONS", adaCal, "", 200).Header().Get("Allow"), ", ")
	for _, method := range []string{"PUT", "DELETE", "REPORT", "PROPPATCH"} {
		if !slices.Contains(allow, method) {
			t.Errorf("Allow of a calendar lacks %s: %q", method, allow)
		}
	}
}

func TestTrap09PercentEncodingIsDecodedOnceAndEmittedInOneForm(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "PUT", adaCal+"a%40b+c%20d%25e.ics", event("1", "20260901T090000Z"), 201)
	for _, spelling := range []string{"a@b+c%20d%25e.ics", "a%40b%2Bc%20d%25e.ics", "%61@b+c%20d%25e.ics"} {
		s.want(t, "ada", "GET", adaCal+spelling, "", 200)
	}
	listing := readMultistatus(t, s.want(t, "ada", "PROPFIND", adaCal, propfindFor(dav.GetETag), 207, "Depth: 1"))
	href := listing.Responses[1].Href
	single := readMultistatus(t, s.want(t, "ada", "PROPFIND", href, propfindFor(dav.GetETag), 207, "Depth: 0"))
	if single.Responses[0].Href != href {
		t.Errorf("the href of a listing is %q, asked for it is %q", href, single.Responses[0].Href)
	}
}

func TestTrap11CollectionsAndPrincipalsEndInASlash(t *testing.T) {
	s := placesServer(t)
	for kind, path := range places {
		asked := strings.TrimSuffix(path, "/")
		if asked == "" {
			continue
		}
		href := readMultistatus(t, s.want(t, "ada", "PROPFIND", asked, propfindFor(dav.ResourceType), 207, "Depth: 0")).Responses[0].Href
		if got, want := strings.HasSuffix(href, "/"), kind < caldav.Object; got != want {
			t.Errorf("href of %s is %s", asked, href)
		}
	}
	for _, name := range []dav.Name{dav.PrincipalURL, dav.CalendarHomeSet, dav.ScheduleInboxURL, dav.ScheduleOutboxURL, dav.NotificationURL, dav.PrincipalCollectionSet} {
		if got, _ := s.property(t, "ada", places[caldav.Principal], name); !strings.HasSuffix(strings.TrimSpace(got), "/</D:href>") {
			t.Errorf("%s is %s, without a slash at its end", name.Local, got)
		}
	}
}

func TestTrap12BriefAndMinimalSkip404AndKeepAPropstat(t *testing.T) {
	s := newServer(t)
	nothing := dav.Name{Space: nsCS, Local: "invite"}
	for _, head := range []string{"Brief: t", "Prefer: return-minimal", "Prefer: return=minimal"} {
		w := s.want(t, "ada", "PROPFIND", adaCal, propfindFor(dav.ResourceType, nothing), 207, "Depth: 0", head)
		if strings.Contains(w.Body.String(), " 404 ") {
			t.Errorf("%s: got a 404 propstat", head)
		}
		if vary := strings.Join(w.Header().Values("Vary"), ","); !strings.Contains(vary, "Brief") || !strings.Contains(vary, "Prefer") || w.Header().Get("Preference-Applied") == "" {
			t.Errorf("%s: got Vary %q and Preference-Applied %q", head, vary, w.Header().Get("Preference-Applied"))
		}
		m := readMultistatus(t, s.want(t, "ada", "PROPFIND", adaCal, propfindFor(nothing), 207, "Depth: 0", head))
		if len(m.Responses) != 1 || len(m.Responses[0].Propstats) != 1 {
			t.Errorf("%s: nothing is there, and the answer has not one propstat: %+v", head, m)
		}
	}
}

func TestTrap13PropfindTakesWhateverClientsSend(t *testing.T) {
	s := newServer(t)
	for _, body := range []string{
		"", `<propfind xmlns="DAV:"><allprop/></propfind>`, `<propfind xmlns="DAV:"><propname/></propfind>`,
		`<propfind xmlns="DAV:"><prop><x xmlns="urn:never-heard"/><y xmlns=""/></prop></propfind>`,
		`<propfind xmlns="DAV:"><prop/></propfind>`,
		`<propfind xmlns="DAV:"><allprop/><include><current-user-privilege-set/></include></propfind>`,
	} {
		for _, contentType := range []string{"text/xml", "application/xml; charset=utf-8", "", "text/plain"} {
			s.want(t, "ada", "PROPFIND", adaHome, body, 207, "Depth: 1", "Content-Type: "+contentType)
		}
	}
}

func TestTrap14InfinityIsRefused(t *testing.T) {
	s := newServer(t)
	for _, path := range []string{"/", "/principals/", "/calendars/", adaHome, adaCal} {
		for _, head := range []string{"Depth: infinity", "X-No: depth"} {
			w := s.want(t, "ada", "PROPFIND", path, "", 403, head)
			if !strings.Contains(w.Body.String(), "propfind-finite-depth") {
				t.Errorf("%s of %s: got %s", head, path, w.Body)
			}
		}
	}
}

func TestTrap16ETagsAreStrongAndOfTheBytes(t *testing.T) {
	s := newServer(t)
	put := s.want(t, "ada", "PUT", adaCal+"1.ics", event("1", "20260901T090000Z"), 201).Header().Get("ETag")
	get := s.want(t, "ada", "GET", adaCal+"1.ics", "", 200, "Accept-Encoding: gzip").Header().Get("ETag")
	found, _ := s.property(t, "ada", adaCal+"1.ics", dav.GetETag)
	if put != get || found != get || !strings.HasPrefix(get, `"`) || !strings.HasSuffix(get, `"`) {
		t.Errorf("got %s by PUT, %s by GET, %s by PROPFIND", put, get, found)
	}
	again := s.want(t, "ada", "PUT", adaCal+"1.ics", event("1", "20260901T100000Z"), 204).Header().Get("ETag")
	if again == get {
		t.Errorf("other bytes, the same ETag %s", again)
	}
}

func TestTrap17ResourceTypeIsPure(t *testing.T) {
	s := placesServer(t)
	for kind, want := range map[dav.Kind]string{
		caldav.Home:          `<D:collection/>`,
		caldav.Calendar:      `<D:collection/><C:calendar/>`,
		caldav.Subscription:  `<D:collection/><CS:subscribed/>`,
		caldav.Inbox:         `<D:collection/><C:schedule-inbox/>`,
		caldav.Outbox:        `<D:collection/><C:schedule-outbox/>`,
		caldav.Notifications: `<D:collection/><CS:notification/>`,
		caldav.Object:        ``,
	} {
		if got, _ := s.property(t, "ada", places[kind], dav.ResourceType); got != want {
			t.Errorf("resourcetype of %s: got %s, want %s", places[kind], got, want)
		}
	}
}

func TestTrap18And20OneComponentForEachCalendar(t *testing.T) {
	s := newServer(t)
	sets, _ := s.property(t, "ada", adaHome, dav.SupportedComponentSets)
	if want := `<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set><C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>`; sets != want {
		t.Errorf("supported-calendar-component-sets: got %s, want %s", sets, want)
	}
	for path, want := range map[string]string{adaCal: `<C:comp name="VEVENT"/>`, adaHome + "tasks/": `<C:comp name="VTODO"/>`} {
		if got, _ := s.property(t, "ada", path, dav.SupportedCalendarComponentSet); got != want {
			t.Errorf("supported-calendar-component-set of %s: got %s, want %s", path, got, want)
		}
	}
	for hidden, status := range map[string]int{"VPOLL": 207, "VJOURNAL": 201, "VAVAILABILITY": 201, "VFREEBUSY": 201} {
		set := fmt.Sprintf(makeCal, `<C:supported-calendar-component-set><C:comp name="`+hidden+`"/></C:supported-calendar-component-set>`)
		s.want(t, "ada", "MKCALENDAR", adaHome+hidden+"/", set, status)
	}
	if after, _ := s.property(t, "ada", adaHome, dav.SupportedComponentSets); after != sets {
		t.Errorf("a calendar of other components changes what is offered to %s", after)
	}
}

func TestTrap19OneHomeWithCalendarsDirectlyBelow(t *testing.T) {
	s := newServer(t)
	got, _ := s.property(t, "ada", "/principals/users/ada/", dav.CalendarHomeSet)
	if want := "<D:href>" + adaHome + "</D:href>"; got != want {
		t.Errorf("calendar-home-set: got %s, want %s", got, want)
	}
	for _, r := range readMultistatus(t, s.want(t, "ada", "PROPFIND", adaHome, "", 207, "Depth: 1")).Responses {
		if rest := strings.TrimPrefix(r.Href, adaHome); strings.Count(rest, "/") > 1 {
			t.Errorf("%s is not directly below the home", r.Href)
		}
	}
}

func TestTrap21AUIDIsOnceInAHome(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "MKCALENDAR", adaHome+"other/", "", 201)
	s.want(t, "ada", "PUT", adaCal+"1.ics", event("1", "20260901T090000Z"), 201)
	for path, condition := range map[string]string{
		adaCal + "2.ics":        "no-uid-conflict",
		adaHome + "other/1.ics": "unique-scheduling-object-resource",
	} {
		w := s.want(t, "ada", "PUT", path, event("1", "20260901T090000Z"), 403)
		if !strings.Contains(w.Body.String(), condition+"><D:href>"+adaCal+"1.ics</D:href>") {
			t.Errorf("%s: got %s, want %s with the href of the other", path, w.Body, condition)
		}
	}
	s.want(t, "grace", "PUT", "/calendars/users/grace/calendar/1.ics", event("1", "20260901T090000Z"), 201) // another home
}

func TestTrap22NamesAreArbitraryAndCaseSensitive(t *testing.T) {
	s := newServer(t)
	for i, name := range []string{"lower.ics", "LOWER.ics", "no-extension", "a%40b.ics", "a%3Ab.ics", "%2525.ics", "%E2%82%AC%20+.ics", "a;b,c&d='e.ics"} {
		s.want(t, "ada", "PUT", adaCal+name, event(fmt.Sprint(i), "20260901T090000Z"), 201)
		if got := s.want(t, "ada", "GET", adaCal+name, "", 200).Body.String(); !strings.Contains(got, fmt.Sprintf("UID:%d\r\n", i)) {
			t.Errorf("%s: got another's data", name)
		}
	}
	for _, name := range []string{"%00.ics", "%0A.ics", "a%2Fb.ics", strings.Repeat("x", 256), "%ff.ics"} {
		s.want(t, "ada", "PUT", adaCal+name, event("bad", "20260901T090000Z"), 403)
	}
}

func TestTrap23EmptyNamesStayEmpty(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "PROPPATCH", adaCal, fmt.Sprintf(patch, `<D:displayname/><C:calendar-description></C:calendar-description>`), 207)
	for _, name := range []dav.Name{dav.DisplayName, dav.CalendarDescription} {
		if got, ok := s.property(t, "ada", adaCal, name); got != "" || !ok {
			t.Errorf("%s: got %q, %v; want it there and empty", name.Local, got, ok)
		}
	}
}

func TestTrap24ColourKeepsAlphaAndAttribute(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "PROPPATCH", adaCal, fmt.Sprintf(patch, `<I:calendar-color symbolic-color="orange">#FD8208FF</I:calendar-color>`), 207)
	body := s.want(t, "ada", "PROPFIND", adaCal, propfindFor(dav.CalendarColor), 207, "Depth: 0").Body.String()
	if !strings.Contains(body, `symbolic-color='orange'`) || !strings.Contains(body, ">#FD8208FF<") {
		t.Errorf("got %s", body)
	}
}

func TestTrap25TimezoneTextIsKeptAndABadOneIsNotUsed(t *testing.T) {
	s := newServer(t)
	const zone = "BEGIN:VCALENDAR&#13;\nnonsense&#13;\nEND:VCALENDAR&#13;\n"
	s.want(t, "ada", "PROPPATCH", adaCal, fmt.Sprintf(patch, `<C:calendar-timezone>`+zone+`</C:calendar-timezone>`), 207)
	if got, _ := s.property(t, "ada", adaCal, dav.CalendarTimezone); got != zone {
		t.Errorf("got %q, want %q", got, zone)
	}
	s.want(t, "ada", "REPORT", adaCal, `<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:filter><C:comp-filter name="VCALENDAR">
		<C:comp-filter name="VEVENT"><C:time-range start="20260901T000000Z"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`, 207)
}

func TestTrap26ProxiesExistForEverybodyWithAHome(t *testing.T) {
	s := newServer(t)
	for _, who := range []string{"users/ada", "users/grace", "locations/room-turing", "__uids__/" + zoeGUID} {
		for _, proxy := range []string{"calendar-proxy-read/", "calendar-proxy-write"} {
			path := "/principals/" + who + "/" + proxy
			s.want(t, "ada", "PROPFIND", path, "", 207, "Depth: 0")
			s.want(t, "ada", "REPORT", path, `<D:expand-property xmlns:D="DAV:"><D:property name="group-member-set"><D:property name="displayname"/></D:property></D:expand-property>`, 207)
		}
	}
	s.want(t, "ada", "PROPFIND", "/principals/groups/editors/calendar-proxy-read/", "", 404, "Depth: 0")
}

func TestTrap28ThePreferredAddressIsFirstAndLast(t *testing.T) {
	s := newServer(t)
	got, _ := s.property(t, "ada", "/principals/users/ada/", dav.CalendarUserAddressSet)
	if !strings.HasPrefix(got, `<D:href>mailto:ada@example.com</D:href>`) || !strings.HasSuffix(got, `<D:href preferred="1">mailto:ada@example.com</D:href>`) {
		t.Errorf("got %s", got)
	}
	got, _ = s.property(t, "ada", "/principals/locations/room-turing/", dav.CalendarUserAddressSet)
	if !strings.HasSuffix(got, `<D:href preferred="1">urn:x-uid:`+roomGUID+`</D:href>`) {
		t.Errorf("a room without mail: got %s", got)
	}
}

const syncFrom = `<D:sync-collection xmlns:D="DAV:"><D:sync-token>%s</D:sync-token>%s<D:prop><D:getetag/></D:prop></D:sync-collection>`

func TestTrap30SyncForgivesDepthAndMissingLevelButNoWrongToken(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "PUT", adaCal+"1.ics", event("1", "20260901T090000Z"), 201)
	s.want(t, "ada", "PUT", adaCal+"2.ics", event("2", "20260901T090000Z"), 201)
	s.want(t, "ada", "DELETE", adaCal+"2.ics", "", 204)
	if first := s.want(t, "ada", "REPORT", adaCal, fmt.Sprintf(syncFrom, "", ""), 207).Body.String(); strings.Contains(first, " 404 ") || !strings.Contains(first, "1.ics") {
		t.Errorf("the first sync has tombstones, or lacks an event: %s", first)
	}
	for _, level := range []string{"", "<D:sync-level>1</D:sync-level>"} {
		for _, depth := range []string{"Depth: 0", "Depth: 1", "X-No: depth"} {
			s.want(t, "ada", "REPORT", adaCal, fmt.Sprintf(syncFrom, "", level), 207, depth)
		}
	}
	for _, token := range []string{"nonsense", "data:,1_2_3", "http://other.example/7"} {
		w := s.want(t, "ada", "REPORT", adaCal, fmt.Sprintf(syncFrom, token, ""), 403)
		var e struct {
			XMLName    xml.Name
			Conditions []struct{ XMLName xml.Name } `xml:",any"`
		}
		if err := xml.Unmarshal(w.Body.Bytes(), &e); err != nil || len(e.Conditions) != 1 || e.Conditions[0].XMLName != dav.ValidSyncToken {
			t.Errorf("token %q: got %s, want valid-sync-token and nothing else", token, w.Body)
		}
	}
}

func TestTrap31HomeSyncListsCollectionsAndTellsOfRemovedOnes(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "MKCALENDAR", adaHome+"gone/", "", 201)
	first := s.want(t, "ada", "REPORT", adaHome, fmt.Sprintf(syncFrom, "", "<D:sync-level>1</D:sync-level>"), 207).Body.String()
	for _, name := range []string{"calendar/", "tasks/", "inbox/", "outbox/", "notification/", "gone/"} {
		if !strings.Contains(first, "<D:href>"+adaHome+name+"</D:href>") {
			t.Errorf("the first sync of the home lacks %s", name)
		}
	}
	_, rest, _ := strings.Cut(first, "<D:sync-token>")
	token, _, _ := strings.Cut(rest, "<")
	s.want(t, "ada", "DELETE", adaHome+"gone/", "", 204)
	m := readMultistatus(t, s.want(t, "ada", "REPORT", adaHome, fmt.Sprintf(syncFrom, token, "<D:sync-level>1</D:sync-level>"), 207))
	for _, r := range m.Responses {
		if r.Href == adaHome+"gone/" && strings.Contains(r.Status, " 404 ") {
			return
		}
	}
	t.Errorf("the removed calendar is not told: %+v", m)
}

func TestTrap32TheHomesCTagMovesWithAnythingBelow(t *testing.T) {
	s := newServer(t)
	last, _ := s.property(t, "ada", adaHome, dav.GetCTag)
	for name, change := range map[string]func(){
		"a new event":    func() { s.want(t, "ada", "PUT", adaCal+"1.ics", event("1", "20260901T090000Z"), 201) },
		"a new calendar": func() { s.want(t, "ada", "MKCALENDAR", adaHome+"new/", "", 201) },
		"a new name": func() {
			s.want(t, "ada", "PROPPATCH", adaCal, fmt.Sprintf(patch, `<D:displayname>New</D:displayname>`), 207)
		},
		"a notification": func() {
			err := s.store.Write(t.Context(), func(tx *store.Tx) error {
				h, err := tx.Home(adaGUID)
				if err == nil {
					_, _, err = tx.PutObject(h.Collection("notification").ID, store.NewObject{Name: "n.xml", UID: "n", Data: []byte("<n/>")})
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		},
	} {
		change()
		now, _ := s.property(t, "ada", adaHome, dav.GetCTag)
		if now == last {
			t.Errorf("after %s the ctag is still %s", name, now)
		}
		last = now
	}
}

func TestTrap33TokensOutliveARestartButNotARestore(t *testing.T) {
	dir := t.TempDir()
	open := func() *testServer {
		s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "calport.db")})
		if err != nil {
			t.Fatal(err)
		}
		snapshot := directory.NewSnapshot(people(), time.Time{})
		h, err := caldav.New(caldav.Options{Store: s, People: func() *directory.Snapshot { return snapshot }})
		if err != nil {
			t.Fatal(err)
		}
		return &testServer{handler: h, store: s}
	}
	s := open()
	token, _ := s.property(t, "ada", adaCal, dav.SyncToken)
	s.store.Close()
	s = open()
	defer s.store.Close()
	s.want(t, "ada", "REPORT", adaCal, fmt.Sprintf(syncFrom, token, ""), 207)
	if _, err := s.store.RaiseEpoch(t.Context()); err != nil { // what a restore does
		t.Fatal(err)
	}
	s.want(t, "ada", "REPORT", adaCal, fmt.Sprintf(syncFrom, token, ""), 403)
}

func TestTrap34TimeRangesHaveOpenEndsAndZones(t *testing.T) {
	s := newServer(t)
	const zone = "BEGIN:VCALENDAR&#13;\nVERSION:2.0&#13;\nPRODID:x&#13;\nBEGIN:VTIMEZONE&#13;\nTZID:X&#13;\nBEGIN:STANDARD&#13;\n" +
		"DTSTART:19700101T000000&#13;\nTZOFFSETFROM:+1200&#13;\nTZOFFSETTO:+1200&#13;\nEND:STANDARD&#13;\nEND:VTIMEZONE&#13;\nEND:VCALENDAR&#13;\n"
	s.want(t, "ada", "PROPPATCH", adaCal, fmt.Sprintf(patch, `<C:calendar-timezone>`+zone+`</C:calendar-timezone>`), 207)
	s.want(t, "ada", "PUT", adaCal+"floating.ics", event("floating", "20260901T100000"), 201) // 22:00 of the day before, in UTC
	allDay := strings.NewReplacer("DTSTART:", "DTSTART;VALUE=DATE:", "DURATION:PT1H\r\n", "").Replace(event("all-day", "20260901"))
	s.want(t, "ada", "PUT", adaCal+"all-day.ics", allDay, 201) // from 12:00 of the day before
	daily := strings.Replace(event("daily", "20260901T150000Z"), "SUMMARY:", "RRULE:FREQ=DAILY\r\nSUMMARY:", 1)
	s.want(t, "ada", "PUT", adaCal+"daily.ics", daily, 201)
	for span, want := range map[string]string{
		`start="20260831T220000Z" end="20260831T230000Z"`: "all-day floating",
		`start="20260831T230000Z" end="20260831T233000Z"`: "all-day", // ends are exclusive
		`start="20260831T113000Z" end="20260831T120000Z"`: "",
		`start="20991231T000000Z"`:                        "daily",
		`end="20260831T130000Z"`:                          "all-day",
		`start="20260902T000000Z" end="20260902T150000Z"`: "",
		`start="20260902T000000Z" end="20260902T150001Z"`: "daily",
	} {
		m := readMultistatus(t, s.want(t, "ada", "REPORT", adaCal, `<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:filter>
			<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range `+span+`/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`, 207))
		var got []string
		for _, r := range m.Responses {
			got = append(got, strings.TrimSuffix(strings.TrimPrefix(r.Href, adaCal), ".ics"))
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", span, got, want)
		}
	}
}

func TestTrap35MultigetNamesWhatIsMissingAndEchoesHrefs(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "PUT", adaCal+"a%20b.ics", event("1", "20260901T090000Z"), 201)
	asked := []string{adaCal + "a%20b.ics", adaCal + "%61%20b.ics", adaCal + "missing.ics"}
	body := `<C:calendar-multiget xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><D:getetag/></D:prop>`
	for _, href := range asked {
		body += "<D:href>" + href + "</D:href>"
	}
	m := readMultistatus(t, s.want(t, "ada", "REPORT", adaCal, body+"</C:calendar-multiget>", 207))
	got := map[string]string{}
	for _, r := range m.Responses {
		got[r.Href] = r.Status
	}
	if len(got) != 3 || got[asked[0]] != "" || got[asked[1]] != "" || !strings.Contains(got[asked[2]], " 404 ") {
		t.Errorf("got %v", got)
	}
}

func TestTrap36AnyPropertyIsKeptAnywhere(t *testing.T) {
	s := placesServer(t)
	for kind, path := range places {
		if kind < caldav.Principal {
			continue
		}
		s.want(t, "ada", "PROPPATCH", path, fmt.Sprintf(patch, `<X:future xmlns:X="urn:apple:2031">yes</X:future>`), 207)
		if got, _ := s.property(t, "ada", path, dav.Name{Space: "urn:apple:2031", Local: "future"}); got != "yes" {
			t.Errorf("%s lost the property: got %q", path, got)
		}
	}
}

func TestTrap37TheBytesAreKept(t *testing.T) {
	s := newServer(t)
	data := "\ufeffBEGIN:VCALENDAR\nVERSION:2.0\r\nPRODID:x\r\nbegin:vevent\r\nX-APPLE-TRAVEL;X-A=\"1\":PT1H\r\nUID:Ä-1\r\nDTSTAMP:20260801T000000Z\r\n" +
		"DTSTART:20260901T090000Z\r\nSUMMARY:folded where no\r\n body would fold 🗓\r\nEND:VEVENT\r\n\r\nEND:VCALENDAR"
	etag := s.want(t, "ada", "PUT", adaCal+"1.ics", data, 201, "Content-Type: text/calendar").Header().Get("ETag")
	w := s.want(t, "ada", "GET", adaCal+"1.ics", "", 200)
	if w.Body.String() != data || w.Header().Get("ETag") != etag || etag == "" {
		t.Errorf("got %q with ETag %s, want %q with %s", w.Body, w.Header().Get("ETag"), data, etag)
	}
}

func TestTrap44MkcalendarTakesStrangeProperties(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "MKCALENDAR", adaHome+"a/", fmt.Sprintf(makeCal, `<C:calendar-free-busy-set><NO/></C:calendar-free-busy-set><D:owner-comment/><x xmlns="urn:x" a="b"><y/></x>`), 201)
	s.want(t, "ada", "MKCALENDAR", adaHome+"b/", fmt.Sprintf(makeCal, `<D:resourcetype><D:collection/><S:subscribed xmlns:S="`+nsCS+`"/></D:resourcetype>`), 201)
	w := s.want(t, "ada", "MKCALENDAR", adaHome+"a/", "", 403)
	if !strings.Contains(w.Body.String(), "resource-must-be-null") {
		t.Errorf("the second time: got %s", w.Body)
	}
}

func TestTrap45AnotherDefaultCalendarIsPickedWhenItIsDeleted(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "MKCALENDAR", adaHome+"other/", "", 201)
	s.want(t, "ada", "DELETE", adaHome+"calendar/", "", 204)
	if got, _ := s.property(t, "ada", adaHome+"inbox/", dav.ScheduleDefaultCalendar); got != "<D:href>"+adaHome+"other</D:href>" {
		t.Errorf("the default is %s now", got)
	}
	s.want(t, "ada", "DELETE", adaHome+"other/", "", 204)
	if got, _ := s.property(t, "ada", adaHome+"inbox/", dav.ScheduleDefaultCalendar); got != "" {
		t.Errorf("without a calendar the default is %s", got)
	}
	invitation := strings.Replace(event("1", "20260901T090000Z"), "END:VEVENT",
		"ORGANIZER:mailto:grace@example.com\r\nATTENDEE:mailto:ada@example.com\r\nEND:VEVENT", 1)
	s.want(t, "grace", "PUT", "/calendars/users/grace/calendar/1.ics", invitation, 201)
	if got, _ := s.property(t, "ada", adaHome+"inbox/", dav.ScheduleDefaultCalendar); got != "<D:href>"+adaHome+"calendar</D:href>" {
		t.Errorf("after an invitation the default is %s", got)
	}
}

func TestTrap54TimeZonesOfAllKindsAreTaken(t *testing.T) {
	s := newServer(t)
	for i, id := range []string{"Europe/Berlin", "W. Europe Standard Time", "GMT+0100", "/softwarestudio.org/Tzfile/Europe/Berlin", "/citadel.org/20210210_1/Europe/Berlin"} {
		data := strings.Replace(event(fmt.Sprint(i), "20260901T090000"), "DTSTART:", `DTSTART;TZID="`+id+`":`, 1)
		s.want(t, "ada", "PUT", fmt.Sprintf("%s%d.ics", adaCal, i), data, 201)
	}
	w := s.want(t, "ada", "PUT", adaCal+"x.ics", strings.Replace(event("x", "20260901T090000"), "DTSTART:", "DTSTART;TZID=Narnia:", 1), 403)
	if !strings.Contains(w.Body.String(), "valid-timezone") {
		t.Errorf("an unknown zone: got %s", w.Body)
	}
}
