package ical

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// The years for which the rules of a VTIMEZONE are computed. Before and after,
// the zone keeps the offset it has there.
const (
	firstZoneYear = 1900
	lastZoneYear  = 2100
)

// onset is a change of the clock.
type onset struct {
	at       int64 // instant
	from, to int   // offsets, seconds east of Greenwich
	dst      bool
	name     string
}

// Location reads a VTIMEZONE as a location (RFC 5545 section 3.6.5). It is
// right for the years 1900 to 2100.
func Location(def *Component) (*time.Location, error) {
	var onsets []onset
	b := &budget{left: 1 << 15}
	for _, c := range def.Components {
		if c.Name != "STANDARD" && c.Name != "DAYLIGHT" {
			continue
		}
		more, err := observance(c, b)
		if err != nil {
			return nil, err
		}
		onsets = append(onsets, more...)
	}
	if len(onsets) == 0 {
		return nil, fmt.Errorf("%w: VTIMEZONE without STANDARD or DAYLIGHT", ErrData)
	}
	slices.SortStableFunc(onsets, func(a, b onset) int { return cmp.Compare(a.at, b.at) })
	data, err := tzif(onsets)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(def.Text("TZID"), data)
}

// observance returns the onsets of a STANDARD or DAYLIGHT.
func observance(c *Component, b *budget) ([]onset, error) {
	start, err := c.Prop("DTSTART").Time()
	if err != nil {
		return nil, err
	}
	from, err := ParseUTCOffset(c.Value("TZOFFSETFROM"))
	if err != nil {
		return nil, err
	}
	to, err := ParseUTCOffset(c.Value("TZOFFSETTO"))
	if err != nil {
		return nil, err
	}
	// Onsets are told in the local time before the change.
	s := newSet(c, Time{wall: start.wall, form: Zoned}, NewZones(nil, time.FixedZone("", from)))
	first := int64(civilDay(firstZoneYear, 1, 1)) * daySeconds
	last := int64(civilDay(lastZoneYear+1, 1, 1)) * daySeconds
	var all []onset
	s.each(first, b, func(o occurrence) bool {
		if o.unix >= last {
			return false
		}
		all = append(all, onset{o.unix, from, to, c.Name == "DAYLIGHT", c.Text("TZNAME")})
		return true
	})
	return all, nil
}

// tzif writes onsets in the format of RFC 8536, which package time reads.
func tzif(onsets []onset) ([]byte, error) {
	type kind struct {
		offset int
		dst    bool
		name   string
	}
	// The first kind is that of the time before all onsets.
	kinds := []kind{{offset: onsets[0].from}}
	var times, indexes []byte
	for _, o := range onsets {
		k := kind{o.to, o.dst, zoneName(o.name)}
		i := slices.Index(kinds[1:], k) + 1
		if i == 0 {
			i = len(kinds)
			kinds = append(kinds, k)
		}
		times = binary.BigEndian.AppendUint64(times, uint64(o.at))
		indexes = append(indexes, byte(i))
	}
	if len(kinds) > 255 {
		return nil, fmt.Errorf("%w: VTIMEZONE with more than 255 kinds of time", ErrData)
	}
	var infos, names []byte
	for _, k := range kinds {
		if len(names) > 255 {
			return nil, fmt.Errorf("%w: VTIMEZONE with too many names", ErrData)
		}
		infos = binary.BigEndian.AppendUint32(infos, uint32(int32(k.offset)))
		dst := byte(0)
		if k.dst {
			dst = 1
		}
		infos = append(infos, dst, byte(len(names)))
		names = append(append(names, k.name...), 0)
	}
	header := func(counts ...int) []byte {
		h := append([]byte("TZif2"), make([]byte, 15)...)
		for _, n := range counts {
			h = binary.BigEndian.AppendUint32(h, uint32(n))
		}
		return h
	}
	data := header(0, 0, 0, 0, 0, 0) // no 32-bit data
	data = append(data, header(0, 0, 0, len(onsets), len(kinds), len(names))...)
	for _, part := range [][]byte{times, indexes, infos, names, []byte("\n\n")} {
		data = append(data, part...)
	}
	return data, nil
}

// zoneName returns what of a TZNAME fits into an abbreviation.
func zoneName(s string) string {
	var b []byte
	for i := 0; i < len(s) && len(b) < 6; i++ {
		if s[i] > ' ' && s[i] < 0x7f {
			b = append(b, s[i])
		}
	}
	return string(b)
}

// CalendarLocation returns the location of a VCALENDAR that has exactly one
// VTIMEZONE, as CALDAV:calendar-timezone has it (RFC 4791 section 5.2.2). The
// error is an [ErrData].
func CalendarLocation(cal *Component) (*time.Location, error) {
	if n := len(cal.Components); n != 1 || cal.Components[0].Name != "VTIMEZONE" {
		return nil, fmt.Errorf("%w: not a calendar with one VTIMEZONE and nothing else", ErrData)
	}
	def := cal.Components[0]
	tzid := def.Text("TZID")
	if tzid == "" {
		return nil, fmt.Errorf("%w: VTIMEZONE without TZID", ErrData)
	}
	if loc, ok := NewZones(cal, nil).Location(tzid); ok {
		return loc, nil
	}
	return Location(def)
}
