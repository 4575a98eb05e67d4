package dav

import (
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
)

func mustRead(t testing.TB, text string) *Element {
	t.Helper()
	e, err := ReadElement(strings.NewReader(text), Limits{})
	if err != nil {
		t.Fatalf("ReadElement(%q): %v", text, err)
	}
	return e
}

func TestReadElementResolvesNamespaces(t *testing.T) {
	e := mustRead(t, `<?xml version="1.0" encoding="UTF-8"?><!-- c -->
<A:propfind xmlns:A="DAV:"><A:prop><B:x xmlns:B="urn:b" lang="en" B:lang="fr"/><y xmlns=""/><z xmlns="urn:z"><in/></z></A:prop></A:propfind>`)
	if e.Name != d("propfind") {
		t.Errorf("root is %v", e.Name)
	}
	props := e.Child(Prop).Children
	want := []Name{{Space: "urn:b", Local: "x"}, {Local: "y"}, {Space: "urn:z", Local: "z"}}
	for i, name := range want {
		if props[i].Name != name {
			t.Errorf("property %d is %v, want %v", i, props[i].Name, name)
		}
	}
	if got := props[2].Children[0].Name; got != (Name{Space: "urn:z", Local: "in"}) {
		t.Errorf("the default namespace gives %v", got)
	}
	if lang, _ := props[0].Attribute("lang"); lang != "en" {
		t.Errorf("attribute without namespace is %q, want en", lang)
	}
}

func TestReadElementRefusesWhatIsNotNamespacedXML(t *testing.T) {
	for name, text := range map[string]string{
		"undeclared prefix":           `<D:propfind/>`,
		"undeclared attribute prefix": `<a x:b="c"/>`,
		"undeclared after its scope":  `<a><b xmlns:p="urn:p"/><p:c/></a>`,
		"document type":               `<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>`,
		"document type alone":         `<!DOCTYPE a><a/>`,
		"entity":                      `<a>&e;</a>`,
		"two roots":                   `<a/><b/>`,
		"text after the root":         `<a/>x`,
		"text only":                   `hello`,
		"unclosed":                    `<a><b></b>`,
		"crossed tags":                `<a><b></a></b>`,
		"other prefix at the end":     `<x:a xmlns:x="u" xmlns:y="u"></y:a>`,
		"end without start":           `</a>`,
		"attribute twice":             `<a b="1" b="2"/>`,
		"attribute twice by prefix":   `<a xmlns:x="u" xmlns:y="u" x:b="1" y:b="2"/>`,
		"prefix undeclared by empty":  `<a xmlns:x=""/>`,
		"xmlns redeclared":            `<a xmlns:xmlns="urn:x"/>`,
		"xml bound to another":        `<a xmlns:xml="urn:x"/>`,
		"two colons":                  `<x:a:b xmlns:x="u"/>`,
		"latin-1":                     `<?xml version="1.0" encoding="iso-8859-1"?><a/>`,
		"broken UTF-8":                "<a>\xff</a>",
		"control character":           "<a>\x01</a>",
		"only a comment":              `<!-- nothing -->`,
	} {
		if _, err := ReadElement(strings.NewReader(text), Limits{}); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", name, err)
		}
	}
}

func TestReadElementKeepsLimits(t *testing.T) {
	deep := strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65)
	var spaces strings.Builder
	for i := range 300 {
		spaces.WriteString(" xmlns:p" + strings.Repeat("x", i) + `="u"`)
	}
	for name, text := range map[string]string{
		"bytes":    "<a>" + strings.Repeat(" ", defaultBytes) + "</a>",
		"depth":    deep,
		"bindings": "<a" + spaces.String() + "/>",
	} {
		if _, err := ReadElement(strings.NewReader(text), Limits{}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %v, want ErrTooLarge", name, err)
		}
	}
	if _, err := ReadElement(strings.NewReader(deep), Limits{Depth: 65}); err != nil {
		t.Errorf("depth 65 of 65: %v", err)
	}
}

func TestReadElementTakesAnEmptyBodyForNone(t *testing.T) {
	for _, body := range []string{"", " \r\n", "\ufeff"} {
		if e, err := ReadElement(strings.NewReader(body), Limits{}); e != nil || err != nil {
			t.Errorf("body %q: got %v, %v", body, e, err)
		}
	}
}

