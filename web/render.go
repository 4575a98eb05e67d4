package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"calport/directory"
	"calport/directory/signin"
)

//go:embed templates
var templateFiles embed.FS

// views are the pages; each is a file templates/NAME.html that defines "main", put into layout.html.
var views = []string{"signin", "home", "inside", "manual", "help", "problem", "password", "another", "link", "devices", "test", "admin-directory"}

type templates map[string]*template.Template

func parseTemplates(files *static) (templates, error) {
	layout, err := template.New("layout.html").Funcs(template.FuncMap{"static": files.url, "ago": ago, "date": date}).
		ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	pages := make(templates, len(views))
	for _, name := range views {
		page, err := layout.Clone()
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		if pages[name], err = page.ParseFS(templateFiles, "templates/"+name+".html"); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
	}
	return pages, nil
}

// page is what every template sees.
type page struct {
	Organization string
	Title        string
	Path         string               // of the request, for marking where one is
	Person       *directory.Principal // nil: nobody has signed in
	View         any                  // what the one page is about

	appPasswords signin.Policy
	admin        bool
}

// Offers reports whether there are app passwords.
func (p page) Offers() bool { return p.appPasswords != signin.NoAppPasswords }

// Requires reports whether devices take nothing but app passwords.
func (p page) Requires() bool { return p.appPasswords == signin.AppPasswordsRequired }

// tab is one entry of the navigation.
type tab struct{ Path, Title string }

// Tabs is the navigation of people who have signed in.
func (p page) Tabs() []tab {
	tabs := []tab{{homePath, "Install"}, {anotherPath, "Another device"}, {devicesPath, "My devices"}, {manualPath, "Manual set-up"}, {helpPath, "Help"}}
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
func (s *site) render(w http.ResponseWriter, r *http.Request, status int, name, title string, view any) error {
	var out bytes.Buffer
	v := visitorOf(r.Context())
	p := page{Organization: s.o.Organization, Title: title, Path: r.URL.Path, Person: v.person, View: view, appPasswords: s.o.AppPasswords, admin: v.admin}
	if err := s.pages[name].Execute(&out, p); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(out.Bytes())
	}
	return nil
}
