package caldav_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"calport/server/caldav"
	"calport/server/dav"
	"calport/server/store"
)

// These tests walk the tables, so that they cover rows that are not yet written.

const adaHome = "/calendars/__uids__/" + adaGUID + "/"

// places is one URL of every kind, in a server that placesServer made.
var places = map[dav.Kind]string{
	caldav.Root:                "/",
	caldav.PrincipalCollection: "/principals/users/",
	caldav.HomeCollection:      "/calendars/",
	caldav.Principal:           "/principals/__uids__/" + adaGUID + "/",
	caldav.ProxyRead:           "/principals/users/ada/calendar-proxy-read/",
	caldav.ProxyWrite:          "/principals/users/ada/calendar-proxy-write/",
	caldav.Home:                adaHome,
	caldav.Calendar:            adaHome + "calendar/",
	caldav.Subscription:        adaHome + "holidays/",
	caldav.Inbox:               adaHome + "inbox/",
	caldav.Outbox:              adaHome + "outbox/",
	caldav.Notifications:       adaHome + "notification/",
	caldav.Object:              adaHome + "calendar/1.ics",
	caldav.Message:             adaHome + "inbox/1.ics",
	caldav.Notice:              adaHome + "notification/1.xml",
}

// placesServer has something at each of the places.
func placesServer(t testing.TB) *testServer {
	t.Helper()
	s := newServer(t)
	s.want(t, "ada", "MKCALENDAR", adaHome+"holidays/", `<C:mkcalendar xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"
		xmlns:CS="http://calendarserver.org/ns/"><D:set><D:prop><D:resourcetype><D:collection/><CS:subscribed/></D:resourcetype>
		<CS:source><D:href>https://example.com/h.ics</D:href></CS:source></D:prop></D:set></C:mkcalendar>`, 201)
	s.want(t, "ada", "PUT", adaHome+"calendar/1.ics", event("1", "20260901T090000Z"), 201)
	// Messages and notices are put by the server, not by clients.
	err := s.store.Write(t.Context(), func(tx *store.Tx) error {
		h, err := tx.Home(adaGUID)
		if err != nil {
			return err
		}
		for _, in := range []struct{ collection, name, data string }{
			{"inbox", "1.ics", event("1", "20260901T090000Z")},
			{"notification", "1.xml", `<notification xmlns="http://calendarserver.org/ns/"/>`},
		} {
			_, _, err := tx.PutObject(h.Collection(in.collection).ID, store.NewObject{Name: in.name, UID: "1", Data: []byte(in.data)})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// event is a VCALENDAR with one event of an hour.
func event(uid, start string) string {
	return strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Test//EN
BEGIN:VEVENT
UID:`+uid+`
DTSTAMP:20260801T000000Z
DTSTART:`+start+`
DURATION:PT1H
SUMMARY:Event `+uid+`
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")
}

// do makes a request; head are further header fields, "Name: value".
func (s *testServer) do(t testing.TB, who, method, path, body string, head ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if strings.HasPrefix(body, "BEGIN:") {
		r.Header.Set("Content-Type", "text/calendar; charset=utf-8")
	}
	for _, line := range head {
		name, value, _ := strings.Cut(line, ":")
		r.Header.Set(name, strings.TrimSpace(value))
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, as(t, r, who))
	return w
}

// want makes a request whose status is known.
func (s *testServer) want(t testing.TB, who, method, path, body string, status int, head ...string) *httptest.ResponseRecorder {
	t.Helper()
	w := s.do(t, who, method, path, body, head...)
	if w.Code != status {
		t.Fatalf("%s %s: got %d, want %d\n%s", method, path, w.Code, status, w.Body)
	}
	return w
}

// multistatus is as much of an answer as the tests of the tables look at, read by a reader that is not ours.
type multistatus struct {
	Responses []struct {
		Href      string `xml:"DAV: href"`
		Status    string `xml:"DAV: status"`
		Propstats []struct {
			Status string `xml:"DAV: status"`
			Error  struct {
				Conditions []struct{ XMLName xml.Name } `xml:",any"`
			} `xml:"DAV: error"`
			Prop struct {
				Properties []struct {
					XMLName xml.Name
					Inner   string `xml:",innerxml"`
				} `xml:",any"`
			} `xml:"DAV: prop"`
		} `xml:"DAV: propstat"`
	} `xml:"DAV: response"`
}

func readMultistatus(t testing.TB, w *httptest.ResponseRecorder) multistatus {
	t.Helper()
	var m multistatus
	if err := xml.Unmarshal(w.Body.Bytes(), &m); err != nil {
		t.Fatalf("%v\n%s", err, w.Body)
	}
	return m
}

// statuses maps each property of the first response to its status code.
func (m multistatus) statuses() map[dav.Name]string {
	all := map[dav.Name]string{}
	for _, ps := range m.Responses[0].Propstats {
		for _, p := range ps.Prop.Properties {
			all[p.XMLName] = strings.Fields(ps.Status)[1]
		}
	}
	return all
}

func propfindFor(names ...dav.Name) string {
	var b strings.Builder
	b.WriteString(`<D:propfind xmlns:D="DAV:"><D:prop>`)
	for _, n := range names {
		fmt.Fprintf(&b, `<x:%s xmlns:x="%s"/>`, n.Local, n.Space)
	}
	b.WriteString(`</D:prop></D:propfind>`)
	return b.String()
}

func TestEveryKindHasAPlaceInTheseTests(t *testing.T) {
	var all dav.Kind
	for kind := range places {
		all |= kind
	}
	if all != caldav.Everything {
		t.Errorf("places has kinds %b, want %b", all, caldav.Everything)
	}
}

func TestEveryPropertyAnswersOnEveryKind(t *testing.T) {
	s := placesServer(t)
	var names []dav.Name
	for _, row := range caldav.PropertyRows() {
		if !slices.Contains(names, row.Name) {
			names = append(names, row.Name)
		}
	}
	for kind, path := range places {
		answer := readMultistatus(t, s.want(t, "ada", "PROPFIND", path, propfindFor(names...), 207, "Depth: 0"))
		statuses := answer.statuses()
		for _, name := range names {
			on := dav.Kind(0)
			for _, row := range caldav.PropertyRows() {
				if row.Name == name {
					on |= row.On
				}
			}
			switch got := statuses[name]; {
			case name == dav.ACL && kind&(caldav.Root|caldav.PrincipalCollection|caldav.HomeCollection) != 0:
				if got != "403" {
					t.Errorf("acl of %s, which only an administrator may read: got %s, want 403", path, got)
				}
			case got != "200" && got != "404":
				t.Errorf("%s of %s: got status %q, want 200 or 404", name.Local, path, got)
			case on&kind == 0 && got != "404":
				t.Errorf("%s of %s, which has no row for the kind: got %s, want 404", name.Local, path, got)
			}
		}
	}
	if s.log.Len() > 0 {
		t.Errorf("logged: %s", s.log)
	}
}

func TestProtectedPropertiesRefuseAndNothingElseIsChanged(t *testing.T) {
	s := placesServer(t)
	for _, row := range caldav.PropertyRows() {
		if !row.Protected {
			continue
		}
		for kind, path := range places {
			if row.On&kind == 0 || kind&(caldav.Root|caldav.PrincipalCollection|caldav.HomeCollection) != 0 {
				continue
			}
			body := fmt.Sprintf(`<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:innocent>x</D:innocent><x:%s xmlns:x="%s">y</x:%[1]s></D:prop></D:set></D:propertyupdate>`,
				row.Name.Local, row.Name.Space)
			answer := readMultistatus(t, s.want(t, "ada", "PROPPATCH", path, body, 207))
			got := answer.statuses()
			if got[row.Name] != "403" || got[dav.Name{Space: dav.DAV, Local: "innocent"}] != "424" {
				t.Errorf("PROPPATCH of %s on %s: got %v, want 403 for it and 424 for the other", row.Name.Local, path, got)
			}
			for _, ps := range answer.Responses[0].Propstats {
				if strings.Contains(ps.Status, " 403 ") && (len(ps.Error.Conditions) == 0 || ps.Error.Conditions[0].XMLName != dav.CannotModifyProtectedProperty) {
					t.Errorf("PROPPATCH of %s on %s: got condition %v", row.Name.Local, path, ps.Error.Conditions)
				}
			}
		}
	}
}

func TestSettablePropertiesAreKept(t *testing.T) {
	s := placesServer(t)
	values := map[dav.Name]string{ // those whose value is judged
		dav.ScheduleCalendarTransp:  `<C:transparent xmlns:C="urn:ietf:params:xml:ns:caldav"/>`,
		dav.ScheduleDefaultCalendar: `<D:href>` + adaHome + `calendar/</D:href>`,
		dav.ScheduleDefaultTasks:    `<D:href>` + adaHome + `tasks/</D:href>`,
		dav.CalendarFreeBusySet:     `<D:href>` + adaHome + `calendar/</D:href>`,
		dav.CalendarTimezoneID:      `Europe/Berlin`,
		dav.CalendarAvailability:    availability,
		dav.CSCalendarAvailability:  availability,
	}
	for _, row := range caldav.PropertyRows() {
		if row.Protected {
			continue
		}
		value, judged := values[row.Name]
		if !judged {
			value = "some &lt;text&gt; &#13;"
		}
		for kind, path := range places {
			if row.On&kind == 0 {
				continue
			}
			body := fmt.Sprintf(`<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x:%s xmlns:x="%s">%s</x:%[1]s></D:prop></D:set></D:propertyupdate>`,
				row.Name.Local, row.Name.Space, value)
			if got := readMultistatus(t, s.want(t, "ada", "PROPPATCH", path, body, 207)).statuses()[row.Name]; got != "200" {
				t.Errorf("PROPPATCH of %s on %s: got %s, want 200", row.Name.Local, path, got)
			}
			answer := readMultistatus(t, s.want(t, "ada", "PROPFIND", path, propfindFor(row.Name), 207, "Depth: 0"))
			if answer.statuses()[row.Name] != "200" {
				t.Errorf("%s of %s is gone after it was set", row.Name.Local, path)
			}
		}
	}
}

const availability = `BEGIN:VCALENDAR&#13;
VERSION:2.0&#13;
PRODID:-//Example//Test//EN&#13;
BEGIN:VAVAILABILITY&#13;
UID:1&#13;
DTSTAMP:20260801T000000Z&#13;
END:VAVAILABILITY&#13;
END:VCALENDAR&#13;
`

func TestAllowNamesTheMethodsOfTheKindAndOthersAre405(t *testing.T) {
	s := placesServer(t)
	for kind, path := range places {
		allow := strings.Split(s.want(t, "ada", "OPTIONS", path, "", 200).Header().Get("Allow"), ", ")
		for _, row := range caldav.MethodRows() {
			if got, want := slices.Contains(allow, row.Name), row.On&kind != 0; got != want {
				t.Errorf("Allow of %s has %s: %v, want %v", path, row.Name, got, want)
			}
			if row.On&kind != 0 {
				continue
			}
			w := s.do(t, "ada", row.Name, path, "")
			if row.Fixed&kind != 0 {
				if w.Code != http.StatusForbidden {
					t.Errorf("%s %s: got %d, want 403", row.Name, path, w.Code)
				}
				continue
			}
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
				t.Errorf("%s %s: got %d with Allow %q, want 405 with one", row.Name, path, w.Code, w.Header().Get("Allow"))
			}
		}
	}
}

func TestUnknownMethodsAre501(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "BREW", adaHome, "", http.StatusNotImplemented)
}

// There are no locks: a client learns it by the status, the Allow header and the DAV header alike (RFC 4918 section 18).
func TestThereAreNoLocks(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "PUT", adaCal+"1.ics", event("1", "20260901T100000Z"), 201)
	const lock = `<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>`
	for _, path := range []string{"/", "/principals/users/ada/", adaHome, adaCal, adaCal + "1.ics", adaCal + "new.ics"} {
		for method, body := range map[string]string{"LOCK": lock, "UNLOCK": ""} {
			allow := s.want(t, "ada", method, path, body, 405, "Lock-Token: <opaquelocktoken:1>").Header().Get("Allow")
			if !strings.Contains(allow, "OPTIONS") || strings.Contains(allow, "LOCK") {
				t.Errorf("%s %s: Allow is %q", method, path, allow)
			}
		}
	}
	h := s.want(t, "ada", "OPTIONS", adaCal, "", 200).Header()
	if slices.Contains(strings.Split(h.Get("DAV"), ", "), "2") || strings.Contains(h.Get("Allow"), "LOCK") {
		t.Errorf("locks are promised: DAV %q, Allow %q", h.Get("DAV"), h.Get("Allow"))
	}
	s.want(t, "ada", "PUT", adaCal+"1.ics", event("1", "20260901T110000Z"), 204)
}

// A body that a method would pass over is refused (RFC 4918 section 8.4), and nothing is done.
func TestBodiesThatMeanNothingAreRefused(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "PUT", adaCal+"1.ics", event("1", "20260901T100000Z"), 201)
	to := "Destination: " + adaCal + "2.ics"
	const old = `<?xml version="1.0"?><D:propertybehavior xmlns:D="DAV:"><D:keepalive>*</D:keepalive></D:propertybehavior>`
	for _, body := range []string{`<D:purge xmlns:D="DAV:"/>`, "x", strings.Repeat(" ", 10_000) + "x"} {
		for _, method := range []string{"GET", "HEAD", "DELETE", "COPY", "MOVE"} {
			s.want(t, "ada", method, adaCal+"1.ics", body, 415, to)
			s.want(t, "ada", method, adaCal, body, 415, to)
		}
	}
	s.want(t, "ada", "DELETE", adaCal+"1.ics", old, 415)
	s.want(t, "ada", "GET", adaCal+"1.ics", "\r\n", 200) // says nothing
	s.want(t, "ada", "MOVE", adaCal+"1.ics", old, 201, to)
	s.want(t, "ada", "DELETE", adaCal+"2.ics", "", 204, "Content-Type: text/xml", "Content-Length: 0")
	s.want(t, "ada", "MKCOL", adaHome+"new/", "x", 415, "Content-Type: x-foo/bar")
	s.want(t, "grace", "DELETE", adaCal, "x", 403) // whose rights come first
}

