package ical

import "math"

// Overlaps says by the tables of RFC 4791 section 9.9 whether a component of
// the object overlaps r. Of a master the instances count that no override
// replaces; of an override for the future also those that it moves. The
// component may also be one that recurs by itself, such as AVAILABLE.
func (o *Object) Overlaps(c *Component, r Range) bool {
	from, to := r.bounds()
	switch c.Name {
	case "VFREEBUSY":
		return o.freeBusyOverlaps(c, from, to)
	case "VAVAILABILITY":
		start, end := o.plainWindow(c)
		return start < to && end > from
	case "VEVENT", "VTODO", "VJOURNAL", "AVAILABLE":
	default:
		// Nothing is said about other components; RFC 4791 section 9.9 leaves
		// it to the server.
		return true
	}
	found := false
	o.eachOf(c, from, to, newBudget(), func(i instance) bool {
		found = i.timing.overlaps(i.start, i.end, from, to)
		return !found
	})
	if found {
		return true
	}
	t := readTiming(c, o.zones)
	return t.kind == "VTODO" && t.anchor.IsZero() && o.undatedOverlaps(c, from, to)
}

// eachOf is each, for the instances that one component describes. An override
// for one instance is told without a walk through the others.
func (o *Object) eachOf(c *Component, from, to int64, b *budget, yield func(instance) bool) {
	whole := o
	switch v := o.overrideIn(c); {
	case v != nil && !v.future:
		if !v.timing.anchor.IsZero() && v.start <= to {
			yield(o.overridden(v))
		}
		return
	case !o.has(c):
		whole = o.alone(c)
	}
	whole.each(from, to, b, func(i instance) bool { return i.c != c || yield(i) })
}

func (o *Object) has(c *Component) bool { return c == o.master || o.overrideIn(c) != nil }

// overrideIn returns the override that a component is, or nil.
func (o *Object) overrideIn(c *Component) *override {
	for i := range o.overrides {
		if o.overrides[i].c == c {
			return &o.overrides[i]
		}
	}
	return nil
}

// alone returns an object that consists of one component, in the same zones.
func (o *Object) alone(c *Component) *Object {
	one := &Object{cal: o.cal, zones: o.zones, main: c, master: c, timing: readTiming(c, o.zones)}
	one.set = newSet(c, one.timing.anchor, o.zones)
	return one
}

// undatedOverlaps is the part of RFC 4791 section 9.9 about a VTODO with
// neither DTSTART nor DUE.
func (o *Object) undatedOverlaps(c *Component, from, to int64) bool {
	created, err := c.Prop("CREATED").Time()
	hasCreated := err == nil
	completed, err := c.Prop("COMPLETED").Time()
	hasCompleted := err == nil
	low, high := o.zones.unix(created), o.zones.unix(completed)
	switch {
	case hasCreated && hasCompleted:
		return (from <= low || from <= high) && (to >= low || to >= high)
	case hasCompleted:
		return from <= high && to >= high
	case hasCreated:
		return to > low
	}
	return true
}

// freeBusyOverlaps is the table for VFREEBUSY in RFC 4791 section 9.9.
func (o *Object) freeBusyOverlaps(c *Component, from, to int64) bool {
	start, err := c.Prop("DTSTART").Time()
	hasStart := err == nil
	end, err := c.Prop("DTEND").Time()
	if hasStart && err == nil {
		return from <= o.zones.unix(end) && to > o.zones.unix(start)
	}
	for p := range c.Props("FREEBUSY") {
		periods, _ := p.Periods()
		for _, one := range periods {
			if from < o.zones.periodEnd(one) && to > o.zones.unix(one.Start) {
				return true
			}
		}
	}
	return false
}

// plainWindow returns from when until when a VFREEBUSY or VAVAILABILITY
// reaches (RFC 7953 section 3.1), dates spread over all zones.
func (o *Object) plainWindow(c *Component) (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if start, err := c.Prop("DTSTART").Time(); err == nil {
		from, _ = o.zones.spread(start)
		if d, err := c.Prop("DURATION").Duration(); err == nil {
			_, to = o.zones.spread(start)
			to += max(d.wall(), 0)
		}
	}
	if end, err := c.Prop("DTEND").Time(); err == nil {
		_, to = o.zones.spread(end)
	}
	return from, to
}

// OverlapsAlarm says whether a VALARM of the component parent goes off in r,
// its repetitions included (RFC 4791 section 9.9).
func (o *Object) OverlapsAlarm(parent, alarm *Component, r Range) bool {
	from, to := r.bounds()
	trigger := alarm.Prop("TRIGGER")
	repeat, every := repetition(alarm)
	rings := func(at int64) bool {
		// The first repetition at from or later decides.
		if at < from && every > 0 {
			at += min((from-at+every-1)/every, repeat) * every
		}
		return from <= at && to > at
	}
	if at, err := trigger.Time(); err == nil {
		return rings(o.zones.unix(at))
	}
	offset, err := trigger.Duration()
	if err != nil {
		return false
	}
	atEnd := trigger.Param("RELATED") == "END"
	early := offset.wall() + repeat*every + daySeconds
	late := offset.wall() - daySeconds
	found := false
	o.eachOf(parent, minus(from, early), minus(to, late), newBudget(), func(i instance) bool {
		base := i.start
		if atEnd {
			base = i.end
		}
		found = rings(i.clock.shift(base, offset))
		return !found
	})
	return found
}

// repetition returns how often an alarm repeats, and after how many seconds
// each time.
func repetition(alarm *Component) (repeat, every int64) {
	n, err := alarm.Prop("REPEAT").Int()
	d, derr := alarm.Prop("DURATION").Duration()
	if err != nil || derr != nil || n <= 0 || d.wall() <= 0 {
		return 0, 0
	}
	return int64(min(n, 1000)), d.wall()
}

// shift returns the instant a duration after another, days being those of the
// clock.
func (c *clock) shift(u int64, d Duration) int64 {
	if d.Days == 0 {
		return u + int64(d.Seconds)
	}
	w := u + c.offsetAt(u) + int64(d.Days)*daySeconds
	return c.unix(w) + int64(d.Seconds)
}

// OverlapsProperty says whether a DATE or DATE-TIME of the property lies in r:
// a DATE if any part of its day does.
func (o *Object) OverlapsProperty(p *Property, r Range) bool {
	from, to := r.bounds()
	times, _ := p.Times()
	for _, t := range times {
		start := o.zones.unix(t)
		if t.IsDate() && from < o.zones.floating.unix(t.wall+daySeconds) && to > start {
			return true
		}
		if from <= start && to > start {
			return true
		}
	}
	return false
}
