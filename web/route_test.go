package web

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"calport/profiles"
)

// address is a path that a row of the tables answers.
func address(path string) string {
	return addresses.Replace(path)
}

var addresses = strings.NewReplacer("{file}", "ada.mobileconfig", "{kind:(people|groups|places)}", "people", "{scope:(group|person)}", "person", "{id:[0-9]+}", "1", "{guid}", "00000000-0000-0000-0000-000000000000")

// allPages are the portal and the pages of administrators.
func allPages() []pageRoute { return slices.Concat(pages, adminPages) }

func TestMethodsAreThoseOfTheTables(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	allowed := map[string][]string{staticPath + "{file}": {"GET", "HEAD"}}
	for _, row := range allPages() {
		allowed[row.Path] = append(allowed[row.Path], row.Method)
	}
	for _, row := range api {
		allowed[row.Path] = append(allowed[row.Path], row.Method)
	}
	for path, list := range allowed {
		if slices.Contains(list, "GET") && !slices.Contains(list, "HEAD") {
			list = slices.Insert(list, slices.Index(list, "GET")+1, "HEAD")
		}
		for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "POST"} {
			if slices.Contains(list, method) {
				continue
			}
			b.do(method, address(path), nil).wants(t, http.StatusMethodNotAllowed).header(t, "Allow", strings.Join(list, ", "))
		}
	}
	b.do("PROPFIND", "/nowhere", nil).wants(t, http.StatusNotFound)
}

func TestHeadTellsWhatGetWould(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", "list", "read")
	b := h.browser(t).signIn("ada")
	varying := []string{"Date", "Transfer-Encoding"}
	for _, path := range []string{
		"/", homePath, insidePath, manualPath, helpPath, devicesPath, anotherPath, testPath, linkPath, androidCodePath, signInPath, calendarProfilePath, trustProfilePath, diagnosticsProfilePath,
		"/nowhere", "/api/v1/profiles", "/api/v1/profiles/ada.mobileconfig", "/api/v1/profiles/nobody.mobileconfig", "/api/v1/nothing", staticPathOf(t, b, "css"),
	} {
		get := b.get(path, "Authorization", "Bearer "+secret, "Accept-Encoding", "identity") // else the client asks for gzip with GET alone
		head := b.do(http.MethodHead, path, nil, "Authorization", "Bearer "+secret, "Accept-Encoding", "identity")
		if head.StatusCode != get.StatusCode || head.body != "" {
			t.Errorf("%s: HEAD got status %d and %d bytes, GET %d", path, head.StatusCode, len(head.body), get.StatusCode)
		}
		for name := range get.Header {
			if !slices.Contains(varying, name) && head.Header.Get(name) != get.Header.Get(name) {
				t.Errorf("%s: header %s: HEAD says %q, GET %q", path, name, head.Header.Get(name), get.Header.Get(name))
			}
		}
	}
}

var assets = regexp.MustCompile(`/static/[a-z]+\.[0-9a-f]{12}\.(css|js|svg)`)

func staticPathOf(t *testing.T, b *client, extension string) string {
	t.Helper()
	for _, path := range assets.FindAllString(b.get("/nowhere").body, -1) {
		if strings.HasSuffix(path, extension) {
			return path
		}
	}
	t.Fatalf("no page names a file ending in %s", extension)
	return ""
}

func TestStaticFilesAreKeptForEver(t *testing.T) {
	b := build(t, plan{}).browser(t)
	for extension, contentType := range map[string]string{"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"} {
		path := staticPathOf(t, b, extension)
		a := b.get(path).wants(t, http.StatusOK).header(t, "Content-Type", contentType).header(t, "Cache-Control", "public, max-age=31536000, immutable")
		b.get(path, "If-None-Match", a.Header.Get("ETag")).wants(t, http.StatusNotModified)
	}
	for _, path := range []string{"/static/", "/static/portal.css", "/static/portal.000000000000.css", "/static/../web.go", "/static/%2e%2e/web.go", "/static/x/portal.css"} {
		b.get(path).wants(t, http.StatusNotFound)
	}
}

func TestEveryAnswerIsNarrow(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	for _, path := range []string{"/", homePath, signInPath, helpPath, devicesPath, linkPath, androidCodePath, "/nowhere", calendarProfilePath, "/api/v1/profiles", "/api/v1/nothing", staticPathOf(t, b, "js")} {
		a := b.get(path)
		a.header(t, "X-Content-Type-Options", "nosniff").header(t, "X-Frame-Options", "DENY").header(t, "Referrer-Policy", "same-origin")
		csp := a.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; ") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: got policy %q", path, csp)
		}
	}
}

