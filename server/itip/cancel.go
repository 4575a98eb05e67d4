package itip

import (
	"slices"

	"calport/server/ical"
)

// cancel drafts the CANCELs for those who lose instances by the write.
func (o *organizing) cancel() {
	if o.created {
		return
	}
	for _, who := range Attendees(o.before.cal) {
		had := o.seenBy(o.before, who)
		if o.me(who) || len(had) == 0 {
			continue
		}
		ids := o.lost(who, had)
		if len(ids) == 0 {
			continue
		}
		o.cancels.add(draft{
			method: MethodCancel, from: Organizer(o.before.cal), to: o.address(who),
			touched: o.before.touched(ids),
			make: func() *ical.Component {
				return o.cancellation(o.before, ids, who, o.after.highest())
			},
		})
		o.markSent(who)
	}
}

// lost returns the instances to which an attendee is no longer invited: whole
// alone if that is the series.
func (o *organizing) lost(who string, had []id) []id {
	sees := o.seenBy(o.after, who)
	series := slices.Contains(had, whole)
	master := o.after.parts[whole]
	switch {
	case len(sees) == 0,
		series && !slices.Contains(sees, whole),
		series && cancelled(master) && !cancelled(o.before.parts[whole]):
		return []id{whole}
	case o.full && series:
		return nil // the REQUEST describes the series anew
	}
	var ids []id
	for _, at := range o.mayLose(had, series) {
		if was := o.before.effective(at); !cancelled(was) && o.invited(was, who) != nil && !o.keeps(at, who, series) {
			ids = append(ids, at)
		}
	}
	return ids
}

// mayLose returns the instances that are to be looked at: those that an
// attendee had described for himself, that are described or excluded now.
func (o *organizing) mayLose(had []id, series bool) []id {
	var ids []id
	for _, at := range had {
		if at != whole {
			ids = append(ids, at)
		}
	}
	if !series {
		return ids
	}
	for _, at := range o.after.ids {
		if at != whole && !slices.Contains(ids, at) {
			ids = append(ids, at)
		}
	}
	var excluded []id
	for at := range o.after.exdate {
		if !o.before.exdate[at] && !slices.Contains(ids, at) {
			excluded = append(excluded, at)
		}
	}
	slices.Sort(excluded)
	return append(ids, excluded...)
}

// keeps says whether an attendee is still invited to an instance, or hears of
// its end by the rule of the series.
func (o *organizing) keeps(at id, who string, series bool) bool {
	if now := o.after.effective(at); now != nil {
		return o.invited(now, who) != nil && !cancelled(now)
	}
	return series && !o.after.exdate[at]
}

// deletion is added to the SEQUENCE when an event is deleted: one step for the
// change, one for the message, as Apple's server counts.
const deletion = 2

// CancelAll returns the messages that tell all attendees of an event that its
// organizer deleted it.
func CancelAll(before *ical.Component, x Context) []Message {
	c := newCall(x)
	s := c.read(before)
	var out outgoing
	for _, who := range Attendees(before) {
		if c.me(who) || len(c.seenBy(s, who)) == 0 {
			continue
		}
		out.add(draft{
			method: MethodCancel, from: Organizer(before), to: c.address(who),
			make: func() *ical.Component {
				return c.cancellation(s, []id{whole}, who, s.highest()+deletion)
			},
		})
	}
	return out.build()
}

// keptByCancel are the properties of a CANCEL (RFC 5546 section 3.2.5).
var keptByCancel = []string{"UID", "ORGANIZER", "SUMMARY", "DTSTART", "DTEND", "DUE", "DURATION"}

// cancellation makes a CANCEL of the given instances for one attendee.
func (x *call) cancellation(s *series, ids []id, who string, number int) *ical.Component {
	cal := x.envelope(MethodCancel, s.cal)
	for _, at := range ids {
		c := s.effective(at)
		if c == nil || x.find(c, who) == nil {
			if at != whole {
				continue
			}
			// He is invited to some instances only, and sees no more than
			// the first of them.
			c = s.parts[x.seenBy(s, who)[0]]
		}
		d := ical.NewComponent(c.Name)
		for _, p := range c.Properties {
			n := p.Name()
			recurs := at == whole && slices.Contains(recurrenceProps, n)
			if recurs || slices.Contains(keptByCancel, n) {
				d.Add(p.Clone())
			}
		}
		d.Add(x.find(c, who).Clone())
		for _, p := range d.Properties {
			if n := p.Name(); n == "ATTENDEE" || n == "ORGANIZER" {
				publicUser(p)
			}
		}
		if at != whole {
			d.Add(s.utc(at).Property("RECURRENCE-ID"))
		}
		d.Add(ical.NewProperty("DTSTAMP", x.stamp()), ical.NewProperty("STATUS", "CANCELLED"))
		setSequence(d, number)
		cal.AddChild(d)
	}
	return cal
}
