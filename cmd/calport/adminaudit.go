package main

import (
	"context"

	"calport/server/store"
	"calport/web"
)

// audit joins the record of what administrators do to the store's.
type audit struct{ store *store.Store }

func (a audit) Note(ctx context.Context, d web.Deed) error {
	return a.store.Write(ctx, func(tx *store.Tx) error { return tx.AppendAudit(auditEntry(d)) })
}

// auditEntry is a deed as the store writes it down.
func auditEntry(d web.Deed) store.AuditEntry {
	return store.AuditEntry{Actor: d.Actor, Action: d.Action, Object: d.Object, Detail: d.Detail, From: d.From}
}

func (a audit) Deeds(ctx context.Context, f web.DeedFilter, limit int) ([]web.DeedEntry, error) {
	all, err := a.store.Audit(ctx, store.AuditFilter(f), limit)
	list := make([]web.DeedEntry, len(all))
	for i := range all {
		list[i] = web.DeedEntry(all[i])
	}
	return list, err
}

func (a audit) EachDeed(ctx context.Context, f web.DeedFilter, do func(web.DeedEntry) error) error {
	return a.store.EachAudit(ctx, store.AuditFilter(f), func(e store.AuditEntry) error { return do(web.DeedEntry(e)) })
}
