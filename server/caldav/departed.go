package caldav

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"calport/directory"
	"calport/server/dav"
	"calport/server/schedule"
	"calport/server/store"
)

// This file is about those who have left the directory: what is done in their name at the end, and what others have said of
// them here.

// CallOffMeetings has all meetings that the visitor organizes take place no more: see schedule.Scheduler.End. Each
// transaction is about some of them; if it does not come to its end, another call goes on. It counts them.
func (a Visitor) CallOffMeetings(ctx context.Context) (ended int, err error) {
	h, err := a.store.Home(ctx, ownerKey(a.who))
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, c := range h.Collections {
		after, more := "", c.Kind == store.Calendar
		for more {
			var some []store.Object
			var done int
			err := a.store.Write(ctx, func(tx *store.Tx) (err error) {
				if some, more, err = meetingsAfter(tx, c.ID, after); err != nil {
					return err
				}
				done, err = a.endMeetings(tx, some)
				return err
			})
			if errors.Is(err, store.ErrNotFound) { // the calendar has gone meanwhile
				break
			}
			if err != nil {
				return ended, err
			}
			ended += done
			if len(some) > 0 {
				after = some[len(some)-1].Name
			}
		}
	}
	return ended, nil
}

// endMeetings ends some. What may not be said, since the bounds of scheduling are narrower now, stays as it is.
func (a Visitor) endMeetings(tx *store.Tx, some []store.Object) (ended int, err error) {
	for i := range some {
		done, err := a.scheduler.End(tx, a.who, &some[i])
		var known *dav.Error
		if err = schedulingError(err); err != nil && !errors.As(err, &known) {
			return ended, err
		}
		if done {
			ended++
		}
	}
	return ended, nil
}

// Forget removes somebody from among the delegates that others have named, and what a person, room or resource has set for
// itself besides its home.
func Forget(tx *store.Tx, guid string) error {
	guid = strings.ToLower(guid)
	for _, bucket := range []string{store.Delegates, schedule.PlaceBucket} {
		if err := tx.DeleteValue(bucket, guid); err != nil {
			return err
		}
	}
	all, err := tx.Values(store.Delegates)
	if err != nil {
		return err
	}
	for owner, text := range all {
		if !strings.Contains(string(text), guid) {
			continue
		}
		var named directory.Delegates
		if err := json.Unmarshal(text, &named); err != nil {
			return err
		}
		for _, list := range []*[]string{&named.Read, &named.Write} {
			*list = slices.DeleteFunc(*list, func(other string) bool { return other == guid })
		}
		if err := setNamed(tx, owner, named); err != nil {
			return err
		}
	}
	return nil
}
