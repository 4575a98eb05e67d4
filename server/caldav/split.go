package caldav

import (
	"errors"
	"net/http"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/schedule"
	"calport/server/store"
)

// Conditions of Apple's caldav-recursplit, and one of RFC 8607 that it borrows.
var (
	validRID   = dav.Name{Space: dav.CalDAV, Local: "valid-rid-parameter"}
	validSplit = dav.Name{Space: dav.CalendarServer, Local: "valid-split"}
)

// splitRecurrence parts a recurring event in two at the time that rid names, so that a change of "all future events"
// leaves the past, and everybody's answers, alone (Apple's caldav-recursplit).
func (e *exchange) splitRecurrence() error {
	query := e.r.URL.Query()
	at, err := ical.ParseTime(query.Get("rid"), "")
	if err != nil {
		return invalid(validRID, err)
	}
	if err := e.res.parent().require(dav.Bind); err != nil {
		return err
	}
	var parts schedule.Parts
	err = e.inTransaction(func(tx *store.Tx, r *resource) error {
		parts, err = e.scheduler.Split(tx, r.whose, r.item, schedule.Split{At: at, UID: query.Get("uid"), May: r.maySend, Actor: r.who})
		return err
	})
	var taken *store.UIDConflictError
	if errors.Is(err, schedule.ErrSplit) || errors.As(err, &taken) {
		return invalid(validSplit, err)
	}
	if err != nil {
		return err
	}
	return e.answerSplit(parts)
}

// answerSplit tells where the past is, and what both parts are if the client asked for that.
func (e *exchange) answerSplit(parts schedule.Parts) error {
	parent := e.res.parent()
	e.w.Header().Set("Split-Component-URL", parent.href+dav.EncodeSegment(parts.Past.Name))
	prefer := dav.ReadPreferences(e.r.Header)
	if !prefer.Representation {
		e.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	prefer.Write(e.w.Header())
	q := &dav.PropFind{Props: []*dav.Element{dav.New(dav.GetETag), dav.New(dav.ScheduleTag), dav.New(dav.CalendarData)}}
	selection := e.properties.Select(q, true) // an event that is no meeting has no schedule-tag
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		for _, name := range []string{parts.Future.Name, parts.Past.Name} {
			item, err := fromStore{e.r.Context(), e.store, store.Whole}.item(parent.home, parent.collection, name)
			if err != nil || item == nil {
				return err
			}
			r := parent.member(nil, item)
			if err := selection.Respond(w, parent.href+dav.EncodeSegment(name), r); err != nil {
				return err
			}
		}
		return nil
	})
}
