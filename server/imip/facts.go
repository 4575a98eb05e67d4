package imip

import (
	"slices"
	"strings"
	"time"

	"calport/server/ical"
)

// facts are what a mail says of an event in words, for people whose program does not read the calendar in it.
type facts struct {
	Summary, When, Where, Who, Details, Link string
	OneDate                                  bool // it is about one date of several
}

// factsOf reads the first component of a message that it is about, in the owner's zone.
func factsOf(calendar *ical.Component, zone *time.Location, t *tongue) facts {
	c := subject(calendar)
	if c == nil {
		return facts{Summary: t.say("(no title)")}
	}
	f := facts{
		Summary: oneLine(c.Text("SUMMARY")), Where: oneLine(c.Text("LOCATION")), Details: strings.TrimSpace(c.Text("DESCRIPTION")),
		Link: oneLine(c.Value("URL")), OneDate: c.Prop("RECURRENCE-ID") != nil,
		When: when(c, ical.NewZones(calendar, zone), zone, t), Who: who(c, t),
	}
	if f.Summary == "" {
		f.Summary = t.say("(no title)")
	}
	return f
}

// subject is the master of a message, else its first component; nil if there is none.
func subject(calendar *ical.Component) *ical.Component {
	var first *ical.Component
	for _, c := range calendar.Components {
		switch {
		case c.Name != "VEVENT" && c.Name != "VTODO":
		case c.Prop("RECURRENCE-ID") == nil:
			return c
		case first == nil:
			first = c
		}
	}
	return first
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// maxNamed is how many attendees are named.
const maxNamed = 20

// who names the organizer and the attendees.
func who(c *ical.Component, t *tongue) string {
	var names []string
	for _, p := range append(slices.Collect(c.Props("ORGANIZER")), slices.Collect(c.Props("ATTENDEE"))...) {
		if name := nameOf(p); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if more := len(names) - maxNamed; more > 0 {
		names = append(names[:maxNamed], t.say("and %d others", more))
	}
	return strings.Join(names, ", ")
}

// nameOf is how an ORGANIZER or ATTENDEE is called.
func nameOf(p *ical.Property) string {
	if name := oneLine(p.Param("CN")); name != "" {
		return name
	}
	return mailOf(p.Value())
}

// when words the time of a component, and how it repeats.
func when(c *ical.Component, zones *ical.Zones, zone *time.Location, t *tongue) string {
	start, err := c.Prop("DTSTART").Time()
	if err != nil || start.IsZero() {
		if due, err := c.Prop("DUE").Time(); err == nil && !due.IsZero() {
			return t.say("due %s", moment(due, zones, zone, t))
		}
		return ""
	}
	text := span(c, start, zones, zone, t)
	if rule, err := c.Prop("RRULE").Rule(); err == nil && rule != nil {
		text += "; " + repeats(rule, zones, zone, t)
	}
	return text
}

// local is a time as its owner reads it on the clock, and the name of the zone; "" of a floating one.
func local(at ical.Time, zones *ical.Zones, zone *time.Location) (time.Time, string) {
	switch at.Form() {
	case ical.Date, ical.Floating:
		return at.Clock(), ""
	}
	moment := zones.Time(at)
	if zone == nil || zone == time.UTC {
		zone = moment.Location()
	}
	return moment.In(zone), zone.String()
}

const clock = "15:04"

func moment(at ical.Time, zones *ical.Zones, zone *time.Location, t *tongue) string {
	now, name := local(at, zones, zone)
	if at.IsDate() {
		return t.day(now)
	}
	return strings.TrimSpace(t.day(now) + ", " + now.Format(clock) + inZone(name))
}

func inZone(name string) string {
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}

// span words from when to when a component is.
func span(c *ical.Component, start ical.Time, zones *ical.Zones, zone *time.Location, t *tongue) string {
	from, name := local(start, zones, zone)
	to := from
	if end, err := c.Prop("DTEND").Time(); err == nil && !end.IsZero() {
		to, _ = local(end, zones, zone)
	} else if d, err := c.Prop("DURATION").Duration(); err == nil {
		to = from.AddDate(0, 0, d.Days).Add(time.Duration(d.Seconds) * time.Second)
	}
	sameDay := func() bool { return from.YearDay() == to.YearDay() && from.Year() == to.Year() }
	if start.IsDate() {
		if to = to.AddDate(0, 0, -1); to.Before(from) || sameDay() {
			return t.day(from) + ", " + t.say("all day")
		}
		return t.day(from) + " – " + t.day(to)
	}
	text := t.day(from) + ", " + from.Format(clock)
	switch {
	case !to.After(from):
	case sameDay():
		text += " – " + to.Format(clock)
	default:
		text += " – " + t.day(to) + ", " + to.Format(clock)
	}
	return text + inZone(name)
}

// every words the frequencies that people use, alone and with an interval.
var every = map[ical.Freq][2]string{
	ical.Daily: {"every day", "every %d days"}, ical.Weekly: {"every week", "every %d weeks"},
	ical.Monthly: {"every month", "every %d months"}, ical.Yearly: {"every year", "every %d years"},
}

func repeats(r *ical.Rule, zones *ical.Zones, zone *time.Location, t *tongue) string {
	text := t.say("repeats")
	if forms, ok := every[r.Freq]; ok && r.Interval > 1 {
		text = t.say(forms[1], r.Interval)
	} else if ok {
		text = t.say(forms[0])
	}
	switch {
	case r.Count > 0:
		return t.say("%s, %d times", text, r.Count)
	case !r.Until.IsZero():
		last, _ := local(r.Until, zones, zone)
		return t.say("%s, until %s", text, t.day(last))
	}
	return text
}
