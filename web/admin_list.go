package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// listing is what stands around the rows of a list: a search above them, choices, and the way to the next page below.
// The template parts are "list-head" and "list-foot"; every one of their links and forms is a GET.
type listing struct {
	Path     string  // of the page
	Label    english // of the search field; empty: there is no search
	Search   string  // what is searched for
	Keep     []keyed // further parameters that a search keeps
	Choices  []link  // narrow the list
	First    int     // number of the first row shown, from 1; 0: there are none
	Last     int     // number of the last one
	Total    int     // of rows; 0: not counted
	Previous string  // address of the page before; empty: this is the first
	Next     string  // address of the page after; empty: this is the last
	Empty    english // what is said when there are no rows
}

// keyed is a parameter of an address.
type keyed struct{ Key, Value string }

// link is an address among several, one of which may be where one is.
type link struct {
	Path   string
	Words  english
	Chosen bool
}

// rowsPerPage is how many rows a list shows at a time.
const rowsPerPage = 50

// maxSearch bounds what is searched for, in bytes.
const maxSearch = 200

// asked is what a request wants of a list.
type asked struct {
	search string
	page   int // from 0
	query  url.Values
	path   string
}

// askedOf reads the parameters q and page.
func askedOf(r *http.Request) asked { return askedFor(r.URL.Query(), r.URL.Path) }

// askedFor reads them of a form.
func askedFor(form url.Values, path string) asked {
	a := asked{query: form, path: path}
	a.search = strings.TrimSpace(strings.ToValidUTF8(a.query.Get("q"), ""))
	a.search = a.search[:min(len(a.search), maxSearch)]
	a.search = strings.ToValidUTF8(a.search, "")
	if page, err := strconv.Atoi(a.query.Get("page")); err == nil && page > 1 && page < 1<<20 {
		a.page = page - 1
	}
	return a
}

// skip is the number of rows before the page.
func (a asked) skip() int { return a.page * rowsPerPage }

// with is the address of the same list with other parameters: pairs of a name and a value, an empty one for none. It
// begins at the first page unless a pair says otherwise.
func (a asked) with(pairs ...string) string {
	q := url.Values{}
	for name := range a.query {
		if value := a.query.Get(name); value != "" && name != "page" {
			q.Set(name, value)
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		q.Del(pairs[i])
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return a.path
	}
	return a.path + "?" + q.Encode()
}

// listing is what stands around the rows shown; more says that there are others after them.
func (a asked) listing(shown int, more bool) listing {
	l := listing{Path: a.path, Search: a.search}
	for name := range a.query {
		if value := a.query.Get(name); value != "" && name != "page" && name != "q" {
			l.Keep = append(l.Keep, keyed{name, value})
		}
	}
	if shown > 0 {
		l.First, l.Last = a.skip()+1, a.skip()+shown
	}
	if a.page > 0 {
		l.Previous = a.with("page", strconv.Itoa(a.page))
	}
	if more {
		l.Next = a.with("page", strconv.Itoa(a.page+2))
	}
	return l
}
