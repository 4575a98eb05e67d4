package web

import (
	"net/http"
	"regexp"
	"testing"

	"calport/directory/signin"
)

var embedded = regexp.MustCompile(`<key>CalDAVPassword</key>\s*<string>([a-z2-7]{28})</string>`)

func TestProfilesWithAPasswordNeedTheSecretsScope(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	const path = "/api/v1/profiles/ada.mobileconfig?device=C02XK1"
	reader, _ := h.token(t, "reader", "list", "read")
	minter, _ := h.token(t, "minter", "secrets")
	b := h.browser(t)
	b.post(path, nil).wants(t, http.StatusUnauthorized)
	b.post(path, nil, "Authorization", "Bearer "+reader).wants(t, http.StatusForbidden).says(t, "lacks the scope secrets").silent(t, "CalDAVPassword")
	b.get("/api/v1/profiles/ada.mobileconfig", "Authorization", "Bearer "+minter).wants(t, http.StatusForbidden)
	first := b.post(path, nil, "Authorization", "Bearer "+minter).wants(t, http.StatusCreated).header(t, "Cache-Control", "no-store").
		header(t, "Content-Type", "application/x-apple-aspen-config")
	second := b.post(path, nil, "Authorization", "Bearer "+minter).wants(t, http.StatusCreated)
	other := b.post("/api/v1/profiles/ada.mobileconfig?device=other&signed=1&platform=ios", nil, "Authorization", "Bearer "+minter).wants(t, http.StatusCreated)
	for i, c := range []struct {
		a     answer
		valid bool
	}{{first, false}, {second, true}, {other, true}} {
		m := embedded.FindStringSubmatch(c.a.body)
		if m == nil {
			t.Fatalf("answer %d has no password inside", i)
		}
		p, err := h.store.AppPasswordByHash(t.Context(), hashOf(m[1]))
		if err != nil || p.Valid(h.clock.now()) != c.valid || p.Owner != ownerOf(h.person(t, "ada")) {
			t.Errorf("answer %d: got %+v, %v, want valid %v", i, p, err, c.valid)
		}
	}
	b.get("/api/v1/profiles/ada.mobileconfig", "Authorization", "Bearer "+reader).wants(t, http.StatusOK).silent(t, "CalDAVPassword")
	for path, status := range map[string]int{
		"/api/v1/profiles/ada.mobileconfig": 400, "/api/v1/profiles/ada.mobileconfig?device=+": 400,
		"/api/v1/profiles/nobody.mobileconfig?device=x": 404, "/api/v1/profiles/ada.mobileconfig?device=x&scope=y": 400,
	} {
		b.post(path, nil, "Authorization", "Bearer "+minter).wants(t, status).header(t, "Content-Type", "application/problem+json")
	}
}

func TestNoPasswordIsMadeWhereThereAreNone(t *testing.T) {
	h := build(t, plan{})
	minter, _ := h.token(t, "minter", "secrets")
	h.browser(t).post("/api/v1/profiles/ada.mobileconfig?device=x", nil, "Authorization", "Bearer "+minter).wants(t, http.StatusForbidden).says(t, "app-passwords-off")
	if all, err := h.options.Records.AppPasswords(t.Context(), ownerOf(h.person(t, "ada"))); err != nil || len(all) != 0 {
		t.Errorf("got %+v, %v", all, err)
	}
}
