package caldav

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"calport/server/ical"
	"calport/server/store"
)

// Objects say how much of them others may see. The store has known that apart from their data since version 5 of its
// schema only: what was stored before is all taken for public until it is looked at.

// accessBucket is the store's bucket of how far that is, under accessKey.
const (
	accessBucket = "upkeep"
	accessKey    = "access"
)

// accessSeen is how far all objects have been looked at.
type accessSeen struct {
	Collection int64  `json:"collection"`
	Name       string `json:"name"`
	Done       bool   `json:"done"`
}

// accessAtOnce is how many objects are read together.
const accessAtOnce = 500

// IndexAccess looks once through all that is stored, for private events that the store does not know as such. It is called
// before the server is, so that nobody sees them. It goes on where an earlier call was ended; later ones have nothing to do.
func (s *Server) IndexAccess(ctx context.Context) error {
	var seen accessSeen
	text, err := s.store.Value(ctx, accessBucket, accessKey)
	if err == nil {
		err = json.Unmarshal(text, &seen)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	for looked := 0; !seen.Done; {
		some, err := s.store.ObjectsAfter(ctx, seen.Collection, seen.Name, accessAtOnce)
		if err != nil {
			return err
		}
		for i := range some {
			if err := s.indexAccess(ctx, &some[i]); err != nil {
				return err
			}
			seen.Collection, seen.Name = some[i].CollectionID, some[i].Name
		}
		seen.Done = len(some) < accessAtOnce
		if looked += len(some); looked >= accessAtOnce {
			s.log.InfoContext(ctx, "looking once for private events that were stored by an earlier version", slog.Int("objects", looked))
		}
		if text, err = json.Marshal(seen); err != nil {
			return err
		}
		if err := s.store.SetValue(ctx, accessBucket, accessKey, text); err != nil {
			return err
		}
	}
	return nil
}

// indexAccess writes an object that is not public as it is, so that clients of others hear that it is gone.
func (s *Server) indexAccess(ctx context.Context, item *store.Object) error {
	if cal, err := ical.Parse(item.Data); err != nil || ical.NewObject(cal, nil).Facts().Access == ical.Public {
		return nil // what is damaged is shown to nobody
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		known, err := tx.Access(item.CollectionID, item.Name)
		if errors.Is(err, store.ErrNotFound) || err == nil && known != int(ical.Public) {
			return nil
		}
		if err != nil {
			return err
		}
		now, err := tx.Object(item.CollectionID, item.Name, store.Whole)
		if err != nil {
			return err
		}
		cal, err := ical.Parse(now.Data)
		if err != nil {
			return nil
		}
		data := &calendarData{bytes: now.Data, calendar: cal, facts: ical.NewObject(cal, nil).Facts(), tag: now.ScheduleTag}
		_, _, err = tx.PutObject(now.CollectionID, data.stored(now.Name))
		if errors.Is(err, store.ErrNotFound) { // in a deleted calendar
			return nil
		}
		return err
	})
}
