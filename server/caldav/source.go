package caldav

import (
	"context"
	"errors"
	"strings"

	"calport/directory"
	"calport/server/ical"
	"calport/server/store"
)

// source is where resources are read from: the store at large, or a transaction.
type source interface {
	home(v *visit, whose *directory.Principal) (*store.Home, error)
	// item returns nil if there is none of that name.
	item(h *store.Home, c *store.Collection, name string) (*store.Object, error)
	// access is how much others see of an item that is there.
	access(c *store.Collection, name string) (ical.Access, error)
}

// ownerKey is the name of a principal's home in the store.
func ownerKey(p *directory.Principal) string { return strings.ToLower(p.GUID) }

type fromStore struct {
	ctx   context.Context
	store *store.Store
	part  store.Part // how much of items
}

// home makes the home with its collections the first time that somebody asks for it.
func (f fromStore) home(v *visit, whose *directory.Principal) (*store.Home, error) {
	h, err := f.store.Home(f.ctx, ownerKey(whose))
	if !errors.Is(err, store.ErrNotFound) {
		return h, err
	}
	if err := v.provision(f.ctx, whose); err != nil {
		return nil, err
	}
	return f.store.Home(f.ctx, ownerKey(whose))
}

func (f fromStore) item(h *store.Home, c *store.Collection, name string) (*store.Object, error) {
	return found(f.store.Object(f.ctx, h.Owner, c.Name, name, f.part))
}

func (f fromStore) access(c *store.Collection, name string) (access ical.Access, err error) {
	err = f.store.Read(f.ctx, func(tx *store.Tx) error {
		access, err = fromTx{tx}.access(c, name)
		return err
	})
	return access, err
}

type fromTx struct{ tx *store.Tx }

func (f fromTx) home(_ *visit, whose *directory.Principal) (*store.Home, error) {
	return f.tx.Home(ownerKey(whose))
}

func (f fromTx) item(_ *store.Home, c *store.Collection, name string) (*store.Object, error) {
	return found(f.tx.Object(c.ID, name, store.Facts))
}

func (f fromTx) access(c *store.Collection, name string) (ical.Access, error) {
	access, err := f.tx.Access(c.ID, name)
	if errors.Is(err, store.ErrNotFound) { // it went meanwhile
		return ical.Private, nil
	}
	return ical.Access(access), err
}

func found(o store.Object, err error) (*store.Object, error) {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &o, nil
}
