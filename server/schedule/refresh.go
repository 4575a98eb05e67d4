package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"calport/directory"
	"calport/server/itip"
	"calport/server/store"
)

// defaultRefreshDelay keeps a burst of replies within the second that people wait for without noticing.
const defaultRefreshDelay = 500 * time.Millisecond

// refreshes is the store's bucket of what was put off: by owner and UID, a pendingRefresh.
const refreshes = "schedule refresh"

// pendingRefresh says that the attendees of an object are to be told how things stand.
type pendingRefresh struct {
	Replied string // the one who changed something and knows; "" if several did
	Due     int64  // Unix milliseconds
}

// refreshLater notes, in the transaction of a reply, that the other attendees must be told.
func (r *round) refreshLater(organizer *directory.Principal, uid, replied string) error {
	key := ownerKey(organizer) + " " + uid
	pending := pendingRefresh{Replied: replied, Due: r.now.Add(r.RefreshDelay).UnixMilli()}
	old, err := r.tx.Value(refreshes, key)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	default:
		var before pendingRefresh
		if json.Unmarshal(old, &before) == nil {
			pending.Due = before.Due // who replies again and again does not keep the others waiting
			if !strings.EqualFold(before.Replied, replied) {
				pending.Replied = ""
			}
		}
	}
	text, err := json.Marshal(pending)
	if err != nil {
		return err
	}
	select {
	case r.wake <- struct{}{}:
	default: // Run will look anyway
	}
	return r.tx.SetValue(refreshes, key, text)
}

// refreshToo has the attendees of what was part of an object be told too, if those of that wait to be told.
func (r *round) refreshToo(uid, part string) error {
	pending, err := r.tx.Value(refreshes, ownerKey(r.owner)+" "+uid)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.tx.SetValue(refreshes, ownerKey(r.owner)+" "+part, pending)
}

// Run does what was put off, until ctx ends: what an earlier process left undone too.
func (s *Scheduler) Run(ctx context.Context) {
	for {
		next, err := s.Catchup(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.Error("telling attendees of replies failed; it is tried again within a minute", "err", err)
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.wake:
			// What woke us is due after the delay. Its transaction may still be open; ours waits for it.
			timer.Reset(s.RefreshDelay)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
		case <-timer.C:
		}
	}
}

// idle is how long Run sleeps when it knows of nothing that is put off: another process may have ended over something, and
// on PostgreSQL the transaction that woke us may take longer than we waited.
const idle = time.Minute

// Catchup does what is due, and returns how long it is until something else is, or what failed is tried again. What fails
// does not keep the rest waiting.
func (s *Scheduler) Catchup(ctx context.Context) (next time.Duration, err error) {
	var all map[string][]byte
	err = s.Store.Write(ctx, func(tx *store.Tx) error { // not Read: it waits for the transaction that woke us
		all, err = tx.Values(refreshes)
		return err
	})
	if err != nil {
		return idle, err
	}
	next = idle
	var failed []error
	for key, text := range all {
		var pending pendingRefresh
		if err := json.Unmarshal(text, &pending); err != nil {
			s.Log.Error("a note of the attendees to be told is damaged; they are told now", "key", key, "err", err)
		}
		if wait := time.UnixMilli(pending.Due).Sub(s.Now()); wait > 0 {
			next = min(next, wait)
			continue
		}
		if err := s.refresh(ctx, key, pending.Replied); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", key, err))
		}
	}
	return next, errors.Join(failed...)
}

// refresh tells the attendees of one object, and forgets that it had to, in one transaction.
func (s *Scheduler) refresh(ctx context.Context, key, replied string) error {
	guid, uid, _ := strings.Cut(key, " ")
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteValue(refreshes, key); err != nil {
			return err
		}
		organizer := s.People().ByGUID(guid)
		if organizer == nil {
			return nil
		}
		home, err := tx.Home(guid)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		r := s.begin(tx, organizer)
		mine, err := r.find(home, uid)
		if err != nil || mine == nil || mine.object == nil {
			return err
		}
		r.entry.Deed, r.entry.Role = DeedRefresh, roleOrganizer
		messages := itip.Refresh(mine.object, replied, r.context(organizer))
		for i := range messages {
			if _, err := r.send(&messages[i]); err != nil {
				return err
			}
		}
		if len(messages) == 0 {
			return nil
		}
		return r.record(uid)
	})
}
