package itip

import (
	"time"

	"calport/server/ical"
)

// Action is what a message did to a copy: the child of CS:action.
type Action string

// The actions of CS:schedule-changes.
const (
	ActionCreate Action = "create"
	ActionUpdate Action = "update"
	ActionCancel Action = "cancel"
	ActionReply  Action = "reply"
)

// Changes is the content of CS:schedule-changes, the property of an inbox item
// that tells a client what is new in it.
type Changes struct {
	Stamp       time.Time
	Action      Action
	Attendee    string // who replied; "" unless ActionReply
	Recurrences []Recurrence
}

// Recurrence says what changed in one instance.
type Recurrence struct {
	ID      ical.Time // RECURRENCE-ID in UTC where it has a zone; zero is CS:master
	Changed []ChangedProperty
}

// ChangedProperty names a property that changed, and which of its parameters
// if only they did.
type ChangedProperty struct {
	Name   string
	Params []string
}
