package web

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"calport/directory"
	"calport/profiles"
)

// settingsView is the editor of the settings of one scope.
type settingsView struct {
	Scope    Scope
	Subject  *directory.Principal // nil: everyone
	Path     string
	Sections []formSection
	Priority string   // of a group
	Problems []phrase // of the priority
	Revision int64
	Saved    bool
	Wrong    int               // how many fields have a mistake
	Theirs   []profiles.Change // what saving now would change of what somebody else has just saved; nil: nobody has
	Stale    bool
	Preview  *previewView // nil: not asked for
}

// IsGroup reports whether the scope is a group.
func (v settingsView) IsGroup() bool { return v.Scope.Kind == directory.Group }

// shownVariable is a variable of texts.
type shownVariable struct {
	Name  string
	Words phrase
}

// Variables are those of texts.
func (settingsView) Variables() (list []shownVariable) {
	for _, v := range profiles.Variables() {
		list = append(list, shownVariable{v.Name, variableWords(v.Name)})
	}
	return list
}

// maxSettingsForm bounds the form of settings, in bytes.
const maxSettingsForm = 256 << 10

// settingsPath is where the settings of a scope are edited.
func settingsPath(of Scope) string {
	switch of.Kind {
	case directory.Group:
		return adminPath + "settings/group/" + url.PathEscape(of.GUID)
	case directory.Individual:
		return adminPath + "settings/person/" + url.PathEscape(of.GUID)
	}
	return adminPath + "settings/everyone"
}

// scopeOf reads the scope that an address names, and who that is.
func (s *site) scopeOf(r *http.Request) (Scope, *directory.Principal, error) {
	kind := directory.Individual
	switch chi.URLParam(r, "scope") {
	case "":
		return Scope{}, nil, nil
	case "group":
		kind = directory.Group
	}
	p, err := s.named(r, kind)
	if err != nil {
		return Scope{}, nil, err
	}
	return Scope{kind, p.GUID, p.ShortName}, p, nil
}

// named finds the principal, of one of the kinds, that an address names.
func (s *site) named(r *http.Request, kinds ...directory.Kind) (*directory.Principal, error) {
	p := visitorOf(r.Context()).people.ByGUID(chi.URLParam(r, "guid"))
	if p != nil {
		for _, k := range kinds {
			if p.Kind == k {
				return p, nil
			}
		}
	}
	return nil, &problem{Status: http.StatusNotFound, Title: "This is not in the directory", Reason: "no-such-entry",
		Detail: "It may have been removed from it, or the address is mistyped. Search for it under People, Groups or Places."}
}

func (s *site) editSettings(w http.ResponseWriter, r *http.Request) error {
	of, subject, err := s.scopeOf(r)
	if err != nil {
		return err
	}
	now, err := s.o.Settings.FindSettings(r.Context(), of)
	if err != nil {
		return err
	}
	form, err := writeForm(&now.Settings)
	if err != nil {
		return err
	}
	form.Set("priority", strconv.Itoa(now.Priority))
	view := settingsView{Scope: of, Subject: subject, Revision: now.Revision, Saved: r.URL.Query().Get("saved") != ""}
	return s.showSettings(w, r, http.StatusOK, view, form, nil)
}

// showSettings shows the editor with form values in it.
func (s *site) showSettings(w http.ResponseWriter, r *http.Request, status int, view settingsView, form url.Values, mistakes map[string][]phrase) error {
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return err
	}
	view.Path, view.Priority, view.Problems, view.Wrong = settingsPath(view.Scope), form.Get("priority"), mistakes["priority"], len(mistakes)
	view.Sections = showForm(form, renderer.Generator.Inherited(renderer.Directory, view.Subject), mistakes)
	return s.render(w, r, status, "admin-settings", "Settings", view)
}

