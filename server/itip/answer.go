package itip

import (
	"time"

	"calport/server/ical"
)

// Answered is what comes of an automatic decision.
type Answered struct {
	Object *ical.Component // to be stored
	Reply  *Message        // nil if nothing changed
}

// Answer decides for a room or resource: decide is asked for every instance
// that the owner is invited to and that is neither cancelled nor past, and says
// Accepted, Declined, Tentative, or "" to leave it. All-day and floating
// instances are asked for in the zone of the context.
func Answer(object *ical.Component, decide func(start, end time.Time) PartStat, x Context) Answered {
	return Answered{}
}
