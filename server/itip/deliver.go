package itip

import "calport/server/ical"

// Delivery is what a message does to the copy of its recipient.
type Delivery struct {
	Outcome Outcome
	// Object is the recipient's copy as it is to be stored. Nil unless the
	// outcome is Create, Update or Replace.
	Object *ical.Component
	// Item tells the client what is new; nil makes no inbox item.
	Item *Changes
	// KeepTag says that the Schedule-Tag stays (RFC 6638 section 3.2.10).
	KeepTag bool
	// Refresh says that the other attendees are to be told: a REPLY changed
	// what they see.
	Refresh bool
	// Status is the code for the sender's copy: 1.2 delivered, 2.0 reply
	// processed, 5.3 rejected.
	Status string
	// Renamed is the recipient's older object of the same UID that is no
	// scheduling object, under a new UID; set if the outcome is Replace.
	Renamed *ical.Component
	// Resend is the answer to a REFRESH.
	Resend []Message
}

// Outcome is what is to be done with the recipient's copy.
type Outcome uint8

// The outcomes.
const (
	Ignore  Outcome = iota // leave it as it is
	Create                 // store Object in the default calendar
	Update                 // store Object in place of the copy
	Replace                // store Renamed in place of the copy and create Object
	Remove                 // delete the copy
)

// Deliver lets a message act on the copy of its recipient, nil if he has none.
// The context is the recipient's.
//
// The error is an [ErrMessage] or [ErrRejected].
func Deliver(m *Message, mine *ical.Component, x Context) (Delivery, error) {
	return Delivery{}, nil
}

// ReadMessage reads an iTIP message from outside: one METHOD, one UID, an
// organizer, and at least the one attendee who sends it where it is a reply.
// From is the organizer or the replying attendee; To is empty where it is not
// in the data.
//
// The error is an [ErrMessage].
func ReadMessage(cal *ical.Component) (*Message, error) { return nil, nil }
