package ical

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"
)

// occurrence is a member of a recurrence set.
type occurrence struct {
	unix   int64   // when it starts
	wall   int64   // what DTSTART's clock shows then
	period *Period // from an RDATE, if that says how long
}

// set is the recurrence set of a master (RFC 5545 section 3.8.5): DTSTART,
// RRULE and RDATE without EXRULE and EXDATE.
type set struct {
	start    Time
	clock    *clock
	rules    []rule
	exrules  []rule
	dates    []occurrence // RDATE, ascending
	excluded map[int64]bool
	// Days that an EXDATE with a DATE takes out of a set of DATE-TIMEs, by
	// day number. Clients write them, RFC 5545 does not.
	excludedDays map[int]bool
}

// rule is a prepared RRULE or EXRULE.
type rule struct {
	*walk
	until int64 // last Unix second
}

// newSet reads the recurrence properties of a component that starts at start.
// Values that cannot be read are passed over: [Check] names them.
func newSet(c *Component, start Time, zones *Zones) *set {
	s := &set{start: start, clock: zones.clockOf(start)}
	for _, p := range c.Properties {
		switch p.Name() {
		case "RRULE":
			s.rules = s.addRule(s.rules, p, zones)
		case "EXRULE":
			s.exrules = s.addRule(s.exrules, p, zones)
		case "RDATE":
			s.addDates(p, zones)
		case "EXDATE":
			s.exclude(p, zones)
		}
	}
	slices.SortFunc(s.dates, func(a, b occurrence) int { return cmp.Compare(a.unix, b.unix) })
	return s
}

// maxRules is how many rules of a kind are looked at: RFC 5545 section 3.8.5.3
// wants no more than one.
const maxRules = 16

func (s *set) addRule(to []rule, p *Property, zones *Zones) []rule {
	r, err := p.Rule()
	if err != nil || len(to) == maxRules {
		return to
	}
	wall, unix := s.until(r.Until, zones)
	return append(to, rule{newWalk(r, s.start.wall, s.start.IsDate(), wall), unix})
}

// until returns the last wall second and the last Unix second that an UNTIL
// lets through. RFC 5545 section 3.3.10 wants a DATE for a DATE, UTC for zoned
// times and a floating time for floating ones; all combinations occur.
func (s *set) until(t Time, zones *Zones) (wall, unix int64) {
	const never = math.MaxInt64
	switch {
	case t.IsZero():
		return never, never
	case s.start.IsDate():
		return int64(dayOf(t.wall)) * daySeconds, never
	case t.IsDate():
		return t.wall + daySeconds - 1, never
	case t.form == UTC && s.start.form != Floating:
		return t.wall + daySeconds, t.wall
	}
	return t.wall, never
}

func (s *set) addDates(p *Property, zones *Zones) {
	periods, _ := p.Periods()
	for _, one := range periods {
		o := s.place(one.Start, zones)
		if !one.End.IsZero() || !one.Duration.IsZero() {
			o.period = &one
		}
		s.dates = append(s.dates, o)
	}
}

// place returns the occurrence that a time in the object stands for.
func (s *set) place(t Time, zones *Zones) occurrence {
	if t.IsDate() != s.start.IsDate() {
		// A DATE among DATE-TIMEs is that day at DTSTART's time of day; a
		// DATE-TIME among DATEs is its day.
		t = Time{wall: int64(dayOf(t.wall)) * daySeconds, form: s.start.form, tzid: s.start.tzid}
		t.wall += floorMod(s.start.wall, daySeconds)
	}
	u := zones.unix(t)
	if t.form == s.start.form && t.tzid == s.start.tzid {
		return occurrence{unix: u, wall: t.wall}
	}
	return occurrence{unix: u, wall: wall(time.Unix(u, 0).In(s.clock.loc))}
}

func (s *set) exclude(p *Property, zones *Zones) {
	times, _ := p.Times()
	for _, t := range times {
		if t.IsDate() && !s.start.IsDate() {
			if s.excludedDays == nil {
				s.excludedDays = map[int]bool{}
			}
			s.excludedDays[dayOf(t.wall)] = true
			continue
		}
		if s.excluded == nil {
			s.excluded = map[int64]bool{}
		}
		s.excluded[s.place(t, zones).unix] = true
	}
}

