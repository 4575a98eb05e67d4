package itip

import "calport/server/ical"

// Attended is what comes of an attendee's write.
type Attended struct {
	// Object is to be stored; nil stores nothing, and the client is told that
	// all is well.
	Object  *ical.Component
	Changed bool     // Object is not what the client sent: no ETag
	Reply   *Message // nil if there is nothing to tell the organizer
}

// Attend carries out an attendee's write of a scheduling object that he has:
// it takes the server's copy and lifts from the client's what an attendee may
// change (RFC 6638 section 3.2.2.1). All else is silently undone.
//
// The error is an [ErrSameOrganizer] or [ErrAttendeeChange].
func Attend(server, client *ical.Component, x Context) (Attended, error) {
	return Attended{}, nil
}

// AttendNew carries out an attendee's write of a scheduling object that he does
// not have. Organizers is the organizer's copy if this server has one;
// organizerHere says whether it serves the organizer at all.
//
// The error is an [ErrSameOrganizer].
func AttendNew(client, organizers *ical.Component, organizerHere bool, x Context) (Attended, error) {
	return Attended{}, nil
}

// AttendMissing returns the object of which its owner is neither organizer nor
// attendee, as it is stored: with ORGANIZER;SCHEDULE-AGENT=NONE;SCHEDULE-STATUS=5.3.
func AttendMissing(client *ical.Component, x Context) Attended { return Attended{} }

// DeclineAll returns the reply that tells the organizer that an attendee
// deleted his copy, or nil if the organizer need not be told. The caller
// respects Schedule-Reply: F.
func DeclineAll(before *ical.Component, x Context) *Message { return nil }
