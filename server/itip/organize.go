package itip

import "calport/server/ical"

// Organized is what comes of an organizer's write.
type Organized struct {
	Object   *ical.Component // to be stored
	Changed  bool            // Object is not what the client sent: no ETag
	Messages []Message
}

// Organize carries out an organizer's write. Before is what was stored, nil if
// nothing was; after is what the client sends. An after without ORGANIZER takes
// the event back from all attendees.
//
// The error is an [ErrSameOrganizer] or [ErrOrganizerChange].
func Organize(before, after *ical.Component, x Context) (Organized, error) {
	return Organized{}, nil
}

// CancelAll returns the messages that tell all attendees of an event that its
// organizer deleted it.
func CancelAll(before *ical.Component, x Context) []Message { return nil }

// Refresh returns the messages that tell the attendees other than the one who
// replied how things stand. Only attendees that this server serves get one.
func Refresh(object *ical.Component, replied string, x Context) []Message { return nil }

// SetStatus sets the SCHEDULE-STATUS (RFC 6638 section 3.2.9) of an attendee
// in all components of the organizer's copy, or of the organizer in an
// attendee's copy, to a code such as "1.2" or "5.1". It changes cal.
func SetStatus(cal *ical.Component, address, code string) {}
