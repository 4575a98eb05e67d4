package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oauth2-proxy/mockoidc"
)

func TestThePortalLeavesSigningInToTheConfiguredProvider(t *testing.T) {
	m, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Shutdown() })
	s := newSite(t, fmt.Sprintf("[oidc]\nissuer = %q\nclient_id = %q\nclient_secret_file = \"secret\"\nname = \"Example SSO\"\n", m.Issuer(), m.ClientID))
	write(t, filepath.Join(s.dir, "secret"), m.ClientSecret+"\r\n")
	in := s.serve(t)
	if _, body, _ := in.do(t, "GET", "/portal/sign-in", "", ""); !strings.Contains(body, "Sign in with Example SSO") {
		t.Error("the form does not offer it")
	}
	status, _, h := in.do(t, "GET", "/portal/openid", "", "")
	if status != http.StatusSeeOther {
		t.Fatalf("going there: got %d", status)
	}
	m.QueueUser(&mockoidc.MockUser{Subject: "1", Email: "ada@example.org", EmailVerified: true})
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	response, err := in.client.Get(h.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	back := strings.TrimPrefix(response.Header.Get("Location"), in.origin)
	if status, body, h := in.do(t, "GET", back, "", "", "Cookie", cookie); status != http.StatusSeeOther || h.Get("Location") != "/portal/" {
		t.Errorf("coming back: got %d to %q %s", status, h.Get("Location"), body)
	}
	in.stop()
	if log := in.log.String(); strings.Contains(log, m.ClientSecret) || strings.Contains(log, "code=") {
		t.Error("the log has a secret")
	}
}

func TestMistakesOfTheProviderAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"[oidc]\nissuer = \"http://sso.example.com\"\nclient_id = \"x\"\n":                                   "oidc.issuer",
		"[oidc]\nissuer = \"https://sso.example.com\"\n":                                                     "oidc.client_id",
		"[oidc]\nmatch = \"dn\"\n":                                                                           "oidc.match",
		"[oidc]\nissuer = \"https://sso.example.com\"\nclient_id = \"x\"\nclient_secret_file = \"absent\"\n": "oidc.client_secret_file",
		"[sign_in]\napp_passwords = \"on\"\n":                                                                "sign_in.app_passwords",
		"[sign_in]\napp_password_days = -1\n":                                                                "sign_in.app_password_days",
	} {
		if got := newSite(t, text).refused(t); !strings.Contains(got, want) {
			t.Errorf("%q: got %s, want it to name %s", text, got, want)
		}
	}
}
