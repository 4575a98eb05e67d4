package caldav

import (
	"errors"
	"net/http"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// put stores a calendar object resource (RFC 4791 section 5.3.2). The bytes are kept as they come; an ETag is answered
// only then.
func (e *exchange) put() error {
	if e.res.kind&(home|collections) != 0 || e.res.loc.place == tooDeep {
		return dav.Forbidden(dav.CalendarCollectionLocationOK)
	}
	if e.res.collection == nil { // RFC 4918 section 9.7.1: the collection must be made first
		return &dav.Error{Status: http.StatusConflict, Detail: "There is no such calendar."}
	}
	if kindOf(e.res.collection) != calendar {
		return &dav.Error{Status: http.StatusForbidden, Detail: "Only calendars take calendar objects."}
	}
	if e.res.null && !nameAllowed(e.res.loc.object) {
		return &dav.Error{Status: http.StatusForbidden, Detail: "An object cannot have this name."}
	}
	data, err := e.readCalendarData()
	if err != nil {
		return err
	}
	var written store.Object
	var created bool
	err = e.inTransaction(func(tx *store.Tx, r *resource) error {
		written, created, err = r.putIn(tx, data, e.stale(r))
		return err
	})
	if err != nil {
		return e.withPresent(err)
	}
	return e.answerWritten(data, written, created)
}

// putIn writes the data in a transaction. r is the object, or the place for it.
func (r *resource) putIn(tx *store.Tx, data *calendarData, stale bool) (store.Object, bool, error) {
	if r.collection == nil {
		return store.Object{}, false, dav.Status(http.StatusConflict)
	}
	if err := data.fits(r.collection); err != nil {
		return store.Object{}, false, err
	}
	if r.item != nil && r.item.UID != data.facts.UID { // RFC 4791 section 5.3.2.1: the UID of an object never changes
		return store.Object{}, false, r.uidConflict(r.collection.Name, r.item.Name)
	}
	if err := r.mayRestrict(data); err != nil {
		return store.Object{}, false, err
	}
	isNew := r.item == nil
	if stored, err := r.schedule(tx, data, stale); err != nil || !stored {
		return store.Object{}, isNew, err
	}
	written, _, err := tx.PutObject(r.collection.ID, data.stored(r.loc.object))
	var conflict *store.UIDConflictError
	if errors.As(err, &conflict) {
		err = r.uidConflict(conflict.Collection, conflict.Name)
	}
	return written, isNew, err
}

// uidConflict names the object that has the UID. In the same calendar RFC 4791 section 5.3.2.1 has a word for it, in
// another one of the home RFC 6638 section 3.2.4.1. It is 403 and not 409, which Apple's clients do not understand.
func (r *resource) uidConflict(collection, name string) error {
	condition := dav.NoUIDConflict
	if collection != r.collection.Name {
		condition = dav.UniqueSchedulingObject
	}
	there := *r
	if there.collection = r.home.Collection(collection); there.collection == nil || there.require(dav.Read) != nil {
		return dav.Forbidden(condition) // who may not look into that calendar does not learn what it holds
	}
	return dav.Forbidden(condition, dav.NewHref(itemHref(r.whose, collection, name)))
}

// answerWritten answers a PUT that went well.
func (e *exchange) answerWritten(data *calendarData, written store.Object, created bool) error {
	h := e.w.Header()
	status := http.StatusNoContent
	if created {
		status = http.StatusCreated
	}
	if written.ScheduleTag != "" {
		h.Set("Schedule-Tag", dav.QuoteETag(written.ScheduleTag))
	}
	prefer := dav.ReadPreferences(e.r.Header)
	if prefer.Representation { // RFC 7240 section 4.2: the object as it is now
		if !created {
			status = http.StatusOK
		}
		return e.represent(status, written.ETag, data.bytes)
	}
	if !data.repaired {
		h.Set("ETag", dav.QuoteETag(written.ETag))
	}
	if created {
		h.Set("Content-Length", "0")
	}
	e.w.WriteHeader(status)
	return nil
}

// withPresent gives a client that lost a race what is there now, if it asked for it (RFC 8144 section 3.2).
func (e *exchange) withPresent(err error) error {
	var failed *dav.Error
	if !errors.As(err, &failed) || failed.Status != http.StatusPreconditionFailed ||
		!dav.ReadPreferences(e.r.Header).Representation {
		return err
	}
	now, readErr := fromStore{e.r.Context(), e.store, store.Whole}.item(e.res.home, e.res.collection, e.res.loc.object)
	if readErr != nil || now == nil || e.res.access != ical.Public {
		return err
	}
	return e.represent(http.StatusPreconditionFailed, now.ETag, now.Data)
}

// represent answers with the object's data.
func (e *exchange) represent(status int, etag string, data []byte) error {
	h := e.w.Header()
	dav.Preferences{Representation: true}.Write(h)
	h.Set("ETag", dav.QuoteETag(etag))
	h.Set("Content-Location", e.res.href)
	data, media := e.showData(data)
	h.Set("Content-Type", media)
	e.w.WriteHeader(status)
	_, err := e.w.Write(data)
	return aborted(err)
}
