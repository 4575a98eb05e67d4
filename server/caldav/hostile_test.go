package caldav_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"calport/server/caldav"
	"calport/server/dav"
)

// trouble is a request that must be refused.
type trouble struct {
	name         string
	who          string // "" is Ada
	method, path string
	body         string
	head         []string
	status       int
	says         string // in the body, such as the name of a condition
}

const graceCal = "/calendars/__uids__/" + graceGUID + "/calendar/"

// state is what a change of anything in the homes of Ada and Grace would change.
func (s *testServer) state(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	for _, c := range []struct{ who, collection, object string }{{"ada", adaCal, "1.ics"}, {"grace", graceCal, "2.ics"}} {
		home := strings.TrimSuffix(c.collection, "calendar/")
		for _, path := range []string{home, c.collection, home + "inbox/"} {
			token, _ := s.property(t, c.who, path, dav.SyncToken)
			fmt.Fprintln(&all, path, token)
		}
		all.WriteString(s.want(t, c.who, "GET", c.collection+c.object, "", 200).Body.String())
	}
	return all.String()
}

// refuses sends requests and looks whether each is refused as it says, for no fault of the server, and leaves everything
// as it was.
func (s *testServer) refuses(t *testing.T, all []trouble) {
	t.Helper()
	s.want(t, "ada", "PUT", adaCal+"1.ics", event("1", "20260901T090000Z"), 201)
	s.want(t, "grace", "PUT", graceCal+"2.ics", event("2", "20260901T090000Z"), 201)
	before := s.state(t)
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			who := c.who
			if who == "" {
				who = "ada"
			}
			w := s.do(t, who, c.method, c.path, c.body, c.head...)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("got %d, want %d with %q:\n%.600s", w.Code, c.status, c.says, w.Body)
			}
			if after := s.state(t); after != before {
				t.Errorf("it changed:\n%s", after)
				before = after
			}
			if s.log.Len() > 0 {
				t.Errorf("the log has %s", s.log)
				s.log.Reset()
			}
		})
	}
}

const (
	inXML  = "Content-Type: text/xml"
	wholeC = `<C:%s xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:">%s</C:%[1]s>`
	within = `<C:filter><C:comp-filter name="VCALENDAR">%s</C:comp-filter></C:filter>`
)

func query(parts string) string { return fmt.Sprintf(wholeC, "calendar-query", parts) }

func propertyUpdate(xml string) string { return fmt.Sprintf(patch, xml) }

// changed is the event with one line in another's place, or, without an old one, with it added.
func changed(old, new string) string {
	data := event("1", "20260901T090000Z")
	if old == "" {
		return strings.Replace(data, "SUMMARY:", new+"\r\nSUMMARY:", 1)
	}
	return strings.Replace(data, old, new, 1)
}

func TestBodiesOverTheLimitAreRefused(t *testing.T) {
	s := newServerWith(t, caldav.Limits{ResourceSize: 2000, RequestXML: 5000, BulkBytes: 3000})
	long := strings.Repeat("x", 6000)
	data := changed("", "DESCRIPTION:"+long)
	s.refuses(t, []trouble{
		{name: "PUT", method: "PUT", path: adaCal + "1.ics", body: data, status: 403, says: "<C:max-resource-size/>"},
		{name: "PUT of a new one", method: "PUT", path: adaCal + "new.ics", body: data, status: 403, says: "<C:max-resource-size/>"},
		{name: "POST of a new one", method: "POST", path: adaCal + ";add-member", body: data, status: 403, says: "<C:max-resource-size/>"},
		{name: "outbox", method: "POST", path: adaHome + "outbox/", body: data, status: 403, says: "<C:max-resource-size/>"},
		{name: "bulk", method: "POST", path: adaCal, body: data, status: 403, says: "max-bytes"},
		{name: "PROPFIND", method: "PROPFIND", path: adaCal, body: `<propfind xmlns="DAV:"><prop><x a="` + long + `"/></prop></propfind>`, head: []string{"Depth: 0"}, status: 413},
		{name: "PROPPATCH", method: "PROPPATCH", path: adaCal, body: propertyUpdate("<D:displayname>" + long + "</D:displayname>"), status: 413},
		{name: "REPORT", method: "REPORT", path: adaCal, body: query("<!-- " + long + " -->"), status: 413},
		{name: "MKCALENDAR", method: "MKCALENDAR", path: adaHome + "new/", body: fmt.Sprintf(makeCal, "<D:displayname>"+long+"</D:displayname>"), status: 413},
		{name: "MKCOL", method: "MKCOL", path: adaHome + "new/", body: `<mkcol xmlns="DAV:"><set><prop><x>` + long + `</x></prop></set></mkcol>`, status: 413},
		{name: "ACL", method: "ACL", path: adaCal, body: `<acl xmlns="DAV:">` + long + `</acl>`, status: 413},
	})
	s.want(t, "ada", "PROPFIND", adaHome+"new/", "", 404, "Depth: 0")
}

