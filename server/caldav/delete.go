package caldav

import (
	"net/http"

	"calport/server/dav"
	"calport/server/store"
)

// delete removes an object or a collection with all that is in it (RFC 4918 section 9.6). Its owner can bring a calendar
// back in the portal, see discard.go.
func (e *exchange) delete() error {
	var id int64 // of a collection
	err := e.inTransaction(func(tx *store.Tx, r *resource) error {
		if r.item != nil {
			return r.deleteItem(tx, wantsReply(e.r.Header))
		}
		if err := r.deletable(); err != nil {
			return err
		}
		if err := r.discard(tx); err != nil {
			return err
		}
		id = r.collection.ID
		return r.settleFrom(tx, id, settling{Reply: wantsReply(e.r.Header)})
	})
	if err != nil {
		return err
	}
	if id != 0 {
		// The calendar is gone, whatever becomes of this: what is left is gone on with in time, see goOnSettling.
		if err := e.goOnWith(e.r.Context(), id); err != nil && e.r.Context().Err() == nil {
			e.log.WarnContext(e.r.Context(), "of a deleted calendar others hear later", "id", e.requestID(e.r.Context()), "err", err)
		}
	}
	e.w.WriteHeader(http.StatusNoContent)
	return nil
}

// deleteItem removes an object and, if reply is true, lets others know whom that concerns.
func (r *resource) deleteItem(tx *store.Tx, reply bool) error {
	if r.kind == object {
		if err := r.unschedule(tx, r.item, reply); err != nil {
			return err
		}
	}
	return tx.DeleteObject(r.collection.ID, r.item.Name)
}

// deletable says why a collection must stay. Calendars need not: where invitations went to one, they go to another then,
// or to a new one if there is none (RFC 6638 section 4.3.1 leaves that to the server).
func (r *resource) deletable() error {
	if r.kind&(inbox|outbox|notifications) != 0 {
		return &dav.Error{Status: http.StatusForbidden, Detail: "This collection belongs to the home."}
	}
	return nil
}
