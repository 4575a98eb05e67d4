package ical

import (
	"slices"
	"strings"
	"time"
)

// Expand returns a calendar with every instance that overlaps r as a component
// of its own, without recurrence and time zones, times in UTC; dates and
// floating times stay what they are (RFC 4791 section 9.6.5). More than limit
// instances are an [ErrInstances]; 0 means no limit. Parts may be shared among
// the instances and with the object: clone what is to be changed.
func (o *Object) Expand(r Range, limit int) (*Component, error) {
	d := o.cal.shell()
	d.Properties = o.cal.Properties
	from, to := r.bounds()
	b := newBudget()
	tooMany := false
	bases := map[*Component]*Component{}
	o.each(from, to, b, func(i instance) bool {
		if !expandable(i.c) {
			return true
		}
		if !i.timing.overlaps(i.start, i.end, from, to) {
			return true
		}
		if tooMany = limit > 0 && len(d.Components) == limit; tooMany {
			return false
		}
		if bases[i.c] == nil {
			bases[i.c] = o.base(i.c)
		}
		d.AddChild(o.flatten(i, bases[i.c]))
		return true
	})
	if tooMany || b.empty() {
		return nil, ErrInstances
	}
	// What has no time or is of a kind that does not recur.
	for _, c := range o.cal.Components {
		whole := !expandable(c) || !o.has(c) || readTiming(c, o.zones).anchor.IsZero()
		if c.timed() && whole && o.Overlaps(c, r) {
			d.AddChild(o.inUTC(c))
		}
	}
	return d, nil
}

// expandable says whether the component is of a kind that can recur.
func expandable(c *Component) bool {
	return c.Name == "VEVENT" || c.Name == "VTODO" || c.Name == "VJOURNAL"
}

// recurrenceProps are what an instance of its own does not have.
var recurrenceProps = []string{"RRULE", "RDATE", "EXRULE", "EXDATE"}

// base returns what all instances that a component describes have in common.
func (o *Object) base(c *Component) *Component {
	d := o.inUTC(c)
	d.DelFunc(func(p *Property) bool { return slices.Contains(recurrenceProps, p.Name()) })
	return d
}

// flatten returns the instance as a component of its own, which shares with
// the others what they have in common.
func (o *Object) flatten(i instance, base *Component) *Component {
	c := base.shell()
	c.Properties, c.Components = slices.Clone(base.Properties), base.Components
	start, end := o.instanceTime(i, i.start), o.instanceTime(i, i.end)
	if i.timing.hasStart {
		replaceTime(c, "DTSTART", start)
	}
	switch {
	case c.Prop("DURATION") != nil && !i.timing.hasEnd:
		if d := (Duration{Seconds: int(i.end - i.start)}); !start.IsDate() && i.timing.days != 0 {
			c.Set(NewProperty("DURATION", d.String()))
		}
	case i.timing.kind == "VTODO" && i.timing.hasEnd:
		replaceTime(c, "DUE", end)
	case i.timing.hasEnd || i.timing.hasStart && i.end-i.start != i.timing.seconds && !start.IsDate():
		replaceTime(c, "DTEND", end)
	}
	// The instance that the master itself describes is known by its absence, as
	// Apple's server has it.
	if first := i.c == o.master && o.zones.unix(i.id) == o.zones.unix(o.timing.anchor); !i.id.IsZero() && !first {
		replaceTime(c, "RECURRENCE-ID", o.toUTC(i.id))
	}
	return c
}

// replaceTime sets a property to a time and drops the parameters that say in
// which form and zone it was.
func replaceTime(c *Component, name string, t Time) {
	p := t.Property(name)
	if old := c.Prop(name); old != nil {
		for n, v := range old.Params() {
			if n != "TZID" && n != "VALUE" && n != "RANGE" {
				p.SetParam(n, v...)
			}
		}
	}
	c.Set(p)
}

