package itip

import "calport/server/ical"

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
func Organizer(cal *ical.Component) string {
	for c := range timed(cal) {
		if o := c.Value("ORGANIZER"); o != "" {
			return o
		}
	}
	return ""
}

// Attendees returns the addresses of all attendees in any component as they
// are written, each once, in order.
func Attendees(cal *ical.Component) []string {
	var all []string
	seen := map[string]bool{}
	for c := range timed(cal) {
		for p := range c.Props("ATTENDEE") {
			if k := key(p.Value()); !seen[k] {
				seen[k] = true
				all = append(all, p.Value())
			}
		}
	}
	return all
}
