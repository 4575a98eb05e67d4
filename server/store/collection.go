package store

import "time"

// CollectionKind says what a collection of a home is for. The values are stored: never renumber them.
type CollectionKind int

// The kinds of collections.
const (
	Calendar      CollectionKind = 1 // RFC 4791 section 4.2; the only kind in which UIDs are unique in the home
	Inbox         CollectionKind = 2 // RFC 6638 section 2.2
	Outbox        CollectionKind = 3 // RFC 6638 section 2.1
	Notifications CollectionKind = 4 // Apple's notification collection
	Subscription  CollectionKind = 5 // CS:subscribed
)

// Collection is one collection directly below a home.
type Collection struct {
	ID         int64 // never reused; survives a rename
	HomeID     int64
	Name       string // its path segment, decoded; unique in the home
	Kind       CollectionKind
	Components []string // e.g. VEVENT; empty means any
	ResourceID string   // a UUID in lower-case text form, for DAV:resource-id (RFC 5842 section 3.1)

	// Change is the number of the last change to the collection, its properties or any of its objects: the number of
	// its sync token and ctag.
	Change            int64
	Created, Modified time.Time
	Properties        Properties
}

// NewCollection is what the caller decides of a collection to be made.
type NewCollection struct {
	Name       string
	Kind       CollectionKind
	Components []string
	Properties []PropertyChange
}
