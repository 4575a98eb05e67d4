package caldav

import (
	"net/http"

	"calport/server/dav"
	"calport/server/store"
)

// delete removes an object or a collection with all that is in it (RFC 4918 section 9.6).
func (e *exchange) delete() error {
	err := e.store.Write(e.r.Context(), func(tx *store.Tx) error {
		r, err := e.again(tx)
		if err != nil {
			return err
		}
		if err := e.preconditions(tx, r); err != nil {
			return err
		}
		if r.item != nil {
			if r.kind == object {
				if err := r.unschedule(tx, r.item, wantsReply(e.r.Header)); err != nil {
					return err
				}
			}
			return tx.DeleteObject(r.collection.ID, r.item.Name)
		}
		if err := r.deletable(); err != nil {
			return err
		}
		return tx.DeleteCollection(r.collection.ID)
	})
	if err != nil {
		return err
	}
	e.w.WriteHeader(http.StatusNoContent)
	return nil
}

// deletable says why a collection must stay: clients and scheduling rely on the provisioned ones and on the calendar
// that invitations go to (RFC 6638 section 4.3).
func (r *resource) deletable() error {
	if r.kind&(inbox|outbox|notifications) != 0 {
		return &dav.Error{Status: http.StatusForbidden, Detail: "This collection belongs to the home."}
	}
	if isDefault(r.collection) {
		return dav.Forbidden(dav.DefaultCalendarDelete)
	}
	if in := r.inbox(); in != nil &&
		(in.defaultFor(dav.ScheduleDefaultCalendar, "VEVENT", defaultCalendar) == r.collection ||
			in.defaultFor(dav.ScheduleDefaultTasks, "VTODO", defaultTasks) == r.collection) {
		return dav.Forbidden(dav.DefaultCalendarDelete)
	}
	return nil
}

// inbox is the scheduling inbox of the same home, nil if it has none.
func (r *resource) inbox() *resource {
	c := r.home.Collection(inboxName)
	if c == nil {
		return nil
	}
	return r.member(c, nil)
}
