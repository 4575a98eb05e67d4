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
	return converted(all, l.shown), err
}

func (l left) DepartedOne(ctx context.Context, owner string) (web.Departed, bool, error) {
	if l.leavers.isThere(owner) {
		return web.Departed{}, false, nil
	}
	d, err := l.store.DepartedOne(ctx, owner)
	if errors.Is(err, store.ErrNotFound) {
		return web.Departed{}, false, nil
	}
	return l.shown(d), err == nil, err
}

// shown is one who has left as pages show him. While the directory is in doubt, that is why he is not erased.
func (l left) shown(d store.Departed) web.Departed {
	if doubt := l.leavers.trusts(); doubt != nil && !d.Asked.IsZero() {
		d.Problem = doubt.Error()
	}
	return web.Departed(d)
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
