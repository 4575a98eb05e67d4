package schedule

import (
	"errors"
	"math"
	"slices"
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
	x := p.context(p.to)
	var err error
	if x.Zone, err = p.zone(); err != nil {
		return nil, err
	}
	var taken []ical.BusyPeriod
	if mode.free != mode.busy {
		if taken, err = p.taken(x.Zone); err != nil {
			return nil, err
		}
	}
	answered := itip.Answer(p.Object, func(start, end time.Time) itip.PartStat {
		if overlaps(taken, start, end) {
			return mode.busy
		}
		return mode.free
	}, x)
	if answered.Object != nil {
		p.Object = answered.Object
	}
	if !p.undecided() {
		p.Item = nil
	}
	return answered.Reply, nil
}

// taken is when the room is not free, in order, as far as the object concerns it.
func (p *parcel) taken(zone *time.Location) ([]ical.BusyPeriod, error) {
	span := p.decides(zone)
	busy, err := Busy(p.tx, p.people, p.to, BusyQuery{Range: span, Except: p.message.UID()})
	if errors.Is(err, ErrTooBusy) { // so full that nothing is left to look for
		return []ical.BusyPeriod{{Start: span.Start, End: span.End, Type: ical.Busy}}, nil
	}
	for i := range busy {
		busy[i].Type = ical.Busy // whatever it is taken by
	}
	return Merge(busy), err
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

// zone is where the days of the room are: those of the calendar in which the object is, or will be. Busy reads it so, too.
func (p *parcel) zone() (*time.Location, error) {
	if p.Outcome == itip.Update {
		if in := p.home.CollectionByID(p.mine.item.CollectionID); in != nil {
			return Timezone(in), nil
		}
	}
	in, err := p.Default(p.tx, p.home, ical.NewObject(p.Object, nil).Kind())
	if err != nil {
		return nil, err
	}
	return Timezone(in), nil
}

// decides is the time that the object touches, as far as it is decided upon.
func (p *parcel) decides(zone *time.Location) ical.Range {
	facts := ical.NewObject(p.Object, zone).Facts()
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

// overlaps says whether a time meets one of the periods, which are in their order and apart; what has no length takes its
// instant.
func overlaps(periods []ical.BusyPeriod, start, end time.Time) bool {
	i, _ := slices.BinarySearchFunc(periods, start, func(p ical.BusyPeriod, at time.Time) int {
		if p.End.After(at) {
			return 1
		}
		return -1
	})
	if i == len(periods) { // all end before
		return false
	}
	next := periods[i].Start
	return next.Before(end) || next.Equal(start)
}
