package itip

import (
	"fmt"
	"slices"

	"calport/server/ical"
)

// outgoing are messages that are to be made when the object is complete.
type outgoing struct{ list []draft }

// draft is one message to be.
type draft struct {
	method  Method
	from    string
	to      string
	refresh bool
	touched []ical.Time
	view    string // names what the calendar has in it
	make    func() *ical.Component
}

func (o *outgoing) add(d draft) { o.list = append(o.list, d) }

// build makes the messages. Recipients who see the same get the same calendar.
func (o *outgoing) build() []Message {
	all := make([]Message, 0, len(o.list))
	views := map[string]int{} // to the first message that has it
	for _, d := range o.list {
		m := Message{Method: d.method, From: d.from, To: d.to, Refresh: d.refresh, Instances: d.touched}
		if first, known := views[d.view]; known {
			if all[first].common == nil {
				all[first].common = &common{}
			}
			m.Calendar, m.common = all[first].Calendar, all[first].common
		} else {
			m.Calendar = d.make()
			if d.view != "" {
				views[d.view] = len(all)
			}
		}
		all = append(all, m)
	}
	return all
}

// viewName names what an attendee sees: which of the components, and whether
// that is all of it.
func viewName(ids []id, all bool) string { return fmt.Sprint(all, ids) }

// seenBy returns the components in which an attendee is invited.
func (x *call) seenBy(s *series, who string) []id {
	var ids []id
	for _, at := range s.ids {
		if x.invited(s.parts[at], who) != nil {
			ids = append(ids, at)
		}
	}
	return ids
}

// view makes a REQUEST of the given components. If it has the master, the
// instances that are described by components that are left out are excluded:
// the attendee is not invited to them.
func (x *call) view(s *series, ids []id, who string) *ical.Component {
	cal := x.envelope(MethodRequest, s.cal)
	crowded := x.crowded(s)
	for _, at := range ids {
		var c *ical.Component
		if crowded {
			c = x.publicTo(s.parts[at], who)
		} else {
			c = public(s.parts[at])
		}
		c.Set(ical.NewProperty("DTSTAMP", x.stamp())) // RFC 5546 section 2.1.5
		if at == whole {
			for _, other := range s.ids {
				if other != whole && !slices.Contains(ids, other) && s.valid(other) {
					c.Add(s.utc(other).Property("EXDATE"))
				}
			}
		}
		cal.AddChild(c)
	}
	return cal
}
