package caldav

import (
	"errors"
	"net/http"
	"slices"

	"calport/server/dav"
	"calport/server/store"
)

// move gives an object another calendar or name, and a calendar another name (RFC 4918 section 9.9). Only the path of
// the Destination counts: a proxy may have changed the rest.
func (e *exchange) move() error {
	escaped, err := dav.ReadDestination(e.r.Header)
	if err != nil {
		return err
	}
	overwrite, err := dav.ReadOverwrite(e.r.Header)
	if err != nil {
		return err
	}
	to := locate(escaped)
	// Outside the transaction, so that the home of the destination is made if nobody has seen it yet.
	target, err := e.find(fromStore{e.r.Context(), e.store, store.Facts}, to)
	if err != nil {
		return e.noDestination(err)
	}
	var created bool
	err = e.store.Write(e.r.Context(), func(tx *store.Tx) error {
		r, err := e.again(tx)
		if err != nil {
			return err
		}
		if err := e.preconditions(tx, r); err != nil {
			return err
		}
		if target, err = e.find(fromTx{tx}, to); err != nil {
			return err
		}
		if err := target.replaceable(overwrite); err != nil {
			return err
		}
		if r.item != nil {
			created, err = r.moveItem(tx, target)
			return err
		}
		created = true
		return r.rename(tx, target)
	})
	if err != nil {
		return err
	}
	return e.answerMoved(target, created)
}

// noDestination: a destination that cannot be is a conflict, not the absence of what the request names.
func (e *exchange) noDestination(err error) error {
	var known *dav.Error
	if errors.As(err, &known) && known.Status == http.StatusNotFound {
		return &dav.Error{Status: http.StatusConflict, Detail: "Nothing can be moved there."}
	}
	return err
}

// replaceable checks the privileges on the destination and, where something stands there, whether it may be replaced.
func (r *resource) replaceable(overwrite bool) error {
	parent := r.parent()
	if parent == nil {
		return dav.Status(http.StatusForbidden)
	}
	if r.null {
		return parent.require(dav.Bind)
	}
	if err := parent.require(dav.Bind | dav.Unbind); err != nil {
		return err
	}
	if !overwrite {
		return dav.Status(http.StatusPreconditionFailed) // RFC 4918 section 10.6
	}
	return nil
}

// moveItem moves a calendar object; the UID stays unique in the home that it comes to.
func (r *resource) moveItem(tx *store.Tx, target *resource) (created bool, err error) {
	switch {
	case target.kind != object || target.collection == nil || kindOf(target.collection) != calendar || !nameAllowed(target.loc.object):
		return false, dav.Forbidden(dav.CalendarCollectionLocationOK)
	case len(target.collection.Components) > 0 && !slices.Contains(target.collection.Components, r.item.Component):
		return false, dav.Forbidden(dav.SupportedCalendarComponent)
	case target.item != nil && target.item.ID != r.item.ID && target.item.UID != r.item.UID:
		return false, r.uidConflict(r.item.Organizer != "", target.collection.Name, target.item.Name)
	}
	_, created, err = tx.MoveObject(r.collection.ID, r.item.Name, target.collection.ID, target.loc.object)
	var conflict *store.UIDConflictError
	if errors.As(err, &conflict) {
		err = target.uidConflict(r.item.Organizer != "", conflict.Collection, conflict.Name)
	}
	return created, err
}

// rename gives a calendar another name in its home. The provisioned ones keep theirs.
func (r *resource) rename(tx *store.Tx, target *resource) error {
	if target.loc.place != atCollection || target.whose != r.whose || !target.null || !nameAllowed(target.loc.collection) {
		return dav.Forbidden(dav.CalendarCollectionLocationOK)
	}
	if isDefault(r.collection) {
		return dav.Forbidden(dav.DefaultCalendarDelete)
	}
	_, err := tx.RenameCollection(r.collection.ID, target.loc.collection)
	if errors.Is(err, store.ErrExists) {
		err = dav.Forbidden(dav.ResourceMustBeNull)
	}
	return err
}

func (e *exchange) answerMoved(target *resource, created bool) error {
	status := http.StatusNoContent
	if created {
		status = http.StatusCreated
		e.w.Header().Set("Location", e.origin(e.r)+target.href)
		e.w.Header().Set("Content-Length", "0")
	}
	e.w.WriteHeader(status)
	return nil
}
