package caldav_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory"
	"calport/server/caldav"
	"calport/server/dav"
)

func TestNewRefusesWhatItCannotWorkWith(t *testing.T) {
	s := newServer(t)
	people := func() *directory.Snapshot { return directory.NewSnapshot(nil, time.Time{}) }
	for name, o := range map[string]caldav.Options{
		"no store":         {People: people},
		"no people":        {Store: s.store},
		"a negative limit": {Store: s.store, People: people, Limits: caldav.Limits{Attendees: -1}},
		"dates that cross": {Store: s.store, People: people, Limits: caldav.Limits{MaxDate: time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC)}},
	} {
		if _, err := caldav.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Every limit is enforced, by the condition that RFC 4791 has for it, and told by the property of the same name.
func TestLimitsAreToldAndEnforced(t *testing.T) {
	s := newServerWith(t, caldav.Limits{
		ResourceSize: 1000, Instances: 5, Attendees: 2, Collections: 6, PropertySize: 200, Properties: 3,
		MinDate: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), MaxDate: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	with := func(lines string) string {
		return strings.Replace(event("x", "20260901T090000Z"), "SUMMARY:", lines+"SUMMARY:", 1)
	}
	attendees := func(n int) string {
		lines := "ORGANIZER;CN=A:mailto:ada@example.com\r\n"
		for i := range n {
			lines += fmt.Sprintf("ATTENDEE;CN=B:mailto:%d@example.com\r\n", i)
		}
		return lines
	}
	for _, c := range []struct{ condition, told, data string }{
		{"max-resource-size", "1000", with("DESCRIPTION:" + strings.Repeat("x", 1000) + "\r\n")},
		{"max-instances", "5", with("RRULE:FREQ=DAILY;COUNT=6\r\n")},
		{"max-attendees-per-instance", "2", with(attendees(3))},
		{"min-date-time", "20000101T000000Z", event("x", "19991231T090000Z")},
		{"max-date-time", "20300101T000000Z", event("x", "20300101T090000Z")},
	} {
		w := s.want(t, "ada", "PUT", adaCal+"x.ics", c.data, 403)
		if !strings.Contains(w.Body.String(), c.condition+"/>") {
			t.Errorf("%s: got %s", c.condition, w.Body)
		}
		body := s.want(t, "ada", "PROPFIND", adaCal, `<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:`+c.condition+`/></D:prop></D:propfind>`, 207, "Depth: 0").Body.String()
		if !strings.Contains(body, ">"+c.told+"<") {
			t.Errorf("%s is told as %s, want %s", c.condition, body, c.told)
		}
	}
	s.want(t, "ada", "PUT", adaCal+"x.ics", with("RRULE:FREQ=DAILY\r\n"), 201) // for ever is not too long
	s.want(t, "ada", "PUT", adaCal+"x.ics", with(attendees(2)), 204)

	s.want(t, "ada", "MKCALENDAR", adaHome+"sixth/", "", 201)
	s.want(t, "ada", "MKCALENDAR", adaHome+"seventh/", "", http.StatusInsufficientStorage)

	// What readers have of their own takes nothing from the owner's number, nor from each other's.
	s.want(t, "ada", "ACL", adaCal, `<acl xmlns="DAV:"><ace><principal><authenticated/></principal><grant><privilege><read/></privilege><privilege><write-properties/></privilege></grant></ace></acl>`, 200)
	for _, who := range []string{"grace", "linus", "zoë"} {
		for _, name := range []string{"calendar-color", "calendar-order"} {
			own := fmt.Sprintf(patch, `<`+name+` xmlns="http://apple.com/ns/ical/">1</`+name+`>`)
			if body := s.want(t, who, "PROPPATCH", adaCal, own, 207).Body.String(); strings.Contains(body, " 507 ") {
				t.Errorf("%s: %s", who, body)
			}
		}
	}

	large := fmt.Sprintf(patch, `<x xmlns="urn:x">`+strings.Repeat("x", 200)+`</x>`)
	if body := s.want(t, "ada", "PROPPATCH", adaCal, large, 207).Body.String(); !strings.Contains(body, " 507 ") {
		t.Errorf("a property that is too large: got %s", body)
	}
	many := fmt.Sprintf(patch, `<a xmlns="urn:x"/><b xmlns="urn:x"/><c xmlns="urn:x"/><d xmlns="urn:x"/>`)
	if body := s.want(t, "ada", "PROPPATCH", adaCal, many, 207).Body.String(); !strings.Contains(body, " 507 ") {
		t.Errorf("too many properties: got %s", body)
	}
}

// What is our own fault is logged and answered with nothing inside.
func TestUnexpectedErrorsAreLoggedAndOpaque(t *testing.T) {
	s := newServer(t)
	s.store.Close()
	w := s.want(t, "ada", "PROPFIND", adaHome, "", 500, "Depth: 0")
	if strings.Contains(w.Body.String(), "store") || strings.Contains(w.Body.String(), "closed") {
		t.Errorf("the answer tells too much: %s", w.Body)
	}
	if !strings.Contains(s.log.String(), "closed") || !strings.Contains(s.log.String(), adaHome) {
		t.Errorf("the log tells too little: %s", s.log)
	}
}

func TestReportsAreNamedForTheAccessLog(t *testing.T) {
	s := newServer(t)
	s.do(t, "ada", "REPORT", "/principals/", `<D:principal-search-property-set xmlns:D="DAV:"/>`)
	s.do(t, "ada", "REPORT", adaCal, fmt.Sprintf(syncFrom, "", ""))
	s.do(t, "ada", "REPORT", adaCal, `<x xmlns="urn:x"/>`)
	want := []string{"REPORT(DAV:principal-search-property-set)", "REPORT(DAV:sync-collection)", "REPORT(other:unsupported)"}
	if !slices.Equal(s.said, want) {
		t.Errorf("got %q, want %q", s.said, want)
	}
}

// Of many who make the same thing at once one makes it, and the others are told so.
func TestWritersAtOnceDoNotHarmEachOther(t *testing.T) {
	s := newServer(t)
	const n = 8
	codes := func(once func(i int) int) map[int]int {
		var mu sync.Mutex
		var wg sync.WaitGroup
		got := map[int]int{}
		for i := range n {
			wg.Go(func() {
				code := once(i)
				mu.Lock()
				got[code]++
				mu.Unlock()
			})
		}
		wg.Wait()
		return got
	}
	if got := codes(func(int) int { return s.do(t, "ada", "PROPFIND", adaHome, "", "Depth: 1").Code }); got[207] != n {
		t.Errorf("first visits to a home: got %v\n%s", got, s.log)
	}
	if got := codes(func(int) int { return s.do(t, "ada", "MKCALENDAR", adaHome+"one/", "").Code }); got[201] != 1 || got[403] != n-1 {
		t.Errorf("MKCALENDAR: got %v, want one 201", got)
	}
	if got := codes(func(int) int {
		return s.do(t, "ada", "PUT", adaCal+"1.ics", event("1", "20260901T090000Z"), "If-None-Match: *").Code
	}); got[201] != 1 || got[412] != n-1 {
		t.Errorf("PUT If-None-Match: got %v, want one 201", got)
	}
	etag := s.want(t, "ada", "GET", adaCal+"1.ics", "", 200).Header().Get("ETag")
	if got := codes(func(i int) int {
		return s.do(t, "ada", "PUT", adaCal+"1.ics", event("1", fmt.Sprintf("20260901T1%d0000Z", i)), "If-Match: "+etag).Code
	}); got[204] != 1 || got[412] != n-1 {
		t.Errorf("PUT If-Match: got %v, want one 204", got)
	}
	if got := codes(func(i int) int {
		return s.do(t, "ada", "PUT", fmt.Sprintf("%su%d.ics", adaCal, i), event("same", "20260901T090000Z")).Code
	}); got[201] != 1 || got[403] != n-1 {
		t.Errorf("PUT of one UID under many names: got %v, want one 201", got)
	}
}

func FuzzLocate(f *testing.F) {
	for _, path := range []string{"/", "//", "/principals/users/ada/", "/calendars/__uids__/x/y/z/%zz", "/calendar/dav/a/user/", "/%2f/%00/..", "/calendars/users/ada/c/o/deeper/still"} {
		f.Add(path)
	}
	s := newServer(f)
	f.Fuzz(func(t *testing.T, path string) {
		for _, name := range caldav.Locate(path) {
			if name == "" {
				t.Errorf("%q has an empty segment", path)
			}
		}
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \x00\r\n\t?#%") {
			return
		}
		r, err := http.NewRequest("PROPFIND", "http://h"+path, http.NoBody)
		if err != nil {
			return
		}
		r.Header.Set("Depth", "0")
		w := &codeOnly{}
		s.handler.ServeHTTP(w, as(t, r, "zoë"))
		if w.code >= 500 {
			t.Errorf("%q: got %d", path, w.code)
		}
	})
}

type codeOnly struct {
	header http.Header
	code   int
}

func (c *codeOnly) Header() http.Header {
	if c.header == nil {
		c.header = http.Header{}
	}
	return c.header
}
func (c *codeOnly) Write(b []byte) (int, error) { return len(b), nil }
func (c *codeOnly) WriteHeader(code int)        { c.code = code }

func FuzzToken(f *testing.F) {
	f.Add("data:,1_2_3")
	f.Add("data:,1_-2_3")
	f.Fuzz(func(t *testing.T, token string) {
		if state, ok := caldav.ParseToken(token); ok && "data:,"+state.String() != token {
			t.Errorf("%q is read as %v", token, state)
		}
	})
}

func TestNoPreferenceIsToldToBeHeededThatIsNot(t *testing.T) {
	s := newServer(t)
	const all = "Prefer: return=representation, depth-noroot"
	for _, w := range []*httptest.ResponseRecorder{
		s.want(t, "ada", "PROPFIND", adaCal, propfindFor(dav.DisplayName), 207, "Depth: 0", all),
		s.want(t, "ada", "PROPPATCH", adaCal, fmt.Sprintf(patch, "<D:displayname>x</D:displayname>"), 207, all),
		s.want(t, "ada", "REPORT", "/principals/", `<D:principal-match xmlns:D="DAV:"><D:self/></D:principal-match>`, 207, all),
	} {
		if got := w.Header().Get("Preference-Applied"); got != "" {
			t.Errorf("Preference-Applied is %q", got)
		}
	}
	w := s.want(t, "ada", "PROPFIND", adaHome, propfindFor(dav.DisplayName), 207, "Depth: 1", all)
	if got := w.Header().Get("Preference-Applied"); got != "depth-noroot" {
		t.Errorf("Preference-Applied is %q, want depth-noroot", got)
	}
}

// Clients name the members of several calendars in any order.
func TestAMultigetMixesCalendars(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "MKCALENDAR", adaHome+"other/", "", 201)
	body := `<C:calendar-multiget xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><D:getetag/><D:displayname/><C:calendar-data/></D:prop>`
	var want []string
	for i := range 4 {
		for _, calendar := range []string{adaCal, adaHome + "other/"} {
			path := fmt.Sprintf("%s%d.ics", calendar, i)
			uid := strings.ReplaceAll(path, "/", "-")
			s.want(t, "ada", "PUT", path, event(uid, "20260901T100000Z"), 201)
			body += "<D:href>" + path + "</D:href>"
			want = append(want, path+" UID:"+uid)
		}
	}
	answer := s.want(t, "ada", "REPORT", adaHome, body+"</C:calendar-multiget>", 207).Body.String()
	parts := strings.Split(answer, "<D:response>")[1:]
	for i, w := range want {
		href, uid, _ := strings.Cut(w, " ")
		if len(parts) != len(want) || !strings.Contains(parts[i], "<D:href>"+href+"<") || !strings.Contains(parts[i], uid) {
			t.Fatalf("response %d of %d is not about %s:\n%s", i, len(parts), href, answer)
		}
	}
}