// changeSettings saves settings, shows what saving would do, or makes the scope inherit all.
func (s *site) changeSettings(w http.ResponseWriter, r *http.Request) error {
	of, subject, err := s.scopeOf(r)
	if err != nil {
		return err
	}
	if err := readFormOf(w, r, maxSettingsForm); err != nil {
		return err
	}
	revision, err := strconv.ParseInt(r.PostForm.Get("revision"), 10, 64)
	if err != nil || revision < 0 {
		return &problem{Status: http.StatusBadRequest, Title: "The form could not be read", Reason: "form",
			Detail: "What was sent is not what the form of this page sends. Go back and try again."}
	}
	now, err := s.o.Settings.FindSettings(r.Context(), of)
	if err != nil {
		return err
	}
	c := settingsChange{site: s, of: of, now: now, view: settingsView{Scope: of, Subject: subject, Revision: revision}}
	if r.PostForm.Get("do") == "reset" {
		return c.reset(w, r)
	}
	read, mistakes := readSettings(r.PostForm, &now.Settings)
	wanted := ScopeSettings{Revision: revision}
	if of.Kind == directory.Group {
		text := strings.TrimSpace(r.PostForm.Get("priority"))
		if wanted.Priority, err = strconv.Atoi(text); err != nil && text != "" {
			mistakes["priority"] = []phrase{say(noNumber, text)}
		}
	}
	if len(mistakes) > 0 {
		return s.showSettings(w, r, http.StatusUnprocessableEntity, c.view, r.PostForm, mistakes)
	}
	wanted.Settings = *read
	if r.PostForm.Get("do") == "preview" {
		if c.view.Preview, err = s.preview(r, of, subject, wanted); err != nil {
			return err
		}
		return s.showSettings(w, r, http.StatusOK, c.view, r.PostForm, nil)
	}
	return c.save(w, r, wanted)
}

// settingsChange is a change of the settings of one scope under way.
type settingsChange struct {
	*site
	of   Scope
	now  ScopeSettings
	view settingsView
}

func (c settingsChange) save(w http.ResponseWriter, r *http.Request, wanted ScopeSettings) error {
	changes := profiles.Changes(&c.now.Settings, &wanted.Settings)
	if len(changes) == 0 && wanted.Priority == c.now.Priority && wanted.Revision == c.now.Revision {
		return redirect(w, settingsPath(c.of)+"?saved=1")
	}
	if reflect.ValueOf(wanted.Settings).IsZero() && c.of.Kind != 0 {
		return c.reset(w, r)
	}
	err := c.o.Settings.PutSettings(r.Context(), c.of, wanted, c.deed(r, "settings.change", c.of.String(), changeWords(changes, c.now.Priority, wanted.Priority)))
	if errors.Is(err, ErrStale) {
		return c.stale(w, r, changes)
	}
	if err != nil {
		return err
	}
	return redirect(w, settingsPath(c.of)+"?saved=1")
}

// stale says that somebody else was faster. What was typed stays; saving it again is on purpose then.
func (c settingsChange) stale(w http.ResponseWriter, r *http.Request, changes []profiles.Change) error {
	c.view.Stale, c.view.Theirs, c.view.Revision = true, changes, c.now.Revision
	return c.showSettings(w, r, http.StatusConflict, c.view, r.PostForm, nil)
}

// reset makes the scope inherit everything.
func (c settingsChange) reset(w http.ResponseWriter, r *http.Request) error {
	if c.now.Revision == 0 && c.view.Revision == 0 {
		return redirect(w, settingsPath(c.of)+"?saved=1")
	}
	empty := &profiles.Settings{}
	d := c.deed(r, "settings.reset", c.of.String(), changeWords(profiles.Changes(&c.now.Settings, empty), 0, 0))
	err := c.o.Settings.DeleteSettings(r.Context(), c.of, c.view.Revision, d)
	if errors.Is(err, ErrStale) {
		return c.stale(w, r, profiles.Changes(&c.now.Settings, empty))
	}
	if err != nil {
		return err
	}
	return redirect(w, settingsPath(c.of)+"?saved=1")
}

// maxDetail bounds what the record of who did what tells of a change, in characters.
const maxDetail = 2000

// changeWords says changes for the record of who did what.
func changeWords(changes []profiles.Change, before, after int) string {
	var said []string
	if before != after {
		said = append(said, "priority: "+strconv.Itoa(before)+" → "+strconv.Itoa(after))
	}
	for _, c := range changes {
		value := func(s string) string {
			if s == "" {
				return "–"
			}
			return s
		}
		said = append(said, c.Key+": "+value(c.Before)+" → "+value(c.After))
	}
	text := []rune(strings.Join(said, "; "))
	return string(text[:min(len(text), maxDetail)])
}
