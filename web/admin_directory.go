package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"calport/directory"
)

// directoryView lists people, groups or places.
type directoryView struct {
	listing
	Kind string // people, groups or places
	Rows []*directory.Principal
}

// shelves says what each list of the directory holds.
var shelves = map[string]struct {
	title, label, empty english
	kinds               []directory.Kind
}{
	"people": {"People", "Name, short name or mail address", "Nobody is found.", []directory.Kind{directory.Individual}},
	"groups": {"Groups", "Name or mail address", "No group is found.", []directory.Kind{directory.Group}},
	"places": {"Places", "Name or mail address", "No room or resource is found.", []directory.Kind{directory.Room, directory.Resource}},
}

func (s *site) adminDirectory(w http.ResponseWriter, r *http.Request) error {
	kind, a, people := chi.URLParam(r, "kind"), askedOf(r), visitorOf(r.Context()).people
	shelf := shelves[kind]
	hits, more := people.Search(directory.Query{Text: a.search, Kinds: shelf.kinds, Skip: a.skip(), Limit: rowsPerPage})
	view := directoryView{listing: a.listing(len(hits), more), Kind: kind, Rows: hits}
	view.Label, view.Empty = shelf.label, shelf.empty
	if a.search == "" {
		for _, k := range shelf.kinds {
			view.Total += people.Count(k)
		}
	}
	return s.render(w, r, http.StatusOK, "admin-directory", shelf.title, view)
}
