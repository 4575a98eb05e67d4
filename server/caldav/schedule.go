package caldav

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"calport/directory"
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
		Finds:   s.finds, MaxAttendees: s.limits.ObjectAttendees, InboxAge: s.limits.InboxAge, LogAge: s.limits.LogAge,
		Outside: s.outside, Serves: s.serves,
	})
}

// finds says whom the rules let the owner of a calendar find; nil is everybody. Scheduling asks for the owner, whoever
// writes for him, so that a delegate does not change who is invited.
func (s *Server) finds(people *directory.Snapshot, owner *directory.Principal) func(*directory.Principal) bool {
	if s.isAdmin(owner) {
		return nil
	}
	return s.visibility.Of(people, owner)
}

// Scheduler is what acts on scheduling messages, for those that do not come by HTTP.
func (s *Server) Scheduler() *schedule.Scheduler { return s.scheduler }

// PeopleChanged tells the server that the directory has changed, so that meetings follow their groups.
func (s *Server) PeopleChanged() { s.scheduler.PeopleChanged() }

// Run does what methods put off, such as telling attendees of each other's replies, what time and the directory bring
// about, among it the end of deleted calendars, and learns what delegates people have named on other nodes, until ctx ends.
func (s *Server) Run(ctx context.Context) {
	var following sync.WaitGroup
	following.Go(func() { s.delegations.follow(ctx, s.log) })
	following.Go(func() { s.places.follow(ctx, s.log) })
	following.Go(func() { s.scheduler.Upkeep(ctx) })
	following.Go(func() { s.followDiscarded(ctx) })
	s.scheduler.Run(ctx)
	following.Wait()
}

// defaultIn is where invitations go in a home: the person's choice, the provisioned calendar, any other that takes them, or
// a new one.
func defaultIn(tx *store.Tx, h *store.Home, component string) (*store.Collection, error) {
	name, provisioned := dav.ScheduleDefaultCalendar, defaultCalendar
	if component == "VTODO" {
		name, provisioned = dav.ScheduleDefaultTasks, defaultTasks
	}
	r := (&resource{visit: &visit{}, role: owner, home: h}).inbox()
	if c := r.defaultFor(name, component, provisioned); c != nil {
		return c, nil
	}
	for _, first := range firstCollections() {
		if first.Name != provisioned {
			continue
		}
		if h.Collection(provisioned) != nil { // a calendar of that name for something else
			first.Name = strings.TrimSuffix(newObjectName(), ".ics")
		}
		first.Components = []string{component}
		return tx.CreateCollection(h.ID, first)
	}
	return nil, fmt.Errorf("caldav: no calendar of %s takes a %s", h.Owner, component)
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
	if err := r.adopt(tx, data.facts.UID); err != nil {
		return false, err
	}
	written, err := r.scheduler.Put(tx, schedule.Write{Owner: r.whose, Before: r.item, After: data.calendar, Stale: stale, May: r.maySend, Actor: r.who})
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
		return true, r.withinAttendees(data.calendar) // what a client called a group may have been none
	}
	return true, nil
}

// adopt gives an invitation that was delivered to this home the name under which its client wants to PUT it: clients that
// answer from a mail do not know that it is there already.
func (r *resource) adopt(tx *store.Tx, uid string) error {
	if r.item != nil {
		return nil
	}
	delivered, err := tx.ObjectByUID(r.home.ID, uid, store.Facts)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case delivered.Organizer == "" || !schedule.IsDelivered(delivered.Name, uid):
		return nil
	}
	from := r.parent()
	if from.collection = r.home.CollectionByID(delivered.CollectionID); from.collection == nil || from.require(dav.Unbind) != nil {
		return nil // who was granted one calendar takes nothing out of another
	}
	moved, _, err := tx.MoveObject(delivered.CollectionID, delivered.Name, r.collection.ID, r.loc.object)
	r.item = &moved
	return err
}

var noDuplicateComments = dav.Name{Space: dav.CalendarServer, Local: "no-duplicate-private-comments"}

// unschedule carries out that an object is deleted.
func (r *resource) unschedule(tx *store.Tx, item *store.Object, reply bool) error {
	return schedulingError(r.scheduler.Delete(tx, schedule.Deletion{Owner: r.whose, Actor: r.who, Item: item, Reply: reply, May: r.maySend}))
}

// maySend says whether the visitor may send a message in the name of the calendar's owner: to write to the calendar is
// not enough (RFC 6638 sections 6.2.2 and 6.2.3).
func (r *resource) maySend(m itip.Method) error {
	needs := dav.ScheduleSendInvite
	if m == itip.MethodReply {
		needs = dav.ScheduleSendReply
	}
	if allowed[r.role][outbox].Contains(needs) {
		return nil
	}
	return dav.NeedPrivilege(collectionHref(r.whose, outboxName), needs)
}

// staysWithOwner refuses to move a meeting into somebody else's calendars, as Apple's server does: its owner would be gone
// from it without a word, or everybody would be told that it is off. Within the own calendars nobody hears of a move.
func (r *resource) staysWithOwner(target *resource) error {
	if r.home.ID == target.home.ID || r.item.Organizer == "" && (target.item == nil || target.item.Organizer == "") {
		return nil
	}
	return dav.Forbidden(validMove)
}

var validMove = dav.Name{Space: dav.CalendarServer, Local: "valid-move"}

// copyMeeting makes a copy in somebody else's calendars, as if it were PUT there.
func (r *resource) copyMeeting(tx *store.Tx, target *resource) (created bool, err error) {
	whole, err := tx.Object(r.collection.ID, r.item.Name, store.Whole)
	if err != nil {
		return false, err
	}
	data, err := r.judge(whole.Data)
	if err != nil {
		return false, err
	}
	if r.home.ID == target.home.ID { // where putting would take it for the client's own name of what was delivered
		return false, target.uidConflict(r.collection.Name, r.item.Name)
	}
	_, created, err = target.putIn(tx, data, false)
	return created, err
}

// wantsReply reads Schedule-Reply (RFC 6638 section 8.1): an attendee's client may delete without a word.
func wantsReply(h http.Header) bool { return h.Get("Schedule-Reply") != "F" }

// stale says that the client wrote over a version that it need not have seen: what it knows is a Schedule-Tag, or an
// ETag of before (RFC 6638 section 3.2.10).
func (e *exchange) stale(r *resource) bool {
	if r.item == nil || r.item.ScheduleTag == "" {
		return false
	}
	seen, err := dav.ReadETags(e.r.Header, "If-Match")
	if err != nil || seen == nil {
		return e.r.Header.Get("If-Schedule-Tag-Match") != ""
	}
	return !seen.Any && !slices.ContainsFunc(seen.Tags, func(tag dav.ETag) bool { return tag.Opaque == r.etag() })
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
	{itip.ErrTooMany, dav.MaxAttendeesPerInstance},
	{itip.ErrDuplicateComments, noDuplicateComments}, // Apple's caldav-privatecomments
}

func schedulingError(err error) error {
	for _, row := range schedulingConditions {
		if errors.Is(err, row.err) {
			return invalid(row.condition, err)
		}
	}
	return err
}