func TestSupportedReportsAreThoseOfTheTableAndOthersAreRefused(t *testing.T) {
	s := placesServer(t)
	for kind, path := range places {
		answer := readMultistatus(t, s.want(t, "ada", "PROPFIND", path, propfindFor(dav.SupportedReportSet), 207, "Depth: 0"))
		inner := answer.Responses[0].Propstats[0].Prop.Properties[0].Inner
		for _, row := range caldav.ReportRows() {
			if got, want := strings.Contains(inner, ":"+row.Name.Local+"/>"), row.On&kind != 0; got != want {
				t.Errorf("supported-report-set of %s has %s: %v, want %v", path, row.Name.Local, got, want)
			}
			if row.On&kind != 0 {
				continue
			}
			w := s.do(t, "ada", "REPORT", path, fmt.Sprintf(`<x:%s xmlns:x="%s"/>`, row.Name.Local, row.Name.Space))
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "supported-report") {
				t.Errorf("REPORT %s on %s: got %d, want 403 supported-report", row.Name.Local, path, w.Code)
			}
		}
	}
}

// Nobody gets further than the privileges allow: whatever a stranger tries in somebody's home, he is told which
// privilege he lacks, whether the thing exists or not.
func TestStrangersAreToldWhatTheyLackWhateverTheMethod(t *testing.T) {
	s := placesServer(t)
	const public = "OPTIONS REPORT"
	for kind, path := range places {
		if kind < caldav.Home {
			continue
		}
		for _, row := range caldav.MethodRows() {
			if row.On&kind == 0 || strings.Contains(public, row.Name) || row.Name == "MKCALENDAR" {
				continue
			}
			w := s.do(t, "zoë", row.Name, path, "", "Depth: 0")
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "need-privileges") {
				t.Errorf("%s %s by a stranger: got %d, want 403 need-privileges\n%s", row.Name, path, w.Code, w.Body)
			}
		}
	}
	for _, path := range []string{adaHome + "nothing/", adaHome + "calendar/nothing.ics", adaHome + "nothing/nothing.ics"} {
		for _, method := range []string{"GET", "PROPFIND", "DELETE", "PROPPATCH", "PUT", "MKCALENDAR", "MOVE"} {
			if w := s.do(t, "zoë", method, path, event("9", "20260901T090000Z"), "Depth: 0"); w.Code != http.StatusForbidden {
				t.Errorf("%s %s by a stranger: got %d, want 403", method, path, w.Code)
			}
		}
	}
}

// davHeader is how the server writes the name: as in RFC 4918 section 10.1, and not as net/http would.
var davHeader = "DAV"

func TestTrap05TheDAVHeaderIsOnOptionsAndPropfind(t *testing.T) {
	s := placesServer(t)
	for _, path := range []string{places[caldav.Principal], adaHome, places[caldav.Calendar]} {
		options := s.want(t, "ada", "OPTIONS", path, "", 200).Result().Header[davHeader]
		propfind := s.want(t, "ada", "PROPFIND", path, "", 207, "Depth: 0").Result().Header[davHeader]
		if len(options) != 1 || len(propfind) != 1 || options[0] != propfind[0] {
			t.Errorf("DAV on %s: got %q by OPTIONS and %q by PROPFIND", path, options, propfind)
			continue
		}
		for _, token := range strings.Split(options[0], ", ") {
			if !slices.Contains(caldav.ComplianceTokens(), token) {
				t.Errorf("DAV on %s has %q, which no row stands for", path, token)
			}
		}
		for _, token := range []string{"1", "3", "calendar-access", "extended-mkcol"} {
			if !slices.Contains(strings.Split(options[0], ", "), token) {
				t.Errorf("DAV on %s lacks %q: %s", path, token, options[0])
			}
		}
	}
}
