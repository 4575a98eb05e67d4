package contacts_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-vcard"
	"github.com/emersion/go-webdav/carddav"

	"calport/directory"
	"calport/server/contacts"
)

const adaGUID = "A0000000-0000-0000-0000-00000000000A"

// people are a small school; the first name is hostile.
func people() []*directory.Principal {
	return []*directory.Principal{
		{Kind: directory.Individual, GUID: adaGUID, ShortName: "ada", FullName: "Ada Byron\r\nTEL:666", FirstName: "Ada; \r\nTEL:666", LastName: "Byron",
			Mails: []string{"ada@example.com", "byron@example.com"}, JobTitle: "Analyst, Head", MobilePhone: "+44 1",
			Attributes: map[string][]string{"jpegphoto": {"\xff\xd8\xffphoto"}}},
		{Kind: directory.Individual, GUID: "zoe", ShortName: "Zoë", FullName: "Zoë Ångström", Mails: []string{"zoe@example.com"},
			Attributes: map[string][]string{"jpegphoto": {"no picture at all"}}},
		{Kind: directory.Individual, GUID: "pupil", ShortName: "pupil", FullName: "A Pupil"},
		{Kind: directory.Group, GUID: "staff", ShortName: "staff", FullName: "Staff", Members: []string{adaGUID, "zoe", "pupil", "unknown"}},
		{Kind: directory.Room, GUID: "turing", ShortName: "turing", FullName: "Turing", Mails: []string{"turing@example.com"},
			Place: &directory.Place{Capacity: 12, Location: "Main building"}},
	}
}

type viewerKey struct{}

// school serves the address book; the visitor is whom Basic names.
type school struct {
	http.Handler
	people *directory.Snapshot
}

func newSchool(t testing.TB, o contacts.Options, all []*directory.Principal) *school {
	t.Helper()
	s := &school{people: directory.NewSnapshot(all, time.Now())}
	o.People = func() *directory.Snapshot { return s.people }
	o.Viewer = func(ctx context.Context) *directory.Principal {
		p, _ := ctx.Value(viewerKey{}).(*directory.Principal)
		return p
	}
	o.PrincipalHref = func(p *directory.Principal) string { return "/principals/__uids__/" + p.GUID + "/" }
	h, err := contacts.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := r.BasicAuth()
		p, err := s.people.ByLogin(name)
		if err != nil {
			http.Error(w, "who?", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), viewerKey{}, p)))
	})
	return s
}

func (s *school) do(who, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.SetBasicAuth(who, "")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *school) want(t testing.TB, status int, who, method, path, body string, header ...string) string {
	t.Helper()
	w := s.do(who, method, path, body, header...)
	if w.Code != status {
		t.Fatalf("%s %s as %s: got %d, want %d\n%s", method, path, who, w.Code, status, w.Body)
	}
	return w.Body.String()
}

const (
	adaBook = "/addressbooks/__uids__/" + adaGUID + "/directory/"
	zoeBook = "/addressbooks/__uids__/zoe/directory/"
)

var hrefs = regexp.MustCompile(`directory/([^<]+)\.vcf<`)

// cards are the GUIDs of the cards that an answer names.
func cards(body string) []string {
	found := []string{}
	for _, m := range hrefs.FindAllStringSubmatch(body, -1) {
		found = append(found, m[1])
	}
	slices.Sort(found)
	return found
}

