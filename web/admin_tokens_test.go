package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"calport/directory/demo"
	"calport/server/store"
)

func (s storeTokens) AllTokens(ctx context.Context) (list []Token, err error) {
	all, err := s.Tokens(ctx)
	for _, t := range all {
		list = append(list, Token{t.ID, t.Name, t.Scopes, t.Groups, t.Created, t.Expires, t.Revoked, t.LastUsed})
	}
	return list, err
}

func (s storeTokens) CreateToken(ctx context.Context, d Deed, t Token) (string, error) {
	secret := "calport_test_" + t.Name
	_, err := s.Store.CreateToken(ctx, store.Token{Name: t.Name, Hash: store.HashSecret(secret), Scopes: t.Scopes, Groups: t.Groups, Expires: t.Expires})
	if errors.Is(err, store.ErrExists) {
		return "", ErrNameTaken
	}
	return secret, errors.Join(err, storeAudit(s).Note(ctx, d))
}

func (s storeTokens) RevokeToken(ctx context.Context, d Deed, id int64) (bool, error) {
	return true, errors.Join(s.Store.RevokeToken(ctx, id), storeAudit(s).Note(ctx, d))
}

func TestATokenIsMadeShownOnceAndRevoked(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	for _, wrong := range []struct {
		form url.Values
		says string
	}{
		{url.Values{"name": {" "}, "scope": {ScopeList}}, "Give the token a name"},
		{url.Values{"name": {"mdm"}}, "Choose what the token opens."},
		{url.Values{"name": {"mdm"}, "scope": {"everything"}}, "Choose what the token opens."},
		{url.Values{"name": {"mdm"}, "scope": {ScopeList}, "groups": {"nobody"}}, "There is no group nobody"},
	} {
		b.post(tokensPath, wrong.form).wants(t, http.StatusUnprocessableEntity).says(t, wrong.says)
	}
	form := url.Values{"name": {"mdm"}, "scope": {ScopeList, ScopeRead}, "groups": {demo.AdminGroup}, "days": {"30"}}
	b.post(tokensPath, form).wants(t, http.StatusOK).header(t, "Cache-Control", "no-store").says(t, "calport_test_mdm", "It is shown only this once.")
	if e := h.audited(t, "token.create"); e.Object != "mdm" {
		t.Errorf("got %+v", e)
	}
	page := b.get(tokensPath).wants(t, http.StatusOK).says(t, "mdm", "Not used yet.", "Ends on").silent(t, "calport_test_mdm")
	b.post(tokensPath, form).wants(t, http.StatusUnprocessableEntity).says(t, "There is a token named mdm already")
	auth := "Bearer calport_test_mdm"
	list := h.browser(t).get("/api/v1/profiles", "Authorization", auth).wants(t, http.StatusOK)
	if !strings.Contains(list.body, h.person(t, demo.Admin).ShortName) || strings.Contains(list.body, "grace") {
		t.Errorf("the token reaches others than the members of its group: %s", list.body)
	}
	b.get(tokensPath).says(t, "Used just now")
	id := regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(page.body)[1]
	b.post(tokenRevokePath, url.Values{"id": {id}}).wants(t, http.StatusSeeOther)
	h.audited(t, "token.revoke")
	b.get(tokensPath).wants(t, http.StatusOK).says(t, "revoked")
	h.browser(t).get("/api/v1/profiles", "Authorization", auth).wants(t, http.StatusUnauthorized)
	for _, wrong := range []string{"", "x", "1"} {
		b.post(tokenRevokePath, url.Values{"id": {wrong}}).wants(t, http.StatusNotFound)
	}
}

var sampleHealth = []HealthFact{
	{"directory", say("freshness"), HealthGood, say("Changes arrive by %s, last heard of %s ago; everything was read %s ago.", "syncrepl", 3*time.Second, time.Hour)},
	{"certificates", say("signing"), HealthWarning, say("until %s, %d days", "2026-12-01", 1)},
}

func TestHealthIsShown(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	b.get(healthPath).wants(t, http.StatusOK).says(t, "something wants to be looked at", "Changes arrive by syncrepl", "until 2026-12-01")
	for state, facts := range map[HealthState][]HealthFact{
		HealthGood: {{State: HealthNone}, {State: HealthGood}}, HealthWarning: {{State: HealthWarning}, {State: HealthGood}},
		HealthBad: {{State: HealthWarning}, {State: HealthBad}, {State: HealthGood}},
	} {
		if got := WorstHealth(facts); got != state {
			t.Errorf("got %q, want %q", got, state)
		}
	}
}
