package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"calport/directory"
	"calport/directory/signin"
)

//go:embed templates
var templateFiles embed.FS

// views are the pages; each is a file templates/NAME.html that defines "main", put into layout.html.
var views = []string{
	"signin", "home", "inside", "manual", "help", "problem", "password", "another", "link", "devices", "test",
	"admin-directory", "admin-person", "admin-inside", "admin-group", "admin-place", "admin-scopes", "admin-settings", "admin-export", "admin-signing",
	"admin-audit", "admin-traces", "admin-trace",
	"admin-health", "admin-left", "admin-left-one", "admin-tokens", "admin-links", "admin-enrolment",
	"calendars", "calendar", "import", "delegation", "rooms", "room",
}

// templates are the pages in every language, by name.
type templates map[*tongue]map[string]*template.Template

func parseTemplates(files *static) (templates, error) {
	all := make(templates)
	for _, l := range languages.all {
		pages, err := parsePages(files, l)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		all[l] = pages
	}
	return all, nil
}

func parsePages(files *static, l *tongue) (map[string]*template.Template, error) {
	layout, err := template.New("layout.html").Funcs(template.FuncMap{"static": files.url, "principalPath": principalPath}).Funcs(l.functions()).
		ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, err
	}
	pages := make(map[string]*template.Template, len(views))
	for _, name := range views {
		page, err := layout.Clone()
		if err != nil {
			return nil, err
		}
		if pages[name], err = page.ParseFS(templateFiles, "templates/"+name+".html"); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// page is what every template sees.
type page struct {
	Organization string
	Title        string               // in the reader's language
	Path         string               // of the request, for marking where one is
	Person       *directory.Principal // nil: nobody has signed in
	View         any                  // what the one page is about
	Here         string               // where choosing a language leads back to
	Tongue       *tongue
	Traced       time.Time // until then what the person's devices say is written down; zero: it is not

	appPasswords signin.Policy
	admin        bool
	linked       bool
	desk         bool // there are calendars of the person's
	keeps        bool // there are rooms that the person keeps
}

// Offers reports whether there are app passwords.
func (p page) Offers() bool { return p.appPasswords != signin.NoAppPasswords }

// Requires reports whether devices take nothing but app passwords.
func (p page) Requires() bool { return p.appPasswords == signin.AppPasswordsRequired }

// HasRooms reports whether there are rooms that the person keeps.
func (p page) HasRooms() bool { return p.keeps }

// Linked reports whether one came by a one-time link, and may do less.
func (p page) Linked() bool { return p.linked }

// Languages are those that one may choose.
func (page) Languages() []*tongue { return languages.all }

// here is the page of a request, if it can be had by GET; else home.
func here(r *http.Request, status int) string {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || status != http.StatusOK {
		return homePath
	}
	return r.URL.RequestURI()
}

// tab is one entry of the navigation.
type tab struct {
	Path  string
	Title english
}

// Tabs is the navigation of people who have signed in.
func (p page) Tabs() []tab {
	tabs := []tab{{homePath, "Install"}}
	if p.desk {
		tabs = append(tabs, tab{calendarsPath, "My calendars"}, tab{delegationPath, "Delegation"})
	}
	if p.keeps {
		tabs = append(tabs, tab{roomsPath, "Rooms"})
	}
	tabs = append(tabs, tab{anotherPath, "Another device"}, tab{devicesPath, "My devices"}, tab{manualPath, "Manual set-up"}, tab{helpPath, "Help"})
	if p.admin {
		tabs = append(tabs, tab{adminPath, "Administration"})
	}
	return tabs
}

// AdminTabs is the navigation among the pages of administrators, on one of these.
func (p page) AdminTabs() []tab {
	if !p.admin || !isAdminPath(p.Path) {
		return nil
	}
	return adminTabs
}

// Within reports whether the page is the one of a tab, or below it.
func (p page) Within(t tab) bool {
	return p.Path == t.Path || t.Path != homePath && strings.HasPrefix(p.Path, strings.TrimSuffix(t.Path, "/")+"/")
}

// render writes a page, unless it cannot be made: then nothing has been written.
func (s *site) render(w http.ResponseWriter, r *http.Request, status int, name string, title english, view any) error {
	var out bytes.Buffer
	v, l := visitorOf(r.Context()), s.tongueOf(r)
	p := page{
		Organization: s.o.Organization, Title: l.word(title), Path: r.URL.Path, Person: v.person, View: view,
		Here: here(r, status), Tongue: l, appPasswords: s.o.AppPasswords, admin: v.admin, linked: v.linked,
	}
	if v.person != nil {
		p.Traced = s.o.Traces.Running(ownerOf(v.person))
	}
	if v.person != nil && s.o.Desk != nil && s.mayServe(v) {
		p.desk, p.keeps = true, len(s.o.Desk(v.person).Places()) > 0
	}
	if err := s.pages[l][name].Execute(&out, p); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Encoding, Accept-Language, Cookie")
	content := out.Bytes()
	if len(content) >= leastGzip && takesGzip(r) && !secretViews[name] {
		var err error
		if content, err = compressed(content); err != nil {
			return fmt.Errorf("page %s: %w", name, err)
		}
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Language", l.Tag.String())
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(content)
	}
	return nil
}
