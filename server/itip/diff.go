package itip

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"calport/server/ical"
)

// insignificant are the properties whose change tells attendees nothing:
// bookkeeping, and what everybody has for himself.
var insignificant = []string{
	"DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "UID", "RECURRENCE-ID",
	"TRANSP", "PERCENT-COMPLETE", "ORGANIZER",
}

// when is the time that a component takes.
type when struct {
	start, end int64
	hasStart   bool
	allDay     bool
}

// when returns the time of a component; DURATION and DTEND, and zones that
// agree, are the same.
func (s *series) when(c *ical.Component) when {
	var w when
	start, err := c.Prop("DTSTART").Time()
	if err == nil {
		w.hasStart, w.allDay = true, start.IsDate()
		w.start = s.zones.Time(start).Unix()
		w.end = w.start
		if w.allDay && c.Name == "VEVENT" {
			w.end = s.zones.Time(like(start, start.Clock().AddDate(0, 0, 1))).Unix()
		}
	}
	name := "DTEND"
	if c.Name == "VTODO" {
		name = "DUE"
	}
	if end, err := c.Prop(name).Time(); err == nil {
		w.end = s.zones.Time(end).Unix()
		return w
	}
	if d, err := c.Prop("DURATION").Duration(); err == nil && w.hasStart {
		nominal := s.zones.Time(start).AddDate(0, 0, d.Days)
		w.end = nominal.Add(time.Duration(d.Seconds) * time.Second).Unix()
	}
	return w
}

// rescheduled says whether a master changed so that its instances cannot be
// compared one by one: another rule apart from its end, or another start.
func rescheduled(a, b *series) bool {
	old, now := a.parts[whole], b.parts[whole]
	if old == nil || now == nil {
		return false
	}
	before, after := a.rules(old), b.rules(now)
	if !slices.Equal(before, after) {
		return true
	}
	if len(before) == 0 && now.Prop("RDATE") == nil && old.Prop("RDATE") == nil {
		return false
	}
	x, y := a.when(old), b.when(now)
	return x.start != y.start || x.allDay != y.allDay || !sameClock(a, b, x.start)
}

// rules returns the rules of a master without COUNT and UNTIL.
func (s *series) rules(c *ical.Component) []string {
	var all []string
	for _, p := range c.Properties {
		if n := p.Name(); n != "RRULE" && n != "EXRULE" {
			continue
		}
		text := p.Value()
		if r, err := p.Rule(); err == nil && r.Understood() {
			r.Count, r.Until = 0, ical.Time{}
			text = r.String()
		}
		all = append(all, p.Name()+text)
	}
	slices.Sort(all)
	return all
}

// sameClock says whether the clocks by which two objects recur agree in the
// two years from an instant.
func sameClock(a, b *series, from int64) bool {
	if a.start.TZID() == b.start.TZID() && a.start.Form() == b.start.Form() {
		return true
	}
	zone := func(s *series) *time.Location {
		switch s.start.Form() {
		case ical.UTC:
			return time.UTC
		case ical.Zoned:
			loc, _ := s.zones.Location(s.start.TZID())
			return loc
		}
		return s.zones.Floating()
	}
	x, y := zone(a), zone(b)
	const halfMonth = 15 * 24 * 3600
	for i := range int64(48) {
		t := time.Unix(from+i*halfMonth, 0)
		_, u := t.In(x).Zone()
		_, v := t.In(y).Zone()
		if u != v {
			return false
		}
	}
	return true
}

// facts returns what a component tells attendees, by property name, in a form
// that is equal for what means the same. The PARTSTATs of attendees are apart.
func (x *call) facts(s *series, c *ical.Component) map[string][]string {
	facts := map[string][]string{}
	inGroup := throughGroups(c)
	add := func(name, value string) { facts[name] = append(facts[name], value) }
	for _, p := range c.Properties {
		name := p.Name()
		switch {
		case slices.Contains(insignificant, name), confidential(name):
		case name == "DTSTART", name == "DTEND", name == "DUE", name == "DURATION":
		case name == "RDATE", name == "EXDATE":
			for _, v := range s.dates(p) {
				add(name, v)
			}
		case name == "RRULE" || name == "EXRULE":
			add(name, canonicalRule(p))
		case name == "ATTENDEE":
			if !inGroup(p) { // who is in a group matters to himself; what all are told is the group
				add(name, x.attendeeFact(p))
			}
		default:
			add(name, canonicalText(p))
		}
	}
	for _, child := range c.Components {
		if child.Name != "VALARM" && !confidential(child.Name) {
			add(child.Name, child.String())
		}
	}
	w := s.when(c)
	if w.hasStart {
		add("DTSTART", strconv.FormatInt(w.start, 10)+strconv.FormatBool(w.allDay))
	}
	if length := w.end - w.start; length != 0 {
		add(ending, strconv.FormatInt(length, 10))
	}
	for _, values := range facts {
		slices.Sort(values)
	}
	return facts
}

// ending stands for DTEND, DUE or DURATION, which say the same.
const ending = "DTEND"

// endName returns the name of the property that says when a component ends.
func endName(c *ical.Component) string {
	switch {
	case c.Name == "VTODO" && c.Prop("DUE") != nil:
		return "DUE"
	case c.Prop("DURATION") != nil:
		return "DURATION"
	}
	return "DTEND"
}

// dates returns the members of an RDATE or EXDATE.
func (s *series) dates(p *ical.Property) []string {
	if strings.EqualFold(p.Param("VALUE"), "PERIOD") {
		return []string{p.Value()}
	}
	times, _ := p.Times()
	all := make([]string, len(times))
	for i, t := range times {
		all[i] = strconv.FormatInt(int64(s.id(t)), 10)
	}
	return all
}

func canonicalRule(p *ical.Property) string {
	if r, err := p.Rule(); err == nil && r.Understood() {
		return r.String()
	}
	return p.Value()
}

// attendeeFact is who is invited, in which role, and who schedules for him.
func (x *call) attendeeFact(p *ical.Property) string {
	role := strings.ToUpper(p.Param("ROLE"))
	if role == "" {
		role = "REQ-PARTICIPANT"
	}
	kind := strings.ToUpper(p.Param("CUTYPE"))
	if kind == "" {
		kind = "INDIVIDUAL"
	}
	by := strings.ToUpper(p.Param("SCHEDULE-AGENT"))
	return x.key(p.Value()) + "\x00" + role + "\x00" + kind + "\x00" + by
}

// canonicalText is a property without regard to the order of its parameters,
// and to private ones.
func canonicalText(p *ical.Property) string {
	for n := range p.Params() {
		if strings.HasPrefix(n, "X-") {
			p = p.Clone()
			p.DelParam(n)
		}
	}
	return fullText(p)
}

// changed returns the names of the properties in which two components differ;
// either may be nil.
func (x *call) changed(a *series, old *ical.Component, b *series, now *ical.Component) []string {
	var was, is map[string][]string
	if old != nil {
		was = x.facts(a, old)
	}
	if now != nil {
		is = x.facts(b, now)
	}
	var names []string
	for name, values := range was {
		if !slices.Equal(values, is[name]) {
			names = append(names, name)
		}
	}
	for name := range is {
		if _, ok := was[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// answers returns the PARTSTATs of all attendees of a component.
func (x *call) answers(c *ical.Component) map[string]PartStat {
	all := map[string]PartStat{}
	for p := range props(c, "ATTENDEE") {
		if !isGroup(p) {
			all[x.key(p.Value())] = partstat(p)
		}
	}
	return all
}
