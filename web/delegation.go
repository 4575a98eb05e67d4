package web

import (
	"net/http"
	"slices"
	"strings"

	"calport/directory"
)

// delegationView is who acts for me, and for whom I act.
type delegationView struct {
	delegatesView
	Read, Write []*directory.Principal // for whom I may act; rooms and resources are on a page of their own
}

// delegatesView is who may act for somebody or for a room, and the search for others.
type delegatesView struct {
	Of        string // whose: a GUID; empty: mine
	Path      string // of the page
	Delegates []Delegate
	Search    string
	Hits      []*directory.Principal // who are no delegates
	Had       bool                   // there were hits, but they are delegates already
	More      bool                   // others are found as well
}

// maxHits is how many people a search for delegates shows.
const maxHits = 12

func (s *site) delegation(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	person := visitorOf(r.Context()).person
	view := delegationView{}
	if view.delegatesView, err = delegatesOf(r, d, person); err != nil {
		return err
	}
	view.Read, view.Write = d.Delegators()
	isPlace := func(p *directory.Principal) bool { return p.Place != nil }
	view.Write = slices.DeleteFunc(slices.Clone(view.Write), isPlace)
	return s.render(w, r, http.StatusOK, "delegation", "Delegation", view)
}

// delegatesOf shows whose delegates, and whom the request searches for.
func delegatesOf(r *http.Request, d Desk, whose *directory.Principal) (view delegatesView, err error) {
	v := visitorOf(r.Context())
	view.Path = r.URL.Path
	if whose != v.person {
		view.Of = whose.GUID
	}
	if view.Delegates, err = d.Delegates(r.Context(), whose); err != nil {
		return view, deskProblem(err)
	}
	view.Search = askedOf(r).search
	if view.Search == "" {
		return view, nil
	}
	known := func(p *directory.Principal) bool {
		return strings.EqualFold(p.GUID, whose.GUID) || slices.ContainsFunc(view.Delegates, func(d Delegate) bool { return d.Who.GUID == p.GUID })
	}
	found := d.Finds()
	view.Hits, view.More = v.people.Search(directory.Query{
		Text: view.Search, Kinds: []directory.Kind{directory.Individual, directory.Group}, Limit: maxHits,
		Among: func(p *directory.Principal) bool {
			if known(p) {
				view.Had = true
				return false
			}
			return found(p)
		},
	})
	return view, nil
}

// addDelegate lets somebody act for the person, or for a room that the person keeps.
func (s *site) addDelegate(w http.ResponseWriter, r *http.Request) error {
	d, whose, err := s.delegateForm(w, r)
	if err != nil {
		return err
	}
	who := visitorOf(r.Context()).people.ByGUID(r.PostForm.Get("who"))
	if who == nil {
		return gone
	}
	write := r.PostForm.Get("may") == "write"
	if err := d.AddDelegate(r.Context(), whose, who, write); err != nil {
		return deskProblem(err)
	}
	return s.noted(w, r, whose, "delegate.add", mayWords[write]+" "+who.ShortName)
}

// mayWords is for the record: what a delegate may.
var mayWords = map[bool]string{false: "read", true: "write"}

// removeDelegate takes that back.
func (s *site) removeDelegate(w http.ResponseWriter, r *http.Request) error {
	d, whose, err := s.delegateForm(w, r)
	if err != nil {
		return err
	}
	guid := r.PostForm.Get("who")
	if err := d.RemoveDelegate(r.Context(), whose, guid); err != nil {
		return deskProblem(err)
	}
	return s.noted(w, r, whose, "delegate.remove", quote(guid))
}

// delegateForm reads whose delegates a form is about. A session that began by a one-time link opens nothing to others.
func (s *site) delegateForm(w http.ResponseWriter, r *http.Request) (Desk, *directory.Principal, error) {
	d, err := s.deskForm(w, r)
	if err != nil {
		return nil, nil, err
	}
	if s.sessions.linked(r.Context()) {
		return nil, nil, linkedOpensNothing
	}
	of := r.PostForm.Get("of")
	if of == "" {
		return d, visitorOf(r.Context()).person, nil
	}
	place, err := ownPlace(d, of)
	return d, place, err
}

// noted leads back to the page of whose delegates or settings were changed, once the record has it.
func (s *site) noted(w http.ResponseWriter, r *http.Request, whose *directory.Principal, action, detail string) error {
	if err := s.o.Audit.Note(r.Context(), s.deed(r, action, whose.GUID, detail)); err != nil {
		return err
	}
	if whose.Place != nil {
		return redirect(w, roomLink(whose))
	}
	return redirect(w, delegationPath)
}
