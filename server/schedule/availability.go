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
		return Unavailable(calendar, zoneOf(h, nil), r)
	}
	return nil
}

// What is computed of the availability of one person: of more AVAILABLE parts, or more times that they give, not all count.
const (
	maxAvailable = 500
	maxFree      = 100_000
)

// Unavailable computes RFC 7953 section 5 for the VAVAILABILITY components of a calendar: from the lowest priority to the
// highest, each takes its span away and its AVAILABLE parts give time back. Priority 0 is the lowest, then 9 down to 1.
func Unavailable(calendar *ical.Component, floating *time.Location, r ical.Range) []ical.BusyPeriod {
	var parts []*ical.Component
	for c := range calendar.Children("VAVAILABILITY") {
		parts = append(parts, c)
	}
	slices.SortStableFunc(parts, func(a, b *ical.Component) int { return rank(a) - rank(b) })
	var busy []ical.BusyPeriod
	available := 0
	for _, c := range parts {
		whole, ok := spanOf(calendar, c, floating, r)
		if !ok {
			continue
		}
		busy = append(subtract(busy, []ical.Range{whole}), ical.BusyPeriod{Start: whole.Start, End: whole.End, Type: busyType(c)})
		var free []ical.Range
		for span := range c.Children("AVAILABLE") {
			if available++; available > maxAvailable || len(free) > maxFree {
				break
			}
			free = appendOccurrences(free, calendar, span, floating, r)
		}
		busy = subtract(busy, free)
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

// appendOccurrences adds the times of an AVAILABLE, which recurs as an event does (RFC 7953 section 3.1).
func appendOccurrences(all []ical.Range, calendar, available *ical.Component, floating *time.Location, r ical.Range) []ical.Range {
	event := available.Clone()
	event.Name = "VEVENT"
	alone := ical.NewCalendar("")
	for zone := range calendar.Children("VTIMEZONE") {
		alone.AddChild(zone)
	}
	alone.AddChild(event)
	for i := range ical.NewObject(alone, floating).Instances(r) {
		if all = append(all, ical.Range{Start: i.Start, End: i.End}); len(all) > maxFree {
			break
		}
	}
	return all
}

// subtract takes times out of periods that do not overlap each other. It sorts both.
func subtract(periods []ical.BusyPeriod, free []ical.Range) []ical.BusyPeriod {
	slices.SortFunc(periods, func(a, b ical.BusyPeriod) int { return a.Start.Compare(b.Start) })
	slices.SortFunc(free, func(a, b ical.Range) int { return a.Start.Compare(b.Start) })
	var left []ical.BusyPeriod
	for _, p := range periods {
		for len(free) > 0 && !free[0].End.After(p.Start) { // over before this period, and so before all that follow
			free = free[1:]
		}
		for _, f := range free {
			if !f.Start.Before(p.End) {
				break
			}
			if p.Start.Before(f.Start) {
				left = append(left, ical.BusyPeriod{Start: p.Start, End: f.Start.UTC(), Type: p.Type})
			}
			if f.End.After(p.Start) {
				p.Start = f.End.UTC()
			}
			if !p.Start.Before(p.End) {
				break
			}
		}
		if p.Start.Before(p.End) {
			left = append(left, p)
		}
	}
	return left
}
