package itip

import (
	"iter"
	"math"
	"slices"
	"time"

	"calport/server/ical"
)

// id names an instance by the instant of its RECURRENCE-ID, in Unix seconds.
type id int64

// whole is the id of the component without RECURRENCE-ID.
const whole id = math.MinInt64

// series is a calendar object read by its instances.
//
// Where several components have one id the first counts; the others, and those
// with a RECURRENCE-ID that cannot be read, are left alone.
type series struct {
	cal    *ical.Component
	zones  *ical.Zones
	parts  map[id]*ical.Component
	ids    []id // of the parts, in their order
	start  ical.Time
	exdate map[id]bool

	asked    map[id]bool // what occurs may be asked
	existing map[id]ical.Instance
	looked   bool
	crowd    *bool // what crowded says; nil until it is asked
	derived  map[id]*ical.Component
}

// read reads a calendar, which may be nil. Others are the objects that it will
// be compared with.
func (x *call) read(cal *ical.Component, others ...*series) *series {
	s := &series{
		cal:    cal,
		zones:  ical.NewZones(cal, x.Zone),
		parts:  map[id]*ical.Component{},
		exdate: map[id]bool{},
		asked:  map[id]bool{},
	}
	for c := range scheduled(cal) {
		if c.Prop("RECURRENCE-ID") == nil && s.parts[whole] == nil {
			s.parts[whole] = c
			s.start = startOf(c)
		}
	}
	for c := range scheduled(cal) {
		s.index(c)
	}
	for p := range props(s.parts[whole], "EXDATE") {
		times, _ := p.Times()
		for _, t := range times {
			s.exdate[s.id(t)] = true
			s.asked[s.id(t)] = true
		}
	}
	for _, other := range others {
		s.compare(other)
	}
	return s
}

// startOf returns what recurrence counts from: DTSTART, or the DUE of a VTODO
// without.
func startOf(c *ical.Component) ical.Time {
	t, err := c.Prop("DTSTART").Time()
	if err != nil && c.Name == "VTODO" {
		t, err = c.Prop("DUE").Time()
	}
	if err != nil {
		return ical.Time{}
	}
	return t
}

func (s *series) index(c *ical.Component) {
	at := whole
	if p := c.Prop("RECURRENCE-ID"); p != nil {
		t, err := p.Time()
		if err != nil {
			return
		}
		at = s.id(t)
	}
	if s.parts[at] != nil && s.parts[at] != c {
		return
	}
	s.parts[at] = c
	s.ids = append(s.ids, at)
	s.asked[at] = true
}

// compare lets each of two objects be asked about the instances of the other.
func (s *series) compare(other *series) {
	for at := range other.asked {
		s.asked[at] = true
	}
	for at := range s.asked {
		other.asked[at] = true
	}
	s.looked, other.looked = false, false
}

// props yields the properties of a component that may be nil.
func props(c *ical.Component, name string) iter.Seq[*ical.Property] {
	if c == nil {
		return func(func(*ical.Property) bool) {}
	}
	return c.Props(name)
}

// id returns the instance that a time in the object names. A DATE among
// DATE-TIMEs is that day at the time of DTSTART, and the other way round:
// clients mix them.
func (s *series) id(t ical.Time) id {
	switch {
	case s.start.IsZero() || t.IsDate() == s.start.IsDate():
	case s.start.IsDate():
		c := t.Clock()
		t = ical.DateOf(c.Year(), c.Month(), c.Day())
	default:
		clock := s.start.Clock()
		y, m, d := t.Clock().Date()
		t = like(s.start, time.Date(y, m, d, clock.Hour(), clock.Minute(), clock.Second(), 0, time.UTC))
	}
	return id(s.zones.Time(t).Unix())
}

// like returns the reading of a clock in the form of t.
func like(t ical.Time, clock time.Time) ical.Time {
	switch t.Form() {
	case ical.Date:
		return ical.DateOf(clock.Year(), clock.Month(), clock.Day())
	case ical.Floating:
		return ical.FloatingOf(clock)
	case ical.Zoned:
		return ical.ZonedOf(clock, t.TZID())
	}
	return ical.UTCOf(clock)
}

// in returns an instant in the form of t.
func (s *series) in(t ical.Time, at int64) ical.Time {
	loc := s.zones.Floating()
	switch t.Form() {
	case ical.Zoned:
		loc, _ = s.zones.Location(t.TZID())
	case ical.UTC:
		loc = time.UTC
	}
	return like(t, time.Unix(at, 0).In(loc))
}

// time returns an id in the form of DTSTART, as a RECURRENCE-ID is written.
func (s *series) time(at id) ical.Time { return s.in(s.start, int64(at)) }

// utc returns an id as messages have it: in UTC if DTSTART has a zone.
func (s *series) utc(at id) ical.Time {
	switch s.start.Form() {
	case ical.Date, ical.Floating:
		return s.time(at)
	}
	if c := s.parts[at]; c != nil && s.start.IsZero() {
		t, _ := c.Prop("RECURRENCE-ID").Time()
		if f := t.Form(); f == ical.Date || f == ical.Floating {
			return t
		}
	}
	return ical.UTCOf(time.Unix(int64(at), 0))
}

// touched returns the ids as a message or a change names them.
func (s *series) touched(ids []id) []ical.Time {
	all := make([]ical.Time, len(ids))
	for i, at := range ids {
		if at != whole {
			all[i] = s.utc(at)
		}
	}
	return all
}

// occurs says whether the master's rules give an instance, EXDATE or not.
func (s *series) occurs(at id) bool {
	s.look()
	_, ok := s.existing[at]
	return ok
}

// valid says whether the master describes an instance, be it overridden or not.
func (s *series) valid(at id) bool { return s.occurs(at) && !s.exdate[at] }

// look finds out which of the instances that may be asked about exist. It is
// one walk along the rules, so that its cost is bounded.
func (s *series) look() {
	if s.looked {
		return
	}
	s.looked = true
	s.existing = map[id]ical.Instance{}
	if s.parts[whole] == nil || s.start.IsZero() {
		return
	}
	delete(s.asked, whole)
	if len(s.asked) == 0 {
		return
	}
	bare := *s.parts[whole]
	bare.Components = nil
	bare.Properties = slices.DeleteFunc(slices.Clone(bare.Properties), func(p *ical.Property) bool {
		return p.Name() == "EXDATE"
	})
	cal := ical.NewComponent("VCALENDAR")
	cal.AddChild(slices.Collect(s.cal.Children("VTIMEZONE"))...)
	cal.AddChild(&bare)

	first, last := id(math.MaxInt64), id(math.MinInt64)
	for at := range s.asked {
		first, last = min(first, at), max(last, at)
	}
	// One second more on either side: an instance may have no length.
	span := ical.Range{Start: time.Unix(int64(first)-1, 0), End: time.Unix(int64(last)+1, 0)}
	for i := range ical.NewObject(cal, s.zones.Floating()).Instances(span) {
		at := id(i.Start.Unix())
		if s.asked[at] {
			s.existing[at] = i
			if len(s.existing) == len(s.asked) {
				return
			}
		}
	}
}

// effective returns the component that describes an instance: the one of that
// id, else a copy made from the master, else nil. It is not to be changed.
func (s *series) effective(at id) *ical.Component {
	if c := s.parts[at]; c != nil {
		return c
	}
	if at == whole || !s.valid(at) {
		return nil
	}
	if c := s.derived[at]; c != nil {
		return c
	}
	c := s.derive(at)
	if s.derived == nil {
		s.derived = map[id]*ical.Component{}
	}
	s.derived[at] = c
	return c
}
