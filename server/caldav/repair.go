package caldav

import (
	"slices"
	"strings"

	"calport/server/ical"
)

// repairs are what is put right in data that clients send, after Apple's server: things that make other clients fail or
// that a person would see. Everything else is kept as it came. A repaired object gets no ETag in the answer to its PUT,
// so that the client reads it again (RFC 4791 section 5.3.4).
var repairs = []struct {
	why string
	fix func(*visit, *ical.Component) bool // reports whether it changed the component
}{
	{"a duration such as P1DT is none (RFC 5545 section 3.3.6)", fixDurations},
	{"a URI knows no backslashes (RFC 5545 section 3.3.13)", fixURLs},
	{"an alarm that is there twice rings twice", dropDuplicateAlarms},
	{"whoever has no name in the data is shown by his address", nameUsers},
}

// repair applies the repairs to all components but time zones, and reports whether any did something.
func (v *visit) repair(calendar *ical.Component) bool {
	changed := false
	for _, c := range calendar.Components {
		if c.Name == "VTIMEZONE" {
			continue
		}
		for _, r := range repairs {
			if r.fix(v, c) {
				changed = true
			}
		}
	}
	return changed
}

func fixDurations(_ *visit, c *ical.Component) bool {
	changed := false
	for p := range c.Props("DURATION") {
		if !strings.HasSuffix(p.Value(), "T") {
			continue
		}
		if d, err := p.Duration(); err == nil {
			p.SetValue(d.String())
			changed = true
		}
	}
	return changed
}

func fixURLs(_ *visit, c *ical.Component) bool {
	changed := false
	for p := range c.Props("URL") {
		if strings.Contains(p.Value(), `\`) {
			p.SetValue(ical.UnescapeText(p.Value()))
			changed = true
		}
	}
	return changed
}

func dropDuplicateAlarms(_ *visit, c *ical.Component) bool {
	var seen []string
	before := len(c.Components)
	c.DelChildren(func(alarm *ical.Component) bool {
		text := alarm.String()
		if alarm.Name == "VALARM" && slices.Contains(seen, text) {
			return true
		}
		seen = append(seen, text)
		return false
	})
	return len(c.Components) < before
}

// nameUsers gives organizer and attendees whom the visitor may find in the directory their names, where the client gave none.
func nameUsers(v *visit, c *ical.Component) bool {
	changed := false
	for _, p := range c.Properties {
		if p.Name() != "ORGANIZER" && p.Name() != "ATTENDEE" {
			continue
		}
		if _, named := p.LookupParam("CN"); named {
			continue
		}
		if who := v.people.ByAddress(p.Value()); who != nil && who.FullName != "" && v.sees(who) {
			p.SetParam("CN", who.FullName)
			changed = true
		}
	}
	return changed
}
