package schedule

import (
	"errors"
	"math"
	"strings"
	"time"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
)

// modes is what each auto-schedule mode answers when the room is free, and when it is busy. "" leaves the invitation to
// people.
var modes = map[directory.AutoSchedule]struct{ free, busy itip.PartStat }{
	directory.Automatic:      {itip.Accepted, itip.Declined},
	directory.NoAutoSchedule: {"", ""},
	directory.AcceptAlways:   {itip.Accepted, itip.Accepted},
	directory.DeclineAlways:  {itip.Declined, itip.Declined},
	directory.AcceptIfFree:   {itip.Accepted, ""},
	directory.DeclineIfBusy:  {"", itip.Declined},
}

// How far around now a room decides.
const (
	decidesAhead = 3 * 366 * 24 * time.Hour
	decidesBack  = 2 * 24 * time.Hour
)

// decide lets a room or resource answer an invitation, instance by instance. It changes what is stored, and returns the
// reply to the organizer, nil if there is none.
func (p *parcel) decide() (*itip.Message, error) {
	if p.answersItself(p.to) && p.message.Method == itip.MethodCancel {
		p.Item = nil // nobody has to look at it
		return nil, nil
	}
	if p.to.Place == nil || p.message.Method != itip.MethodRequest || p.message.Refresh || p.Object == nil {
		return nil, nil
	}
	place := p.place(p.to)
	mode := modes[place.AutoSchedule]
	if group := place.AutoAcceptGroup; group != "" {
		if organizer := ByAddress(p.people, p.message.From); organizer != nil && p.people.IsMember(organizer.GUID, group) {
			mode = modes[directory.Automatic]
		}
	}
	if mode.free == "" && mode.busy == "" {
		return nil, nil
	}
	var taken []ical.BusyPeriod
	if mode.free != mode.busy {
		var err error
		span := p.decides()
		taken, err = Busy(p.tx, p.people, p.to, BusyQuery{Range: span, Except: p.message.UID()})
		if errors.Is(err, ErrTooBusy) { // so full that nothing is left to look for
			taken, err = []ical.BusyPeriod{{Start: span.Start, End: span.End, Type: ical.Busy}}, nil
		}
		if err != nil {
			return nil, err
		}
	}
	answered := itip.Answer(p.Object, func(start, end time.Time) itip.PartStat {
		if overlaps(taken, start, end) {
			return mode.busy
		}
		return mode.free
	}, p.context(p.to))
	if answered.Object != nil {
		p.Object = answered.Object
	}
	if !p.undecided() {
		p.Item = nil
	}
	return answered.Reply, nil
}

// undecided says whether something is left to people.
func (p *parcel) undecided() bool {
	me := p.context(p.to).Me
	for _, c := range p.Object.Components {
		for a := range c.Props("ATTENDEE") {
			if s := a.Param("PARTSTAT"); me(a.Value()) && (s == "" || strings.EqualFold(s, string(itip.NeedsAction))) {
				return true
			}
		}
	}
	return false
}

// decides is the time that the object touches, as far as it is decided upon.
func (p *parcel) decides() ical.Range {
	facts := ical.NewObject(p.Object, nil).Facts()
	r := ical.Range{Start: p.now.Add(-decidesBack), End: p.now.Add(decidesAhead)}
	if facts.FirstStart != math.MinInt64 {
		if first := time.Unix(facts.FirstStart, 0); first.After(r.Start) {
			r.Start = first
		}
	}
	if facts.LastEnd != math.MaxInt64 {
		if last := time.Unix(facts.LastEnd, 0).Add(time.Second); last.Before(r.End) {
			r.End = last
		}
	}
	return r
}

// overlaps says whether a time meets one of the periods; what has no length takes its instant.
func overlaps(periods []ical.BusyPeriod, start, end time.Time) bool {
	for _, p := range periods {
		if p.Start.Before(end) && start.Before(p.End) || start.Equal(end) && !p.Start.After(start) && start.Before(p.End) {
			return true
		}
	}
	return false
}