func TestAStrangersClientReadsTheDirectory(t *testing.T) {
	s := newSchool(t, contacts.Options{Name: "School", Organization: "Example; School", Photos: true}, people())
	server := httptest.NewServer(s)
	defer server.Close()
	client, err := carddav.NewClient(asAda{server.Client()}, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	books, err := client.FindAddressBooks(t.Context(), "/addressbooks/__uids__/"+adaGUID+"/")
	if err != nil || len(books) != 1 || books[0].Name != "School" || books[0].Path != adaBook {
		t.Fatalf("address books: got %+v, %v", books, err)
	}
	all, err := client.QueryAddressBook(t.Context(), adaBook, &carddav.AddressBookQuery{DataRequest: carddav.AddressDataRequest{AllProp: true}})
	if err != nil || len(all) != 5 {
		t.Fatalf("everybody: got %d, %v", len(all), err)
	}
	ada, err := client.GetAddressObject(t.Context(), adaBook+adaGUID+".vcf")
	if err != nil {
		t.Fatal(err)
	}
	c := ada.Card
	for field, want := range map[string]string{
		vcard.FieldFormattedName: "Ada Byron  TEL:666", vcard.FieldName: "Byron;Ada,   TEL:666;;;", vcard.FieldTelephone: "+44 1",
		vcard.FieldEmail: "ada@example.com", vcard.FieldTitle: "Analyst, Head", vcard.FieldUID: adaGUID, vcard.FieldOrganization: "Example, School",
		vcard.FieldPhoto: "/9j/cGhvdG8=", vcard.FieldVersion: "3.0",
	} {
		if got := c.Value(field); got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
	if got := len(c[vcard.FieldTelephone]); got != 1 {
		t.Errorf("there are %d telephone numbers: a name became a line", got)
	}
	for _, o := range all {
		switch o.Card.Value(vcard.FieldUID) {
		case adaGUID:
			if o.ETag != ada.ETag {
				t.Errorf("the entity tag of a query is %q, of GET %q", o.ETag, ada.ETag)
			}
		case "staff":
			if got := len(o.Card["X-ADDRESSBOOKSERVER-MEMBER"]); got != 3 || o.Card.Value("X-ADDRESSBOOKSERVER-KIND") != "group" {
				t.Errorf("the group has %d members: %v", got, o.Card)
			}
		case "turing":
			if got := o.Card.Value(vcard.FieldNote); got != "Main building (12)" {
				t.Errorf("the room's note is %q", got)
			}
		case "zoe":
			if o.Card.Get(vcard.FieldPhoto) != nil {
				t.Error("what is no picture is a photo")
			}
		}
	}
	several, err := client.MultiGetAddressBook(t.Context(), adaBook, &carddav.AddressBookMultiGet{Paths: []string{adaBook + "zoe.vcf", adaBook + "turing.vcf"}})
	if err != nil || len(several) != 2 {
		t.Errorf("multiget: got %d, %v", len(several), err)
	}
}

// asAda sends requests as ada.
type asAda struct{ *http.Client }

func (c asAda) Do(r *http.Request) (*http.Response, error) {
	r.SetBasicAuth("ada", "")
	return c.Client.Do(r)
}

func filter(tests string, attributes string) string {
	return `<C:addressbook-query xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:"><D:prop><D:getetag/><C:address-data/></D:prop><C:filter` +
		attributes + `>` + tests + `</C:filter></C:addressbook-query>`
}

func TestQueries(t *testing.T) {
	s := newSchool(t, contacts.Options{Photos: true}, people())
	text := func(prop, attributes, text string) string {
		return `<C:prop-filter name="` + prop + `"><C:text-match` + attributes + `>` + text + `</C:text-match></C:prop-filter>`
	}
	for _, c := range []struct {
		why, tests, attributes string
		want                   []string
	}{
		{"no filter is everybody", "", "", []string{adaGUID, "pupil", "staff", "turing", "zoe"}},
		{"part of a name, caselessly", text("FN", "", "ÅNG"), "", []string{"zoe"}},
		{"one of two", text("FN", "", "ang") + text("EMAIL", ` match-type="starts-with"`, "turing@"), "", []string{"turing"}},
		{"a second address", text("EMAIL", ` match-type="equals"`, "byron@example.com"), "", []string{adaGUID}},
		{"all of", text("FN", "", "a") + text("EMAIL", "", "example"), ` test="allof"`, []string{adaGUID}},
		{"not", text("FN", ` negate-condition="yes"`, "a"), "", []string{"turing", "zoe"}},
		{"a property that the index lacks", text("TITLE", "", "analyst"), "", []string{adaGUID}},
		{"by N", text("N", ` match-type="starts-with"`, "byr"), "", []string{adaGUID}},
		{"lacking", `<C:prop-filter name="EMAIL"><C:is-not-defined/></C:prop-filter>`, "", []string{"pupil", "staff"}},
		{"having", `<C:prop-filter name="TEL"/>`, "", []string{adaGUID}},
		{"having a photo", `<C:prop-filter name="photo"/>`, "", []string{adaGUID}},
		{"a parameter", `<C:prop-filter name="EMAIL"><C:param-filter name="type"><C:text-match>pref</C:text-match></C:param-filter></C:prop-filter>`, "", []string{adaGUID, "turing", "zoe"}},
		{"no such parameter", `<C:prop-filter name="EMAIL"><C:param-filter name="X"/></C:prop-filter>`, "", []string{}},
	} {
		body := s.want(t, 207, "ada", "REPORT", adaBook, filter(c.tests, c.attributes), "Depth", "1")
		if got := cards(body); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.why, got, c.want)
		}
	}
	partial := strings.Replace(filter(text("FN", "", "byron"), ""), "<C:address-data/>", `<C:address-data><C:prop name="fn"/></C:address-data>`, 1)
	if body := s.want(t, 207, "ada", "REPORT", adaBook, partial); !strings.Contains(body, "FN:Ada") || strings.Contains(body, "EMAIL") || !strings.Contains(body, "VERSION:3.0") {
		t.Errorf("a part of a card: got %s", body)
	}
}

