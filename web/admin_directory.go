package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"calport/directory"
	"calport/profiles"
)

// directoryView lists people, groups or places.
type directoryView struct {
	listing
	Rows  []directoryRow
	Group *directory.Principal // whose members are listed; nil: all
	All   string               // address of the list without the group
}

// directoryRow is one entry of the directory.
type directoryRow struct {
	*directory.Principal
	Path    string
	Problem phrase // why there is no profile, where that is what is asked for
}

// Standing says what keeps an account from signing in; empty: nothing.
func (r directoryRow) Standing() english { return standings[r.State] }

// standings are the conditions of accounts that may not sign in.
var standings = map[directory.State]english{
	directory.Disabled: "disabled", directory.Locked: "locked", directory.Expired: "expired",
	directory.MustChange: "must change password", directory.Gone: "gone",
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

// narrowings are the choices above a list of people, by the value of the parameter only.
var narrowings = []struct {
	value string
	words english
}{
	{"", "Everybody"},
	{"problem", "Without a profile"},
	{"settings", "With settings of their own"},
	{"inactive", "May not sign in"},
}

func (s *site) adminDirectory(w http.ResponseWriter, r *http.Request) error {
	kind, a, people := chi.URLParam(r, "kind"), askedOf(r), visitorOf(r.Context()).people
	shelf := shelves[kind]
	q := directory.Query{Text: a.search, Kinds: shelf.kinds, Skip: a.skip(), Limit: rowsPerPage}
	view := directoryView{}
	reasons := map[*directory.Principal]phrase{}
	if kind == "people" {
		var err error
		if view.Group, q.Among, err = s.narrow(r.Context(), a, reasons); err != nil {
			return err
		}
	}
	hits, more := people.Search(q)
	if err := r.Context().Err(); err != nil {
		return err
	}
	view.listing = a.listing(len(hits), more)
	view.Label, view.Empty, view.All = shelf.label, shelf.empty, a.with("group", "")
	for _, p := range hits {
		view.Rows = append(view.Rows, directoryRow{p, principalPath(p), reasons[p]})
	}
	if kind == "people" {
		for _, n := range narrowings {
			view.Choices = append(view.Choices, link{a.with("only", n.value), n.words, a.query.Get("only") == n.value})
		}
		view.Choices = append(view.Choices, link{Path: leftPath, Words: "Who has left"})
	}
	if a.search == "" && q.Among == nil {
		for _, k := range shelf.kinds {
			view.Total += people.Count(k)
		}
	}
	return s.render(w, r, http.StatusOK, "admin-directory", shelf.title, view)
}

// narrow reads whom a list of people is to show: members of a group, and those that one of the narrowings means. Why
// somebody has no profile is written into reasons. It is nil for everybody.
func (s *site) narrow(ctx context.Context, a asked, reasons map[*directory.Principal]phrase) (group *directory.Principal, among func(*directory.Principal) bool, err error) {
	people := visitorOf(ctx).people
	only, err := s.only(ctx, people, a.query.Get("only"), reasons)
	if err != nil {
		return nil, nil, err
	}
	guid := a.query.Get("group")
	if guid == "" {
		return nil, only, nil
	}
	if group = people.ByGUID(guid); group == nil || group.Kind != directory.Group {
		return nil, nil, badParameter("group", guid, "the GUID of a group")
	}
	members := map[string]bool{}
	for p := range concerned(people, group) {
		members[p.GUID] = true
	}
	return group, func(p *directory.Principal) bool { return members[p.GUID] && (only == nil || only(p)) }, nil
}

func (s *site) only(ctx context.Context, people *directory.Snapshot, what string, reasons map[*directory.Principal]phrase) (func(*directory.Principal) bool, error) {
	switch what {
	case "":
		return nil, nil
	case "inactive":
		return func(p *directory.Principal) bool { return p.State != directory.Active }, nil
	case "settings":
		d, err := s.o.Settings.Document(ctx)
		if err != nil {
			return nil, err
		}
		own := map[string]bool{}
		for i := range d.People {
			own[strings.ToLower(d.People[i].GUID)] = true
		}
		return func(p *directory.Principal) bool { return own[strings.ToLower(p.GUID)] }, nil
	case "problem":
		renderer, err := s.o.Renderer(ctx)
		if err != nil {
			return nil, err
		}
		return func(p *directory.Principal) bool {
			if ctx.Err() != nil || !s.o.Access.Profile.Allows(people, p) {
				return false
			}
			err := renderer.Generator.Judge(people, p, profiles.Any)
			if err != nil {
				reasons[p] = whyNone(err)
			}
			return err != nil
		}, nil
	}
	return nil, badParameter("only", what, "problem, settings or inactive")
}
