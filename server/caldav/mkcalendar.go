package caldav

import (
	"errors"
	"net/http"
	"slices"

	"calport/server/dav"
	"calport/server/store"
)

// mkcalendar makes a calendar (RFC 4791 section 5.3.1) or, where DAV:resourcetype says so, a subscription.
func (e *exchange) mkcalendar() error {
	return e.makeCollection(dav.MkCalendar, dav.MkCalendarResponse, store.Calendar)
}

// mkcol makes what the resourcetype in its body says (RFC 5689). There are no plain collections in a calendar home.
func (e *exchange) mkcol() error {
	if err := xmlOrNothing(e.r); err != nil {
		return err
	}
	return e.makeCollection(dav.MkCol, dav.MkColResponse, 0)
}

// makeCollection patches a new collection in memory and stores it if all went well.
func (e *exchange) makeCollection(request, response dav.Name, kind store.CollectionKind) error {
	if !e.res.null {
		return dav.Forbidden(dav.ResourceMustBeNull)
	}
	if e.res.loc.place != atCollection || !nameAllowed(e.res.loc.collection) {
		return dav.Forbidden(dav.CalendarCollectionLocationOK) // calendars stand directly below the home, nowhere else
	}
	body, err := e.readXML()
	if err != nil {
		return err
	}
	changes, err := dav.ReadMake(body, request)
	if err != nil {
		return err
	}
	// The resourcetype decides what the other properties are set on.
	slices.SortStableFunc(changes, func(a, b dav.Change) int { return typeFirst(a) - typeFirst(b) })

	var outcome *dav.Outcome
	err = e.inTransaction(func(tx *store.Tx, r *resource) error {
		outcome, err = r.makeIn(tx, changes, kind)
		return err
	})
	if err != nil {
		return err
	}
	e.w.Header().Set("Cache-Control", "no-cache") // RFC 4791 section 5.3.1
	if outcome.OK() {
		e.w.Header().Set("Content-Length", "0")
		e.w.WriteHeader(http.StatusCreated)
		return nil
	}
	return e.notMade(outcome, response)
}

func typeFirst(c dav.Change) int {
	if c.Value.Name == dav.ResourceType {
		return 0
	}
	return 1
}

// makeIn makes the collection that r is to be, unless a property stands in the way.
func (r *resource) makeIn(tx *store.Tx, changes []dav.Change, kind store.CollectionKind) (*dav.Outcome, error) {
	if !r.null {
		return nil, dav.Forbidden(dav.ResourceMustBeNull)
	}
	if err := r.roomForOne(); err != nil {
		return nil, err
	}
	r.making = &store.NewCollection{Name: r.loc.collection, Kind: kind, Components: componentSets[0]}
	outcome, err := r.properties.Make(r, changes)
	switch {
	case err != nil || !outcome.OK():
		return outcome, err
	case r.making.Kind == 0: // MKCOL without a body, or without a type
		return nil, dav.Forbidden(dav.ValidResourceType)
	}
	r.making.Properties = r.changed
	_, err = tx.CreateCollection(r.home.ID, *r.making)
	if errors.Is(err, store.ErrExists) {
		err = dav.Forbidden(dav.ResourceMustBeNull)
	}
	return outcome, err
}

// roomForOne says whether another collection may be made in the home.
func (r *resource) roomForOne() error {
	if len(r.home.Collections) >= r.limits.Collections {
		return &dav.Error{Status: http.StatusInsufficientStorage, Detail: "The home has too many collections."}
	}
	return nil
}

// notMade answers which properties stood in the way: RFC 5689 section 3.5 for MKCOL; for MKCALENDAR the same as a
// multi-status, which is what its clients understand.
func (e *exchange) notMade(outcome *dav.Outcome, response dav.Name) error {
	if response == dav.MkCalendarResponse {
		return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
			outcome.Respond(w, e.res.href)
			return nil
		})
	}
	return dav.WriteXML(e.w, http.StatusForbidden, response, func(w *dav.Writer) error {
		outcome.Propstats(w)
		return nil
	})
}
