package itip

import (
	"slices"

	"calport/server/ical"
)

// recurrenceProps are what only a master has.
var recurrenceProps = []string{"RRULE", "RDATE", "EXRULE", "EXDATE"}

// derive returns a new component that says of an instance what the master says
// of it. The instance must occur.
func (s *series) derive(at id) *ical.Component {
	master := s.parts[whole]
	c := master.Clone()
	c.DelFunc(func(p *ical.Property) bool { return slices.Contains(recurrenceProps, p.Name()) })
	start, err := master.Prop("DTSTART").Time()
	if err == nil {
		retime(c, "DTSTART", s.in(start, int64(at)))
	}
	s.deriveEnd(c, start, at)
	c.Set(s.time(at).Property("RECURRENCE-ID"))
	return c
}

// deriveEnd sets the DTEND or DUE of a derived instance.
func (s *series) deriveEnd(c *ical.Component, start ical.Time, at id) {
	name := "DTEND"
	if c.Name == "VTODO" {
		name = "DUE"
	}
	end, err := c.Prop(name).Time()
	i, found := s.existing[at]
	switch {
	case err != nil:
		return
	case start.IsZero(): // DUE only
		retime(c, name, s.in(end, int64(at)))
	case end.IsDate() && start.IsDate():
		days := int(end.Clock().Sub(start.Clock()).Hours() / 24)
		d := s.time(at).Clock().AddDate(0, 0, days)
		retime(c, name, ical.DateOf(d.Year(), d.Month(), d.Day()))
	case found:
		retime(c, name, s.in(end, i.End.Unix()))
	default:
		length := s.zones.Time(end).Unix() - s.zones.Time(start).Unix()
		retime(c, name, s.in(end, int64(at)+length))
	}
}

// retime sets a property to a time and keeps its other parameters.
func retime(c *ical.Component, name string, t ical.Time) {
	p := t.Property(name)
	if old := c.Prop(name); old != nil {
		for n, v := range old.Params() {
			if n != "TZID" && n != "VALUE" {
				p.SetParam(n, v...)
			}
		}
	}
	c.Set(p)
}

// add puts a component of an id into the object, behind the others, or in the
// place of the one that it replaces.
func (s *series) add(at id, c *ical.Component) {
	if old := s.parts[at]; old != nil {
		s.cal.Components[slices.Index(s.cal.Components, old)] = c
		s.parts[at] = c
		return
	}
	s.cal.AddChild(c)
	s.parts[at] = c
	s.ids = append(s.ids, at)
	delete(s.derived, at)
}

// remove takes the component of an id out of the object.
func (s *series) remove(at id) {
	c := s.parts[at]
	if c == nil {
		return
	}
	s.cal.DelChildren(func(d *ical.Component) bool { return d == c })
	delete(s.parts, at)
	s.ids = slices.DeleteFunc(s.ids, func(i id) bool { return i == at })
}

// exclude takes an instance out of the master's recurrence set.
func (s *series) exclude(at id, t ical.Time) {
	if s.parts[whole] == nil || s.exdate[at] {
		return
	}
	s.exdate[at] = true
	s.parts[whole].Add(t.Property("EXDATE"))
}

// include takes back the exclusion of an instance.
func (s *series) include(at id) {
	if !s.exdate[at] {
		return
	}
	delete(s.exdate, at)
	m := s.parts[whole]
	for p := range m.Props("EXDATE") {
		times, err := p.Times()
		left := slices.DeleteFunc(slices.Clone(times), func(t ical.Time) bool { return s.id(t) == at })
		switch {
		case err != nil || len(left) == len(times):
		case len(left) == 0:
			m.DelFunc(func(q *ical.Property) bool { return q == p })
		default:
			p.SetValue(joined(left))
		}
	}
}

func joined(times []ical.Time) string {
	var b []byte
	for i, t := range times {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, t.String()...)
	}
	return string(b)
}
