package itip

import (
	"iter"
	"strings"

	"calport/server/ical"
)

// Role is what an object's owner is in it.
type Role uint8

// The roles. An object of which somebody else is the organizer and that does
// not name its owner was imported, or is a party crasher's.
const (
	None Role = iota // no ORGANIZER: no scheduling object
	IsOrganizer
	IsAttendee
	AttendeeMissing
)

// Classify returns the role of the one whose addresses me knows. RFC 6638
// section 3.1 calls an object in the first two roles a scheduling object
// resource.
func Classify(cal *ical.Component, me func(address string) bool) Role {
	organizer := Organizer(cal)
	switch {
	case organizer == "":
		return None
	case me(organizer):
		return IsOrganizer
	}
	for _, a := range Attendees(cal) {
		if me(a) {
			return IsAttendee
		}
	}
	return AttendeeMissing
}

// Organizer returns the address of the first ORGANIZER as it is written, or
// "".
func Organizer(cal *ical.Component) string { return organizer(cal).Value() }

// organizer returns the first ORGANIZER, or nil.
func organizer(cal *ical.Component) *ical.Property {
	for c := range scheduled(cal) {
		if p := c.Prop("ORGANIZER"); p.Value() != "" {
			return p
		}
	}
	return nil
}

// OrganizerAgent returns the SCHEDULE-AGENT of the ORGANIZER: who schedules for
// an attendee's copy (RFC 6638 section 7.1).
func OrganizerAgent(cal *ical.Component) Agent { return agent(organizer(cal)) }

// Attendees returns the addresses of all attendees in any component as they
// are written, each once, in order.
func Attendees(cal *ical.Component) []string {
	var all []string
	seen := map[string]bool{}
	for c := range scheduled(cal) {
		for p := range c.Props("ATTENDEE") {
			if k := key(p.Value()); !seen[k] {
				seen[k] = true
				all = append(all, p.Value())
			}
		}
	}
	return all
}

// scheduled yields the components that take part in scheduling.
func scheduled(cal *ical.Component) iter.Seq[*ical.Component] {
	return func(yield func(*ical.Component) bool) {
		if cal == nil {
			return
		}
		for _, c := range cal.Components {
			if schedulable(c.Name) && !yield(c) {
				return
			}
		}
	}
}

// schedulable says whether a component is of a kind that is scheduled (RFC
// 6638 section 3.1).
func schedulable(name string) bool {
	switch strings.ToUpper(name) {
	case "VEVENT", "VTODO", "VPOLL":
		return true
	}
	return false
}
