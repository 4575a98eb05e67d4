package web

import (
	"context"
	"errors"
	"time"

	"calport/server/store"
)

// storeRecords joins the store as package cmd does.
type storeRecords struct{ *store.Store }

func (s storeRecords) CreateAppPassword(ctx context.Context, p AppPassword, secret string) (AppPassword, error) {
	made, err := s.Store.CreateAppPassword(ctx, store.AppPassword{Owner: p.Owner, Device: p.Device, Name: p.Name, Hash: store.HashSecret(secret), Expires: p.Expires})
	if errors.Is(err, store.ErrTooMany) {
		err = ErrTooMany
	}
	return passwordOf(made), err
}

func passwordOf(p store.AppPassword) AppPassword {
	return AppPassword{p.ID, p.Owner, p.Device, p.Name, p.Created, p.Expires, p.Revoked, p.LastUsed, p.LastFrom, p.LastClient}
}

func (s storeRecords) AppPasswords(ctx context.Context, owner string) (list []AppPassword, err error) {
	all, err := s.Store.AppPasswords(ctx, owner)
	for _, p := range all {
		list = append(list, passwordOf(p))
	}
	return list, err
}

func (s storeRecords) RevokeAppPassword(ctx context.Context, owner string, id int64) (bool, error) {
	err := s.Store.RevokeAppPassword(ctx, owner, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (s storeRecords) CreateLink(ctx context.Context, owner, secret string, expires time.Time) error {
	_, err := s.Store.CreateLink(ctx, store.Link{Owner: owner, Hash: store.HashSecret(secret), Expires: expires})
	return err
}

func (s storeRecords) FindLink(ctx context.Context, secret string) (Link, bool, error) {
	l, err := s.LinkByHash(ctx, store.HashSecret(secret))
	if errors.Is(err, store.ErrNotFound) {
		return Link{}, false, nil
	}
	return linkOf(l), err == nil, err
}

func linkOf(l store.Link) Link {
	return Link{l.Owner, l.Enrolment != 0, l.Expires, l.Used, l.UsedFrom, l.UsedClient}
}

func (s storeRecords) UseLink(ctx context.Context, secret, from, client string) (Link, error) {
	l, err := s.Store.UseLink(ctx, store.HashSecret(secret), from, client)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrSpent) {
		err = ErrSpent
	}
	return linkOf(l), err
}

func (s storeRecords) NoteDownload(ctx context.Context, d Download) error {
	return s.Store.NoteDownload(ctx, store.Download(d))
}

func (s storeRecords) Downloads(ctx context.Context, owner string) (list []Download, err error) {
	all, err := s.Store.Downloads(ctx, owner)
	for _, d := range all {
		list = append(list, Download(d))
	}
	return list, err
}

func (s storeRecords) Clients(ctx context.Context, owner string) (list []Client, err error) {
	all, err := s.SignIns(ctx, owner)
	for _, n := range all {
		list = append(list, Client{n.Client, n.AppPassword, n.Succeeded, n.From, n.Failed, n.FailedFrom, n.Reason, n.Failures})
	}
	return list, err
}
