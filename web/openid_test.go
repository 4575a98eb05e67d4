package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"calport/directory"
)

// openIDHouse is a house beside a provider on loopback, which has signing in and consent behind it.
func openIDHouse(t *testing.T, change func(*Options)) (*house, *mockoidc.MockOIDC) {
	t.Helper()
	m, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Shutdown() })
	h := build(t, plan{change: func(o *Options) {
		o.OpenID = &OpenID{Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: m.ClientSecret, Name: "Example SSO"}
		if change != nil {
			change(o)
		}
	}})
	return h, m
}

// goThere follows the browser to the provider, and answers the path by which that leads back.
func (b *client) goThere(path string) string {
	b.t.Helper()
	there := b.get(path).wants(b.t, http.StatusSeeOther).Header.Get("Location")
	if strings.HasPrefix(there, "/") {
		b.t.Fatalf("%s leads to %s", path, there)
	}
	response, err := b.Get(there)
	if err != nil {
		b.t.Fatal(err)
	}
	response.Body.Close()
	back, ok := strings.CutPrefix(response.Header.Get("Location"), b.house.URL)
	if !ok || !strings.HasPrefix(back, openIDBackPath+"?") {
		b.t.Fatalf("the provider answers %s and leads to %q", response.Status, response.Header.Get("Location"))
	}
	return back
}

