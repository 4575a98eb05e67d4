package ical

import (
	"math/bits"
	"strconv"
	"time"
)

// foresight is how many years past the wanted time a location is looked at:
// what it does every year for that long, it is taken to do for ever.
const foresight = 14

// Timezone writes a location as a VTIMEZONE that is right from the instant
// from until to, and after that if the location changes its clocks by a yearly
// rule.
func Timezone(tzid string, loc *time.Location, from, to time.Time) *Component {
	zone := NewComponent("VTIMEZONE", NewText("TZID", tzid))
	first, changes := changesOf(loc, from, to.AddDate(foresight, 0, 0))
	zone.AddChild(first.component(nil))
	for len(changes) > 0 {
		var same, rest []change
		for _, c := range changes {
			if c.kind() == changes[0].kind() {
				same = append(same, c)
			} else {
				rest = append(rest, c)
			}
		}
		addObservances(zone, same, to)
		changes = rest
	}
	return zone
}

// change is a change of the clock of a location.
type change struct {
	onset
	year, month int
	clock       int // seconds of the day, before the change
	day         time.Weekday
	// Which of these weekdays of the month it is: bits 1 to 4 from the start,
	// bit 0 the last.
	nth uint8
}

// kind returns what must be equal for changes to be in one observance.
func (c *change) kind() onset {
	o := c.onset
	o.at = 0
	return o
}

func newChange(at time.Time, from, to int, name string) change {
	w := at.Unix() + int64(from)
	year, month, day := civilDate(dayOf(w))
	c := change{
		onset: onset{at: at.Unix(), from: from, to: to, name: name},
		year:  year, month: month,
		clock: int(floorMod(w, daySeconds)),
		day:   weekday(dayOf(w)),
	}
	if n := (day-1)/7 + 1; n <= 4 {
		c.nth = 1 << n
	}
	if day+7 > monthDays(year, month) {
		c.nth |= 1
	}
	return c
}

// changesOf returns the change that holds at from, and all after it that are
// before to and make a difference.
func changesOf(loc *time.Location, from, to time.Time) (first change, rest []change) {
	t := from.In(loc)
	start, end := t.ZoneBounds()
	name, offset := t.Zone()
	before := offset
	if start.IsZero() {
		start = time.Unix(-int64(offset), 0) // 1970 on that clock
	} else {
		_, before = start.Add(-time.Second).Zone()
	}
	first = newChange(start, before, offset, name)
	for !end.IsZero() && end.Before(to) {
		at := end
		name, next := at.Zone()
		// ZoneBounds reports edges where nothing happens.
		if next != offset {
			rest = append(rest, newChange(at, offset, next, name))
		}
		offset = next
		if _, end = at.ZoneBounds(); !end.IsZero() && !end.After(at) {
			end = at.Add(24 * time.Hour) // it is stuck on the last day of leap years
		}
	}
	// Ireland and Morocco call their winter time the saving one: what counts is
	// a clock put forward for less than a year.
	for i := range rest {
		c := &rest[i]
		c.dst = c.to > c.from && i+1 < len(rest) && rest[i+1].to < rest[i+1].from &&
			rest[i+1].at-c.at < 366*daySeconds
	}
	first.dst = first.to > first.from && len(rest) > 0 && rest[0].to < rest[0].from &&
		rest[0].at-first.at < 366*daySeconds
	return first, rest
}

// addObservances adds STANDARD or DAYLIGHT components for changes of one kind:
// one for each stretch of years with the same rule, one for the others.
func addObservances(zone *Component, changes []change, to time.Time) {
	var single []change
	for len(changes) > 0 {
		n, nth := ruleLength(changes)
		last := changes[n-1]
		forever := n == len(changes) && n >= foresight-1
		switch {
		case n < 3 && last.at < to.Unix():
			single = append(single, changes[:n]...)
		case n >= 3 && (forever || changes[0].at < to.Unix()):
			r := &Rule{
				Freq: Yearly, WeekStart: time.Monday, ByMonth: []int{last.month},
				ByDay: []WeekdayNum{{nth, last.day}},
			}
			if !forever {
				r.Until = UTCOf(time.Unix(last.at, 0))
			}
			zone.AddChild(changes[0].component(r))
		}
		changes = changes[n:]
	}
	if len(single) == 0 {
		return
	}
	c := single[0].component(nil)
	for _, more := range single[1:] {
		c.Add(more.localTime().Property("RDATE"))
	}
	zone.AddChild(c)
}

// ruleLength returns how many of the changes follow one rule, year by year,
// and which weekday of the month that is.
func ruleLength(changes []change) (n, nth int) {
	first := changes[0]
	mask := first.nth
	for n = 1; n < len(changes); n++ {
		c := changes[n]
		if c.year != first.year+n || c.month != first.month || c.day != first.day ||
			c.clock != first.clock || mask&c.nth == 0 {
			break
		}
		mask &= c.nth
	}
	if mask&1 == 1 {
		return n, -1
	}
	return n, bits.TrailingZeros8(mask)
}

// localTime returns the time of the change on the clock before it.
func (c *change) localTime() Time {
	return Time{wall: c.at + int64(c.from), form: Floating}
}

// component returns the STANDARD or DAYLIGHT for the change.
func (c *change) component(r *Rule) *Component {
	name := "STANDARD"
	if c.dst {
		name = "DAYLIGHT"
	}
	o := NewComponent(name,
		c.localTime().Property("DTSTART"),
		NewProperty("TZOFFSETFROM", FormatUTCOffset(c.from)),
		NewProperty("TZOFFSETTO", FormatUTCOffset(c.to)),
	)
	if _, err := strconv.Atoi(c.name); err != nil && c.name != "" {
		o.Add(NewText("TZNAME", c.name)) // "+03" is no name
	}
	if r != nil {
		o.Add(NewProperty("RRULE", r.String()))
	}
	return o
}
