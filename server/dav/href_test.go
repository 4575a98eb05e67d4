package dav

import (
	"slices"
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

func TestSplitPathIsTolerant(t *testing.T) {
	for _, test := range []struct {
		escaped string
		want    []string
		slash   bool
	}{
		{"/", nil, true},
		{"/a/b", []string{"a", "b"}, false},
		{"//a//b/", []string{"a", "b"}, true},
		{"/zo%c3%ab/zo%C3%AB/zoë", []string{"zoë", "zoë", "zoë"}, false},
		{"/user%40x/user@x", []string{"user@x", "user@x"}, false},
		{"/a+b/a%2Bb/a%2fb", []string{"a+b", "a+b", "a/b"}, false},
		{"/100%/%4/%zz", []string{"100%", "%4", "%zz"}, false},
	} {
		got, slash, err := SplitPath(test.escaped)
		if err != nil || slash != test.slash || !slices.Equal(got, test.want) {
			t.Errorf("SplitPath(%q) = %q, %v, %v, want %q, %v", test.escaped, got, slash, err, test.want, test.slash)
		}
	}
}

func TestSplitPathRefusesDotsAndNUL(t *testing.T) {
	for _, escaped := range []string{"", "a/b", "/a/../b", "/a/%2e%2E", "/./a", "/a%00b"} {
		if got, _, err := SplitPath(escaped); err == nil {
			t.Errorf("SplitPath(%q) = %q, want an error", escaped, got)
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
		segments, slash, err := SplitPath(escaped)
		if err != nil {
			return
		}
		canonical := EncodePath(slash, segments...)
		again, _, err := SplitPath(canonical)
		if err != nil || !slices.Equal(segments, again) {
			t.Fatalf("%q is %q, encoded %q, which is %q, %v", href, segments, canonical, again, err)
		}
		if twice := EncodePath(slash, again...); twice != canonical {
			t.Fatalf("%q has two forms: %q and %q", href, canonical, twice)
		}
	})
}
