package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"calport/directory"
	"calport/profiles"
	"calport/profiles/export"
)

// exportView asks which profiles to export.
type exportView struct {
	Path   string
	Search string
	Group  *directory.Principal // whose members; nil: everybody
	All    string               // address of the page without the group
	Count  int                  // of people whose profiles that are
}

// profilesExportPath is where profiles are exported.
const profilesExportPath = adminPath + "export"

func (s *site) askExport(w http.ResponseWriter, r *http.Request) error {
	a := askedOf(r)
	selected, group, err := s.selection(r.Context(), a)
	if err != nil {
		return err
	}
	view := exportView{Path: profilesExportPath, Search: a.search, Group: group, All: a.with("group", "")}
	for range selected {
		view.Count++
	}
	return s.render(w, r, http.StatusOK, "admin-export", "Export", view)
}

// selection yields the people who get a profile and are members of the group, and found by the search, that a request
// names.
func (s *site) selection(ctx context.Context, a asked) (func(yield func(*directory.Principal) bool), *directory.Principal, error) {
	people := visitorOf(ctx).people
	group, among, err := s.narrow(ctx, asked{query: url.Values{"group": {a.query.Get("group")}}}, nil)
	if err != nil {
		return nil, nil, err
	}
	mayHave := func(p *directory.Principal) bool {
		return (among == nil || among(p)) && s.o.Access.Profile.Allows(people, p)
	}
	hits, _ := people.Search(directory.Query{
		Text: a.search, Kinds: []directory.Kind{directory.Individual}, Among: mayHave, Limit: people.Count(directory.Individual) + 1,
	})
	return func(yield func(*directory.Principal) bool) {
		for _, p := range hits {
			if !yield(p) {
				return
			}
		}
	}, group, nil
}

// exportProfiles streams a zip archive of profiles. It is a POST, since it is long work that no page of others shall
// start.
func (s *site) exportProfiles(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	a := askedFor(r.PostForm, profilesExportPath)
	platform, err := profiles.ParsePlatform(r.PostForm.Get("platform"))
	if err != nil {
		return badParameter("platform", r.PostForm.Get("platform"), "any, ios or macos")
	}
	format, err := export.ParseFormat(r.PostForm.Get("format"))
	if err != nil {
		return badParameter("format", r.PostForm.Get("format"), "signed, unsigned or both")
	}
	selected, group, err := s.selection(r.Context(), a)
	if err != nil {
		return err
	}
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	what := "everybody"
	if group != nil {
		what = "group " + group.ShortName
	}
	detail := fmt.Sprintf("platform %s, %s", platform, r.PostForm.Get("format"))
	if a.search != "" {
		detail += ", found by " + quote(a.search)
	}
	if err := s.o.Audit.Note(r.Context(), s.deed(r, "profiles.export", what, detail)); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", attachment("profiles-"+platform.String()+"-"+s.o.Now().UTC().Format(time.DateOnly)+".zip"))
	h.Set("Cache-Control", "no-store")
	_, err = export.Zip(r.Context(), w, export.Options{
		Format: format, Platform: platform, People: selected, Directory: renderer.Directory, Generator: renderer.Generator,
		Signer: renderer.Signer, Shelf: renderer.Shelf, Now: s.o.Now,
	})
	if err != nil {
		if r.Context().Err() == nil {
			s.o.Log.ErrorContext(r.Context(), "an export of profiles broke off", s.about(r, "err", err)...)
		}
		panic(http.ErrAbortHandler) // what has gone out must not look whole
	}
	return nil
}