// endless is a body without end; read is how much of it was taken.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	e.read += int64(len(p))
	if e.read > 1<<30 {
		return 0, io.ErrUnexpectedEOF
	}
	return len(p), nil
}

func TestOfABodyWithoutEndLittleIsRead(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct {
		method, path, begin string
		status              int
		limit               int64
	}{
		{"PUT", adaCal + "1.ics", "BEGIN:VCALENDAR\r\nX-A:", 403, 1 << 20},
		{"POST", adaHome + "outbox/", "BEGIN:VCALENDAR\r\nX-A:", 403, 1 << 20},
		{"POST", adaCal, "BEGIN:VCALENDAR\r\nX-A:", 403, 10 << 20},
		{"PROPFIND", adaHome, "<a>", 413, 4 << 20},
		{"PROPPATCH", adaHome, "<a>", 413, 4 << 20},
		{"REPORT", adaCal, "<a>", 413, 4 << 20},
		{"MKCALENDAR", adaHome + "new/", "<a>", 413, 4 << 20},
	} {
		rest := &endless{}
		r := httptest.NewRequest(c.method, c.path, io.MultiReader(strings.NewReader(c.begin), rest))
		r.Header.Set("Depth", "0")
		if c.status == 403 {
			r.Header.Set("Content-Type", "text/calendar")
		}
		w := httptest.NewRecorder()
		allocated := allocates(func() { s.handler.ServeHTTP(w, as(t, r, "ada")) })
		if w.Code != c.status || rest.read > 2*c.limit {
			t.Errorf("%s %s: got %d after %d bytes, want %d after %d or a few more", c.method, c.path, w.Code, rest.read, c.status, c.limit)
		}
		if allocated > 16*c.limit {
			t.Errorf("%s %s: %d bytes of memory for a limit of %d", c.method, c.path, allocated, c.limit)
		}
	}
}

