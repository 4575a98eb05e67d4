package itip

import "calport/server/ical"

// deliverAdd merges an ADD (RFC 5546 section 3.2.4), whose components are new
// instances without a RECURRENCE-ID, as a REQUEST of these instances.
func (x *call) deliverAdd(m *Message, mine *ical.Component) Delivery {
	if mine == nil || Organizer(mine) == "" {
		return Delivery{Status: statusDelivered} // nothing to add to
	}
	request := *m
	request.Method = MethodRequest
	request.Calendar = m.Calendar.Clone()
	for c := range scheduled(request.Calendar) {
		if t := startOf(c); c.Prop("RECURRENCE-ID") == nil && !t.IsZero() {
			c.Set(t.Property("RECURRENCE-ID"))
		}
	}
	object := mine.Clone()
	message := x.read(request.Calendar)
	s := x.read(object, message)
	for _, at := range message.ids {
		if at != whole && s.parts[whole] != nil && !s.occurs(at) {
			s.parts[whole].Add(s.time(at).Property("RDATE"))
		}
	}
	return x.deliverRequest(&request, object)
}
