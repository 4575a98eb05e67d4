package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"calport/directory/signin"
	"calport/profiles/check"
	"calport/server"
	"calport/server/store"
	"calport/web"
)

// portal is what people and MDM servers see.
func (h *house) portal(ctx context.Context, checker *signin.Checker, policy signin.Policy) (http.Handler, error) {
	openID, err := h.openID()
	if err != nil {
		return nil, err
	}
	return web.New(web.Options{
		Origin: (&originOf{h.config}).String(), Organization: h.config.Profiles.Organization,
		SignIn: checker, People: h.people.Snapshot, Access: h.access, Renderer: h.renderer,
		Sessions: h.store, Tokens: tokens{h}, News: newsOf{h.store}, Ending: ctx.Done(), Records: h.records, Audit: audit{h.store}, Traces: traces{h.traces, h.store}, Left: left{h}, Settings: settings{h},
		Signing:      signer{h},
		AppPasswords: policy, AppPasswordLifetime: time.Duration(h.config.SignIn.AppPasswordDays) * 24 * time.Hour,
		OpenID: openID, Desk: h.desk,
		Walk:   check.Account{Roots: h.pool()},
		Health: h.healthFacts, Enrolments: enrolments{h.store}, Mailer: h.mailer,
		ClientAddr: server.ClientAddr, RequestID: server.RequestID, Now: h.now, Log: h.log,
	})
}

// tokens joins the portal's tokens to the store's.
type tokens struct{ *house }

func (t tokens) FindToken(ctx context.Context, secret string) (web.Token, bool, error) {
	found, err := t.store.TokenByHash(ctx, store.HashSecret(secret))
	if errors.Is(err, store.ErrNotFound) {
		return web.Token{}, false, nil
	}
	return webToken(found), err == nil, err
}

func webToken(t store.Token) web.Token {
	return web.Token{
		ID: t.ID, Name: t.Name, Scopes: t.Scopes, Groups: t.Groups, Created: t.Created, Expires: t.Expires, Revoked: t.Revoked, LastUsed: t.LastUsed,
	}
}

func (t tokens) TouchToken(ctx context.Context, id int64) error { return t.store.TouchToken(ctx, id) }

func (t tokens) AllTokens(ctx context.Context) ([]web.Token, error) {
	all, err := t.store.Tokens(ctx)
	list := make([]web.Token, len(all))
	for i := range all {
		list[i] = webToken(all[i])
	}
	return list, err
}

func (t tokens) CreateToken(ctx context.Context, d web.Deed, n web.Token) (secret string, err error) {
	secret, _, err = t.makeToken(ctx, store.Token{Name: n.Name, Scopes: n.Scopes, Groups: n.Groups, Expires: n.Expires}, auditEntry(d))
	return secret, err
}

func (t tokens) RevokeToken(ctx context.Context, d web.Deed, id int64) (bool, error) {
	err := t.store.RevokeToken(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, t.store.AppendAudit(ctx, auditEntry(d))
}
