package main

import (
	"context"
	"time"

	"calport/server"
	"calport/server/store"
	"calport/web"
)

// traces joins the pages about traces to the store, and to the server that writes them.
type traces struct {
	writer *server.Traces
	store  *store.Store
}

func (t traces) Running(owner string) time.Time { return t.writer.Running(owner) }

func (t traces) Traces(ctx context.Context, owner string) ([]web.Trace, error) {
	all, err := t.store.Traces(ctx, owner)
	list := make([]web.Trace, len(all))
	for i := range all {
		list[i] = web.Trace(all[i])
	}
	return list, err
}

func (t traces) StartTrace(ctx context.Context, d web.Deed, ends time.Time) error {
	return t.change(ctx, d, func(tx *store.Tx) error { return tx.StartTrace(d.Object, d.Actor, ends) })
}

func (t traces) StopTrace(ctx context.Context, d web.Deed) error {
	return t.change(ctx, d, func(tx *store.Tx) error { return tx.StopTrace(d.Object) })
}

func (t traces) DeleteTrace(ctx context.Context, d web.Deed) error {
	return t.change(ctx, d, func(tx *store.Tx) error { return tx.DeleteTrace(d.Object) })
}

// change does something together with its entry in the record, and has it taken up here at once.
func (t traces) change(ctx context.Context, d web.Deed, do func(*store.Tx) error) error {
	err := t.store.Write(ctx, func(tx *store.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return tx.AppendAudit(auditEntry(d))
	})
	if err != nil {
		return err
	}
	return t.writer.Reload(ctx)
}

func (t traces) Exchanges(ctx context.Context, owner string, before int64, limit int) ([]web.Exchange, error) {
	all, err := t.store.Exchanges(ctx, owner, before, limit)
	list := make([]web.Exchange, len(all))
	for i := range all {
		list[i] = web.Exchange(all[i])
	}
	return list, err
}

func (t traces) EachExchange(ctx context.Context, owner string, do func([]byte) error) error {
	return t.store.EachExchange(ctx, owner, do)
}