// recurs says whether the set may have more than its first member.
func (s *set) recurs() bool { return len(s.rules) > 0 || len(s.dates) > 0 }

// each yields the members that start at from or later, and perhaps some
// earlier ones, in ascending order.
func (s *set) each(from int64, b *budget, yield func(occurrence) bool) {
	s.eachIncluded(from, b, func(o occurrence) bool {
		return s.excluded[o.unix] || s.excludedDays[dayOf(o.wall)] || yield(o)
	})
}

// eachIncluded is each without regard to EXDATE.
func (s *set) eachIncluded(from int64, b *budget, yield func(occurrence) bool) {
	excludes, stop := s.excluder(from, b)
	defer stop()
	last := int64(math.MinInt64)
	for o := range merged(s.sources(from, b)) {
		if o.unix == last {
			continue
		}
		last = o.unix
		if !excludes(o.unix) && !yield(o) {
			return
		}
	}
}

// sources are the sequences whose union is the set before exclusions. Every
// rule gives DTSTART too.
func (s *set) sources(from int64, b *budget) []iter.Seq[occurrence] {
	var all []iter.Seq[occurrence]
	for _, r := range s.rules {
		all = append(all, s.occurrences(r, from, b))
	}
	if len(all) == 0 {
		first := occurrence{unix: s.clock.unix(s.start.wall), wall: s.start.wall}
		all = append(all, func(yield func(occurrence) bool) { yield(first) })
	}
	first, _ := slices.BinarySearchFunc(s.dates, from, func(o occurrence, from int64) int { return cmp.Compare(o.unix, from) })
	if dates := s.dates[first:]; len(dates) > 0 {
		all = append(all, slices.Values(dates))
	}
	return all
}

// occurrences yields what a rule gives, in the order of instants. Within a gap
// of the clock that is not the order of the wall: 02:30, which is missing, is
// 03:30 and comes after 03:00.
func (s *set) occurrences(r rule, from int64, b *budget) iter.Seq[occurrence] {
	fromWall := int64(math.MinInt64)
	if from > fromWall+2*daySeconds {
		fromWall = from - 2*daySeconds // more than any offset
	}
	return func(yield func(occurrence) bool) {
		var held []occurrence // by a gap
		release := func(until int64) bool {
			for len(held) > 0 && held[0].unix <= until {
				if !yield(held[0]) {
					held = nil
					return false
				}
				held = held[1:]
			}
			return true
		}
		stopped := false
		r.each(fromWall, b, func(w int64) bool {
			o := occurrence{unix: s.clock.unix(w), wall: w}
			switch {
			case o.unix > r.until:
				return false
			case s.clock.missing(w, o.unix):
				held = append(held, o)
				return true
			}
			stopped = !release(o.unix) || !yield(o)
			return !stopped
		})
		if !stopped {
			release(math.MaxInt64)
		}
	}
}

// excluder returns a function that says whether EXRULE takes out an instant.
// It is to be asked in ascending order.
func (s *set) excluder(from int64, b *budget) (excludes func(int64) bool, stop func()) {
	if len(s.exrules) == 0 {
		return func(int64) bool { return false }, func() {}
	}
	var all []iter.Seq[occurrence]
	for _, r := range s.exrules {
		all = append(all, s.occurrences(r, from, b))
	}
	next, stop := iter.Pull(merged(all))
	o, ok := next()
	return func(u int64) bool {
		for ok && o.unix < u {
			o, ok = next()
		}
		return ok && o.unix == u
	}, stop
}

// merged yields the union of ascending sequences in ascending order.
func merged(all []iter.Seq[occurrence]) iter.Seq[occurrence] {
	for len(all) > 1 {
		n := len(all)
		all = append(all[:n-2], merged2(all[n-2], all[n-1]))
	}
	return all[0]
}

func merged2(a, b iter.Seq[occurrence]) iter.Seq[occurrence] {
	return func(yield func(occurrence) bool) {
		next, stop := iter.Pull(b)
		defer stop()
		y, ok := next()
		for x := range a {
			for ok && y.unix <= x.unix {
				if !yield(y) {
					return
				}
				y, ok = next()
			}
			if !yield(x) {
				return
			}
		}
		for ok && yield(y) {
			y, ok = next()
		}
	}
}
