package caldav

import (
	"context"
	"errors"

	"calport/directory"
	"calport/server/dav"
	"calport/server/store"
)

// The names of the collections that every home has. Clients make a calendar and a task list of their own, again and
// again, where a home offers none; so each home has them before it is first seen.
const (
	defaultCalendar   = "calendar"
	defaultTasks      = "tasks"
	inboxName         = "inbox"
	outboxName        = "outbox"
	notificationsName = "notification"
)

// provisioned are those collections. A calendar holds one type of component only: else Apple's clients misplace things.
var provisioned = []struct {
	name       string
	kind       store.CollectionKind
	components []string
	display    string
}{
	{defaultCalendar, store.Calendar, []string{"VEVENT"}, "Calendar"},
	{defaultTasks, store.Calendar, []string{"VTODO"}, "Tasks"},
	{inboxName, store.Inbox, nil, ""},
	{outboxName, store.Outbox, nil, ""},
	{notificationsName, store.Notifications, nil, ""},
}

// provision makes a principal's home. Of two at once one makes it, and the other's transaction, which finds it made,
// ends no sooner than that of the first.
func (s *Server) provision(ctx context.Context, whose *directory.Principal) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		_, err := s.homeIn(tx, whose)
		return err
	})
}

// homeIn is a principal's home within a transaction, made if it is not there.
func (s *Server) homeIn(tx *store.Tx, whose *directory.Principal) (*store.Home, error) {
	owner := ownerKey(whose)
	h, err := tx.Home(owner)
	if errors.Is(err, store.ErrNotFound) {
		h, err = tx.CreateHome(owner, firstCollections())
	}
	if errors.Is(err, store.ErrExists) { // another transaction, which has ended by now, was first
		return tx.Home(owner)
	}
	return h, err
}

// firstCollections are what a home is made with.
func firstCollections() []store.NewCollection {
	var all []store.NewCollection
	for _, p := range provisioned {
		c := store.NewCollection{Name: p.name, Kind: p.kind, Components: p.components}
		if p.display != "" {
			c.Properties = bagOf(dav.NewText(dav.DisplayName, p.display))
		}
		all = append(all, c)
	}
	return all
}

// isDefault says whether a collection is one that scheduling or clients rely on, so that it cannot be deleted
// (RFC 6638 section 4.3.1, and section 2.2.1: the inbox and outbox).
func isDefault(c *store.Collection) bool {
	for _, p := range provisioned {
		if p.name == c.Name && p.kind == c.Kind {
			return true
		}
	}
	return false
}