func TestWhatIsHiddenIsNowhere(t *testing.T) {
	rules := directory.Visibility{{For: directory.Rule{People: []string{"zoë"}}, Finds: directory.Rule{People: []string{"ada"}, Groups: []string{"staff"}}}}
	all := people()
	all[3].Members = []string{adaGUID, "zoe"}
	s := newSchool(t, contacts.Options{Visibility: rules}, all)
	list := s.want(t, 207, "zoë", "PROPFIND", zoeBook, `<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>`, "Depth", "1")
	if got, want := cards(list), []string{adaGUID, "staff", "zoe"}; !slices.Equal(got, want) {
		t.Errorf("listed: got %v, want %v", got, want)
	}
	if got, want := cards(s.want(t, 207, "zoë", "REPORT", zoeBook, filter("", ""))), []string{adaGUID, "staff", "zoe"}; !slices.Equal(got, want) {
		t.Errorf("found: got %v, want %v", got, want)
	}
	s.want(t, 404, "zoë", "GET", zoeBook+"pupil.vcf", "")
	s.want(t, 404, "zoë", "GET", adaBook+adaGUID+".vcf", "")
	s.want(t, 404, "zoë", "PROPFIND", "/addressbooks/__uids__/"+adaGUID+"/", "", "Depth", "0")
	multiget := `<C:addressbook-multiget xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:"><D:prop><C:address-data/></D:prop><D:href>` +
		zoeBook + `pupil.vcf</D:href><D:href>` + adaBook + adaGUID + `.vcf</D:href><D:href>/calendars/</D:href></C:addressbook-multiget>`
	if body := s.want(t, 207, "zoë", "REPORT", zoeBook, multiget); strings.Count(body, "HTTP/1.1 404") != 3 || strings.Contains(body, "VCARD") {
		t.Errorf("a multiget of what is hidden: got %s", body)
	}

	rules[0].Finds = directory.Rule{Groups: nil, People: []string{"ada"}}
	s = newSchool(t, contacts.Options{Visibility: rules, IsAdmin: func(p *directory.Principal) bool { return p.ShortName == "ada" }}, people())
	if got := len(cards(s.want(t, 207, "ada", "PROPFIND", adaBook, "", "Depth", "1"))); got != 5 {
		t.Errorf("an administrator sees %d cards, want all 5", got)
	}
}