func TestReadElementPassesTheReadersErrorOn(t *testing.T) {
	if _, err := ReadElement(io.MultiReader(strings.NewReader("<a>"), errorReader{}), Limits{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestReadElementReadsUTF16(t *testing.T) {
	text := `<?xml version="1.0" encoding="UTF-16"?><a>zoë 🗓</a>`
	for name, order := range map[string]func(uint16) [2]byte{
		"big":    func(u uint16) [2]byte { return [2]byte{byte(u >> 8), byte(u)} },
		"little": func(u uint16) [2]byte { return [2]byte{byte(u), byte(u >> 8)} },
	} {
		var body []byte
		for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
			pair := order(u)
			body = append(body, pair[:]...)
		}
		if e := mustRead(t, string(body)); e.Text != "zoë 🗓" {
			t.Errorf("%s endian: got %q", name, e.Text)
		}
	}
}

func TestElementXMLRoundTripsTheInfoset(t *testing.T) {
	for _, text := range []string{
		`<x:note xmlns:x="urn:x" xml:lang='de' kind='a&quot;b'>a<x:b>c</x:b>d<e>f</e> g </x:note>`,
		`<note xmlns="urn:x"><b xmlns="">c</b><d xmlns="urn:d"><b xmlns="urn:x"/></d></note>`,
		`<a xmlns:p="urn:p" p:q='1' q='2'><b xmlns:p="urn:other" p:q='3'/></a>`,
		`<p:a xmlns:p="urn:p">line&#13;
end &amp; &lt;tag&gt; ]]&gt;</p:a>`,
		`<c a='&#9;&#10;&#13;&#39;&lt;'> </c>`,
		`<calendar-color xmlns="http://apple.com/ns/ical/" symbolic-color='orange'>#FD8208FF</calendar-color>`,
	} {
		e := mustRead(t, text)
		once := e.XML()
		if once != text {
			t.Errorf("got  %s\nwant %s", once, text)
		}
		wrapped := mustRead(t, `<r xmlns:p="urn:outer">`+once+`</r>`).Children[0]
		if !sameInfoset(e, wrapped) {
			t.Errorf("%s is not self-contained", once)
		}
	}
}

func TestElementXMLDeclaresWhatItTookFromOutside(t *testing.T) {
	outer := mustRead(t, `<A:set xmlns:A="DAV:" xmlns:Z="urn:z" xmlns="urn:d"><A:prop><Z:a Z:b="1"><c/><A:d/></Z:a></A:prop></A:set>`)
	e := outer.Children[0].Children[0]
	if again := mustRead(t, e.XML()); !sameInfoset(e, again) {
		t.Errorf("%s differs from what was read", e.XML())
	}
	if !strings.HasPrefix(e.XML(), `<Z:a Z:b='1' xmlns:Z="urn:z"`) {
		t.Errorf("the prefix is lost: %s", e.XML())
	}
}

// sameInfoset compares what RFC 4918 section 4.3 says must be preserved.
func sameInfoset(a, b *Element) bool {
	if a.Name != b.Name || a.Text != b.Text || len(a.Children) != len(b.Children) {
		return false
	}
	x, y := properAttributes(a), properAttributes(b)
	if len(x) != len(y) {
		return false
	}
	for name, value := range x {
		if y[name] != value {
			return false
		}
	}
	for i := range a.Children {
		if a.Children[i].Tail != b.Children[i].Tail || !sameInfoset(a.Children[i], b.Children[i]) {
			return false
		}
	}
	return true
}

func properAttributes(e *Element) map[xml.Name]string {
	all := make(map[xml.Name]string)
	for _, a := range e.Attr {
		if _, declaration := declares(a); !declaration {
			all[a.Name] = a.Value
		}
	}
	return all
}

func TestWhatClientsSendIsReadPlainly(t *testing.T) {
	for _, text := range []string{
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A:propfind xmlns:A=\"DAV:\">\n  <A:prop>\n    <B:getctag xmlns:B=\"http://calendarserver.org/ns/\"/>\n  </A:prop>\n</A:propfind>",
		"<?xml version='1.0' encoding='utf-8'?><propfind xmlns=\"DAV:\" ><allprop /></propfind >\n",
		"<C:calendar-multiget xmlns:D=\"DAV:\" xmlns:C='urn:ietf:params:xml:ns:caldav'><D:prop><D:getetag/></D:prop><D:href>/a/b%20c.ics</D:href></C:calendar-multiget>",
	} {
		l := Limits{Depth: defaultDepth}
		plain, ok := l.plainDocument([]byte(text))
		if !ok {
			t.Errorf("%s is not read plainly", text)
			continue
		}
		if whole, err := l.document([]byte(text)); err != nil || !reflect.DeepEqual(plain, whole) {
			t.Errorf("%s: encoding/xml reads something else: %v", text, err)
		}
	}
}

// FuzzPlainDocument holds the reader of plain documents beside encoding/xml.
func FuzzPlainDocument(f *testing.F) {
	f.Add(`<a:b xmlns:a="urn:a" c="d" a:c='e'>e<f/>g </a:b> `)
	f.Add("<?xml version=\"1.0\"?>\n<b xmlns=\"urn:a\" xml:lang=\"en\"><c xmlns=\"\"\t/></b\n>")
	f.Fuzz(func(t *testing.T, text string) {
		l := Limits{Depth: defaultDepth}
		plain, ok := l.plainDocument([]byte(text))
		if !ok {
			return
		}
		whole, err := l.document([]byte(text))
		if err != nil || !reflect.DeepEqual(plain, whole) {
			t.Fatalf("%q is read plainly, and otherwise: %v", text, err)
		}
	})
}

func FuzzReadElement(f *testing.F) {
	f.Add(`<a:b xmlns:a="urn:a" c="d">e<f/>g<!-- h --><![CDATA[<i>]]></a:b>`)
	f.Add(`<b xmlns="urn:a" xml:lang="en"><c xmlns=""/></b>`)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ReadElement(strings.NewReader(text), Limits{Bytes: 1 << 16})
		if err != nil || e == nil {
			return
		}
		written := e.XML()
		again, err := ReadElement(strings.NewReader(written), Limits{Bytes: 1 << 20})
		if err != nil {
			t.Fatalf("%q is written as %q: %v", text, written, err)
		}
		if !sameInfoset(e, again) {
			t.Fatalf("%q is written as %q, which reads differently", text, written)
		}
	})
}
