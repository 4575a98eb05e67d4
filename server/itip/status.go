package itip

import "calport/server/ical"

// SetStatus sets the SCHEDULE-STATUS (RFC 6638 section 7.3) of a user in all
// components to a code such as "1.2" or "5.1": of the ORGANIZER, in an
// attendee's copy, if that is who is named, else of the ATTENDEE. The address
// is as it is written in the object. It changes cal.
func SetStatus(cal *ical.Component, address, code string) {
	for c := range scheduled(cal) {
		name := "ATTENDEE"
		if key(c.Value("ORGANIZER")) == key(address) {
			name = "ORGANIZER"
		}
		for p := range c.Props(name) {
			if key(p.Value()) == key(address) {
				setParam(p, "SCHEDULE-STATUS", code)
			}
		}
	}
}
