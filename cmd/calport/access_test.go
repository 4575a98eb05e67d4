package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestWhomPeopleFindIsConfigured(t *testing.T) {
	in := newSite(t, `
[[access.visibility]]
for = ["design"]
finds = ["teaching"]
together = ["des*"]
`).serve(t)
	search := func(who, word string) string {
		status, body, _ := in.do(t, "REPORT", "/principals/", who, `<C:calendarserver-principal-search xmlns:C="http://calendarserver.org/ns/" xmlns:D="DAV:">
			<C:search-token>`+word+`</C:search-token><D:prop><D:displayname/></D:prop></C:calendarserver-principal-search>`)
		if status != http.StatusMultiStatus {
			t.Fatalf("%s searches for %s: got %d %s", who, word, status, body)
		}
		return body
	}
	for _, c := range []struct {
		who, word, name string
		found           bool
	}{
		{"layla", "radia", "Radia Stein", false},
		{"layla", "edsger", "Edsger van der Berg", true},
		{"layla", "lef", "François Lefèvre", true},
		{"radia", "lef", "François Lefèvre", true},
	} {
		if got := strings.Contains(search(c.who, c.word), c.name); got != c.found {
			t.Errorf("%s finds %s: got %v, want %v", c.who, c.name, got, c.found)
		}
	}
}

func TestMistakesInTheRulesOfVisibilityAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"[[access.visibility]]\nfor = [\"(role=\"]\n":       "access.visibility: rule 1",
		"[[access.visibility]]\ntogether = [\"class-[\"]\n": `"class-[" is no name of groups`,
		"[[access.visibility]]\nfind = [\"x\"]\n":           "there is no such key",
	} {
		if got := newSite(t, text).refused(t); !strings.Contains(got, want) {
			t.Errorf("%q: got %s, want %q in it", text, got, want)
		}
	}
}
