package itip

import "calport/server/ical"

// SetStatus sets the SCHEDULE-STATUS (RFC 6638 section 7.3) of a user in all
// components to a code such as "1.2" or "5.1": of the ORGANIZER, in an
// attendee's copy, if that is who is named, else of the ATTENDEE. The address
// is as it is written in the object. It changes cal.
func SetStatus(cal *ical.Component, address, code string) {
	SetStatuses(cal, map[string]string{address: code})
}

// Status returns the SCHEDULE-STATUS of a user in the first component that names him: of the ORGANIZER, in an attendee's
// copy, if that is who is named, else of the ATTENDEE.
func Status(cal *ical.Component, address string) string {
	for c := range scheduled(cal) {
		for _, name := range []string{"ORGANIZER", "ATTENDEE"} {
			for p := range c.Props(name) {
				if key(p.Value()) == key(address) {
					return p.Param("SCHEDULE-STATUS")
				}
			}
		}
	}
	return ""
}

// SetStatuses is SetStatus for many, whose codes are by their addresses, at the
// cost of one.
func SetStatuses(cal *ical.Component, codes map[string]string) {
	byKey := make(map[string]string, len(codes))
	for address, code := range codes {
		byKey[key(address)] = code
	}
	for c := range scheduled(cal) {
		organizer := key(c.Value("ORGANIZER"))
		_, named := byKey[organizer]
		for _, p := range c.Properties {
			isOrganizer := p.Name() == "ORGANIZER"
			if !isOrganizer && p.Name() != "ATTENDEE" {
				continue
			}
			k := key(p.Value())
			if k == organizer && named && !isOrganizer {
				continue
			}
			if code, ok := byKey[k]; ok {
				setParam(p, "SCHEDULE-STATUS", code)
			}
		}
	}
}
