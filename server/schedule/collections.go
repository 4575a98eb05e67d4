package schedule

import (
	"slices"
	"strings"
	"time"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// What the properties of collections say to scheduling. Package caldav lets clients set them; they are kept as the XML of
// their elements.

// CountsForFreeBusy says whether the events of a collection make their owner busy: schedule-calendar-transp (RFC 6638
// section 9.1) is opaque unless it was said otherwise.
func CountsForFreeBusy(c *store.Collection) bool {
	if c.Kind != store.Calendar || len(c.Components) > 0 && !slices.Contains(c.Components, "VEVENT") {
		return false
	}
	return property(c, dav.ScheduleCalendarTransp).Child(dav.Transparent) == nil
}

// Timezone is where the floating times and dates of a calendar are: its calendar-timezone-id (RFC 7809 section 5.2),
// else its calendar-timezone (RFC 4791 section 5.2.2), else UTC.
func Timezone(c *store.Collection) *time.Location {
	if zone, ok := ical.LookupZone(property(c, dav.CalendarTimezoneID).Trimmed()); ok {
		return zone
	}
	if text := property(c, dav.CalendarTimezone).Trimmed(); text != "" {
		if calendar, err := ical.Parse([]byte(text)); err == nil {
			if zone, err := ical.CalendarLocation(calendar); err == nil {
				return zone
			}
		}
	}
	return time.UTC
}

// zoneOf is where a person's floating times are that no calendar of theirs places: that of the calendar that invitations
// go to, or of the first that has one.
func zoneOf(h *store.Home, first *store.Collection) *time.Location {
	if first != nil {
		if zone := Timezone(first); zone != time.UTC {
			return zone
		}
	}
	for _, c := range h.Collections {
		if zone := Timezone(c); zone != time.UTC {
			return zone
		}
	}
	return time.UTC
}

// property reads a property of a collection; nil, which has no children and no text, if it is not set or damaged.
func property(c *store.Collection, name dav.Name) *dav.Element {
	xml, ok := c.Properties.Get("", store.PropertyName(name))
	if !ok {
		return nil
	}
	e, err := dav.ReadElement(strings.NewReader(xml), dav.Limits{})
	if err != nil {
		return nil
	}
	return e
}

// ofKind is the first collection of a kind in a home, nil if there is none.
func ofKind(h *store.Home, kind store.CollectionKind) *store.Collection {
	for _, c := range h.Collections {
		if c.Kind == kind {
			return c
		}
	}
	return nil
}
