package ical

import (
	"iter"
	"time"
)

// FBType is a FBTYPE (RFC 5545 section 3.2.9).
type FBType string

// The kinds of time in free-busy information.
const (
	Free            FBType = "FREE"
	Busy            FBType = "BUSY"
	BusyUnavailable FBType = "BUSY-UNAVAILABLE"
	BusyTentative   FBType = "BUSY-TENTATIVE"
)

// BusyPeriod is a stretch of time that is taken.
type BusyPeriod struct {
	Start, End time.Time // in UTC
	Type       FBType
}

// Busy yields the times in r, which should have a start and an end, that the
// object takes: the instances of events that are neither transparent nor
// cancelled, and the periods of a VFREEBUSY that are not free, as RFC 4791
// section 7.10 has it. They are cut to r; in no certain order, and may
// overlap.
func (o *Object) Busy(r Range) iter.Seq[BusyPeriod] {
	return func(yield func(BusyPeriod) bool) {
		from, to := r.bounds()
		// cut yields what is in the range.
		cut := func(start, end int64, t FBType) bool {
			start, end = max(start, from), min(end, to)
			return start >= end ||
				yield(BusyPeriod{time.Unix(start, 0).UTC(), time.Unix(end, 0).UTC(), t})
		}
		switch o.Kind() {
		case "VEVENT":
			o.each(from, to, newBudget(), func(i instance) bool {
				t := EventType(i.c)
				return t == Free || cut(i.start, i.end, t)
			})
		case "VFREEBUSY":
			o.busyPeriods(cut)
		}
	}
}

// EventType returns the kind of time that a VEVENT makes of its own: by its
// STATUS and TRANSP, whoever takes part.
func EventType(c *Component) FBType {
	switch status := upper(c.Value("STATUS")); {
	case upper(c.Value("TRANSP")) == "TRANSPARENT", status == "CANCELLED":
		return Free
	case status == "TENTATIVE":
		return BusyTentative
	}
	return Busy
}

func (o *Object) busyPeriods(yield func(start, end int64, t FBType) bool) {
	for p := range o.main.Props("FREEBUSY") {
		kind := FBType(upper(p.Param("FBTYPE")))
		switch kind {
		case Free:
			continue
		case BusyUnavailable, BusyTentative:
		default:
			kind = Busy // RFC 5545 section 3.2.9: what is not known counts as busy
		}
		periods, _ := p.Periods()
		for _, one := range periods {
			if !yield(o.zones.unix(one.Start), o.zones.periodEnd(one), kind) {
				return
			}
		}
	}
}
