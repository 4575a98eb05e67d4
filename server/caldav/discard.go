package caldav

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/schedule"
	"calport/server/store"
)

// This file is about calendars that are deleted, and that their owner may bring back in the portal until they are erased
// after keptFor. To everybody else such a calendar is gone at once, and it is in no home.
//
// DELETE tells organizers and attendees of its meetings at once that they are off, or declined (RFC 6638 sections 3.2.1.3
// and 3.2.2.4). The portal waits for quietFor before it tells them just that: who brings the calendar back within that
// time has it exactly as it was, and nobody was troubled. Who brings it back when others have been told invites anew, and
// answers anew as he had answered: see reinvite.

const (
	quietFor = 10 * time.Minute
	keptFor  = 30 * 24 * time.Hour
)

// maxDiscarded bounds the deleted calendars that are kept of one home; the oldest go first.
const maxDiscarded = 50

// DiscardedCalendar is a calendar that was deleted and can be brought back.
type DiscardedCalendar struct {
	ID        int64
	Title     string
	Color     string
	Component string    // "" is a subscription
	Objects   int       // in it
	At        time.Time // when it was deleted
	Until     time.Time // when it will be erased
	Told      bool      // others have been told of what was in it
}

// DeleteCalendar deletes a calendar or subscription of the visitor's, as DELETE does, but so that RestoreCalendar brings
// it back.
func (a Visitor) DeleteCalendar(ctx context.Context, name string) error {
	return a.visit().within(ctx, "DELETE", collectionHref(a.who, name), func(tx *store.Tx, r *resource) error {
		if err := r.deletable(); err != nil {
			return err
		}
		return r.discard(tx)
	})
}

// discard takes a collection out of its home, and erases what is too much to be kept.
func (r *resource) discard(tx *store.Tx) error {
	if err := tx.DiscardCollection(r.collection.ID); err != nil {
		return err
	}
	all, err := tx.DiscardedCollections(r.home.ID)
	if err != nil {
		return err
	}
	for _, d := range all[min(len(all), maxDiscarded):] {
		end := r.settle // it is erased with the next one
		if d.Settled {
			end = r.eraseDiscarded
		}
		if err := end(tx, &d); err != nil {
			return err
		}
	}
	return nil
}

// DeletedCalendars lists what RestoreCalendar can bring back, the last first.
func (a Visitor) DeletedCalendars(ctx context.Context) ([]DiscardedCalendar, error) {
	r, err := a.visit().at(ctx, "PROPFIND", homeHref(a.who))
	if err != nil {
		return nil, err
	}
	var all []DiscardedCalendar
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		discarded, err := tx.DiscardedCollections(r.home.ID)
		for i := range discarded {
			all = append(all, r.discardedInfo(&discarded[i]))
		}
		return err
	})
	return all, err
}

func (r *resource) discardedInfo(d *store.Discarded) DiscardedCalendar {
	was := r.member(&store.Collection{Name: d.Name, Kind: d.Kind, Components: d.Components, Properties: d.Properties}, nil).info()
	return DiscardedCalendar{ID: d.ID, Title: was.Title, Color: was.Color, Component: was.Component, Objects: d.Objects,
		At: d.At, Until: d.At.Add(keptFor), Told: d.Settled}
}

// Restored is what became of a calendar that was brought back.
type Restored struct {
	Name string // its path segment
	// Moved says that it has another path than before, since another calendar has got that one.
	Moved bool
	// Left is how many objects were left out: they are in another calendar now, or their meetings are no more.
	Left int
	// Invited is how many meetings others have heard of anew.
	Invited int
}

// RestoreCalendar brings a deleted calendar back: under its path, with its objects, their names, their entity tags and
// its log, so that clients that have not looked meanwhile see no difference, and others see it return. Meetings of which
// others have heard that they are off are not the same afterwards: see reinvite.
func (a Visitor) RestoreCalendar(ctx context.Context, id int64) (done Restored, err error) {
	err = a.visit().within(ctx, "PROPFIND", homeHref(a.who), func(tx *store.Tx, r *resource) error {
		d, err := r.discardedHere(tx, id)
		if err != nil {
			return err
		}
		if err := r.roomForOne(); err != nil {
			return err
		}
		done = Restored{Name: d.Name, Moved: r.home.Collection(d.Name) != nil}
		if done.Moved {
			done.Name = strings.ToUpper(uuid.NewString())
		}
		c, left, err := tx.RestoreCollection(id, done.Name)
		if err != nil {
			return err
		}
		done.Left = len(left)
		begun, err := r.settlingStopped(tx, id)
		switch {
		case err != nil || c.Kind != store.Calendar:
		case d.Settled || begun:
			err = errors.Join(schedule.DropWaiting(tx, id), r.reinviteAll(tx, c, &done))
		default:
			err = r.scheduler.DeliverWaiting(tx, r.whose, id)
		}
		return err
	})
	return done, err
}

// discardedHere finds a deleted calendar of the home r.
func (r *resource) discardedHere(tx *store.Tx, id int64) (store.Discarded, error) {
	if err := r.require(dav.Bind | dav.Unbind); err != nil {
		return store.Discarded{}, err
	}
	d, err := tx.DiscardedCollection(id)
	if errors.Is(err, store.ErrNotFound) || err == nil && d.HomeID != r.home.ID {
		err = errNothing()
	}
	return d, err
}

