package ical

import "math"

// Facts are what an index keeps of an object.
type Facts struct {
	UID       string
	Component string // VEVENT, VTODO, VJOURNAL, VFREEBUSY or VAVAILABILITY
	Organizer string // value of the ORGANIZER, as written
	Recurring bool   // recurs, or is part of what does
	HasAlarms bool
	Access    Access // as far as it can be read: else Private

	// Every instance overlaps only ranges that overlap FirstStart to LastEnd
	// (Unix seconds, both included), whatever location floating times and
	// dates are taken in. Alarms may go off outside.
	FirstStart int64 // math.MinInt64 if the object has no start
	LastEnd    int64 // math.MaxInt64 if it goes on for ever
}

// zoneReach is how far the clock of any zone is from UTC, in seconds.
const zoneReach = 14 * 60 * 60

// countLimit is how many instances are counted through to find the last; a
// rule with more is taken to go on for ever.
const countLimit = 1 << 14

// Facts returns the facts of the object. They do not depend on the location
// given to [NewObject].
func (o *Object) Facts() Facts {
	f := Facts{Component: o.Kind(), UID: o.UID(), Organizer: o.Organizer(), Recurring: o.Recurring()}
	f.Access, _ = AccessOf(o.cal)
	f.FirstStart, f.LastEnd = math.MaxInt64, math.MinInt64
	for _, c := range o.cal.Components {
		f.HasAlarms = f.HasAlarms || c.timed() && c.Child("VALARM") != nil
	}
	switch {
	case o.main == nil:
		f.FirstStart, f.LastEnd = math.MinInt64, math.MaxInt64
		return f
	case o.Kind() == "VFREEBUSY" || o.Kind() == "VAVAILABILITY":
		f.include(o.plainWindow(o.main))
		return f
	}
	if o.master != nil {
		f.include(o.masterWindow())
	}
	for _, v := range o.overrides {
		f.include(o.window(v.timing))
	}
	return f
}

func (f *Facts) include(start, end int64) {
	f.FirstStart, f.LastEnd = min(f.FirstStart, start), max(f.LastEnd, end)
}

// masterWindow returns within which instants the master's instances lie.
func (o *Object) masterWindow() (from, to int64) {
	if o.timing.anchor.IsZero() {
		return math.MinInt64, math.MaxInt64
	}
	first, last := o.zones.spread(o.timing.anchor)
	for _, d := range o.set.dates {
		low, high := o.zones.spread(Time{wall: d.wall, form: o.set.start.form, tzid: o.set.start.tzid})
		first, last = min(first, low), max(last, high)
	}
	for _, r := range o.set.rules {
		last = max(last, o.lastOf(r))
	}
	back, ahead := o.reach()
	return minus(first, ahead), minus(last, -back)
}

// lastOf returns an instant after which a rule gives nothing.
func (o *Object) lastOf(r rule) int64 {
	if !r.rule.Understood() {
		return math.MaxInt64 // not known
	}
	last := r.walk.until
	if r.rule.Count > 0 {
		b := &budget{left: countLimit}
		w := last
		r.each(math.MinInt64, b, func(v int64) bool { w = v; return true })
		if !b.empty() {
			last = w
		}
	}
	if last == math.MaxInt64 {
		return last
	}
	_, last = o.zones.spread(Time{wall: last, form: o.set.start.form, tzid: o.set.start.tzid})
	return last
}

// window returns within which instants a component lies that does not recur.
func (o *Object) window(t timing) (from, to int64) {
	if t.anchor.IsZero() {
		return math.MinInt64, math.MaxInt64
	}
	from, to = o.zones.spread(t.anchor)
	return from, to + t.length()
}

// spread returns the instants between which t lies, whatever location it is
// taken in if it does not say.
func (z *Zones) spread(t Time) (from, to int64) {
	c := z.clockOf(t)
	if c == z.floating {
		return t.wall - zoneReach, t.wall + zoneReach
	}
	u := c.unix(t.wall)
	return u, u
}

// Overlaps says whether the object overlaps r, known whether that can be told
// by the facts alone: of an event that does not recur, if its start is in r or
// after it. RFC 4791 section 9.9 then asks for nothing more.
func (f Facts) Overlaps(r Range) (overlaps, known bool) {
	if f.Component != "VEVENT" || f.Recurring || !f.startsExactly() {
		return false, false
	}
	from, to := r.bounds()
	return f.FirstStart < to, f.FirstStart >= from
}

// startsExactly says whether the start of an object that does not recur is
// FirstStart, wherever that is asked: one of a floating time or date would be
// spread over all zones.
func (f Facts) startsExactly() bool {
	return f.FirstStart != math.MinInt64 && f.LastEnd != math.MaxInt64 && f.LastEnd-f.FirstStart < 2*zoneReach
}
