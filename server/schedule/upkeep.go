package schedule

import (
	"context"
	"errors"
	"time"

	"calport/server/store"
)

// How old what is in inboxes, and in the record of invitations, gets unless the options say otherwise.
const (
	defaultInboxAge = 14 * 24 * time.Hour
	defaultLogAge   = 90 * 24 * time.Hour
)

// The upkeep is done this often, and this long after the directory has changed.
const (
	upkeepEvery     = time.Hour
	reconcilePause  = 2 * time.Second
	keepOverGroups  = 30 * 24 * time.Hour // groups of what is over, in case it is moved into the future
	purgedTogether  = 200                 // inbox items in one transaction
	forgottenAtOnce = 5000                // lines of the record
)

// PeopleChanged tells Upkeep that the directory has changed. It does not wait.
func (s *Scheduler) PeopleChanged() {
	select {
	case s.changed <- struct{}{}:
	default: // it will look anyway
	}
}

// Upkeep does what time and the directory bring about, until ctx ends: it lets meetings follow their groups, empties
// inboxes of what is old, and forgets old lines of the record. What an earlier process left undone it does first.
func (s *Scheduler) Upkeep(ctx context.Context) {
	tick := time.NewTicker(upkeepEvery)
	defer tick.Stop()
	all := true
	for ctx.Err() == nil {
		s.upkeep(ctx, "meetings cannot follow their groups", s.Reconcile)
		if all {
			s.upkeep(ctx, "inboxes cannot be emptied of what is old", s.PurgeInboxes)
			s.upkeep(ctx, "the record of invitations cannot be shortened", s.purgeRecord)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
			all = true
		case <-s.changed:
			all = false
			pause := time.NewTimer(reconcilePause) // a change of the directory seldom comes alone
			select {
			case <-ctx.Done():
				pause.Stop()
			case <-pause.C:
			}
		}
	}
}

func (s *Scheduler) upkeep(ctx context.Context, problem string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		s.Log.Error(problem+"; it is tried again within the hour", "err", err)
	}
}

// PurgeInboxes removes what has been in inboxes for longer than InboxAge. Clients remove what they have read; the rest
// would stay for ever.
func (s *Scheduler) PurgeInboxes(ctx context.Context) error {
	for {
		old, err := s.Store.OldObjects(ctx, store.Inbox, s.Now().Add(-s.InboxAge), purgedTogether)
		if err != nil || len(old) == 0 {
			return err
		}
		err = s.Store.Write(ctx, func(tx *store.Tx) error {
			for i := range old {
				if err := tx.DeleteObject(old[i].CollectionID, old[i].Name); err != nil && !errors.Is(err, store.ErrNotFound) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// purgeRecord forgets what the record says of longer ago than LogAge.
func (s *Scheduler) purgeRecord(ctx context.Context) error {
	for {
		n, err := s.Store.PurgeSchedule(ctx, s.Now().Add(-s.LogAge), forgottenAtOnce)
		if err != nil || n < forgottenAtOnce {
			break
		}
	}
	return s.Store.PurgeGroupAttendees(ctx, s.Now().Add(-keepOverGroups))
}