func TestWhatAnAddressBookSaysOfItself(t *testing.T) {
	s := newSchool(t, contacts.Options{Organization: "Example"}, people())
	body := s.want(t, 207, "ada", "PROPFIND", adaBook, `<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:S="http://calendarserver.org/ns/"><D:prop>
		<D:resourcetype/><D:displayname/><D:supported-report-set/><D:current-user-privilege-set/><D:owner/><S:getctag/><C:supported-address-data/><C:max-resource-size/>
		<D:current-user-principal/><D:sync-token/></D:prop></D:propfind>`, "Depth", "0")
	for _, want := range []string{"addressbook/>", "<D:displayname>Directory<", "addressbook-query/>", "addressbook-multiget/>", "<D:read/>", "version='3.0'",
		"/principals/__uids__/" + adaGUID + "/", "getctag>"} {
		if !strings.Contains(body, want) {
			t.Errorf("it lacks %q:\n%s", want, body)
		}
	}
	if strings.Contains(body, "<D:write") {
		t.Errorf("it says that it can be written:\n%s", body)
	}
	if w := s.do("ada", "OPTIONS", adaBook, ""); w.Header().Get("DAV") != "1, 3, access-control, addressbook" || w.Header().Get("Allow") != "OPTIONS, PROPFIND, REPORT" {
		t.Errorf("OPTIONS: got %v", w.Header())
	}
	for path, names := range map[string]int{"/addressbooks": 0, "/addressbooks//__uids__/" + strings.ToLower(adaGUID): 1} {
		if body := s.want(t, 207, "ada", "PROPFIND", path, "", "Depth", "1"); strings.Count(body, "addressbook/>") != names {
			t.Errorf("%s: got %s", path, body)
		}
	}
}

func TestTagsTellWhatChanged(t *testing.T) {
	s := newSchool(t, contacts.Options{}, people())
	ask := `<D:propfind xmlns:D="DAV:" xmlns:S="http://calendarserver.org/ns/"><D:prop><S:getctag/></D:prop></D:propfind>`
	ctag := func() string { return s.want(t, 207, "zoë", "PROPFIND", zoeBook, ask, "Depth", "0") }
	card := func() string { return s.do("zoë", "GET", zoeBook+"turing.vcf", "").Header().Get("ETag") }
	before, etag := ctag(), card()
	s.people = directory.NewSnapshot(people(), time.Now().Add(time.Hour)) // read anew, nothing changed
	if ctag() != before || card() != etag {
		t.Error("a tag changed without a change")
	}
	if w := s.do("zoë", "GET", zoeBook+"turing.vcf", "", "If-None-Match", etag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("an unchanged card: got %d", w.Code)
	}
	all := people()
	all[4].Place.Capacity = 13
	s.people = directory.NewSnapshot(all, time.Now())
	if ctag() == before || card() == etag {
		t.Error("a change leaves the tags as they were")
	}
}

