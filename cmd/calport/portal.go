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
func (h *house) portal(checker *signin.Checker, policy signin.Policy) (http.Handler, error) {
	openID, err := h.openID()
	if err != nil {
		return nil, err
	}
	return web.New(web.Options{
		Origin: (&originOf{h.config}).String(), Organization: h.config.Profiles.Organization,
		SignIn: checker, People: h.people.Snapshot, Access: h.access, Renderer: h.renderer,
		Sessions: h.store, Tokens: tokens{h.store}, News: newsOf{h.store}, Records: h.records, Audit: audit{h.store}, Traces: traces{h.traces, h.store}, Settings: settings{h},
		AppPasswords: policy, AppPasswordLifetime: time.Duration(h.config.SignIn.AppPasswordDays) * 24 * time.Hour,
		OpenID: openID, Desk: h.desk,
		Walk:       check.Account{Roots: h.pool()},
		Enrolments: enrolments{h.store}, Mailer: h.mailer,
		ClientAddr: server.ClientAddr, RequestID: server.RequestID, Now: h.now, Log: h.log,
	})
}

// tokens joins the portal's tokens to the store's.
type tokens struct{ store *store.Store }

func (t tokens) FindToken(ctx context.Context, secret string) (web.Token, bool, error) {
	found, err := t.store.TokenByHash(ctx, store.HashSecret(secret))
	if errors.Is(err, store.ErrNotFound) {
		return web.Token{}, false, nil
	}
	return web.Token{
		ID: found.ID, Name: found.Name, Scopes: found.Scopes, Groups: found.Groups, Expires: found.Expires, Revoked: found.Revoked, LastUsed: found.LastUsed,
	}, err == nil, err
}

func (t tokens) TouchToken(ctx context.Context, id int64) error { return t.store.TouchToken(ctx, id) }