func TestSigningInWithAProvider(t *testing.T) {
	h, m := openIDHouse(t, nil)
	b := h.browser(t)
	b.get(signInPath+"?to=/portal/help").says(t, "Sign in with Example SSO", `href="/portal/openid?to=%2fportal%2fhelp"`)
	m.QueueUser(&mockoidc.MockUser{Subject: "1", Email: "Ada@example.org", EmailVerified: true})
	back := b.goThere(openIDPath + "?to=/portal/help")
	b.get(back).wants(t, http.StatusSeeOther).header(t, "Location", helpPath)
	b.get(homePath).wants(t, http.StatusOK).says(t, "Hello Ada Byron")
	b.get(back).wants(t, http.StatusBadRequest) // once
	for _, secret := range []string{m.ClientSecret, queryOf(t, back, "code")} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

func queryOf(t *testing.T, path, name string) string {
	t.Helper()
	u, err := url.Parse(path)
	if err != nil || u.Query().Get(name) == "" {
		t.Fatalf("%s has no %s (%v)", path, name, err)
	}
	return u.Query().Get(name)
}

func TestTheProviderSaysWhoAndTheDirectoryWhether(t *testing.T) {
	h, m := openIDHouse(t, func(o *Options) {
		o.Access = directory.Access{Profile: directory.Rule{People: []string{"ada"}}}
	})
	for name, c := range map[string]struct {
		user mockoidc.MockUser
		want string
	}{
		"a stranger":        {mockoidc.MockUser{Email: "nobody@example.org", EmailVerified: true}, "not in the directory"},
		"not verified":      {mockoidc.MockUser{Email: "ada@example.org"}, "could not be verified"},
		"no address":        {mockoidc.MockUser{EmailVerified: true}, "not in the directory"},
		"a name, no mail":   {mockoidc.MockUser{Email: "ada", EmailVerified: true}, "not in the directory"},
		"another address":   {mockoidc.MockUser{Email: "urn:uuid:" + h.person(t, "ada").GUID, EmailVerified: true}, "not in the directory"},
		"without any right": {mockoidc.MockUser{Email: "grace@example.org", EmailVerified: true}, "no calendar here"},
	} {
		c.user.Subject = name
		m.QueueUser(&c.user)
		b := h.browser(t)
		b.get(b.goThere(openIDPath)).wants(t, http.StatusForbidden).says(t, c.want)
		b.get(homePath).wants(t, http.StatusSeeOther)
	}
}

// claims are an ID token's whole claims, of any names.
type claims struct {
	*mockoidc.MockUser
	more map[string]any
}

func (c claims) Claims(_ []string, base *mockoidc.IDTokenClaims) (jwt.Claims, error) {
	text, err := json.Marshal(base)
	if err != nil {
		return nil, err
	}
	all := jwt.MapClaims{}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	for name, value := range c.more {
		all[name] = value
	}
	return all, nil
}

func TestAClaimMayHoldTheStableIDOrTheShortName(t *testing.T) {
	for match, value := range map[Match]func(*house) string{
		ByGUID:      func(h *house) string { return strings.ToUpper(h.person(t, "ada").GUID) },
		ByShortName: func(*house) string { return "ADA" },
		ByMail:      func(*house) string { return "ada@example.org" }, // in a claim that is trusted as it is
	} {
		h, m := openIDHouse(t, func(o *Options) { o.OpenID.Claim, o.OpenID.Match = "who", match })
		m.QueueUser(claims{&mockoidc.MockUser{Subject: "1"}, map[string]any{"who": value(h)}})
		b := h.browser(t)
		b.get(b.goThere(openIDPath)).wants(t, http.StatusSeeOther)
		b.get(homePath).says(t, "Hello Ada Byron")
		m.QueueUser(claims{&mockoidc.MockUser{Subject: "1"}, map[string]any{"who": []string{value(h)}}})
		b = h.browser(t)
		b.get(b.goThere(openIDPath)).wants(t, http.StatusForbidden)
	}
}

func TestAnAnswerOfTheProviderIsForTheBrowserThatAsked(t *testing.T) {
	h, m := openIDHouse(t, nil)
	ada := &mockoidc.MockUser{Subject: "1", Email: "ada@example.org", EmailVerified: true}
	m.QueueUser(ada)
	b := h.browser(t)
	back := b.goThere(openIDPath)
	h.browser(t).get(back).wants(t, http.StatusBadRequest).says(t, "was not begun here")
	victim := h.browser(t)
	m.QueueUser(ada)
	own := victim.goThere(openIDPath)
	mixed := openIDBackPath + "?" + url.Values{"code": {queryOf(t, back, "code")}, "state": {queryOf(t, own, "state")}}.Encode()
	victim.get(mixed).wants(t, http.StatusForbidden).says(t, "could not be verified") // another's code: PKCE
	victim.get(homePath).wants(t, http.StatusSeeOther)

	late := h.browser(t)
	m.QueueUser(ada)
	back = late.goThere(openIDPath)
	h.clock.advance(flowFor)
	late.get(back).wants(t, http.StatusBadRequest)
}

func TestWhatTheProviderRefusesIsSaid(t *testing.T) {
	h, m := openIDHouse(t, nil)
	b := h.browser(t)
	state := queryOf(t, b.get(openIDPath).Header.Get("Location"), "state")
	b.get(openIDBackPath+"?error=access_denied&state="+state).wants(t, http.StatusForbidden).says(t, "did not confirm who you are").silent(t, "access_denied")
	back := b.goThere(openIDPath)
	m.QueueError(&mockoidc.ServerError{Code: http.StatusBadRequest, Error: mockoidc.InvalidGrant, Description: "secret words"})
	b.get(back).wants(t, http.StatusForbidden).silent(t, "secret words")
	if strings.Contains(h.log.String(), "secret words") {
		t.Error("the log has what the token endpoint said")
	}
}

func TestAForgedIDTokenIsRefused(t *testing.T) {
	h, m := openIDHouse(t, nil)
	other, err := mockoidc.RandomKeypair(2048)
	if err != nil {
		t.Fatal(err)
	}
	b := h.browser(t)
	m.QueueUser(&mockoidc.MockUser{Subject: "1", Email: "ada@example.org", EmailVerified: true})
	back := b.goThere(openIDPath)
	b.get(signInPath)
	honest := m.Keypair
	m.Keypair = &mockoidc.Keypair{PrivateKey: other.PrivateKey, PublicKey: honest.PublicKey, Kid: honest.Kid}
	b.get(back).wants(t, http.StatusForbidden).says(t, "could not be verified")
	b.get(homePath).wants(t, http.StatusSeeOther)
}

func TestAProviderThatIsDownIsAskedAgain(t *testing.T) {
	var asked atomic.Int64
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Error(w, "down", http.StatusBadGateway)
	}))
	defer down.Close()
	h := build(t, plan{change: func(o *Options) { o.OpenID = &OpenID{Issuer: down.URL, ClientID: "x"} }})
	for range 2 {
		h.browser(t).get(openIDPath).wants(t, http.StatusServiceUnavailable).header(t, "Retry-After", "30").says(t, "sign in with your password")
	}
	if asked.Load() != 2 {
		t.Errorf("it was asked %d times, want 2", asked.Load())
	}
}

func TestWithoutAProviderThereIsNothing(t *testing.T) {
	b := build(t, plan{}).browser(t)
	b.get(openIDPath).wants(t, http.StatusNotFound)
	b.get(openIDBackPath).wants(t, http.StatusNotFound)
	b.get(signInPath).silent(t, "openid")
}

func TestProvidersAreChecked(t *testing.T) {
	for _, o := range []OpenID{{Issuer: "http://sso.example.com", ClientID: "x"}, {Issuer: "sso.example.com", ClientID: "x"}, {Issuer: "https://sso.example.com"}, {}} {
		if err := o.check(); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	for _, issuer := range []string{"https://sso.example.com/realm", "http://127.0.0.1:5556/dex", "http://[::1]:1"} {
		if err := (&OpenID{Issuer: issuer, ClientID: "x"}).check(); err != nil {
			t.Errorf("%s: %v", issuer, err)
		}
	}
	for i, name := range matchNames {
		if got, err := ParseMatch(name); int(got) != i || err != nil {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	if _, err := ParseMatch("dn"); err == nil {
		t.Error("an unknown way to match was taken")
	}
}
