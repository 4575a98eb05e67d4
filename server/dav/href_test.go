package dav

import (
	"net/url"
	"path"
	"strings"
	"testing"
)

func TestEncodePathHasOneForm(t *testing.T) {
	for _, test := range []struct {
		slash    bool
		segments []string
		want     string
	}{
		{true, nil, "/"},
		{false, nil, "/"},
		{true, []string{"calendars", "zoë"}, "/calendars/zo%C3%AB/"},
		{false, []string{"a@b.c", "x y+z.ics"}, "/a@b.c/x%20y%2Bz.ics"},
		{false, []string{"100%", "a/b", "a:b~c!'()*,;=&$"}, "/100%25/a%2Fb/a:b~c%21%27%28%29%2A%2C%3B%3D%26%24"},
	} {
		if got := EncodePath(test.slash, test.segments...); got != test.want {
			t.Errorf("EncodePath(%q) = %q, want %q", test.segments, got, test.want)
		}
	}
}

func TestHrefPathComparesOnlyThePath(t *testing.T) {
	for href, want := range map[string]string{
		"/a/b":                        "/a/b",
		" /a ":                        "/a",
		"http://proxy:8008/a/b?c#d":   "/a/b",
		"HTTPS://user@host/a%20b":     "/a%20b",
		"https://host":                "/",
		"https://host?x=/a":           "/",
		"/a?b=http://c":               "/a",
		"/calendars/x/a.ics#fragment": "/calendars/x/a.ics",
	} {
		if got, err := HrefPath(href); got != want || err != nil {
			t.Errorf("HrefPath(%q) = %q, %v, want %q", href, got, err, want)
		}
	}
	for _, href := range []string{"", "a.ics", "mailto:a@b", "urn:uuid:1", "//host/a", "ftp://host/a", "http:///"} {
		if got, err := HrefPath(href); err == nil && href != "http:///" {
			t.Errorf("HrefPath(%q) = %q, want an error", href, got)
		}
	}
}

func FuzzHref(f *testing.F) {
	f.Add("/calendars/zo%c3%ab/a+b.ics")
	f.Add("https://host/100%/x")
	f.Fuzz(func(t *testing.T, href string) {
		escaped, err := HrefPath(href)
		if err != nil {
			return
		}
		if !strings.HasPrefix(escaped, "/") {
			t.Fatalf("%q is %q, which is no path", href, escaped)
		}
		segment := path.Base(escaped)
		canonical := EncodeSegment(segment)
		if back, err := url.PathUnescape(canonical); err != nil || back != segment {
			t.Fatalf("%q is encoded %q, which is %q, %v", segment, canonical, back, err)
		}
		if EncodePath(false, segment) != "/"+canonical {
			t.Fatalf("%q has two forms", segment)
		}
	})
}
