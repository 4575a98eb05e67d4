package ical

import (
	"fmt"
	"slices"
	"strings"
)

// Access is how much of an object others may see than its owner: the
// X-CALENDARSERVER-ACCESS of Apple's caldav-privateevents. The numbers are
// stored.
type Access int

// The degrees, from all to nothing.
const (
	Public       Access = 0
	Restricted   Access = 1 // times, summary and location
	Confidential Access = 2 // times
	Private      Access = 3 // not even that it exists
)

const propAccess = "X-CALENDARSERVER-ACCESS"

var accessNames = []string{Public: "PUBLIC", Restricted: "RESTRICTED", Confidential: "CONFIDENTIAL", Private: "PRIVATE"}

func (a Access) String() string { return accessNames[a] }

// AccessOf returns what an object says of access to it. The error is an
// [ErrObject]: it says it twice, or in a word that is none.
func AccessOf(cal *Component) (Access, error) {
	said := Public
	n := 0
	for p := range cal.Props(propAccess) {
		i := slices.Index(accessNames, strings.ToUpper(strings.TrimSpace(p.Value())))
		if n++; i < 0 || n > 1 {
			return Private, fmt.Errorf("%w: %s can be one of %q, once", ErrObject, propAccess, accessNames)
		}
		said = Access(i)
	}
	return said, nil
}

// SetAccess gives an object the X-CALENDARSERVER-ACCESS of another.
func SetAccess(cal, from *Component) {
	cal.Del(propAccess)
	for p := range from.Props(propAccess) {
		cal.Add(p.Clone())
	}
}

// shown are the properties that caldav-privateevents sections 4.2.2.4 and
// 4.2.2.5 let others see, by component, and EXRULE, which it forgot: without it
// there would be instances that the owner does not have.
var shown = map[string][]string{
	"VCALENDAR": {"PRODID", "VERSION", "CALSCALE", propAccess},
	"VEVENT": {"UID", "RECURRENCE-ID", "SEQUENCE", "DTSTAMP", "STATUS", "TRANSP", "DTSTART", "DTEND", "DURATION",
		"RRULE", "RDATE", "EXRULE", "EXDATE"},
	"VTODO": {"UID", "RECURRENCE-ID", "SEQUENCE", "DTSTAMP", "STATUS", "DTSTART", "COMPLETED", "DUE", "DURATION",
		"RRULE", "RDATE", "EXRULE", "EXDATE"},
	"VJOURNAL":  {"UID", "RECURRENCE-ID", "SEQUENCE", "DTSTAMP", "STATUS", "DTSTART", "RRULE", "RDATE", "EXRULE", "EXDATE"},
	"VFREEBUSY": {"UID", "DTSTAMP", "DTSTART", "DTEND", "DURATION", "FREEBUSY"},
}

// alsoShown are those that Restricted adds.
var alsoShown = map[string][]string{
	"VEVENT": {"SUMMARY", "LOCATION"}, "VTODO": {"SUMMARY", "LOCATION"}, "VJOURNAL": {"SUMMARY"},
}

// Seen returns what others see of an object with that access: nil if nothing.
// The object is not changed; the result may share with it.
func Seen(cal *Component, a Access) *Component {
	switch a {
	case Public:
		return cal
	case Private:
		return nil
	}
	seen := NewComponent(cal.Name)
	seen.Properties = visible(cal, a)
	for _, c := range cal.Components {
		switch {
		case c.Name == "VTIMEZONE":
			seen.Components = append(seen.Components, c)
		case shown[c.Name] != nil:
			part := NewComponent(c.Name)
			part.Properties = visible(c, a)
			seen.Components = append(seen.Components, part)
		}
	}
	return seen
}

func visible(c *Component, a Access) []*Property {
	var all []*Property
	for _, p := range c.Properties {
		if slices.Contains(shown[c.Name], p.Name()) || a == Restricted && slices.Contains(alsoShown[c.Name], p.Name()) {
			all = append(all, p)
		}
	}
	return all
}
