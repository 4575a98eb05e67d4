package ical

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"
)

// Range is a stretch of time from Start until before End. A zero Start or End
// leaves that side open.
type Range struct{ Start, End time.Time }

// bounds returns the range as Unix seconds.
func (r Range) bounds() (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if !r.Start.IsZero() {
		from = r.Start.Unix()
	}
	if !r.End.IsZero() {
		to = r.End.Unix()
	}
	return from, to
}

// Instance is one occurrence of an object.
type Instance struct {
	Start, End   time.Time  // in the location of the start; the same if it has no length
	RecurrenceID Time       // in the form of the master's DTSTART; zero if the object does not recur
	Component    *Component // where it is described: the master or an override
}

// Object is a calendar object resource read for its times. It is not safe for
// concurrent use, and the calendar must not be changed under it.
//
// Where an object is not what [Check] asks for, it is read as far as it goes:
// without a master each override stands for itself, of several masters the
// first counts, and values that cannot be read are passed over.
type Object struct {
	cal       *Component
	zones     *Zones
	main      *Component // first component that is no time zone
	master    *Component
	timing    timing // of the master
	set       *set   // of the master
	overrides []override
	future    []*override    // those with RANGE=THISANDFUTURE, by the instance
	replaced  map[int64]bool // instants of RECURRENCE-IDs
}

// override is a component with a RECURRENCE-ID.
type override struct {
	c      *Component
	id     Time
	at     int64 // instant of the id
	future bool  // RANGE=THISANDFUTURE
	timing timing
	start  int64 // instant
	shift  int64 // seconds of the master's wall from the id to the start
}

// NewObject reads the times of a calendar. Floating times and dates are taken
// to be in the given location, UTC if nil.
func NewObject(cal *Component, floating *time.Location) *Object {
	o := &Object{cal: cal, zones: NewZones(cal, floating)}
	for _, c := range cal.Components {
		if !c.timed() {
			continue
		}
		if o.main == nil {
			o.main = c
		}
		switch {
		case c.Prop("RECURRENCE-ID") != nil:
			o.addOverride(c)
		case o.master == nil:
			o.master = c
		}
	}
	if o.master != nil {
		o.timing = readTiming(o.master, o.zones)
		o.set = newSet(o.master, o.timing.anchor, o.zones)
	}
	o.placeOverrides()
	return o
}

func (o *Object) addOverride(c *Component) {
	p := c.Prop("RECURRENCE-ID")
	id, err := p.Time()
	if err != nil {
		id = Time{}
	}
	o.overrides = append(o.overrides, override{
		c:      c,
		id:     id,
		future: p.Param("RANGE") == "THISANDFUTURE",
		timing: readTiming(c, o.zones),
	})
}

// placeOverrides finds out, now that the master is known, which instances the
// overrides replace, and sorts them by their start.
func (o *Object) placeOverrides() {
	if len(o.overrides) == 0 {
		return
	}
	o.replaced = make(map[int64]bool, len(o.overrides))
	for i := range o.overrides {
		v := &o.overrides[i]
		v.start = o.zones.unix(v.timing.anchor)
		if v.id.IsZero() {
			continue
		}
		id := occurrence{unix: o.zones.unix(v.id), wall: v.id.wall}
		if o.set != nil && !o.set.start.IsZero() {
			id = o.set.place(v.id, o.zones)
			v.id = o.set.time(id)
			clock := o.set.clock
			v.shift = wall(time.Unix(v.start, 0).In(clock.loc)) - wall(time.Unix(id.unix, 0).In(clock.loc))
		}
		v.at = id.unix
		o.replaced[v.at] = true
	}
	slices.SortStableFunc(o.overrides, func(a, b override) int { return cmp.Compare(a.start, b.start) })
	for i := range o.overrides {
		if v := &o.overrides[i]; v.future && !v.timing.anchor.IsZero() {
			o.future = append(o.future, v)
		}
	}
	slices.SortFunc(o.future, func(a, b *override) int { return cmp.Compare(a.at, b.at) })
}

// Calendar returns the VCALENDAR.
func (o *Object) Calendar() *Component { return o.cal }

// Zones returns the zones of the calendar.
func (o *Object) Zones() *Zones { return o.zones }

// Kind returns the name of the components that the object consists of, such as
// VEVENT, or "" if it has none but time zones.
func (o *Object) Kind() string {
	if o.main == nil {
		return ""
	}
	return o.main.Name
}

// UID returns the UID of the object, or "".
func (o *Object) UID() string {
	if o.main == nil {
		return ""
	}
	return o.main.Text("UID")
}

// Organizer returns the value of the first ORGANIZER as it is written, or "".
func (o *Object) Organizer() string {
	for _, c := range o.cal.Components {
		if c.timed() {
			if s := c.Value("ORGANIZER"); s != "" {
				return s
			}
		}
	}
	return ""
}

// Master returns the component without RECURRENCE-ID, or nil if the object
// consists of overrides.
func (o *Object) Master() *Component { return o.master }

// Overrides returns the components with RECURRENCE-ID, by start.
func (o *Object) Overrides() []*Component {
	all := make([]*Component, len(o.overrides))
	for i, v := range o.overrides {
		all[i] = v.c
	}
	return all
}

// Recurring says whether the object is a recurring one, or part of one.
func (o *Object) Recurring() bool {
	return len(o.overrides) > 0 || o.set != nil && o.set.recurs()
}

