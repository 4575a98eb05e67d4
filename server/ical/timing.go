package ical

// timing is what a component says about its own time.
type timing struct {
	kind string
	// anchor is DTSTART, or DUE of a VTODO that has no DTSTART. Recurrence
	// counts from it.
	anchor Time
	// What the kind's table in RFC 4791 section 9.9 asks.
	hasStart, hasEnd, hasDuration bool

	// A DTEND or DUE makes every instance as long in seconds, a DURATION as
	// long in days and seconds (RFC 5545 section 3.8.5.3).
	days    int64
	seconds int64
}

func readTiming(c *Component, zones *Zones) timing {
	t := timing{kind: c.Name}
	start, err := c.Prop("DTSTART").Time()
	t.hasStart = err == nil
	endName := "DTEND"
	if c.Name == "VTODO" {
		endName = "DUE"
	}
	end, err := c.Prop(endName).Time()
	t.hasEnd = err == nil
	duration, err := c.Prop("DURATION").Duration()
	t.hasDuration = err == nil && !t.hasEnd
	switch {
	case !t.hasStart:
		if c.Name == "VTODO" {
			t.anchor = end
		}
		return t
	case t.hasEnd && start.IsDate() && end.IsDate():
		t.days = max((end.wall-start.wall)/daySeconds, 0)
	case t.hasEnd:
		t.seconds = max(zones.unix(end)-zones.unix(start), 0)
	case t.hasDuration:
		t.days, t.seconds = int64(max(duration.Days, 0)), int64(max(duration.Seconds, 0))
	}
	if start.IsDate() && c.Name != "VTODO" && t.days == 0 && t.seconds == 0 {
		t.days = 1 // RFC 5545 section 3.6.1
	}
	t.anchor = start
	return t
}

// end returns the instant at which an instance ends that starts then.
func (t *timing) end(start, wall int64, clock *clock) int64 {
	if t.days == 0 {
		return start + t.seconds
	}
	return max(clock.unix(wall+t.days*daySeconds)+t.seconds, start)
}

// length returns a length in seconds that no instance is longer than.
func (t *timing) length() int64 {
	if t.days == 0 {
		return t.seconds
	}
	return (t.days+1)*daySeconds + t.seconds
}

// overlaps decides by the tables of RFC 4791 section 9.9 whether an instance
// overlaps the range from, to. VFREEBUSY and VAVAILABILITY have their own.
func (t *timing) overlaps(start, end, from, to int64) bool {
	if t.kind == "VTODO" {
		switch {
		case t.hasStart && t.hasDuration:
			return from <= end && (to > start || to >= end)
		case t.hasStart && t.hasEnd:
			return (from < end || from <= start) && (to > start || to >= end)
		case t.hasEnd:
			return from < start && to >= start // DUE, the anchor
		}
	}
	if start == end {
		return from <= start && to > start
	}
	return from < end && to > start
}
