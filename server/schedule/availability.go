package schedule

import (
	"slices"
	"strings"
	"time"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// availabilityProperties are where a person says in which hours they work at all: RFC 7953 section 7.2.4, and Apple's
// name for it.
var availabilityProperties = []dav.Name{dav.CalendarAvailability, dav.CSCalendarAvailability}

// unavailable is the time that the availability on the inbox leaves nothing of (RFC 7953 section 5).
func unavailable(h *store.Home, r ical.Range) []ical.BusyPeriod {
	in := ofKind(h, store.Inbox)
	if in == nil {
		return nil
	}
	for _, name := range availabilityProperties {
		text := property(in, name).Trimmed()
		if text == "" {
			continue
		}
		calendar, err := ical.Parse([]byte(text))
		if err != nil {
			continue
		}
		return unavailableIn(calendar, zoneOf(h, nil), r)
	}
	return nil
}

// unavailableIn computes RFC 7953 section 5: from the lowest priority to the highest, each VAVAILABILITY takes its span
// away and its AVAILABLE parts give time back. Priority 0 is the lowest, then 9 down to 1.
func unavailableIn(calendar *ical.Component, floating *time.Location, r ical.Range) []ical.BusyPeriod {
	var parts []*ical.Component
	for c := range calendar.Children("VAVAILABILITY") {
		parts = append(parts, c)
	}
	slices.SortStableFunc(parts, func(a, b *ical.Component) int { return rank(a) - rank(b) })
	var busy []ical.BusyPeriod
	for _, c := range parts {
		whole, ok := spanOf(calendar, c, floating, r)
		if !ok {
			continue
		}
		busy = append(subtract(busy, whole), ical.BusyPeriod{Start: whole.Start, End: whole.End, Type: busyType(c)})
		for span := range c.Children("AVAILABLE") {
			for _, free := range occurrences(calendar, span, floating, r) {
				busy = subtract(busy, free)
			}
		}
	}
	return slices.DeleteFunc(busy, func(p ical.BusyPeriod) bool { return p.Type == ical.Free })
}

// rank orders by PRIORITY, what counts last first.
func rank(c *ical.Component) int {
	n, err := c.Prop("PRIORITY").Int()
	if err != nil || n <= 0 {
		return -10
	}
	return -n
}

// busyType is the BUSYTYPE (RFC 7953 section 3.2).
func busyType(c *ical.Component) ical.FBType {
	switch t := ical.FBType(strings.ToUpper(c.Value("BUSYTYPE"))); t {
	case ical.Busy, ical.BusyTentative:
		return t
	}
	return ical.BusyUnavailable
}

// spanOf is the part of the range that a VAVAILABILITY is about: without DTSTART or end it has no bound there.
func spanOf(calendar, c *ical.Component, floating *time.Location, r ical.Range) (ical.Range, bool) {
	zones := ical.NewZones(calendar, floating)
	if start, err := c.Prop("DTSTART").Time(); err == nil {
		at := zones.Time(start)
		if d, err := c.Prop("DURATION").Duration(); err == nil {
			r.End = earlier(r.End, at.AddDate(0, 0, d.Days).Add(time.Duration(d.Seconds)*time.Second))
		}
		if at.After(r.Start) {
			r.Start = at.UTC()
		}
	}
	if end, err := c.Prop("DTEND").Time(); err == nil {
		r.End = earlier(r.End, zones.Time(end))
	}
	return r, r.Start.Before(r.End)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b.UTC()
	}
	return a
}

// occurrences are the times of an AVAILABLE, which recurs as an event does (RFC 7953 section 3.1).
func occurrences(calendar, available *ical.Component, floating *time.Location, r ical.Range) []ical.Range {
	event := available.Clone()
	event.Name = "VEVENT"
	alone := ical.NewCalendar("")
	for zone := range calendar.Children("VTIMEZONE") {
		alone.AddChild(zone)
	}
	alone.AddChild(event)
	var all []ical.Range
	for i := range ical.NewObject(alone, floating).Instances(r) {
		all = append(all, ical.Range{Start: i.Start, End: i.End})
	}
	return all
}

// subtract takes a time out of periods.
func subtract(periods []ical.BusyPeriod, free ical.Range) []ical.BusyPeriod {
	var left []ical.BusyPeriod
	for _, p := range periods {
		if !free.Start.Before(p.End) || !free.End.After(p.Start) {
			left = append(left, p)
			continue
		}
		if p.Start.Before(free.Start) {
			left = append(left, ical.BusyPeriod{Start: p.Start, End: free.Start.UTC(), Type: p.Type})
		}
		if free.End.Before(p.End) {
			left = append(left, ical.BusyPeriod{Start: free.End.UTC(), End: p.End, Type: p.Type})
		}
	}
	return left
}
