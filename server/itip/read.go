package itip

import (
	"slices"
	"strings"

	"calport/server/ical"
)

// methods are those that [ReadMessage] takes.
var methods = []Method{
	MethodRequest, MethodReply, MethodCancel, MethodAdd, MethodRefresh,
	MethodCounter, MethodDeclineCounter, MethodPublish,
}

// ReadMessage reads an iTIP message from outside: one METHOD, components of one
// kind and UID and with one ORGANIZER, and the one attendee who sends it where
// it is to the organizer. From is the organizer or that attendee; To is the
// other of the two, empty where the data names several attendees.
//
// The error is an [ErrMessage].
func ReadMessage(cal *ical.Component) (*Message, error) {
	m := &Message{Method: Method(strings.ToUpper(cal.Value("METHOD"))), Calendar: received(cal)}
	parts := m.parts()
	switch {
	case !slices.Contains(methods, m.Method):
		return nil, broken(ErrMessage, "unknown METHOD %q", m.Method)
	case len(parts) == 0:
		return nil, broken(ErrMessage, "no VEVENT or VTODO")
	case Organizer(cal) == "":
		return nil, broken(ErrMessage, "no ORGANIZER")
	}
	for _, c := range parts {
		switch {
		case c.Name != parts[0].Name:
			return nil, broken(ErrMessage, "both %s and %s", parts[0].Name, c.Name)
		case c.Text("UID") == "" || c.Text("UID") != parts[0].Text("UID"):
			return nil, broken(ErrMessage, "not one UID: %q and %q", parts[0].Text("UID"), c.Text("UID"))
		case key(c.Value("ORGANIZER")) != key(Organizer(cal)):
			return nil, broken(ErrMessage, "not one ORGANIZER: %q and %q", Organizer(cal), c.Value("ORGANIZER"))
		}
	}
	return m, m.address()
}

// received returns a message without what a sender must not set: alarms, and the
// parameters by which servers note what they did (RFC 6638 section 7).
func received(message *ical.Component) *ical.Component {
	cal := message.Clone()
	for c := range scheduled(cal) {
		c.DelChildren(func(s *ical.Component) bool { return s.Name == "VALARM" })
		for _, p := range c.Properties {
			if n := p.Name(); n == "ATTENDEE" || n == "ORGANIZER" {
				publicUser(p)
			}
		}
	}
	return cal
}

// address finds out from whom and to whom the message is.
func (m *Message) address() error {
	attendees := Attendees(m.Calendar)
	m.From = Organizer(m.Calendar)
	if !m.Method.toOrganizer() {
		if len(attendees) == 1 {
			m.To = attendees[0]
		}
		return nil
	}
	m.To = m.From
	m.From = ""
	for c := range scheduled(m.Calendar) {
		p := sender(c)
		switch {
		case p == nil:
			return broken(ErrMessage, "%s without an ATTENDEE", m.Method)
		case m.From == "":
			m.From = p.Value()
		case key(m.From) != key(p.Value()):
			return broken(ErrMessage, "%s of both %s and %s", m.Method, m.From, p.Value())
		}
	}
	return nil
}

// sender returns the attendee who answers: the only one, of a delegation the one
// who delegates, else the first who is not the organizer. Whoever knows better,
// from the mail it came by, sets From.
func sender(c *ical.Component) *ical.Property {
	var first *ical.Property
	for p := range c.Props("ATTENDEE") {
		organizers := first != nil && key(first.Value()) == key(c.Value("ORGANIZER"))
		if first == nil || organizers || partstat(p) == Delegated {
			first = p
		}
	}
	return first
}