// reinviteAll tells others of the meetings of a calendar that is back, of which they were told that they are off.
func (r *resource) reinviteAll(tx *store.Tx, c *store.Collection, done *Restored) error {
	meetings, err := meetingsOf(tx, c.ID)
	if err != nil {
		return err
	}
	for i := range meetings {
		back, err := r.reinvite(tx, &meetings[i])
		if err != nil {
			return err
		}
		if !back {
			done.Left++
			if err := tx.DeleteObject(c.ID, meetings[i].Name); err != nil {
				return err
			}
			continue
		}
		done.Invited++
	}
	return nil
}

// reinvite stores a meeting anew, as if its owner's client had PUT it: an organizer invites everybody again, by a version
// that outruns the copies that were called off; an attendee's answer is what it was, to the meeting as it is now. back is
// false if there is no such meeting any more.
func (r *resource) reinvite(tx *store.Tx, item *store.Object) (back bool, err error) {
	whole, err := tx.Object(item.CollectionID, item.Name, store.Whole)
	if err != nil {
		return false, err
	}
	object, err := ical.Parse(whole.Data)
	if err != nil {
		return true, nil // damaged: it stays what it was
	}
	for _, c := range object.Components {
		if p := c.Prop("SEQUENCE"); c.Name != "VTIMEZONE" && (p == nil || p.Value() == "0") {
			c.Set(ical.NewProperty("SEQUENCE", "1")) // that calling off has counted on
		}
	}
	written, err := r.scheduler.Put(tx, schedule.Write{Owner: r.whose, After: object, May: r.maySend, Actor: r.who})
	var known *dav.Error
	if err = schedulingError(err); errors.As(err, &known) {
		return false, nil
	}
	if err != nil || written.Object == nil {
		return false, err
	}
	data := &calendarData{tag: written.Tag}
	data.become(written.Object)
	_, _, err = tx.PutObject(item.CollectionID, data.stored(item.Name))
	return true, err
}

// EraseCalendar ends a deleted calendar at once; whoever is concerned by its meetings is told now if not before, of some
// meetings at a time. If it does not come to its end, others hear of the rest all the same, and the calendar is erased in
// time, see tidyDiscarded.
func (a Visitor) EraseCalendar(ctx context.Context, id int64) error {
	err := a.visit().within(ctx, "PROPFIND", homeHref(a.who), func(tx *store.Tx, r *resource) error {
		d, err := r.discardedHere(tx, id)
		if err != nil || d.Settled {
			return err
		}
		return r.settle(tx, &d)
	})
	if err != nil {
		return err
	}
	if err := a.goOnWith(ctx, id); err != nil {
		return err
	}
	return a.visit().within(ctx, "PROPFIND", homeHref(a.who), func(tx *store.Tx, r *resource) error {
		d, err := r.discardedHere(tx, id)
		if err != nil || !d.Settled {
			return err // it has come back, and gone, meanwhile
		}
		return r.eraseDiscarded(tx, &d)
	})
}

// eraseDiscarded ends a deleted calendar of which others have heard.
func (s *Server) eraseDiscarded(tx *store.Tx, d *store.Discarded) error {
	return tx.PurgeDiscarded(d.ID)
}

// meetingsOf are the objects of a collection that have an organizer.
func meetingsOf(tx *store.Tx, collectionID int64) ([]store.Object, error) {
	var meetings []store.Object
	for item, err := range tx.Objects(collectionID, store.Facts) {
		if err != nil {
			return nil, err
		}
		if item.Organizer != "" {
			meetings = append(meetings, item)
		}
	}
	return meetings, nil
}

// discardedEvery is how often it is looked what is due of deleted calendars.
const discardedEvery = time.Minute

// followDiscarded does what is due of deleted calendars until ctx ends.
func (s *Server) followDiscarded(ctx context.Context) {
	tick := time.NewTicker(discardedEvery)
	defer tick.Stop()
	for {
		if err := s.tidyDiscarded(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "what is due of deleted calendars is not done; it is tried again", slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tidyDiscarded settles and erases what is due. Each calendar has a transaction of its own, in which another node may have
// been faster.
func (s *Server) tidyDiscarded(ctx context.Context) error {
	failed := s.goOnSettling(ctx)
	for _, due := range []struct {
		after   time.Duration
		settled bool
		do      func(*store.Tx, *store.Discarded) error
	}{{quietFor, false, s.settle}, {keptFor, true, s.eraseDiscarded}} {
		ids, err := s.store.DiscardedBefore(ctx, s.now().Add(-due.after), due.settled)
		if err != nil {
			return errors.Join(failed, err)
		}
		for _, id := range ids {
			err := s.store.Write(ctx, func(tx *store.Tx) error {
				d, err := tx.DiscardedCollection(id)
				if errors.Is(err, store.ErrNotFound) || err == nil && d.Settled != due.settled {
					return nil
				}
				if err != nil {
					return err
				}
				return due.do(tx, &d)
			})
			if err != nil { // the others need not wait for this one
				failed = errors.Join(failed, fmt.Errorf("collection %d: %w", id, err))
			}
		}
	}
	return errors.Join(failed, s.goOnSettling(ctx))
}
