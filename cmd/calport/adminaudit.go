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
