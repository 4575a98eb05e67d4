package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"calport/directory"
	"calport/directory/demo"
)

// TestAdministratorsAreThoseOfNow is about somebody who administers no more.
func TestAdministratorsAreThoseOfNow(t *testing.T) {
	access := everybody
	h := build(t, plan{access: &access})
	b := h.browser(t).signIn(demo.Admin)
	b.get(adminPath).wants(t, http.StatusSeeOther)
	b.get(homePath).says(t, "Administration")
	h.browser(t).signIn("ada").get(homePath).silent(t, "Administration")

	h.options.Access.Admin = directory.Rule{Groups: []string{"nobody"}}
	var err error
	if h.Config.Handler, err = New(h.options); err != nil {
		t.Fatal(err)
	}
	b.get(adminPath).wants(t, http.StatusForbidden)
}

func TestDirectoryIsSearchedAndPaged(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	b.get(adminPath+"people").wants(t, http.StatusOK).says(t, "Ada Byron", `aria-current="page">People`)
	b.get(adminPath+"people?q=murray").says(t, "Grace", "1–1").silent(t, "Ada Byron", "Next page")
	b.get(adminPath+"people?q="+url.QueryEscape(`"><script>alert(1)</script>`)).says(t, "Nobody is found", "&lt;script&gt;").silent(t, "<script>alert")
	b.get(adminPath+"people?q="+strings.Repeat("x", 5000)+"&page=-3").wants(t, http.StatusOK).says(t, "Nobody is found")
	b.get(adminPath+"groups?q=admins").says(t, "Administrators of calport")
	b.get(adminPath+"places").wants(t, http.StatusOK)
	b.get(adminPath+"elsewhere").wants(t, http.StatusNotFound)
}

func TestListingLeadsToItsNeighbours(t *testing.T) {
	r, err := http.NewRequest(http.MethodGet, adminPath+"people?q=a%26b&state=x&page=3", nil)
	if err != nil {
		t.Fatal(err)
	}
	l := askedOf(r).listing(rowsPerPage, true)
	if l.First != 101 || l.Last != 150 || l.Search != "a&b" {
		t.Errorf("got %+v", l)
	}
	if want := adminPath + "people?page=2&q=a%26b&state=x"; l.Previous != want {
		t.Errorf("got %q, want %q", l.Previous, want)
	}
	if want := adminPath + "people?page=4&q=a%26b&state=x"; l.Next != want {
		t.Errorf("got %q, want %q", l.Next, want)
	}
	if got, want := askedOf(r).with("state", ""), adminPath+"people?q=a%26b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
