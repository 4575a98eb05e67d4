package caldav

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"calport/server/schedule"
	"calport/server/store"
)

// What the end of a calendar means to others. The calendar is gone at once, in one transaction with the first of its
// meetings; the others follow in bounded transactions, so that nobody else waits long for the store. Of each meeting
// everybody hears or nobody, and where the program ends in between, the next one goes on from there. Its return is dealt
// with likewise, see return.go.

// Of how many meetings others are told in one transaction, and for how long it goes on to another one.
const (
	settledTogether = 50
	settledWithin   = 200 * time.Millisecond
)

// settlingBucket is the store's bucket of calendars of which others have heard in part: by id, a settling.
const settlingBucket = "settling"

// settling is how far it is.
type settling struct {
	After string // name of the last object that was dealt with
	Reply bool   // attendees' answers are sent (Schedule-Reply, RFC 6638 section 8.1)
}

// settle tells others of the first meetings of a deleted calendar of which they have not heard.
func (s *Server) settle(tx *store.Tx, d *store.Discarded) error {
	at := settling{Reply: true}
	text, err := tx.Value(settlingBucket, settlingKey(d.ID))
	if err == nil {
		err = json.Unmarshal(text, &at)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return s.settleStep(tx, d, at)
}

// settleFrom tells others of the first meetings of a calendar that was deleted in this transaction.
func (s *Server) settleFrom(tx *store.Tx, id int64, at settling) error {
	d, err := tx.DiscardedCollection(id)
	if err != nil {
		return err
	}
	return s.settleStep(tx, &d, at)
}

// settleStep carries out what the end of a deleted calendar means to others, for some meetings, and notes how far it came.
// A meeting that has come to another calendar of the home meanwhile goes on.
func (s *Server) settleStep(tx *store.Tx, d *store.Discarded, at settling) error {
	owner := s.people().ByGUID(d.Owner)
	if owner != nil && d.Kind == store.Calendar { // in the name of somebody who is gone nothing is said
		meetings, more, err := meetingsAfter(tx, d.ID, at.After)
		if err != nil {
			return err
		}
		began := time.Now()
		for i := range meetings {
			if i > 0 && time.Since(began) > settledWithin {
				meetings, more = meetings[:i], true
				break
			}
			_, err := tx.ObjectByUID(d.HomeID, meetings[i].UID, store.Tags)
			if errors.Is(err, store.ErrNotFound) {
				err = s.scheduler.Delete(tx, schedule.Deletion{Owner: owner, Item: &meetings[i], Reply: at.Reply})
			}
			if err != nil {
				return err
			}
		}
		if more {
			at.After = meetings[len(meetings)-1].Name
			text, err := json.Marshal(at)
			if err != nil {
				return err
			}
			return tx.SetValue(settlingBucket, settlingKey(d.ID), text)
		}
	}
	if err := tx.DeleteValue(settlingBucket, settlingKey(d.ID)); err != nil {
		return err
	}
	if err := tx.DeleteValues(store.WaitingFor(d.ID)); err != nil {
		return err
	}
	return tx.SettleDiscarded(d.ID)
}

// meetingsAfter reads the first meetings of a collection whose names come after one; more says that there are others.
func meetingsAfter(tx *store.Tx, collectionID int64, name string) (meetings []store.Object, more bool, err error) {
	for item, err := range tx.ObjectsOnwards(collectionID, name, store.Facts) {
		switch {
		case err != nil:
			return nil, false, err
		case item.Organizer == "":
		case len(meetings) == settledTogether:
			return meetings, true, nil
		default:
			meetings = append(meetings, item)
		}
	}
	return meetings, false, nil
}

func settlingKey(id int64) string { return strconv.FormatInt(id, 10) }

// settlingStopped says whether others have heard of some meetings of a deleted calendar, and of no more from now on.
func (s *Server) settlingStopped(tx *store.Tx, id int64) (begun bool, err error) {
	_, err = tx.Value(settlingBucket, settlingKey(id))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, tx.DeleteValue(settlingBucket, settlingKey(id))
}

// goOnSettling goes on with all deleted calendars of which others have heard in part.
func (s *Server) goOnSettling(ctx context.Context) error {
	return s.eachCollection(ctx, settlingBucket, s.goOnWith)
}

// eachCollection does something with every collection whose id is a key of a bucket.
func (s *Server) eachCollection(ctx context.Context, bucket string, do func(context.Context, int64) error) error {
	begun, err := s.store.Values(ctx, bucket)
	if err != nil {
		return err
	}
	var failed error
	for _, key := range slices.Sorted(maps.Keys(begun)) {
		id, err := strconv.ParseInt(key, 10, 64)
		if err == nil {
			err = do(ctx, id)
		}
		if err != nil { // the others need not wait for this one
			failed = errors.Join(failed, fmt.Errorf("collection %s: %w", key, err))
		}
	}
	return failed
}

// goOnWith tells others of the meetings of a deleted calendar that are left.
func (s *Server) goOnWith(ctx context.Context, id int64) error {
	for {
		_, err := s.store.Value(ctx, settlingBucket, settlingKey(id))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		err = s.store.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Value(settlingBucket, settlingKey(id))
			if errors.Is(err, store.ErrNotFound) { // another was faster
				return nil
			}
			var d store.Discarded
			if err == nil {
				d, err = tx.DiscardedCollection(id)
			}
			if errors.Is(err, store.ErrNotFound) { // erased
				return tx.DeleteValue(settlingBucket, settlingKey(id))
			}
			if err != nil {
				return err
			}
			return s.settle(tx, &d)
		})
		if err != nil {
			return err
		}
	}
}
