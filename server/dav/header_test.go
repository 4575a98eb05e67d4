package dav

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func header(pairs ...string) http.Header {
	h := make(http.Header)
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func TestReadDepth(t *testing.T) {
	for value, want := range map[string]Depth{"": DepthOne, "0": DepthZero, "1": DepthOne, "Infinity": DepthInfinity, " infinity ": DepthInfinity} {
		if got, err := ReadDepth(header("Depth", value), DepthOne); got != want || err != nil {
			t.Errorf("Depth %q: got %v, %v, want %v", value, got, err, want)
		}
	}
	if _, err := ReadDepth(header("Depth", "2"), DepthOne); err == nil {
		t.Error("Depth 2 is accepted")
	}
}

func TestReadOverwriteAndDestination(t *testing.T) {
	for value, want := range map[string]bool{"": true, "T": true, "F": false} {
		if got, err := ReadOverwrite(header("Overwrite", value)); got != want || err != nil {
			t.Errorf("Overwrite %q: got %v, %v", value, got, err)
		}
	}
	if _, err := ReadOverwrite(header("Overwrite", "maybe")); err == nil {
		t.Error("Overwrite maybe is accepted")
	}
	if got, err := ReadDestination(header("Destination", "http://inside:8008/a/b%20c")); got != "/a/b%20c" || err != nil {
		t.Errorf("Destination: got %q, %v", got, err)
	}
	if _, err := ReadDestination(header()); err == nil {
		t.Error("a missing Destination is accepted")
	}
}

func TestReadPreferences(t *testing.T) {
	for _, test := range []struct {
		h    http.Header
		want Preferences
	}{
		{header(), Preferences{}},
		{header("Prefer", "return=minimal"), Preferences{Minimal: true}},
		{header("Prefer", "return-minimal"), Preferences{Minimal: true}},
		{header("Brief", "t"), Preferences{Minimal: true}},
		{header("Brief", "f"), Preferences{}},
		{header("Prefer", `wait=10, Return = "minimal" ; x=y, depth-noroot`), Preferences{Minimal: true, NoRoot: true}},
		{header("Prefer", "respond-async", "Prefer", "return=representation"), Preferences{Representation: true}},
		{header("Prefer", "return=minimalist, returnminimal, ;, =,"), Preferences{}},
	} {
		if got := ReadPreferences(test.h); got != test.want {
			t.Errorf("%v: got %+v, want %+v", test.h, got, test.want)
		}
	}
}

func TestPreferencesSayWhatWasHonoured(t *testing.T) {
	h := make(http.Header)
	Preferences{Minimal: true, NoRoot: true}.Write(h)
	if got := h.Get("Preference-Applied"); got != "return=minimal, depth-noroot" {
		t.Errorf("Preference-Applied: %q", got)
	}
	if got := h.Get("Vary"); got != "Brief, Prefer" {
		t.Errorf("Vary: %q", got)
	}
}

func FuzzPreferences(f *testing.F) {
	f.Add(`return=minimal; a="b,c", depth-noroot`)
	f.Fuzz(func(t *testing.T, value string) {
		p := ReadPreferences(http.Header{"Prefer": {value}})
		if p.Minimal && p.Representation {
			t.Fatalf("%q prefers two answers", value)
		}
	})
}

func TestReadETags(t *testing.T) {
	for value, want := range map[string]*ETags{
		"":                   nil,
		"*":                  {Any: true},
		`"a"`:                {Tags: []ETag{{"a", false}}},
		`"a" , W/"b",,"c,d"`: {Tags: []ETag{{"a", false}, {"b", true}, {"c,d", false}}},
		`""`:                 {Tags: []ETag{{"", false}}},
	} {
		if got, err := ReadETags(header("If-Match", value), "If-Match"); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v, want %+v", value, got, err, want)
		}
	}
	for _, value := range []string{"a", `"a`, `"a""b"`, `w/"a"`, `*, "a"`} {
		if got, err := ReadETags(header("If-Match", value), "If-Match"); err == nil {
			t.Errorf("%q: got %+v, want an error", value, got)
		}
	}
}

func FuzzETags(f *testing.F) {
	f.Add(`"a", W/"b"`)
	f.Fuzz(func(t *testing.T, value string) {
		tags, err := ReadETags(http.Header{"If-Match": {value}}, "If-Match")
		if err != nil || tags == nil {
			return
		}
		for _, tag := range tags.Tags {
			if strings.Contains(tag.Opaque, `"`) {
				t.Fatalf("%q has a tag with a quote: %q", value, tag.Opaque)
			}
		}
	})
}

