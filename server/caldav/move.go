package caldav

import (
	"errors"
	"net/http"
	"slices"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// move gives an object another calendar or name, and a calendar another name (RFC 4918 section 9.9).
func (e *exchange) move() error { return e.transfer((*resource).moveTo) }

// copy makes another object like this one (RFC 4918 section 9.8). As a UID is only once in a home, it is for the calendars
// of others.
func (e *exchange) copy() error { return e.transfer((*resource).copyTo) }

// transfer does what MOVE and COPY have in common. Only the path of the Destination counts: a proxy may have changed the
// rest.
func (e *exchange) transfer(do func(r *resource, tx *store.Tx, target *resource) (created bool, err error)) error {
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
	err = e.inTransaction(func(tx *store.Tx, r *resource) error {
		if target, err = e.find(fromTx{tx}, to); err != nil {
			return err
		}
		if r.same(target) { // RFC 4918 sections 9.8.5 and 9.9.4
			return &dav.Error{Status: http.StatusForbidden, Detail: "The destination is the resource itself."}
		}
		if err := target.replaceable(overwrite); err != nil {
			return err
		}
		created, err = do(r, tx, target)
		return err
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

// same says whether both are one resource; several URLs may lead there.
func (r *resource) same(other *resource) bool {
	if r.null || other.null || r.collection == nil || other.collection == nil || r.collection.ID != other.collection.ID {
		return false
	}
	if r.item == nil || other.item == nil {
		return r.item == other.item
	}
	return r.item.ID == other.item.ID
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
	if r.access != ical.Public {
		return dav.NeedPrivilege(r.href, dav.Write)
	}
	if !overwrite {
		return dav.Status(http.StatusPreconditionFailed) // RFC 4918 section 10.6
	}
	return nil
}

func (r *resource) moveTo(tx *store.Tx, target *resource) (created bool, err error) {
	if r.item == nil {
		return true, r.rename(tx, target)
	}
	if r.access != ical.Public { // elsewhere all of it could be read
		return false, dav.NeedPrivilege(r.href, dav.Write)
	}
	if err := r.fitsInto(target); err != nil {
		return false, err
	}
	if err := r.staysWithOwner(target); err != nil {
		return false, err
	}
	_, created, err = tx.MoveObject(r.collection.ID, r.item.Name, target.collection.ID, target.loc.object)
	return created, r.transferred(target, err)
}

func (r *resource) copyTo(tx *store.Tx, target *resource) (created bool, err error) {
	if r.item == nil {
		return false, &dav.Error{Status: http.StatusForbidden, Detail: "Calendars are not copied: their UIDs would be there twice."}
	}
	if r.access != ical.Public {
		return false, dav.NeedPrivilege(r.href, dav.Read)
	}
	if err := r.fitsInto(target); err != nil {
		return false, err
	}
	if r.item.Organizer != "" || target.item != nil && target.item.Organizer != "" {
		return r.copyMeeting(tx, target)
	}
	_, created, err = tx.CopyObject(r.collection.ID, r.item.Name, target.collection.ID, target.loc.object)
	return created, r.transferred(target, err)
}

// fitsInto says why a calendar object cannot be where target is: the preconditions of RFC 4791 section 5.3.2.1 hold for
// MOVE and COPY too.
func (r *resource) fitsInto(target *resource) error {
	switch {
	case target.kind != object || target.collection == nil || kindOf(target.collection) != calendar,
		!nameAllowed(target.loc.object):
		return dav.Forbidden(dav.CalendarCollectionLocationOK)
	case len(target.collection.Components) > 0 && !slices.Contains(target.collection.Components, r.item.Component):
		return dav.Forbidden(dav.SupportedCalendarComponent)
	case target.item != nil && target.item.ID != r.item.ID && target.item.UID != r.item.UID:
		return target.uidConflict(target.collection.Name, target.item.Name)
	}
	return nil
}

// transferred names the object that has the UID in the home of the target.
func (r *resource) transferred(target *resource, err error) error {
	var conflict *store.UIDConflictError
	if errors.As(err, &conflict) {
		return target.uidConflict(conflict.Collection, conflict.Name)
	}
	return err
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
