package ical

import "time"

// Location reads a VTIMEZONE as a location.
func Location(def *Component) (*time.Location, error) { return time.UTC, nil }

// Timezone writes a location as a VTIMEZONE
// that is right from the instant from on, until the year of to at least.
func Timezone(tzid string, loc *time.Location, from, to time.Time) *Component { return nil }

// CalendarLocation returns the location of a VCALENDAR that has exactly one
// VTIMEZONE, as CALDAV:calendar-timezone does (RFC 4791 section 5.2.2).
func CalendarLocation(cal *Component) (*time.Location, error) { return nil, nil }
