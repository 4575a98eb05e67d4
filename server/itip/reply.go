package itip

import (
	"slices"

	"calport/server/ical"
)

// reply returns what the organizer is to be told, or nil.
func (a *attending) reply() *Message {
	var ids []id
	for _, at := range a.out.ids {
		c := a.out.parts[at]
		p := a.mine(c)
		if p == nil || cancelled(c) {
			continue
		}
		if slices.Contains(a.forced, at) || a.answered(at, c, p) {
			ids = append(ids, at)
		}
	}
	ids = append(ids, a.hidden...)
	if len(ids) == 0 {
		return nil
	}
	return a.replyMessage(a.withOverrides(ids))
}

// answered says whether an attendee's answer for an instance is new.
func (a *attending) answered(at id, c *ical.Component, p *ical.Property) bool {
	old := a.before.effective(at)
	q := a.mine(old)
	if q == nil {
		return partstat(p) != NeedsAction
	}
	return partstat(p) != partstat(q) || texts(c, propComment) != texts(old, propComment)
}

// withOverrides adds to a reply about the series all overrides of the attendee:
// what he answers for the series goes for all instances that are not in it.
func (a *attending) withOverrides(ids []id) []id {
	if !slices.Contains(ids, whole) {
		return ids
	}
	for _, at := range a.out.ids {
		if c := a.out.parts[at]; !slices.Contains(ids, at) && !cancelled(c) && a.mine(c) != nil {
			ids = append(ids, at)
		}
	}
	return ids
}

// keptByReply are the properties of a REPLY (RFC 5546 section 3.2.3).
var keptByReply = []string{
	"UID", "SEQUENCE", "STATUS", "DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "RDATE", "EXRULE", "EXDATE",
	"ORGANIZER", "SUMMARY", "LOCATION", "DESCRIPTION", "COMPLETED", "PERCENT-COMPLETE", propComment,
}

// replyMessage makes the REPLY for some instances.
func (a *attending) replyMessage(ids []id) *Message {
	m := &Message{
		Method:    MethodReply,
		To:        a.address(Organizer(a.out.cal)),
		Calendar:  a.envelope(MethodReply, a.out.cal),
		Instances: a.out.touched(ids),
	}
	for i, at := range ids {
		c := a.out.parts[at]
		if c == nil {
			c = a.declined[at]
		}
		p := a.mine(c).Clone()
		publicUser(p)
		p.DelParam(paramReset)
		m.From = a.address(p.Value())
		d := ical.NewComponent(c.Name)
		for _, q := range c.Properties {
			if slices.Contains(keptByReply, q.Name()) {
				d.Add(q.Clone())
			}
		}
		if o := d.Prop("ORGANIZER"); o != nil {
			publicUser(o)
		}
		if at != whole {
			d.Add(m.Instances[i].Property("RECURRENCE-ID"))
		}
		d.Add(p, ical.NewProperty("DTSTAMP", a.stamp()), ical.NewProperty("REQUEST-STATUS", "2.0;Success"))
		m.Calendar.AddChild(d)
	}
	return m
}
