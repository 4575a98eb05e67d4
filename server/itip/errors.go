package itip

import (
	"errors"
	"fmt"
)

// The conditions that a write can break. The names of RFC 6638 section 3.2.4
// and of Apple's server are in the comments; C is CalDAV, CS calendarserver.
var (
	// ErrSameOrganizer: C:same-organizer-in-all-components.
	ErrSameOrganizer = errors.New("components have different organizers")
	// ErrOrganizerChange: C:allowed-organizer-scheduling-object-change; CS
	// valid-organizer-change.
	ErrOrganizerChange = errors.New("the organizer cannot be changed so")
	// ErrAttendeeChange: C:allowed-attendee-scheduling-object-change; CS
	// valid-attendee-change.
	ErrAttendeeChange = errors.New("an attendee cannot change this")
	// ErrAttendeeAllowed: C:attendee-allowed. The organizer's copy does not
	// know the attendee.
	ErrAttendeeAllowed = errors.New("not invited")
	// ErrDuplicateComments: CS:no-duplicate-private-comments. Two comments of
	// one attendee in one component.
	ErrDuplicateComments = errors.New("duplicate private comments")
	// ErrTooMany: C:max-attendees-per-instance. With the members of its groups
	// an object has more attendees than are allowed.
	ErrTooMany = errors.New("too many attendees")
	// ErrMessage: C:valid-scheduling-message.
	ErrMessage = errors.New("invalid scheduling message")
	// ErrRejected: the recipient's copy has another organizer; answered with
	// SCHEDULE-STATUS 5.3.
	ErrRejected = errors.New("the recipient has another organizer's event of that UID")
)

// Error says what is wrong with an object or a message. Its Err is one of the
// errors above.
type Error struct {
	Err error
	Msg string
}

func (e *Error) Error() string { return e.Err.Error() + ": " + e.Msg }

// Unwrap returns the condition.
func (e *Error) Unwrap() error { return e.Err }

func broken(err error, format string, args ...any) error {
	return &Error{Err: err, Msg: fmt.Sprintf(format, args...)}
}
