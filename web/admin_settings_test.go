package web

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"calport/directory"
	"calport/directory/demo"
	"calport/profiles"
	"calport/server/store"
)

// scope is a person or group of the sample organisation.
func (h *house) scope(t testing.TB, kind directory.Kind, name string) Scope {
	t.Helper()
	p := h.live.Snapshot().ByName(kind, name)
	if p == nil {
		t.Fatalf("there is no %v %s", kind, name)
	}
	return Scope{kind, p.GUID, p.ShortName}
}

// formOf is what a browser would send of the form of a page.
func formOf(t testing.TB, a answer) url.Values {
	t.Helper()
	form := url.Values{}
	at := strings.Index(a.body, `class="settings"`)
	if at < 0 {
		t.Fatalf("%s has no form of settings", a.Request.URL.Path)
	}
	for _, m := range regexp.MustCompile(`<input [^>]*name="([^"]+)"[^>]*value="([^"]*)"`).FindAllStringSubmatch(a.body[at:], -1) {
		if !strings.Contains(m[0], "checkbox") {
			form.Set(m[1], html.UnescapeString(m[2]))
		}
	}
	for _, m := range regexp.MustCompile(`(?s)<textarea [^>]*name="([^"]+)"[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(a.body[at:], -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range regexp.MustCompile(`(?s)<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>`).FindAllStringSubmatch(a.body[at:], -1) {
		if chosen := regexp.MustCompile(`value="([^"]*)" selected`).FindStringSubmatch(m[2]); chosen != nil {
			form.Set(m[1], chosen[1])
		}
	}
	return form
}

// fullForm sets one of each kind of field.
func fullForm(form url.Values) url.Values {
	for key, value := range map[string]string{
		"display_name": "Kalender von %full_name%", "consent": "default = May we?\r\nde = Dürfen wir, %first_name%?\r\n", "removal": "30d", "removal_disallowed": "true",
		"removal_password": "open sesame", "port": "443", "contacts": "true", "hosts": "example.org = cal.example.org",
		"account.0.id": "choir", "account.0.host": "choir.example.net", "account.0.port": "8443", "account.0.ssl": "false",
		"subscription.0.id": "holidays", "subscription.0.url": "https://example.org/h.ics", "do": "save",
	} {
		form.Set(key, value)
	}
	return form
}

func TestSettingsOfAGroupReachItsMembers(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	group := h.scope(t, directory.Group, demo.AdminGroup)
	path := settingsPath(group)
	form := fullForm(formOf(t, b.get(path).wants(t, http.StatusOK).says(t, "Inherited from the configuration:", "cal.example.org", "Inherited from built in:")))
	form.Set("priority", "7")
	b.post(path, form).wants(t, http.StatusSeeOther).header(t, "Location", path+"?saved=1")
	d := h.audited(t, "settings.change")
	if d.Object != "group "+demo.AdminGroup || d.Actor != ownerOf(h.person(t, demo.Admin)) || d.From != "192.0.2.7" || !strings.Contains(d.Detail, "port: – → 443") || strings.Contains(d.Detail, "sesame") {
		t.Errorf("the record says %+v", d)
	}
	b.get(path+"?saved=1").says(t, "The settings are in force", "Dürfen wir, %first_name%?", `value="choir"`, `value="7"`).silent(t, "sesame")
	b.get(calendarProfilePath+"?platform=ios").wants(t, http.StatusOK).says(t, "Kalender von", "choir.example.net", "open sesame", "com.apple.carddav.account", "https://example.org/h.ics")
	h.browser(t).signIn("ada").get(calendarProfilePath).wants(t, http.StatusOK).silent(t, "Kalender von", "choir.example.net")
	b.get(principalPath(h.person(t, demo.Admin))).says(t, "group "+demo.AdminGroup, "choir.example.net:8443").silent(t, "sesame")
	b.get(adminPath+"settings").says(t, "Administrators of calport", "Further calendar accounts", "priority 7")

	again := formOf(t, b.get(path))
	again.Set("do", "save")
	again.Set("port", "")
	b.post(path, again).wants(t, http.StatusSeeOther)
	if d := h.audited(t, "settings.change"); d.Detail != "port: 443 → –" {
		t.Errorf("the record says %q: a form sent as it came changes nothing else", d.Detail)
	}
	again = formOf(t, b.get(path))
	again.Set("do", "reset")
	b.post(path, again).wants(t, http.StatusSeeOther)
	h.audited(t, "settings.reset")
	b.get(calendarProfilePath+"?platform=ios").wants(t, http.StatusOK).silent(t, "choir.example.net")
}

func TestDenialIsAValue(t *testing.T) {
	h := build(t, plan{settings: profiles.Document{Everyone: profiles.Settings{Deny: new(true)}}})
	b := h.browser(t).signIn(demo.Admin)
	path := settingsPath(h.scope(t, directory.Individual, "ada"))
	ada := h.browser(t).signIn("ada")
	ada.get(calendarProfilePath).wants(t, http.StatusNotFound)
	form := formOf(t, b.get(path).says(t, "Inherited from everyone:"))
	form.Set("deny", "false")
	form.Set("do", "preview")
	b.post(path, form).wants(t, http.StatusOK).says(t, "What saving would do", "for 1 person", "Ada Byron")
	ada.get(calendarProfilePath).wants(t, http.StatusNotFound)
	form.Set("do", "save")
	b.post(path, form).wants(t, http.StatusSeeOther)
	ada.get(calendarProfilePath).wants(t, http.StatusOK)
}