func TestPagesNeedNothingFromElsewhereAndAreSmall(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	inline := regexp.MustCompile(`(?i)\son[a-z]+=|\sstyle=|<style|javascript:|src="(https?:)?//|href="https?://`)
	for _, path := range []string{homePath, insidePath, manualPath, helpPath, devicesPath, anotherPath, testPath, "/nowhere"} {
		a := b.get(path)
		size := len(a.body)
		for _, asset := range slices.Compact(slices.Sorted(slices.Values(assets.FindAllString(a.body, -1)))) {
			size += len(b.get(asset).body)
		}
		if size > 30<<10 {
			t.Errorf("%s is %d bytes with all that belongs to it", path, size)
		}
		if got := inline.FindAllString(a.body, -1); len(got) > 0 {
			t.Errorf("%s has %q", path, got)
		}
	}
}

func TestPathTricksLeadNowhere(t *testing.T) {
	b := build(t, plan{}).browser(t).signIn("ada")
	for _, path := range []string{
		"//portal/", "/portal//", "/portal/./", "/portal/%2e/", "/portal/../portal/", "/portal/%2e%2e/portal/", "/portal%2f", "/portal/profile/", "/portal/profile/x.mobileconfig",
		"/portal/profile/..%2f..%2fetc%2fpasswd", "/portal/profile/calendar.mobileconfig/", "/portal/help/x", "/PORTAL/", "/api", "/api/v1/profiles/", "/api/v1/profiles/a/b.mobileconfig", "/api/v2/profiles",
	} {
		b.get(path).wants(t, http.StatusNotFound)
	}
}

func TestRootLeadsToThePortal(t *testing.T) {
	b := build(t, plan{}).browser(t)
	for _, path := range []string{"/", "/portal", "/?utm=x"} {
		b.get(path).wants(t, http.StatusSeeOther).header(t, "Location", homePath)
	}
}

func TestFailuresOfTheStoreTellNothing(t *testing.T) {
	h := build(t, plan{change: func(o *Options) { o.Sessions = brokenSessions{o.Sessions} }})
	b := h.browser(t)
	b.get(homePath, "Cookie", sessionCookie+"=x").wants(t, http.StatusInternalServerError).
		says(t, "REQUEST42", "not your fault", "<!doctype html>").silent(t, errBroken.Error(), "SQL")
	if !strings.Contains(h.log.String(), errBroken.Error()) {
		t.Error("the reason is not in the log")
	}
}

// A store that is away is no fault: the page says to come back, and machines are told when.
func TestAStoreThatIsAwayIs503(t *testing.T) {
	h := build(t, plan{change: func(o *Options) {
		o.Sessions, o.Tokens = awaySessions{brokenSessions{o.Sessions}}, awayTokens{brokenTokens{o.Tokens}}
	}})
	b := h.browser(t)
	b.get(homePath, "Cookie", sessionCookie+"=x").wants(t, http.StatusServiceUnavailable).header(t, "Retry-After", "30").
		says(t, "come back in a minute", "<!doctype html>").silent(t, "secret.host")
	var p map[string]any
	b.get("/api/v1/profiles", "Authorization", "Bearer x").wants(t, http.StatusServiceUnavailable).header(t, "Retry-After", "30").silent(t, "secret.host").decode(t, &p)
	if p["reason"] != "unavailable" {
		t.Errorf("got %v", p)
	}
	if strings.Contains(h.log.String(), "level=ERROR") || !strings.Contains(h.log.String(), "secret.host") {
		t.Errorf("the log: %s", h.log)
	}
}

func TestProblemsArePagesForPeopleAndDocumentsForMachines(t *testing.T) {
	b := build(t, plan{}).browser(t)
	b.get("/nowhere").wants(t, http.StatusNotFound).header(t, "Content-Type", "text/html; charset=utf-8").header(t, "Cache-Control", "no-store").says(t, "There is nothing here", "request REQUEST42")
	var p map[string]any
	b.get("/api/v1/nothing").wants(t, http.StatusNotFound).header(t, "Content-Type", "application/problem+json").decode(t, &p)
	if p["reason"] != "no-such-path" || p["status"] != 404.0 {
		t.Errorf("got %v", p)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	good := build(t, plan{}).options
	for name, spoil := range map[string]func(*Options){
		"no sign-in": func(o *Options) { o.SignIn = nil }, "no people": func(o *Options) { o.People = nil }, "no renderer": func(o *Options) { o.Renderer = nil },
		"no sessions": func(o *Options) { o.Sessions = nil }, "no tokens": func(o *Options) { o.Tokens = nil }, "negative": func(o *Options) { o.Idle = -1 },
		"http": func(o *Options) { o.Origin = "http://cal.example.org" }, "path": func(o *Options) { o.Origin += "/" }, "empty": func(o *Options) { o.Origin = "" },
	} {
		o := good
		spoil(&o)
		if _, err := New(o); err == nil || !strings.HasPrefix(err.Error(), "web: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

func TestEveryVariableHasWords(t *testing.T) {
	for name := range variables {
		if err := explain(&profiles.MissingError{Variable: name, Setting: "user_name"}); !strings.Contains(err.Error(), string(variables[name])) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if got := variableWords("ldap:roomNumber").String(); !strings.Contains(got, "ldap:roomNumber") {
		t.Errorf("got %q", got)
	}
}
