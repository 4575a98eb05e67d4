package caldav

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"calport/directory"
	"calport/server/dav"
	"calport/server/ical"
	"calport/server/schedule"
	"calport/server/store"
)

// What the return of a deleted calendar means to others who were told that its meetings are off. It is there at once, in
// one transaction with the first of its meetings; others hear of the rest in bounded transactions, as in settle.go.

// returningBucket is the store's bucket of calendars that are back and of which others have heard in part: by id, a
// returning. It stays with a calendar that is deleted once more, which may come back within quietFor.
const returningBucket = "returning"

// returning is what is left of it.
type returning struct {
	Owner string   // GUID in lower case
	UIDs  []string // of the meetings: they may be moved meanwhile, or deleted, and there may be new ones
}

// comeBack tells others of the first meetings of a calendar that is back: of all of its own if others were told of its end,
// and else of those of which they have not heard since it was back before. more says that some are left for goOnReturning.
func (r *resource) comeBack(tx *store.Tx, c *store.Collection, told bool, done *Restored) (more bool, err error) {
	left := returning{Owner: r.home.Owner}
	if told {
		err = tx.DeleteValues(store.WaitingFor(c.ID))
		if err == nil {
			left.UIDs, err = meetingsOf(tx, c.ID)
		}
	} else {
		err = r.scheduler.DeliverWaiting(tx, r.whose, c.ID)
		if err == nil {
			left, err = returningOf(tx, c.ID, left)
		}
	}
	if err != nil {
		return false, err
	}
	return r.returnStep(tx, c.ID, left, done)
}

// meetingsOf are the UIDs of the objects of a collection that have an organizer.
func meetingsOf(tx *store.Tx, collectionID int64) (uids []string, err error) {
	for item, err := range tx.Objects(collectionID, store.Facts) {
		if err != nil {
			return nil, err
		}
		if item.Organizer != "" {
			uids = append(uids, item.UID)
		}
	}
	return uids, nil
}

// returningOf reads what is left to do for a calendar; if there is nothing, it is as given.
func returningOf(tx *store.Tx, id int64, left returning) (returning, error) {
	text, err := tx.Value(returningBucket, settlingKey(id))
	if errors.Is(err, store.ErrNotFound) {
		return left, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &left)
	}
	return left, err
}

// returnStep tells others of the first of the meetings, and notes which are left.
func (s *Server) returnStep(tx *store.Tx, id int64, left returning, done *Restored) (more bool, err error) {
	owner := s.people().ByGUID(left.Owner)
	if owner == nil { // in the name of somebody who is gone nothing is said
		left.UIDs = nil
	}
	began := time.Now()
	for n := 0; n < settledTogether && len(left.UIDs) > 0 && (n == 0 || time.Since(began) < settledWithin); n++ {
		if err := s.returnMeeting(tx, owner, left.UIDs[0], done); err != nil {
			return false, err
		}
		left.UIDs = left.UIDs[1:]
	}
	if len(left.UIDs) == 0 {
		return false, tx.DeleteValue(returningBucket, settlingKey(id))
	}
	text, err := json.Marshal(left)
	if err != nil {
		return false, err
	}
	return true, tx.SetValue(returningBucket, settlingKey(id), text)
}

// returnMeeting tells others of one meeting, if it is still there.
func (s *Server) returnMeeting(tx *store.Tx, owner *directory.Principal, uid string, done *Restored) error {
	home, err := tx.Home(ownerKey(owner))
	var item store.Object
	if err == nil {
		item, err = tx.ObjectByUID(home.ID, uid, store.Facts)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && item.Organizer == "" {
		return nil
	}
	if err != nil {
		return err
	}
	back, err := s.reinvite(tx, owner, &item)
	if err != nil {
		return err
	}
	if back {
		done.Invited++
		return nil
	}
	done.Left++
	return tx.DeleteObject(item.CollectionID, item.Name)
}

// reinvite stores a meeting anew, as if its owner's client had PUT it: an organizer invites everybody again, by a version
// that outruns the copies that were called off; an attendee's answer is what it was, to the meeting as it is now. back is
// false if there is no such meeting any more.
func (s *Server) reinvite(tx *store.Tx, owner *directory.Principal, item *store.Object) (back bool, err error) {
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
	written, err := s.scheduler.Put(tx, schedule.Write{Owner: owner, After: object})
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

// goOnReturning tells others of the meetings that are left of a calendar that is back, and counts them.
func (s *Server) goOnReturning(ctx context.Context, id int64, done *Restored) error {
	for more := true; more; {
		before := *done
		err := s.store.Write(ctx, func(tx *store.Tx) error {
			*done, more = before, false // the transaction may run more than once
			left, err := returningOf(tx, id, returning{})
			if err != nil || left.Owner == "" { // another was faster
				return err
			}
			home, err := tx.Home(left.Owner)
			if err == nil && home.CollectionByID(id) != nil {
				more, err = s.returnStep(tx, id, left, done)
				return err
			}
			if err == nil { // deleted once more
				_, err = tx.DiscardedCollection(id)
			}
			if errors.Is(err, store.ErrNotFound) { // erased
				err = tx.DeleteValue(returningBucket, settlingKey(id))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