func TestCheckETags(t *testing.T) {
	for _, test := range []struct {
		method, name, value, current string
		want                         int // 0: passes
	}{
		{"PUT", "If-Match", `"a"`, "a", 0},
		{"PUT", "If-Match", `"b", "a"`, "a", 0},
		{"PUT", "If-Match", `W/"a"`, "a", 412},
		{"PUT", "If-Match", `"b"`, "a", 412},
		{"PUT", "If-Match", `*`, "a", 0},
		{"PUT", "If-Match", `*`, "", 412},
		{"PUT", "If-None-Match", `*`, "", 0},
		{"PUT", "If-None-Match", `*`, "a", 412},
		{"GET", "If-None-Match", `W/"a"`, "a", 304},
		{"HEAD", "If-None-Match", `"b", "a"`, "a", 304},
		{"GET", "If-None-Match", `"b"`, "a", 0},
		{"DELETE", "If-None-Match", `"a"`, "a", 412},
		{"PUT", "If-Match", `a`, "a", 400},
	} {
		r := httptest.NewRequest(test.method, "/", nil)
		r.Header.Set(test.name, test.value)
		err := CheckETags(r, test.current)
		var e *Error
		if got := 0; errors.As(err, &e) {
			if got = e.Status; got != test.want {
				t.Errorf("%+v: got %d", test, got)
			}
		} else if test.want != 0 || err != nil {
			t.Errorf("%+v: got %v", test, err)
		}
	}
}

// state is an IfState of one resource, the request's own, and others by path.
type state struct {
	etags  map[string]string
	tokens map[string][]string
}

func (s state) ETag(path string) string { return s.etags[path] }
func (s state) Has(path, token string) bool {
	for _, have := range s.tokens[path] {
		if have == token {
			return true
		}
	}
	return false
}

func TestIfHoldsAsRFC4918Says(t *testing.T) {
	s := state{
		etags:  map[string]string{"": "e1", "/other": "e2"},
		tokens: map[string][]string{"": {"urn:t1"}, "/coll/": {"urn:sync:7"}},
	}
	for header, want := range map[string]bool{
		"":                                       true,
		`(<urn:t1> ["e1"])`:                      true,
		`(<urn:t1> ["no"])`:                      false,
		`(<urn:t1> ["no"]) (["e1"])`:             true,
		`(Not <urn:t2> <urn:t1>)`:                true,
		`(Not <urn:t1>)`:                         false,
		`(<urn:t2>) (Not <DAV:no-lock>)`:         true,
		`(<DAV:no-lock>)`:                        false,
		`([W/"e1"])`:                             false,
		`</other> (["e2"])`:                      true,
		`</other> (["e1"])`:                      false,
		`<http://x:80/coll/> (<urn:sync:7>)`:     true,
		`</coll/> (<urn:sync:6>)(Not ["x"])`:     true,
		`</coll/> (<urn:sync:6>) </a> (<urn:b>)`: false,
		`</coll/>(<urn:sync:7>) </a>(<urn:b>)`:   true,
		`(not["no"])`:                            true,
	} {
		f, err := ParseIf(header)
		if err != nil {
			t.Errorf("%s: %v", header, err)
			continue
		}
		if got := f.Holds(s); got != want {
			t.Errorf("%s: got %v, want %v", header, got, want)
		}
	}
}

func TestParseIfRefusesWhatTheGrammarDoes(t *testing.T) {
	for _, header := range []string{
		"x", "()", "(<>)", "(<urn:a>", "(Not)", `(["a")`, `([a])`, "</a>", "</a> </b> (<urn:c>)", "<nopath> (<urn:c>)",
		`(<urn:a>) </b> (<urn:c>)`, "<", "(<", "([", `(["`, `(["a"`,
	} {
		if f, err := ParseIf(header); err == nil {
			t.Errorf("%s: got %+v, want an error", header, f)
		}
	}
}

func FuzzParseIf(f *testing.F) {
	f.Add(`</a> (<urn:x> ["e"]) (Not <urn:y>)`)
	f.Fuzz(func(t *testing.T, header string) {
		parsed, err := ParseIf(header)
		if err == nil && parsed != nil && len(parsed.lists) == 0 {
			t.Fatalf("%q parses to no lists", header)
		}
		if err == nil {
			parsed.Holds(state{})
		}
	})
}
