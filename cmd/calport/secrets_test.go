package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"calport/directory/demo"
	"calport/server/imip/imiptest"
)

// TestNoSecretIsLogged drives everything that deals with secrets, at the most talkative level, and looks for each of
// them in the log.
func TestNoSecretIsLogged(t *testing.T) {
	post := &imiptest.SMTP{}
	post.Start(t, "127.0.0.1:0")
	s := newSite(t, fmt.Sprintf("[access]\nadmin = [%q]\n[mail]\nhost = \"127.0.0.1\"\nport = %d\ntls = \"none\"\nfrom = \"calendar@example.com\"\n[log]\nlevel = \"debug\"\n",
		demo.AdminGroup, post.Port()))
	in := s.serve(t)
	secrets := map[string]string{"a wrong password": "wr0ng-Passw0rd", "a password typed as a name": "Passw0rd-as-name", "a guessed token": "calport_GUESSED5TOKEN7GUESSED", "a guessed link": "guessedguessedguessedguess"}
	const form = "application/x-www-form-urlencoded"

	// Sign-ins, right and wrong
	in.do(t, "POST", "/portal/sign-in", "", url.Values{"name": {"ada"}, "password": {secrets["a wrong password"]}}.Encode(), "Content-Type", form)
	in.do(t, "POST", "/portal/sign-in", "", url.Values{"name": {secrets["a password typed as a name"]}, "password": {"x"}}.Encode(), "Content-Type", form)
	in.dav(t, "grace", secrets["a wrong password"])
	in.dav(t, secrets["a password typed as a name"], "x")
	in.do(t, "GET", "/api/v1/profiles", "", "", "Authorization", "Bearer "+secrets["a guessed token"])
	in.do(t, "GET", "/api/v1/profiles", "", "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("x:"+secrets["a guessed token"])))
	in.do(t, "GET", "/portal/link?key="+secrets["a guessed link"], "", "")
	in.do(t, "POST", "/portal/link", "", url.Values{"key": {secrets["a guessed link"]}}.Encode(), "Content-Type", form)

	// App password, alone and inside a profile, and a link
	visit := in.portalOf(t, "admin")
	_, body := visit("POST", "/portal/app-passwords", url.Values{"for": {"this"}, "name": {"phone"}})
	for _, m := range groupOf4.FindAllStringSubmatch(body, -1) {
		secrets["an app password"] += m[1]
	}
	if status, body := visit("GET", "/portal/profile/calendar.mobileconfig?platform=ios&password=app", nil); status != http.StatusOK || !strings.Contains(body, secrets["an app password"]) {
		t.Errorf("the profile with the password: got %d", status)
	}
	visit("POST", "/portal/another", nil)
	_, body = visit("GET", "/portal/another", nil)
	secrets["a link"] = firstOf(t, `key=([a-z2-7]{26})`, body)
	visit("GET", "/portal/link?key="+secrets["a link"], nil)

	// What administrators make
	_, body = visit("POST", "/portal/admin/tokens", url.Values{"name": {"mdm"}, "scope": {"list", "read", "secrets"}})
	secrets["a token"] = firstOf(t, `<code>(calport_[A-Z2-7]+)</code>`, body)
	_, body = visit("POST", "/portal/admin/links", url.Values{"whom": {"grace"}, "way": {"list"}})
	secrets["a link in a list"] = firstOf(t, `key=([a-z2-7]{26})`, body)
	visit("POST", "/portal/admin/links", url.Values{"whom": {"linus"}, "way": {"mail"}})
	letter := strings.ReplaceAll(string(post.Wait(t, 1)[0].Data), "=\r\n", "")
	secrets["a link in a letter"] = firstOf(t, `key=(?:3D)?([a-z2-7]{26})`, letter)
	visit("POST", "/portal/admin/trace", url.Values{"person": {"admin"}})
	for _, cookie := range in.client.Jar.Cookies(mustParse(t, in.origin)) {
		secrets["the cookie "+cookie.Name] = cookie.Value
	}
	in.client.Jar = nil

	// Their use
	for _, key := range []string{"a link", "a link in a list", "a link in a letter"} {
		if status, _, h := in.do(t, "POST", "/portal/link", "", url.Values{"key": {secrets[key]}}.Encode(), "Content-Type", form); status != http.StatusSeeOther {
			t.Errorf("%s: got %d", key, status)
		} else {
			_, value, _ := strings.Cut(strings.Split(h.Get("Set-Cookie"), ";")[0], "=")
			secrets["the session of "+key] = value
		}
	}
	if status := in.dav(t, "admin", secrets["an app password"]); status != http.StatusMultiStatus {
		t.Errorf("the app password: got %d", status)
	}
	in.do(t, "PROPFIND", "/principals/?key="+secrets["a link"], "", "", "Authorization", "Bearer "+secrets["a token"])
	status, body, _ := in.do(t, "POST", "/api/v1/profiles/ada.mobileconfig?device=D1", "", "", "Authorization", "Bearer "+secrets["a token"])
	if status != http.StatusCreated {
		t.Errorf("a profile of a token: got %d %s", status, body)
	} else {
		secrets["an app password of a token"] = firstOf(t, `<string>([a-z2-7]{28})</string>`, body)
	}
	in.stop()

	log := in.log.String()
	if len(secrets) < 13 || !strings.Contains(log, "level=INFO") {
		t.Errorf("there are %d secrets only, or no log", len(secrets))
	}
	for what, secret := range secrets {
		switch {
		case len(secret) < 12 && !strings.HasPrefix(what, "the cookie"):
			t.Errorf("%s is %q", what, secret)
		case len(secret) >= 12 && strings.Contains(log, secret):
			t.Errorf("the log tells %s", what)
		}
	}
	// What works is kept as a hash only, in the database and in whatever else is in the folder.
	for _, what := range []string{"an app password", "a token", "a link", "a link in a list", "a link in a letter", "an app password of a token"} {
		for _, file := range filesIn(t, s.dir) {
			if data, err := os.ReadFile(file); err == nil && strings.Contains(string(data), secrets[what]) {
				t.Errorf("%s stands in %s", what, filepath.Base(file))
			}
		}
	}
}

func firstOf(t *testing.T, form, text string) string {
	t.Helper()
	m := regexp.MustCompile(form).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in %s", form, text)
	}
	return m[1]
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func filesIn(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
