package ical

import (
	"math"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones where the machine has none
)

// Zones resolves the times of one calendar. It is not safe for concurrent use.
type Zones struct {
	floating *clock
	first    string // the TZID that was asked for first: few calendars have another
	clock1   *clock // its clock; nil until then
	clocks   map[string]*clock
	cal      *Component
	defined  int  // VTIMEZONEs read
	unknown  bool // a TZID was asked for that the calendar does not define either
}

// maxZones is how many VTIMEZONEs of a calendar are read; the times of others
// count as floating.
const maxZones = 100

// NewZones returns the zones of a calendar, which may be nil. Floating times
// and dates are taken to be in the given location, UTC if nil.
func NewZones(cal *Component, floating *time.Location) *Zones {
	if floating == nil {
		floating = time.UTC
	}
	return &Zones{floating: newClock(floating), cal: cal}
}

// Floating returns the location of floating times and dates.
func (z *Zones) Floating() *time.Location { return z.floating.loc }

// Location returns the location that a TZID of the calendar means: the known
// zone of that name, else what the calendar's VTIMEZONE says.
func (z *Zones) Location(tzid string) (*time.Location, bool) {
	c := z.clock(tzid)
	return c.loc, c != z.floating
}

// Time returns the instant of t, in its location. A time in a zone that
// nothing is known of is taken as floating.
func (z *Zones) Time(t Time) time.Time {
	c := z.clockOf(t)
	return time.Unix(c.unix(t.wall), 0).In(c.loc)
}

// unix returns the instant of t as Unix seconds.
func (z *Zones) unix(t Time) int64 { return z.clockOf(t).unix(t.wall) }

func (z *Zones) clockOf(t Time) *clock {
	switch t.form {
	case UTC:
		return &utcClock
	case Zoned:
		return z.clock(t.tzid)
	}
	return z.floating
}

func (z *Zones) clock(tzid string) *clock {
	if z.clock1 != nil && tzid == z.first {
		return z.clock1
	}
	if c := z.clocks[tzid]; c != nil {
		return c
	}
	c := z.floating
	if loc, ok := z.find(tzid); ok {
		c = newClock(loc)
	}
	if z.clock1 == nil {
		z.first, z.clock1 = tzid, c
		return c
	}
	if z.clocks == nil {
		z.clocks = map[string]*clock{}
	}
	z.clocks[tzid] = c
	return c
}

func (z *Zones) find(tzid string) (*time.Location, bool) {
	if loc, ok := LookupZone(tzid); ok {
		return loc, true
	}
	def := z.definition(tzid)
	z.unknown = z.unknown || def == nil
	if def == nil || z.defined == maxZones {
		return nil, false
	}
	// What libical and its users name the zone otherwise.
	if loc, ok := LookupZone(def.Text("X-LIC-LOCATION")); ok {
		return loc, true
	}
	z.defined++
	loc, err := Location(def)
	return loc, err == nil
}

// definition returns the VTIMEZONE of that TZID, or nil.
func (z *Zones) definition(tzid string) *Component {
	if z.cal == nil {
		return nil
	}
	for def := range z.cal.Children("VTIMEZONE") {
		if id := def.Prop("TZID"); id.Value() == tzid || id.Text() == tzid {
			return def
		}
	}
	return nil
}

// zoneCache holds the locations found, by name; there are only as many as
// there are zones.
var zoneCache sync.Map

// LookupZone returns the location that a name stands for by itself: an IANA
// name, also below a prefix such as /citadel.org/, a name of Windows, or an
// offset such as GMT+0100.
func LookupZone(name string) (*time.Location, bool) {
	// LoadLocation takes "" for UTC and "Local" for the server's zone.
	if name == "" || name == "Local" || len(name) > 128 {
		return nil, false
	}
	if loc, ok := zoneCache.Load(name); ok {
		return loc.(*time.Location), true
	}
	loc, ok := findZone(name)
	if ok && loc.String() == name {
		zoneCache.Store(name, loc)
	}
	return loc, ok
}

func findZone(name string) (*time.Location, bool) {
	if iana, ok := windowsZones[name]; ok {
		return LookupZone(iana)
	}
	if rest, ok := strings.CutPrefix(name, "/"); ok {
		return belowPrefix(rest)
	}
	if loc, err := time.LoadLocation(name); err == nil {
		return loc, true
	}
	return fixedZone(name)
}

// belowPrefix finds the zone of /vendor.example/version/Area/City: what is
// left when the first segments are taken away.
func belowPrefix(name string) (*time.Location, bool) {
	for {
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			return nil, false
		}
		if loc, ok := LookupZone(rest); ok {
			return loc, true
		}
		name = rest
	}
}

// fixedZone reads GMT+0100, UTC-05:30, GMT+2 and the like, as Apple's clients
// write them: positive is east.
func fixedZone(name string) (*time.Location, bool) {
	s, ok := strings.CutPrefix(name, "GMT")
	if !ok {
		if s, ok = strings.CutPrefix(name, "UTC"); !ok {
			return nil, false
		}
	}
	if len(s) < 2 {
		return nil, false
	}
	sign, s := s[:1], strings.Replace(s[1:], ":", "", 1)
	switch len(s) {
	case 1:
		s = "0" + s + "00"
	case 2:
		s += "00"
	case 3:
		s = "0" + s
	}
	seconds, err := ParseUTCOffset(sign + s)
	if err != nil {
		return nil, false
	}
	return time.FixedZone(name, seconds), true
}

// clock turns wall seconds of a location into instants. It remembers the last
// stretch of constant offset.
type clock struct {
	loc      *time.Location
	from, to int64 // wall seconds for which offset is right, no edge near
	offset   int64
}

var utcClock = clock{loc: time.UTC, from: math.MinInt64, to: math.MaxInt64}

func newClock(loc *time.Location) *clock { return &clock{loc: loc} }

// unix returns the instant at which the clock shows w: the first one if there
// are two; if there is none, the instant that the offset before the gap gives
// (RFC 5545 section 3.3.5).
func (c *clock) unix(w int64) int64 {
	if c.from <= w && w < c.to {
		return w - c.offset
	}
	before := c.offsetAt(w - daySeconds)
	after := c.offsetAt(w + daySeconds)
	if before == after {
		c.remember(w - before)
		return w - before
	}
	if u := w - before; c.offsetAt(u) == before {
		return u
	}
	if u := w - after; c.offsetAt(u) == after {
		return u
	}
	return w - before
}

// missing says whether the clock never shows w, which unix made u of.
func (c *clock) missing(w, u int64) bool {
	return (w < c.from || w >= c.to) && u+c.offsetAt(u) != w
}

func (c *clock) offsetAt(u int64) int64 {
	_, offset := time.Unix(u, 0).In(c.loc).Zone()
	return int64(offset)
}

// remember notes the stretch around the instant u, a day and more away from
// its edges.
func (c *clock) remember(u int64) {
	t := time.Unix(u, 0).In(c.loc)
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	c.offset, c.from, c.to = int64(offset), math.MinInt64, math.MaxInt64
	if !start.IsZero() {
		c.from = start.Unix() + c.offset + daySeconds
	}
	if !end.IsZero() {
		c.to = end.Unix() + c.offset - daySeconds
	}
}