// instanceTime returns an instant of the instance in UTC, or in the form of
// the instance's start if that is a date or floating.
func (o *Object) instanceTime(i instance, u int64) Time {
	t := time.Unix(u, 0)
	switch i.timing.anchor.form {
	case Date:
		w := wall(t.In(i.clock.loc))
		return Time{wall: int64(dayOf(w)) * daySeconds, form: Date}
	case Floating:
		return FloatingOf(t.In(i.clock.loc))
	}
	return UTCOf(t)
}

// toUTC turns a time with a zone into UTC.
func (o *Object) toUTC(t Time) Time {
	if t.form != Zoned {
		return t
	}
	return Time{wall: o.zones.unix(t), form: UTC}
}

// inUTC returns a copy of a component in which no property refers to a zone.
func (o *Object) inUTC(c *Component) *Component {
	d := c.Clone()
	for _, p := range d.Properties {
		if p.Param("TZID") == "" {
			continue
		}
		periods, err := p.Periods()
		if err != nil || p.Param("VALUE") == "TEXT" {
			continue
		}
		for k, one := range periods {
			periods[k].Start, periods[k].End = o.toUTC(one.Start), o.toUTC(one.End)
		}
		p.SetValue(joinPeriods(periods))
		p.DelParam("TZID")
	}
	for i, s := range d.Components {
		d.Components[i] = o.inUTC(s)
	}
	return d
}

// joinPeriods writes a list of periods, or of the times that are in it.
func joinPeriods(periods []Period) string {
	var b strings.Builder
	for i, one := range periods {
		if i > 0 {
			b.WriteByte(',')
		}
		if one.End.IsZero() && one.Duration.IsZero() {
			b.WriteString(one.Start.String())
		} else {
			b.WriteString(one.String())
		}
	}
	return b.String()
}

// LimitRecurrence returns the calendar without the overrides that do not
// matter in r: neither they nor the instances that they replace overlap it
// (RFC 4791 section 9.6.6). Parts are shared with the object.
func (o *Object) LimitRecurrence(r Range) *Component {
	from, to := r.bounds()
	d := o.cal.shell()
	d.Properties = o.cal.Properties
	for _, c := range o.cal.Components {
		k := slices.IndexFunc(o.overrides, func(v override) bool { return v.c == c })
		if k < 0 || o.matters(&o.overrides[k], from, to) {
			d.Components = append(d.Components, c)
		}
	}
	return d
}

func (o *Object) matters(v *override, from, to int64) bool {
	if v.id.IsZero() || v.timing.anchor.IsZero() {
		return true
	}
	i := o.overridden(v)
	if v.timing.overlaps(i.start, i.end, from, to) {
		return true
	}
	if v.future && v.at < to {
		return true
	}
	if o.set == nil || o.set.start.IsZero() {
		return false
	}
	clock := o.set.clock
	end := o.timing.end(v.at, v.id.wall, clock)
	return o.timing.overlaps(v.at, end, from, to)
}

// LimitFreeBusy returns the calendar with only those FREEBUSY values that
// overlap r (RFC 4791 section 9.6.7).
func (o *Object) LimitFreeBusy(r Range) *Component {
	from, to := r.bounds()
	d := o.cal.shell()
	d.Properties = o.cal.Properties
	for _, c := range o.cal.Components {
		if c.Name == "VFREEBUSY" {
			c = o.limitPeriods(c, from, to)
		}
		d.Components = append(d.Components, c)
	}
	return d
}

func (o *Object) limitPeriods(c *Component, from, to int64) *Component {
	d := c.shell()
	d.Components = c.Components
	for _, p := range c.Properties {
		periods, err := p.Periods()
		if p.Name() != "FREEBUSY" || err != nil {
			d.Properties = append(d.Properties, p)
			continue
		}
		n := len(periods)
		periods = slices.DeleteFunc(periods, func(one Period) bool {
			return o.zones.unix(one.Start) >= to || o.zones.periodEnd(one) <= from
		})
		if len(periods) == 0 {
			continue
		}
		if len(periods) < n {
			p = p.Clone()
			p.SetValue(joinPeriods(periods))
		}
		d.Properties = append(d.Properties, p)
	}
	return d
}
