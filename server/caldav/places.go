package caldav

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"calport/directory"
	"calport/server/schedule"
	"calport/server/store"
)

// places are what administrators have set of rooms and resources, as of the last load: what properties and pages tell.
// Scheduling reads them in its own transaction. It is safe for concurrent use.
type places struct {
	store   *store.Store
	reading sync.Mutex // as of delegations

	mu sync.RWMutex
	of map[string]schedule.PlaceSettings // by GUID in lower case
}

func (p *places) load(ctx context.Context) error {
	p.reading.Lock()
	defer p.reading.Unlock()
	texts, err := p.store.Values(ctx, schedule.PlaceBucket)
	if err != nil {
		return err
	}
	of := map[string]schedule.PlaceSettings{}
	for guid, text := range texts {
		if of[guid], err = schedule.ReadPlaceSettings(text); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of = of
	return nil
}

// placesEvery is how often they are loaded: commands and other nodes change them too.
const placesEvery = 10 * time.Second

func (p *places) follow(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(placesEvery)
	defer tick.Stop()
	for {
		if err := p.load(ctx); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "what is set of rooms cannot be read; what is known goes on", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// PlaceOf is a room or resource as the directory and what was set over it have it.
func (s *Server) PlaceOf(p *directory.Principal) directory.Place {
	s.places.mu.RLock()
	defer s.places.mu.RUnlock()
	return s.places.of[strings.ToLower(p.GUID)].Of(p)
}

// SetPlace changes how a room or resource answers invitations, which an administrator may, and whoever writes for it: he
// answers what it leaves to people. Who did it, and whence, is recorded.
func (a Visitor) SetPlace(ctx context.Context, whose *directory.Principal, change func(*schedule.PlaceSettings), by store.AuditEntry) error {
	if whose.Place == nil {
		return errNothing()
	}
	err := a.visit().within(ctx, "PROPPATCH", proxyHref(whose, proxyWrite), func(tx *store.Tx, _ *resource) error {
		settings, err := schedule.PlaceSettingsOf(tx, whose)
		if err != nil {
			return err
		}
		change(&settings)
		if err := tx.AppendAudit(by); err != nil {
			return err
		}
		return schedule.SetPlaceSettings(tx, whose, settings)
	})
	if err != nil {
		return err
	}
	return a.places.load(ctx)
}