// Endless says whether a rule goes on for ever: it has neither COUNT nor UNTIL.
func (o *Object) Endless() bool {
	return o.set != nil && slices.ContainsFunc(o.set.rules, func(r rule) bool {
		return r.rule.Count == 0 && r.rule.Until.IsZero()
	})
}

// Instances yields the instances that overlap r as RFC 4791 section 9.9 has
// it, in the order of their starts; where a RANGE=THISANDFUTURE moves
// instances past others, in the order of their recurrence ids. A VTODO without
// DTSTART starts at its DUE. Components without a time have no instances. The
// work is bounded: of a rule that gives millions of instances in r, not all
// come.
func (o *Object) Instances(r Range) iter.Seq[Instance] {
	return func(yield func(Instance) bool) {
		from, to := r.bounds()
		o.each(from, to, newBudget(), func(i instance) bool {
			if !i.timing.overlaps(i.start, i.end, from, to) {
				return true
			}
			return yield(o.export(i))
		})
	}
}

// instance is an [Instance] in seconds.
type instance struct {
	start, end int64
	wall       int64 // of the start
	clock      *clock
	id         Time
	c          *Component
	timing     *timing
}

func (o *Object) export(i instance) Instance {
	at := func(u int64) time.Time { return time.Unix(u, 0).In(i.clock.loc) }
	return Instance{Start: at(i.start), End: at(i.end), RecurrenceID: i.id, Component: i.c}
}

// each yields the instances that may overlap from, to; and perhaps others.
func (o *Object) each(from, to int64, b *budget, yield func(instance) bool) {
	pending := o.overrides
	// release yields the overrides that start until then.
	release := func(until int64) bool {
		for len(pending) > 0 && pending[0].start <= until {
			v := &pending[0]
			pending = pending[1:]
			if v.timing.anchor.IsZero() || v.start > to {
				continue
			}
			if !yield(o.overridden(v)) {
				return false
			}
		}
		return true
	}
	if o.set == nil || o.set.start.IsZero() {
		release(math.MaxInt64)
		return
	}
	back, ahead := o.reach()
	stopped := false
	o.set.each(minus(from, back), b, func(x occurrence) bool {
		if minus(x.unix, ahead) > to {
			return false
		}
		if o.replaced[x.unix] {
			return true
		}
		i := o.occurring(x)
		stopped = !release(i.start) || !yield(i)
		return !stopped
	})
	if !stopped {
		release(math.MaxInt64)
	}
}

// overridden returns the instance that an override describes.
func (o *Object) overridden(v *override) instance {
	clock := o.zones.clockOf(v.timing.anchor)
	w := v.timing.anchor.wall
	return instance{
		start: v.start, end: v.timing.end(v.start, w, clock), wall: w,
		clock: clock, id: v.id, c: v.c, timing: &v.timing,
	}
}

// occurring returns the instance for a member of the master's recurrence set.
func (o *Object) occurring(x occurrence) instance {
	clock := o.set.clock
	i := instance{start: x.unix, wall: x.wall, clock: clock, c: o.master, timing: &o.timing}
	if o.Recurring() {
		i.id = o.set.time(x)
	}
	// RFC 5545 section 3.2.13: the last override before that is for the future.
	k, _ := slices.BinarySearchFunc(o.future, x.unix, func(v *override, at int64) int { return cmp.Compare(v.at, at) })
	if k > 0 {
		before := o.future[k-1]
		i.wall += before.shift
		i.start, i.c, i.timing = clock.unix(i.wall), before.c, &before.timing
		x.period = nil
	}
	i.end = i.timing.end(i.start, i.wall, clock)
	if x.period != nil {
		i.end = o.zones.periodEnd(*x.period)
	}
	return i
}

// reach returns how many seconds before a range a recurrence may lie whose
// instance is in the range, and how many behind it.
func (o *Object) reach() (back, ahead int64) {
	back = o.timing.length()
	for _, d := range o.set.dates {
		if d.period != nil {
			back = max(back, o.zones.periodEnd(*d.period)-d.unix)
		}
	}
	for _, v := range o.future {
		back = max(back, v.shift+v.timing.length()+daySeconds)
		ahead = max(ahead, daySeconds-v.shift)
	}
	return back, ahead
}

// minus subtracts seconds, of which the smallest and largest mean never.
func minus(t, d int64) int64 {
	if t == math.MinInt64 || t == math.MaxInt64 {
		return t
	}
	return t - d
}

// time returns the time of a member in the form of DTSTART.
func (s *set) time(x occurrence) Time {
	return Time{wall: x.wall, form: s.start.form, tzid: s.start.tzid}
}

// periodEnd returns the instant at which a period ends.
func (z *Zones) periodEnd(p Period) int64 {
	if !p.End.IsZero() {
		return max(z.unix(p.End), z.unix(p.Start))
	}
	c := z.clockOf(p.Start)
	return c.unix(p.Start.wall+int64(p.Duration.Days)*daySeconds) + int64(p.Duration.Seconds)
}

// StrayOverrides returns the overrides whose RECURRENCE-ID is not in the
// recurrence set of the master: none if there is no master. RFC 5545 section
// 3.8.4.4 has no use for them; clients write them all the same.
func (o *Object) StrayOverrides() []*Component {
	if o.set == nil || o.set.start.IsZero() {
		return nil
	}
	var stray []*Component
	b := newBudget()
	for _, v := range o.overrides {
		found := false
		o.set.eachIncluded(v.at, b, func(x occurrence) bool {
			found = x.unix == v.at
			return x.unix < v.at
		})
		if !found && !b.empty() {
			stray = append(stray, v.c)
		}
	}
	return stray
}
