package main

import (
	"context"
	"errors"

	"calport/directory/signin"
	"calport/server/store"
	"calport/web"
)

// records joins what the portal and the checking of passwords remember of people to the store.
type records struct {
	store   *store.Store
	isThere func(owner string) bool // in the directory
}

// FindAppPassword looks an app password up for the checker.
func (r *records) FindAppPassword(ctx context.Context, secret string) (signin.AppPassword, bool, error) {
	p, err := r.store.AppPasswordByHash(ctx, store.HashSecret(secret))
	if errors.Is(err, store.ErrNotFound) {
		return signin.AppPassword{}, false, nil
	}
	return signin.AppPassword{ID: p.ID, Owner: p.Owner, Expires: p.Expires, Revoked: p.Revoked}, err == nil, err
}

func (r *records) CreateAppPassword(ctx context.Context, p web.AppPassword, secret string) (web.AppPassword, error) {
	made, err := r.store.CreateAppPassword(ctx, store.AppPassword{
		Owner: p.Owner, Device: p.Device, Name: p.Name, Hash: store.HashSecret(secret), Expires: p.Expires,
	})
	if errors.Is(err, store.ErrTooMany) {
		return web.AppPassword{}, web.ErrTooMany
	}
	if err != nil {
		return web.AppPassword{}, err
	}
	return appPassword(made), r.audit(ctx, p.Owner, "app-password.create", p.Name)
}

func appPassword(p store.AppPassword) web.AppPassword {
	return web.AppPassword{
		ID: p.ID, Owner: p.Owner, Device: p.Device, Name: p.Name, Created: p.Created, Expires: p.Expires,
		Revoked: p.Revoked, LastUsed: p.LastUsed, LastFrom: p.LastFrom, LastClient: p.LastClient,
	}
}

func (r *records) AppPasswords(ctx context.Context, owner string) ([]web.AppPassword, error) {
	all, err := r.store.AppPasswords(ctx, owner)
	list := make([]web.AppPassword, len(all))
	for i := range all {
		list[i] = appPassword(all[i])
	}
	return list, err
}

func (r *records) RevokeAppPassword(ctx context.Context, owner string, id int64) (bool, error) {
	err := r.store.RevokeAppPassword(ctx, owner, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, r.audit(ctx, owner, "app-password.revoke", "one")
}

func (r *records) RevokeAppPasswords(ctx context.Context, owner string) error {
	err := r.store.RevokeAppPasswords(ctx, owner)
	if err != nil {
		return err
	}
	return r.audit(ctx, owner, "app-password.revoke", "all")
}

// audit records what a person did with what is theirs. What an administrator does to somebody is recorded by the pages
// of administrators.
func (r *records) audit(ctx context.Context, owner, action, detail string) error {
	if by := web.Actor(ctx); by != "" && by != owner {
		return nil
	}
	return r.store.Write(ctx, func(tx *store.Tx) error {
		return tx.AppendAudit(store.AuditEntry{Actor: owner, Action: action, Object: owner, Detail: detail})
	})
}
