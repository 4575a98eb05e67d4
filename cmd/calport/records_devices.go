package main

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"calport/directory/signin"
	"calport/server/store"
	"calport/web"
)

func (r *records) CreateLink(ctx context.Context, owner, secret string, expires time.Time) error {
	_, err := r.store.CreateLink(ctx, store.Link{Owner: owner, Hash: store.HashSecret(secret), Expires: expires})
	if err != nil {
		return err
	}
	return r.audit(ctx, owner, "link.create", "")
}

func (r *records) FindLink(ctx context.Context, secret string) (web.Link, bool, error) {
	l, err := r.store.LinkByHash(ctx, store.HashSecret(secret))
	if errors.Is(err, store.ErrNotFound) {
		return web.Link{}, false, nil
	}
	return link(l), err == nil, err
}

func (r *records) UseLink(ctx context.Context, secret, from, client string) (web.Link, error) {
	l, err := r.store.UseLink(ctx, store.HashSecret(secret), from, client)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrSpent) {
		return web.Link{}, web.ErrSpent
	}
	if err != nil {
		return web.Link{}, err
	}
	return link(l), r.audit(ctx, l.Owner, "link.use", client)
}

func link(l store.Link) web.Link {
	return web.Link{Owner: l.Owner, Handed: l.Enrolment != 0, Expires: l.Expires, Used: l.Used, UsedFrom: l.UsedFrom, UsedClient: l.UsedClient}
}

func (r *records) NoteDownload(ctx context.Context, d web.Download) error {
	return r.store.NoteDownload(ctx, store.Download(d))
}

func (r *records) Downloads(ctx context.Context, owner string) ([]web.Download, error) {
	all, err := r.store.Downloads(ctx, owner)
	list := make([]web.Download, len(all))
	for i := range all {
		list[i] = web.Download(all[i])
	}
	return list, err
}

func (r *records) Clients(ctx context.Context, owner string) ([]web.Client, error) {
	all, err := r.store.SignIns(ctx, owner)
	list := make([]web.Client, len(all))
	for i, n := range all {
		list[i] = web.Client{
			Agent: n.Client, AppPassword: n.AppPassword, Succeeded: n.Succeeded, From: n.From,
			Failed: n.Failed, FailedFrom: n.FailedFrom, Reason: n.Reason, Failures: n.Failures,
		}
	}
	return list, err
}

// keepUses writes down what the journal of sign-ins has gathered.
func (r *records) keepUses(ctx context.Context, uses []signin.Use) error {
	var rows []store.SignIn
	for _, u := range uses {
		owner := strings.ToLower(u.Owner)
		if !r.isThere(owner) {
			continue // and may be erased already
		}
		rows = append(rows, store.SignIn{
			Owner: owner, Client: u.Client, AppPassword: u.AppPassword, Succeeded: u.Succeeded, From: addressText(u.From),
			Failed: u.Failed, FailedFrom: addressText(u.FailedFrom), Reason: u.Reason, Failures: u.Failures,
		})
	}
	return r.store.NoteSignIns(ctx, rows)
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
