package contacts_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"calport/directory"
	"calport/server/contacts"
)

// pieces counts what is written at a time.
type pieces struct {
	*httptest.ResponseRecorder
	largest, count int
}

func (p *pieces) Write(data []byte) (int, error) {
	p.count++
	p.largest = max(p.largest, len(data))
	return p.ResponseRecorder.Write(data)
}

func TestMultigetIsSentAsItGrows(t *testing.T) {
	const n, photo = 300, 9000
	all := people()
	for i := range n {
		all = append(all, &directory.Principal{Kind: directory.Individual, GUID: fmt.Sprintf("p%03d", i), ShortName: fmt.Sprint("p", i), FullName: fmt.Sprint("Person ", i),
			Attributes: map[string][]string{"jpegphoto": {"\xff\xd8\xff" + strings.Repeat("x", photo)}}})
	}
	s := newSchool(t, contacts.Options{Photos: true}, all)
	var body strings.Builder
	body.WriteString(`<C:addressbook-multiget xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:"><D:prop><D:getetag/><C:address-data/></D:prop>`)
	for i := range n {
		fmt.Fprintf(&body, "<D:href>%sp%03d.vcf</D:href><D:href>%snobody%d.vcf</D:href>", adaBook, i, adaBook, i)
	}
	body.WriteString(`</C:addressbook-multiget>`)
	r := httptest.NewRequest("REPORT", adaBook, strings.NewReader(body.String()))
	r.SetBasicAuth("ada", "")
	w := &pieces{ResponseRecorder: httptest.NewRecorder()}
	s.ServeHTTP(w, r)
	if w.Code != http.StatusMultiStatus || w.Header().Get("Content-Type") != "application/xml; charset=utf-8" {
		t.Fatalf("got %d %s\n%s", w.Code, w.Header(), w.Body)
	}
	total := w.Body.Len()
	if w.count < 5 || w.largest > total/5 {
		t.Errorf("%d octets are sent in %d pieces, of %d at most", total, w.count, w.largest)
	}
	var answer struct {
		Responses []struct {
			Href   string `xml:"DAV: href"`
			Status string `xml:"DAV: status"`
			ETag   string `xml:"DAV: propstat>prop>getetag"`
			Card   string `xml:"urn:ietf:params:xml:ns:carddav propstat>prop>address-data"`
		} `xml:"DAV: response"`
	}
	d := xml.NewDecoder(w.Body)
	if err := d.Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("after the answer comes %v", err)
	}
	if len(answer.Responses) != 2*n {
		t.Fatalf("%d responses, want %d", len(answer.Responses), 2*n)
	}
	for i, r := range answer.Responses {
		if i%2 == 1 {
			if r.Href != fmt.Sprintf("%snobody%d.vcf", adaBook, i/2) || !strings.Contains(r.Status, "404") {
				t.Fatalf("response %d is %+v, want 404", i, r)
			}
			continue
		}
		if r.Href != fmt.Sprintf("%sp%03d.vcf", adaBook, i/2) || r.ETag == "" {
			t.Fatalf("response %d is of %s, with the entity tag %s", i, r.Href, r.ETag)
		}
		if want := fmt.Sprintf("FN:Person %d\n", i/2); !strings.Contains(strings.ReplaceAll(r.Card, "\r", ""), want) {
			t.Fatalf("response %d has no %q: %.200s", i, want, r.Card)
		}
	}
}

func TestMultigetOfWhatIsNoURLIsRefusedBeforeAnythingIsSent(t *testing.T) {
	s := newSchool(t, contacts.Options{}, people())
	s.want(t, 400, "ada", "REPORT", adaBook, `<C:addressbook-multiget xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:"><D:prop><D:getetag/></D:prop>`+
		strings.Repeat("<D:href>"+adaBook+"zoe.vcf</D:href>", 500)+`<D:href>http://[::1/%zz</D:href></C:addressbook-multiget>`)
}