// allocates is how many bytes are allocated while f runs.
func allocates(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

func TestXMLBombsAreRefused(t *testing.T) {
	s := newServer(t)
	var laughs strings.Builder
	laughs.WriteString(`<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "lol">`)
	for i := range 9 {
		fmt.Fprintf(&laughs, `<!ENTITY l%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&l%d;", i), 10))
	}
	entity := laughs.String() + `]>`
	file := `<!DOCTYPE l [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>`
	deep := func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }
	filters := func(n int) string {
		return query(`<C:filter>` + strings.Repeat(`<C:comp-filter name="VCALENDAR">`, n) + strings.Repeat(`</C:comp-filter>`, n) + `</C:filter>`)
	}
	var spaces, attributes, props strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&spaces, ` xmlns:n%d="urn:%[1]d"`, i)
		fmt.Fprintf(&attributes, ` a%d=""`, i)
		fmt.Fprintf(&props, `<x%d/>`, i)
	}
	var all []trouble
	for _, method := range []struct{ name, path, open, close string }{
		{"PROPFIND", adaCal, `<D:propfind xmlns:D="DAV:"><D:prop>`, `</D:prop></D:propfind>`},
		{"PROPPATCH", adaCal, `<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:displayname>`, `</D:displayname></D:prop></D:set></D:propertyupdate>`},
		{"REPORT", adaCal, `<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav">`, `</C:calendar-query>`},
		{"MKCALENDAR", adaHome + "new/", `<C:mkcalendar xmlns:C="urn:ietf:params:xml:ns:caldav">`, `</C:mkcalendar>`},
		{"ACL", adaCal, `<D:acl xmlns:D="DAV:">`, `</D:acl>`},
	} {
		add := func(name, body string, status int) {
			all = append(all, trouble{name: method.name + " " + name, method: method.name, path: method.path, body: body, status: status, head: []string{inXML, "Depth: 0"}})
		}
		add("entities", entity+method.open+"&l9;"+method.close, 400)
		add("a file", file+method.open+"&l9;"+method.close, 400)
		add("an entity nobody declared", method.open+"&l9;"+method.close, 400)
		add("deep", method.open+deep(100_000)+method.close, 413)
		add("cut off", method.open, 400)
		add("namespaces", method.open+"<a"+spaces.String()+"/>"+method.close, 413)
		add("two roots", method.open+method.close+method.open+method.close, 400)
		add("an undeclared prefix", method.open+"<nobody:a/>"+method.close, 400)
		add("an attribute twice", method.open+"<a b='' b=''/>"+method.close, 400)
		add("a character that XML has not", method.open+"<a>\x01</a>"+method.close, 400)
		add("Latin-1", `<?xml version="1.0" encoding="iso-8859-1"?>`+method.open+"<a>\xe9</a>"+method.close, 400)
		add("broken UTF-8", method.open+"<a>\xc0\xaf</a>"+method.close, 400)
		add("half of UTF-16", "\xff\xfe<\x00a", 400)
		add("another root", "<D:other xmlns:D='DAV:'/>", map[bool]int{true: 403, false: 400}[method.name == "REPORT"])
	}
	all = append(all,
		trouble{name: "too many properties", method: "PROPFIND", path: adaCal, body: `<propfind xmlns="DAV:"><prop>` + props.String() + `</prop></propfind>`, head: []string{"Depth: 1"}, status: 400},
		trouble{name: "filters in filters", method: "REPORT", path: adaCal, body: filters(60), status: 403, says: "valid-filter"},
		trouble{name: "filters too deep", method: "REPORT", path: adaCal, body: filters(1000), status: 413},
	)
	allocated := allocates(func() { s.refuses(t, all) })
	if allocated > 1<<30 {
		t.Errorf("%d MB of memory for %d requests", allocated>>20, len(all))
	}
	// Many attributes are harmless, and read.
	s.want(t, "ada", "PROPFIND", adaCal, `<propfind xmlns="DAV:"><prop><x`+attributes.String()+`/></prop></propfind>`, 207, "Depth: 0")
}

func TestRulesOfTooManyInstancesAreRefused(t *testing.T) {
	s := newServer(t)
	s.want(t, "ada", "PUT", adaCal+"for-ever.ics", strings.Replace(event("for-ever", "19700101T000000Z"), "SUMMARY:", "RRULE:FREQ=SECONDLY\r\nSUMMARY:", 1), 201)
	expand := `<D:prop><C:calendar-data><C:expand start="%s" end="%s"/></C:calendar-data></D:prop>` + fmt.Sprintf(within, "")
	s.refuses(t, []trouble{
		{name: "10,000 by COUNT", method: "PUT", path: adaCal + "1.ics", body: changed("", "RRULE:FREQ=DAILY;COUNT=10000"), status: 403, says: "<C:max-instances/>"},
		{name: "by UNTIL", method: "PUT", path: adaCal + "1.ics", body: changed("", "RRULE:FREQ=SECONDLY;UNTIL=20360901T000000Z"), status: 403, says: "<C:max-instances/>"},
		{name: "by RDATE", method: "PUT", path: adaCal + "1.ics", body: changed("", "RDATE:20260901T000000Z"+manyDates(3001)), status: 403, says: "<C:max-instances/>"},
		{name: "a new one", method: "PUT", path: adaCal + "new.ics", body: strings.Replace(changed("", "RRULE:FREQ=HOURLY;COUNT=100000"), "UID:1", "UID:n", 1), status: 403, says: "<C:max-instances/>"},
		{name: "expanded", method: "REPORT", path: adaCal, body: query(fmt.Sprintf(expand, "20000101T000000Z", "20300101T000000Z")), head: []string{inXML}, status: 207, says: "max-instances"},
	})
}

// manyDates are n more values of an RDATE.
func manyDates(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ",2027%02d%02dT%02d%02d00Z", i%12+1, i/12%28+1, i/336%24, i/8064%60)
	}
	return b.String()
}
