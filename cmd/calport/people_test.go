package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"calport/directory/demo"
)

// portalOf is ada's browser in a running instance.
func (in *instance) portalOf(t *testing.T, name string) func(method, path string, form url.Values) (status int, body string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	in.client.Jar = jar
	t.Cleanup(func() { in.client.Jar = nil })
	visit := func(method, path string, form url.Values) (int, string) {
		t.Helper()
		status, body, _ := in.do(t, method, path, "", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		return status, body
	}
	if status, body := visit("POST", "/portal/sign-in", url.Values{"name": {name}, "password": {demo.Password}}); status != http.StatusSeeOther {
		t.Fatalf("signing in: got %d %s", status, body)
	}
	return visit
}

// dav asks for the principals with a password.
func (in *instance) dav(t *testing.T, name, password string) int {
	t.Helper()
	r, err := http.NewRequest("PROPFIND", in.origin+"/principals/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(name, password)
	r.Header.Set("Depth", "0")
	r.Header.Set("User-Agent", "iOS/18.1 (22B83) dataaccessd/1.0")
	response, err := in.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

var groupOf4 = regexp.MustCompile(`<span>([a-z2-7]{4})</span>`)

func TestWhereAppPasswordsAreRequiredTheyOpenTheCalendarsUntilRevoked(t *testing.T) {
	s := newSite(t, "[sign_in]\napp_passwords = \"required\"\n")
	in := s.serve(t)
	visit := in.portalOf(t, "ada")
	status, body := visit("POST", "/portal/app-passwords", url.Values{"for": {"this"}, "name": {"Ada’s phone"}})
	secret := ""
	for _, m := range groupOf4.FindAllStringSubmatch(body, -1) {
		secret += m[1]
	}
	if status != 200 || len(secret) != 28 {
		t.Fatalf("making one: got %d, %q", status, secret)
	}
	for _, c := range []struct {
		name, password string
		want           int
	}{{"ada", demo.Password, 401}, {"ada", secret, 207}, {"ADA", strings.ToUpper(secret), 207}, {"grace", secret, 401}} {
		if got := in.dav(t, c.name, c.password); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
	s.directory.Close()
	if got := in.dav(t, "ada", secret); got != 207 {
		t.Errorf("without the directory: got %d, want 207", got)
	}
	if status, body = visit("POST", "/portal/test", nil); status != 200 || !strings.Contains(body, "Everything works from here") {
		t.Errorf("the connection test: got %d %s", status, body)
	}
	if status, _ = visit("POST", "/portal/app-passwords/revoke", url.Values{"id": {"all"}}); status != http.StatusSeeOther {
		t.Errorf("revoking: got %d", status)
	}
	if got := in.dav(t, "ada", secret); got != 401 {
		t.Errorf("revoked: got %d, want 401", got)
	}
	in.stop()
	if strings.Contains(in.log.String(), secret) {
		t.Error("the log has the app password")
	}

	jar := in.client.Jar
	in = s.serve(t)
	in.client.Jar = jar
	_, body, _ = in.do(t, "GET", "/portal/devices", "", "")
	for _, want := range []string{"Calendar on iPhone or iPad (iOS 18.1)", "does not open the calendars", "has been revoked", "Ada’s phone"} {
		if !strings.Contains(body, want) {
			t.Errorf("my devices does not say %q", want)
		}
	}
	if strings.Contains(body, "Connection test") {
		t.Error("my devices tells of the connection test")
	}
}
