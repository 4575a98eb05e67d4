package web

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// german is the other language that is complete.
var german = languages.named("de")

func TestTheBrowserAndThenTheReaderChooseTheLanguage(t *testing.T) {
	b := build(t, plan{}).browser(t)
	for header, want := range map[string]string{
		"": "en", "de": "de", "de-AT,de;q=0.9,en;q=0.8": "de", "en-US,en;q=0.9,de;q=0.8": "en", "fr-CH, fr;q=0.9, de;q=0.8, en;q=0.7": "de",
		"tlh": "en", "de;q=nonsense": "en", strings.Repeat("x-", 4000): "en",
	} {
		b.get(signInPath, "Accept-Language", header).wants(t, http.StatusOK).header(t, "Content-Language", want).says(t, `<html lang="`+want+`">`)
	}
	b.post(languagePath, url.Values{"language": {"de"}, "to": {signInPath + "?to=/portal/help"}}).wants(t, http.StatusSeeOther).
		header(t, "Location", signInPath+"?to=/portal/help")
	b.get(signInPath, "Accept-Language", "en").says(t, `<html lang="de">`, "Name oder E-Mail-Adresse", "Anmelden", `<button class="plain" name="language" value="en" lang="en">English`)
	b.post(languagePath, url.Values{"language": {"tlh"}}).wants(t, http.StatusSeeOther).header(t, "Location", homePath)
	b.get("/nowhere").says(t, "Hier ist nichts", "Fehler 404, Anfrage REQUEST42")
	b.get(languagePath+"?language=en").wants(t, http.StatusMethodNotAllowed)
	b.get(signInPath).says(t, `<html lang="de">`)
}

func TestChoosingALanguageLeadsNowhereElse(t *testing.T) {
	b := build(t, plan{}).browser(t)
	for _, to := range []string{"https://evil.example/", "//evil.example/portal/", "/portal/../x", "/api/v1/profiles", ""} {
		b.post(languagePath, url.Values{"language": {"de"}, "to": {to}}).wants(t, http.StatusSeeOther).header(t, "Location", homePath)
	}
}

func TestMachinesAreAnsweredInEnglish(t *testing.T) {
	b := build(t, plan{}).browser(t)
	b.get("/api/v1/nothing", "Accept-Language", "de").wants(t, http.StatusNotFound).says(t, "The address may have been mistyped")
}

func TestPluralsAndDatesAreRightInEachLanguage(t *testing.T) {
	now := time.Date(2026, 12, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		l        *tongue
		ago      time.Duration
		said, on string
	}{
		{inEnglish, time.Minute, "1 minute ago", "2 December 2026"},
		{inEnglish, 25 * time.Minute, "25 minutes ago", "2 December 2026"},
		{german, 48 * time.Hour, "vor 2 Tagen", "2. Dezember 2026"},
		{german, 24 * time.Hour, "vor 1 Tag", "2. Dezember 2026"},
		{german, 30 * 24 * time.Hour, "am 2. November 2026", "2. Dezember 2026"},
	} {
		if got := c.l.ago(now, now.Add(-c.ago)); got != c.said {
			t.Errorf("got %q, want %q", got, c.said)
		}
		if got := c.l.word(now); got != c.on {
			t.Errorf("got %q, want %q", got, c.on)
		}
	}
	if got, want := german.word(say("on %s", say("%d hours", 1))), "am 1 Stunde"; got != want {
		t.Errorf("a phrase in a phrase: got %q, want %q", got, want)
	}
}

func TestMarkupEscapesArgumentsOnly(t *testing.T) {
	got := inEnglish.markup("<b>%s</b> %d %s", `<script>"x"</script>`, 3, template.HTML("<i>y</i>"))
	if want := template.HTML("<b>&lt;script&gt;&#34;x&#34;&lt;/script&gt;</b> 3 <i>y</i>"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := inEnglish.word(verbatim("100% <b>")), "100% <b>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
