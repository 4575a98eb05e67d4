package caldav

import (
	"context"
	"errors"
	"net/http"

	"calport/server/dav"
	"calport/server/itip"
	"calport/server/schedule"
	"calport/server/store"
)

// This file joins package schedule to the methods that change objects: PUT, DELETE, MOVE and COPY.

// newScheduler makes the scheduler of a server.
func (s *Server) newScheduler() (*schedule.Scheduler, error) {
	return schedule.New(schedule.Options{
		Store: s.store, People: s.people, Log: s.log, Now: s.now,
		Home:    s.homeIn,
		Default: defaultIn,
	})
}

// Run does what methods put off, such as telling attendees of each other's replies, until ctx ends.
func (s *Server) Run(ctx context.Context) { s.scheduler.Run(ctx) }

// defaultIn is where invitations go in a home: the person's choice, the provisioned calendar, or else any that takes them.
func defaultIn(h *store.Home, component string) *store.Collection {
	name, provisioned := dav.ScheduleDefaultCalendar, defaultCalendar
	if component == "VTODO" {
		name, provisioned = dav.ScheduleDefaultTasks, defaultTasks
	}
	if in := h.Collection(inboxName); in != nil {
		r := &resource{visit: &visit{}, kind: inbox, role: owner, home: h, collection: in, bag: in.Properties}
		if c := holding(r.defaultFor(name, component, provisioned), component); c != nil {
			return c
		}
	}
	for _, c := range h.Collections {
		if holding(c, component) != nil {
			return c
		}
	}
	return nil
}

// schedule carries out what the data of a PUT means to others, and changes the data to what is to be stored; stored is
// false if nothing is. Objects without an organizer have nothing to do here.
func (r *resource) schedule(tx *store.Tx, data *calendarData, stale bool) (stored bool, err error) {
	if data.facts.Organizer == "" && (r.item == nil || r.item.Organizer == "") {
		return true, nil
	}
	if data.facts.Component != "VEVENT" && data.facts.Component != "VTODO" {
		return true, nil
	}
	written, err := r.scheduler.Put(tx, schedule.Write{Owner: r.whose, Before: r.item, After: data.calendar, Stale: stale})
	if err != nil {
		return false, schedulingError(err)
	}
	if written.Object == nil {
		data.repaired = true
		return false, nil
	}
	data.tag = written.Tag
	if written.Changed {
		data.become(written.Object)
	}
	return true, nil
}

// unschedule carries out that an object is deleted.
func (r *resource) unschedule(tx *store.Tx, item *store.Object, reply bool) error {
	return schedulingError(r.scheduler.Delete(tx, r.whose, item, reply))
}

// wantsReply reads Schedule-Reply (RFC 6638 section 8.1): an attendee's client may delete without a word.
func wantsReply(h http.Header) bool { return h.Get("Schedule-Reply") != "F" }

// stale says that the client wrote over a version that it need not have seen: its Schedule-Tag matched, and that is all
// that is known of it (RFC 6638 section 3.2.10).
func (e *exchange) stale(r *resource) bool {
	tags, err := dav.ReadETags(e.r.Header, "If-Schedule-Tag-Match")
	if err != nil || tags == nil || r.item == nil {
		return false
	}
	seen, err := dav.ReadETags(e.r.Header, "If-Match")
	return err != nil || seen == nil || len(seen.Tags) != 1 || seen.Tags[0].Opaque != r.etag()
}

// schedulingConditions are the preconditions that the errors of package itip stand for (RFC 6638 section 3.2.4).
var schedulingConditions = []struct {
	err       error
	condition dav.Name
}{
	{itip.ErrSameOrganizer, dav.SameOrganizer},
	{itip.ErrOrganizerChange, dav.AllowedOrganizerChange},
	{itip.ErrAttendeeChange, dav.AllowedAttendeeChange},
	{itip.ErrAttendeeAllowed, dav.AttendeeAllowed},
}

func schedulingError(err error) error {
	for _, row := range schedulingConditions {
		if errors.Is(err, row.err) {
			return invalid(row.condition, err)
		}
	}
	return err
}
