package itip

import (
	"slices"
	"strings"

	"calport/server/ical"
)

// merged returns a component of the message with what the recipient has for
// himself in that instance.
func (r *receiving) merged(at id) *ical.Component {
	c := r.message.parts[at].Clone()
	old := r.before.effective(at)
	if old != nil {
		r.keepPersonal(c, old)
		moved := r.before.when(old) != r.message.when(c) || at == whole && rescheduled(r.before, r.message)
		r.keepAnswer(c, old, moved)
		if r.refresh {
			replace(c, old, "DTSTAMP")
		}
	} else {
		r.keepStatus(c)
	}
	r.followPartstat(c, old)
	return c
}

// keepPersonal gives a component of the message what the recipient's copy has
// for himself: alarms, private properties, and all that is nobody else's.
func (r *receiving) keepPersonal(c, old *ical.Component) {
	dropProgress(c)
	for _, name := range personal {
		if name != "TRANSP" && old.Prop(name) != nil {
			replace(c, old, name)
		}
	}
	for _, p := range old.Properties {
		if n := p.Name(); strings.HasPrefix(n, "X-") && confidential(n) && c.Prop(n) == nil && !slices.Contains(personal, n) {
			for q := range old.Props(n) {
				c.Add(q.Clone())
			}
		}
	}
	c.DelChildren(func(s *ical.Component) bool { return s.Name == "VALARM" })
	for _, s := range old.Components {
		if s.Name == "VALARM" || strings.HasPrefix(s.Name, "X-") {
			c.AddChild(s.Clone())
		}
	}
	o := old.Prop("ORGANIZER")
	if s, ok := o.LookupParam("SCHEDULE-STATUS"); ok && agent(o) == AgentServer && c.Prop("ORGANIZER") != nil {
		setParam(c.Prop("ORGANIZER"), "SCHEDULE-STATUS", s)
	}
}

// dropProgress takes out how far the organizer is with his to-do: everybody
// has his own.
func dropProgress(c *ical.Component) {
	c.DelFunc(func(p *ical.Property) bool {
		return p.Name() == "COMPLETED" || p.Name() == "PERCENT-COMPLETE"
	})
}

// keepStatus gives a new component the status of the recipient's last reply.
func (r *receiving) keepStatus(c *ical.Component) {
	p := organizer(r.before.cal)
	if s, ok := p.LookupParam("SCHEDULE-STATUS"); ok && agent(p) == AgentServer && c.Prop("ORGANIZER") != nil {
		setParam(c.Prop("ORGANIZER"), "SCHEDULE-STATUS", s)
	}
}

// keepAnswer keeps the recipient's PARTSTAT, which may be on its way to the
// organizer, unless he has to answer anew: the instance moved, or the organizer
// took the answer back since.
func (r *receiving) keepAnswer(c, old *ical.Component, moved bool) {
	p, q := r.mine(c), r.mine(old)
	if p == nil || q == nil || agent(old.Prop("ORGANIZER")) != AgentServer {
		return
	}
	asked := partstat(p) == NeedsAction && (moved || resetMark(p) > resetMark(q))
	if asked || partstat(q) == NeedsAction || cancelled(old) {
		return
	}
	setParam(p, "PARTSTAT", string(partstat(q)))
	setParam(p, "RSVP", q.Param("RSVP"))
	setParam(p, paramAnswered, q.Param(paramAnswered))
	setParam(p, paramAuto, q.Param(paramAuto))
}

// followPartstat sets the TRANSP of an event by its owner's answer: what he has
// not answered takes none of his time; then it is as he had it.
func (r *receiving) followPartstat(c, old *ical.Component) {
	p := r.mine(c)
	if c.Name != "VEVENT" || p == nil {
		return
	}
	switch {
	case partstat(p) == NeedsAction:
		if !transparent(c) {
			c.Set(ical.NewProperty("TRANSP", "TRANSPARENT"))
		}
	case old == nil:
	case partstat(r.mine(old)) != NeedsAction:
		replace(c, old, "TRANSP")
	}
}
