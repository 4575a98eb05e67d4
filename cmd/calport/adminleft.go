package main

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"calport/server/store"
	"calport/web"
)

// left joins the portal's pages about those who have left to the store and the calendar server.
type left struct{ *house }

func (l left) Departed(ctx context.Context) ([]web.Departed, error) {
	all, err := l.store.Departed(ctx)
	all = slices.DeleteFunc(all, func(d store.Departed) bool { return l.leavers.isThere(d.Owner) })
	if doubt := l.leavers.trusts(); doubt != nil {
		for i := range all {
			if !all[i].Asked.IsZero() {
				all[i].Problem = doubt.Error()
			}
		}
	}
	return converted(all, func(d store.Departed) web.Departed { return web.Departed(d) }), err
}

func (l left) EraseDeparted(ctx context.Context, d web.Deed, owners []string, callOff bool) error {
	err := l.store.Write(ctx, func(tx *store.Tx) error {
		asked, err := tx.AskErasing(owners, d.Actor, callOff)
		if err != nil {
			return err
		}
		entry := auditEntry(d)
		for _, entry.Object = range asked {
			if err := tx.AppendAudit(entry); err != nil {
				return err
			}
		}
		return nil
	})
	select {
	case l.leavers.wake <- struct{}{}:
	default:
	}
	return err
}

// find finds one who has left; found is false if there is nobody, or he has no home.
func (l left) find(ctx context.Context, owner string) (d store.Departed, found bool, err error) {
	if l.leavers.isThere(owner) {
		return d, false, nil
	}
	d, err = l.store.DepartedOne(ctx, owner)
	if err == nil {
		_, err = l.store.Home(ctx, owner)
	}
	if errors.Is(err, store.ErrNotFound) {
		return d, false, nil
	}
	return d, err == nil, err
}

func (l left) CalendarsOf(ctx context.Context, owner string) ([]web.Calendar, error) {
	d, found, err := l.find(ctx, owner)
	if err != nil || !found {
		return nil, err
	}
	who := l.leavers.principal(&d)
	visitor, err := l.departedVisitor(who)
	if err != nil {
		return nil, err
	}
	return desk{visitor, who}.Calendars(ctx)
}

func (l left) DownloadOf(w http.ResponseWriter, r *http.Request, owner, name string) error {
	d, found, err := l.find(r.Context(), owner)
	if err != nil || !found {
		return errors.Join(err, store.ErrNotFound)
	}
	who := l.leavers.principal(&d)
	visitor, err := l.departedVisitor(who)
	if err != nil {
		return err
	}
	get := r.Clone(r.Context())
	get.Method = http.MethodGet
	desk{visitor, who}.Download(w, get, name)
	return nil
}
