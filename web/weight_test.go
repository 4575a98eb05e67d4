package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"calport/directory/signin"
)

// maxTransferred is what a page may weigh with all that it loads, in bytes.
const maxTransferred = 30_000

// loads finds what a page makes the browser fetch.
var loads = regexp.MustCompile(`<(?:link|script|img)[^>]* (?:href|src)="([^"]*)"`)

// TestPagesWeighLittleAndLoadNothingFromElsewhere goes through every page of the tables, as an administrator.
func TestPagesWeighLittleAndLoadNothingFromElsewhere(t *testing.T) {
	h := furnished(t, signin.AppPasswordsOffered)
	b := h.browser(t).signIn("admin")
	weight := func(a answer) int { return len(a.body) }
	for _, p := range slices.Concat(pages, adminPages) {
		if p.Method != http.MethodGet || strings.Contains(p.Path, "{") {
			continue
		}
		a := b.get(p.Path, "Accept-Encoding", "gzip", "Accept-Language", "de")
		if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			continue
		}
		sum := weight(a)
		for _, found := range loads.FindAllStringSubmatch(unzipped(t, a), -1) {
			if !strings.HasPrefix(found[1], "/") || strings.HasPrefix(found[1], "//") {
				t.Errorf("%s loads %s", p.Path, found[1])
				continue
			}
			sum += weight(b.get(found[1], "Accept-Encoding", "gzip").wants(t, http.StatusOK))
		}
		if sum > maxTransferred {
			t.Errorf("%s weighs %d bytes, want at most %d", p.Path, sum, maxTransferred)
		}
	}
}

// unzipped is the text of an answer that may be compressed.
func unzipped(t *testing.T, a answer) string {
	t.Helper()
	if a.Header.Get("Content-Encoding") != "gzip" {
		return a.body
	}
	r, err := gzip.NewReader(bytes.NewBufferString(a.body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPagesAreCompressedUnlessTheyShowASecret(t *testing.T) {
	b := build(t, plan{appPasswords: signin.AppPasswordsOffered}).browser(t).signIn("ada")
	plain := b.get(homePath, "Accept-Encoding", "identity").header(t, "Content-Encoding", "")
	for accept, want := range map[string]string{"gzip": "gzip", "br, GZIP;q=0.5": "gzip", "gzip;q=0": "", "gzip; q=0.0, br": "", "br": ""} {
		a := b.get(homePath, "Accept-Encoding", accept).header(t, "Content-Encoding", want)
		if unzipped(t, a) != plain.body {
			t.Errorf("%s: the page differs", accept)
		}
	}
	b.post(anotherPath, nil, "Accept-Encoding", "gzip").wants(t, http.StatusSeeOther)
	b.get(anotherPath, "Accept-Encoding", "gzip").says(t, "key=").header(t, "Content-Encoding", "")
	css := loads.FindAllStringSubmatch(plain.body, -1)[1][1]
	zipped := b.get(css, "Accept-Encoding", "gzip").header(t, "Content-Encoding", "gzip")
	a := b.get(css, "Accept-Encoding", "identity").header(t, "Content-Encoding", "")
	if unzipped(t, zipped) != a.body || zipped.Header.Get("ETag") == a.Header.Get("ETag") {
		t.Error("the style sheet in gzip is another, or has the same ETag as the plain one")
	}
}