func TestNothingCanBeChangedAndNothingConfuses(t *testing.T) {
	s := newSchool(t, contacts.Options{MaxHits: 3}, people())
	for _, c := range []struct {
		status             int
		method, path, body string
		want               string
	}{
		{403, "PUT", adaBook + "zoe.vcf", "BEGIN:VCARD\r\nEND:VCARD\r\n", "need-privileges"},
		{403, "DELETE", adaBook + "zoe.vcf", "", "need-privileges"},
		{403, "DELETE", adaBook, "", "need-privileges"},
		{403, "MKCOL", "/addressbooks/__uids__/" + adaGUID + "/", "", "need-privileges"},
		{403, "PROPPATCH", adaBook, `<D:propertyupdate xmlns:D="DAV:"/>`, "write-properties"},
		{404, "PUT", adaBook + "new.vcf", "x", ""},
		{404, "PUT", zoeBook + "zoe.vcf", "x", ""},
		{405, "LOCK", adaBook, "", ""},
		{405, "GET", adaBook, "", ""},
		{405, "REPORT", adaBook + "zoe.vcf", filter("", ""), ""},
		{403, "PROPFIND", adaBook, "", "propfind-finite-depth"},
		{403, "REPORT", adaBook, `<D:sync-collection xmlns:D="DAV:"/>`, "supported-report"},
		{400, "REPORT", adaBook, "", ""},
		{400, "REPORT", adaBook, "<a", ""},
		{400, "REPORT", adaBook, `<!DOCTYPE a [<!ENTITY x "y">]><C:addressbook-query xmlns:C="urn:ietf:params:xml:ns:carddav">&x;</C:addressbook-query>`, ""},
		{413, "REPORT", adaBook, strings.Repeat("<a>", 100), ""},
		{413, "REPORT", adaBook, filter(strings.Repeat(" ", 1<<20), ""), ""},
		{507, "REPORT", adaBook, filter("", ""), "number-of-matches-within-limits"},
		{403, "REPORT", adaBook, strings.Replace(filter("", ""), "<C:address-data/>", `<C:address-data content-type="text/vcard" version="4.0"/>`, 1), "supported-address-data"},
		{404, "PROPFIND", "/addressbooks/__uids__/zoe/other/", "", ""},
		{404, "PROPFIND", adaBook + "../../zoe/directory/zoe.vcf", "", ""},
		{404, "GET", adaBook + "%2e%2e%2fzoe.vcf", "", ""},
		{404, "GET", adaBook + "zoe", "", ""},
	} {
		if body := s.want(t, c.status, "ada", c.method, c.path, c.body); !strings.Contains(body, c.want) {
			t.Errorf("%s %s: got %s, want %s in it", c.method, c.path, body, c.want)
		}
	}
	limited := strings.Replace(filter("", ""), "</C:addressbook-query>", "<C:limit><C:nresults>2</C:nresults></C:limit></C:addressbook-query>", 1)
	if got := cards(s.want(t, 207, "ada", "REPORT", adaBook, limited)); len(got) != 2 {
		t.Errorf("a limit of 2: got %v", got)
	}
	hrefs := strings.Repeat("<D:href>/x</D:href>", 4)
	s.want(t, 507, "ada", "REPORT", adaBook, `<C:addressbook-multiget xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:">`+hrefs+`</C:addressbook-multiget>`)
}

// BenchmarkListing lists the names and entity tags of 10,000 cards, of which every tenth has a photo, BenchmarkTyping finds
// the first of them as somebody types, and BenchmarkTypingElsewhere does in a field that the directory's index lacks.
func BenchmarkListing(b *testing.B) {
	benchmark(b, "PROPFIND", `<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>`)
}

func BenchmarkTyping(b *testing.B) {
	benchmark(b, "REPORT", filter(`<C:prop-filter name="FN"><C:text-match>son 99</C:text-match></C:prop-filter><C:prop-filter name="EMAIL"><C:text-match>son 99</C:text-match></C:prop-filter>`, ""))
}

func BenchmarkTypingElsewhere(b *testing.B) {
	benchmark(b, "REPORT", filter(`<C:prop-filter name="TITLE"><C:text-match>analyst</C:text-match></C:prop-filter>`, ""))
}

func benchmark(b *testing.B, method, body string) {
	all := people()
	photo := map[string][]string{"jpegphoto": {"\xff\xd8\xff" + strings.Repeat("photo", 4000)}}
	for i := range 10_000 {
		p := &directory.Principal{Kind: directory.Individual, GUID: fmt.Sprintf("p%d", i), ShortName: fmt.Sprintf("p%d", i),
			FullName: fmt.Sprintf("Person %d", i), Mails: []string{fmt.Sprintf("p%d@example.com", i)}}
		if i%10 == 0 {
			p.Attributes = photo
		}
		all = append(all, p)
	}
	s := newSchool(b, contacts.Options{Photos: true}, all)
	s.want(b, 207, "ada", method, adaBook, body, "Depth", "1")
	b.ReportAllocs()
	for b.Loop() {
		s.do("ada", method, adaBook, body, "Depth", "1")
	}
}
