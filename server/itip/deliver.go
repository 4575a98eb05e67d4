package itip

import "calport/server/ical"

// Delivery is what a message does to the copy of its recipient.
type Delivery struct {
	Outcome Outcome
	// Object is the recipient's copy as it is to be stored. Nil unless the
	// outcome is Create, Update or Replace. Other recipients of the message may
	// get the same: it must not be changed.
	Object *ical.Component
	// Item tells the client what is new; nil makes no inbox item.
	Item *Changes
	// KeepTag says that the Schedule-Tag stays (RFC 6638 section 3.2.10).
	KeepTag bool
	// Refresh says that the other attendees are to be told: a REPLY changed
	// what they see.
	Refresh bool
	// Status is the code for the sender's copy: 1.2 delivered, 2.0 reply
	// processed, 5.3 rejected.
	Status string
	// Renamed is the recipient's older object of the same UID that is no
	// scheduling object, under a new UID; set if the outcome is Replace.
	Renamed *ical.Component
	// Resend is the answer to a REFRESH.
	Resend []Message
}

// Outcome is what is to be done with the recipient's copy.
type Outcome uint8

// The outcomes.
const (
	Ignore  Outcome = iota // leave it as it is
	Create                 // store Object in the default calendar
	Update                 // store Object in place of the copy
	Replace                // store Renamed in place of the copy and create Object
	Remove                 // delete the copy
)

// The codes of RFC 6638 section 3.2.9 that a delivery has for the sender.
const (
	statusDelivered = "1.2"
	statusProcessed = "2.0"
	statusRejected  = "5.3"
)

// Deliver lets a message act on the copy of its recipient, nil if he has none.
// The context is the recipient's.
//
// The error is an [ErrMessage] or [ErrRejected]; the Delivery has the Status
// all the same.
func Deliver(m *Message, mine *ical.Component, x Context) (Delivery, error) {
	c := newCall(x)
	if len(m.parts()) == 0 {
		return Delivery{Status: statusRejected}, broken(ErrMessage, "%s of nothing that is scheduled", m.Method)
	}
	if m.Method.toOrganizer() {
		return c.deliverToOrganizer(m, mine)
	}
	if err := c.checkOrganizer(m, mine); err != nil {
		return Delivery{Status: statusRejected}, err
	}
	switch m.Method {
	case MethodRequest:
		return c.deliverRequest(m, mine), nil
	case MethodAdd:
		return c.deliverAdd(m, mine), nil
	case MethodCancel:
		return c.deliverCancel(m, mine), nil
	case MethodPublish, MethodDeclineCounter:
		return Delivery{Status: statusDelivered}, nil
	}
	return Delivery{Status: statusRejected}, broken(ErrMessage, "unknown METHOD %q", m.Method)
}

// checkOrganizer looks whether a message of an organizer is his and to the
// recipient, whose copy it is not to take over from another.
func (x *call) checkOrganizer(m *Message, mine *ical.Component) error {
	invited := m.Method != MethodRequest
	for c := range scheduled(m.Calendar) {
		invited = invited || x.mine(c) != nil
		if p := c.Prop("ORGANIZER"); p != nil && !x.same(p.Value(), m.From) {
			return broken(ErrMessage, "%s of %s by %s", m.Method, p.Value(), m.From)
		}
	}
	switch old := Organizer(mine); {
	case x.me(m.From):
		return broken(ErrRejected, "the recipient is the organizer")
	case !invited:
		return broken(ErrRejected, "the recipient is not invited")
	case old != "" && !x.same(old, m.From):
		return broken(ErrRejected, "%s is the organizer, not %s", old, m.From)
	}
	return nil
}

// deliverToOrganizer lets a message of an attendee act on the organizer's copy.
func (x *call) deliverToOrganizer(m *Message, mine *ical.Component) (Delivery, error) {
	switch {
	case mine == nil:
		return Delivery{Status: statusProcessed}, nil
	case !x.me(Organizer(mine)):
		return Delivery{Status: statusRejected}, broken(ErrRejected, "the organizer is %q", Organizer(mine))
	case x.me(m.From):
		return Delivery{Status: statusRejected}, broken(ErrRejected, "the organizer does not answer himself")
	case m.Method == MethodRefresh:
		return x.deliverRefresh(m, mine), nil
	}
	return x.deliverReply(m, mine), nil
}

// deliverRefresh answers a REFRESH (RFC 5546 section 3.2.6).
func (x *call) deliverRefresh(m *Message, mine *ical.Component) Delivery {
	s := x.read(mine)
	sees := x.seenBy(s, m.From)
	if len(sees) == 0 {
		return Delivery{Status: statusRejected}
	}
	return Delivery{Status: statusProcessed, Resend: []Message{{
		Method: MethodRequest, From: x.address(Organizer(mine)), To: x.address(m.From), Calendar: x.view(s, sees, m.From),
	}}}
}

// toOrganizer says whether a method is one that attendees send.
func (m Method) toOrganizer() bool {
	return m == MethodReply || m == MethodCounter || m == MethodRefresh
}

// parts returns the components that the message is about.
func (m *Message) parts() []*ical.Component {
	var all []*ical.Component
	for c := range scheduled(m.Calendar) {
		all = append(all, c)
	}
	return all
}