func TestPreviewSaysWhoIsAffectedAndHow(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	path := settingsPath(Scope{})
	form := formOf(t, b.get(path))
	form.Set("do", "preview")
	form.Set("display_name", "Termine von %mobile_phone%")
	b.post(path, form).wants(t, http.StatusOK).says(t, "What saving would do", "Calendars of Ada Byron", "no profile", `value="Termine von %mobile_phone%"`)
	if lines, _ := h.store.Audit(t.Context(), store.AuditFilter{Action: "settings"}, 1); len(lines) > 0 {
		t.Errorf("a preview is a deed: %+v", lines)
	}
}

func TestMistakesInSettingsStandAtTheirFields(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	path := settingsPath(Scope{})
	for field, c := range map[string]struct{ value, want, german string }{
		"port":                 {"70000", "70000 is no port", "70000 ist kein Port"},
		"host":                 {"https://x", "it has a scheme", "ist kein Hostname: er enthält ein Schema"},
		"user_name":            {"%nonsense%", "the variable is unknown", "die Variable ist unbekannt"},
		"removal":              {"soon", "is no removal", "keine Angabe zum Entfernen"},
		"consent":              {"hello", "has no “=”", "hat kein „=“"},
		"hosts":                {"a.example = x/y", "is no host name", "a.example: \"x/y\" ist kein Hostname"},
		"account.0.host":       {"x.example", "one of them has no id", "eines hat keine Kennung"},
		"subscription.0.id":    {"Bad Id", "is no id", "ist keine Kennung"},
		"display_name":         {`"><script>alert(1)</script>%`, "has no partner", "hat kein zweites"},
		"contacts_description": {"\x01", "control character", "Steuerzeichen"},
	} {
		form := formOf(t, b.get(path))
		form.Set("do", "save")
		form.Set(field, c.value)
		a := b.post(path, form).wants(t, http.StatusUnprocessableEntity).silent(t, "<script>alert")
		if text := html.UnescapeString(a.body); !strings.Contains(text, c.want) || !strings.Contains(text, "Nothing has been saved") || field != "contacts_description" && !strings.Contains(text, c.value) {
			t.Errorf("%s=%q: the answer lacks %q or what was typed", field, c.value, c.want)
		}
		a = b.post(path, form, "Accept-Language", "de").wants(t, http.StatusUnprocessableEntity)
		if text := html.UnescapeString(a.body); !strings.Contains(text, c.german) {
			t.Errorf("%s=%q: the German answer lacks %q", field, c.value, c.german)
		}
	}
	if lines, _ := h.store.Audit(t.Context(), store.AuditFilter{Action: "settings"}, 1); len(lines) > 0 {
		t.Errorf("something was saved: %+v", lines)
	}
}

func TestOfTwoAdministratorsTheSlowerIsTold(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	path := settingsPath(h.scope(t, directory.Individual, "ada"))
	mine, theirs := formOf(t, b.get(path)), formOf(t, b.get(path))
	theirs.Set("port", "1111")
	mine.Set("port", "2222")
	mine.Set("do", "save")
	theirs.Set("do", "save")
	b.post(path, theirs).wants(t, http.StatusSeeOther)
	a := b.post(path, mine).wants(t, http.StatusConflict).says(t, "Somebody else has changed", "1111", `value="2222"`)
	again := formOf(t, a)
	again.Set("do", "save")
	b.post(path, again).wants(t, http.StatusSeeOther)
	b.get(path).says(t, `value="2222"`)
	mine.Set("do", "reset")
	b.post(path, mine).wants(t, http.StatusConflict)
}

func TestFormsOfSettingsAreBounded(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	b.post(settingsPath(Scope{}), url.Values{"description": {strings.Repeat("x", maxSettingsForm)}}).wants(t, http.StatusRequestEntityTooLarge)
	b.post(settingsPath(Scope{}), url.Values{"revision": {"many"}}).wants(t, http.StatusBadRequest)
	b.get(settingsPath(Scope{directory.Group, h.person(t, "ada").GUID, ""})).wants(t, http.StatusNotFound)
	b.get(settingsPath(Scope{directory.Individual, "../x", ""})).wants(t, http.StatusNotFound)
}

func TestASecretStaysUnlessItIsTyped(t *testing.T) {
	old := &profiles.Settings{RemovalPassword: new("one")}
	for _, c := range []struct {
		form url.Values
		want *string
	}{
		{url.Values{}, new("one")},
		{url.Values{"removal_password": {"two"}}, new("two")},
		{url.Values{"removal_password.off": {"1"}}, nil},
		{url.Values{"removal_password": {"two"}, "removal_password.off": {"1"}}, new("two")},
	} {
		s, mistakes := readSettings(c.form, old)
		if got := s.RemovalPassword; len(mistakes) > 0 || (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%v: got %v, %v", c.form, got, mistakes)
		}
	}
}
