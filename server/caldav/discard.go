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
	// Invited is how many meetings others have heard of anew. Where the request was broken off, they hear of others later.
	Invited int
}

// RestoreCalendar brings a deleted calendar back: under its path, with its objects, their names, their entity tags and
// its log, so that clients that have not looked meanwhile see no difference, and others see it return. Meetings of which
// others have heard that they are off are not the same afterwards: see reinvite.
func (a Visitor) RestoreCalendar(ctx context.Context, id int64) (done Restored, err error) {
	more := false
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
		if err != nil || c.Kind != store.Calendar {
			return err
		}
		more, err = r.comeBack(tx, c, d.Settled || begun, &done)
		return err
	})
	if err == nil && more {
		// The calendar is back, whatever becomes of this: what is left is gone on with in time, see goOnReturning.
		if err := a.goOnReturning(ctx, id, &done); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "of a calendar that is back others hear later", "err", err)
		}
	}
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
	failed := errors.Join(s.goOnSettling(ctx), s.eachCollection(ctx, returningBucket, func(ctx context.Context, id int64) error {
		return s.goOnReturning(ctx, id, &Restored{})
	}))
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
