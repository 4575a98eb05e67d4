package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"calport/directory"
	"calport/profiles"
)

// personView is all about one person.
type personView struct {
	Person   *directory.Principal
	Path     string
	Settings string   // address of the own settings
	None     *problem // why there is no profile; nil: there is one
	Why      phrase   // the same for administrators
	Values   []shownValue
	Groups   []*directory.Principal
	Devices  devicesView
	Sessions int64
	Standing english // what keeps the account from signing in; empty: nothing
	Done     string
}

// shownValue is an effective setting.
type shownValue struct {
	Key     string
	Title   string
	Written string // as it stands in the scope
	Result  string // as it comes out for the person
	Problem phrase // why nothing comes out
	From    phrase
}

// principalPath is the page of a person, group or place.
func principalPath(p *directory.Principal) string {
	kind := "people"
	switch p.Kind {
	case directory.Group:
		kind = "groups"
	case directory.Room, directory.Resource:
		kind = "places"
	}
	return adminPath + kind + "/" + url.PathEscape(p.GUID)
}

func (s *site) adminPerson(w http.ResponseWriter, r *http.Request) error {
	p, err := s.named(r, directory.Individual)
	if err != nil {
		return err
	}
	ctx, people := r.Context(), visitorOf(r.Context()).people
	renderer, err := s.o.Renderer(ctx)
	if err != nil {
		return err
	}
	view := personView{Person: p, Standing: standings[p.State], Path: principalPath(p), Settings: settingsPath(Scope{p.Kind, p.GUID, p.ShortName}), Groups: people.MemberOf(p.GUID), Done: r.URL.Query().Get("done")}
	if !s.o.Access.Profile.Allows(people, p) {
		view.None = noProfile("not-allowed", "This account is not among those that get a calendar profile here. The administrator decides who does.")
	} else if err := renderer.Generator.Judge(people, p, profiles.Any); err != nil {
		if view.Why = whyNone(err); !errors.As(explain(err), &view.None) {
			return err
		}
	}
	for _, v := range renderer.Generator.Show(people, p) {
		view.Values = append(view.Values, shownValue{v.Key, v.Title, v.Written, v.Value, whyNone(v.Err), sourceWords(v.Source)})
	}
	if view.Devices, err = s.devicesOf(ctx, visitor{people: people, person: p}, ""); err != nil {
		return err
	}
	if view.Sessions, err = s.o.Sessions.CountSessions(ctx, ownerOf(p)); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "admin-person", "Person", view)
}

// adminInsideView says in words what a person's profile holds.
type adminInsideView struct {
	insideView
	Person *directory.Principal
	Path   string // of the person
}

func (s *site) adminInside(w http.ResponseWriter, r *http.Request) error {
	p, err := s.named(r, directory.Individual)
	if err != nil {
		return err
	}
	platform, err := platformOf(r, profiles.Any)
	if err != nil {
		return err
	}
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	view := adminInsideView{insideView: insideView{Platform: platform}, Person: p, Path: principalPath(p)}
	for _, v := range variants {
		view.Platforms = append(view.Platforms, choice{v.platform.String(), v.words, v.platform == platform})
	}
	a, err := s.calendarOf(r.Context(), renderer, visitorOf(r.Context()).people, p, platform, false)
	switch {
	case err == nil:
		view.Profiles = append(view.Profiles, contentsOf(a.Profile, ""))
	case !errors.As(err, &view.None):
		return err
	}
	return s.render(w, r, http.StatusOK, "admin-inside", "What is inside", view)
}

// adminProfile hands a person's profile to an administrator: signed, or as it is for a device management.
func (s *site) adminProfile(w http.ResponseWriter, r *http.Request) error {
	p, err := s.named(r, directory.Individual)
	if err != nil {
		return err
	}
	platform, err := platformOf(r, profiles.Any)
	if err != nil {
		return err
	}
	signed := true
	switch value := r.URL.Query().Get("signed"); value {
	case "", "1":
	case "0":
		signed = false
	default:
		return badParameter("signed", value, "0 or 1")
	}
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	a, err := s.calendarOf(r.Context(), renderer, visitorOf(r.Context()).people, p, platform, signed)
	if err != nil {
		return err
	}
	s.hand(w, r, a, "calendar-"+p.ShortName)
	return nil
}

// adminRevoke ends one or all app passwords of a person.
func (s *site) adminRevoke(w http.ResponseWriter, r *http.Request) error {
	p, err := s.named(r, directory.Individual)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	which := r.PostForm.Get("id")
	if which == "all" {
		err = s.o.Records.RevokeAppPasswords(r.Context(), ownerOf(p))
	} else if id, bad := strconv.ParseInt(which, 10, 64); bad != nil {
		return badParameter("id", which, "a number or all")
	} else {
		var found bool
		if found, err = s.o.Records.RevokeAppPassword(r.Context(), ownerOf(p), id); err == nil && !found {
			return &problem{Status: http.StatusNotFound, Title: "There is no such app password", Reason: "no-such-password", Detail: "It may have been revoked already."}
		}
	}
	if err == nil {
		err = s.o.Audit.Note(r.Context(), s.deed(r, "admin.app-password.revoke", "person "+p.ShortName, which))
	}
	if err != nil {
		return err
	}
	return redirect(w, principalPath(p)+"?done=revoked")
}

// adminSignOut ends all portal sessions of a person.
func (s *site) adminSignOut(w http.ResponseWriter, r *http.Request) error {
	p, err := s.named(r, directory.Individual)
	if err != nil {
		return err
	}
	n, err := s.o.Sessions.EndSessions(r.Context(), ownerOf(p))
	if err == nil {
		err = s.o.Audit.Note(r.Context(), s.deed(r, "admin.sign-out", "person "+p.ShortName, strconv.FormatInt(n, 10)+" sessions"))
	}
	if err != nil {
		return err
	}
	if visitorOf(r.Context()).person.GUID == p.GUID {
		return redirect(w, signInPath)
	}
	return redirect(w, principalPath(p)+"?done=signed-out")
}
