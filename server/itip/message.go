package itip

import "calport/server/ical"

// Method is an iTIP METHOD (RFC 5546 section 1.4).
type Method string

// The methods. This package makes the first three; the others come from
// outside only.
const (
	MethodRequest        Method = "REQUEST"
	MethodReply          Method = "REPLY"
	MethodCancel         Method = "CANCEL"
	MethodAdd            Method = "ADD"
	MethodRefresh        Method = "REFRESH"
	MethodCounter        Method = "COUNTER"
	MethodDeclineCounter Method = "DECLINECOUNTER"
	MethodPublish        Method = "PUBLISH"
)

// PartStat is a PARTSTAT (RFC 5545 section 3.2.12).
type PartStat string

// The participation states.
const (
	NeedsAction PartStat = "NEEDS-ACTION"
	Accepted    PartStat = "ACCEPTED"
	Declined    PartStat = "DECLINED"
	Tentative   PartStat = "TENTATIVE"
	Delegated   PartStat = "DELEGATED"
	Completed   PartStat = "COMPLETED"  // VTODO
	InProcess   PartStat = "IN-PROCESS" // VTODO
)

// Agent is a SCHEDULE-AGENT (RFC 6638 section 7.1).
type Agent string

// Who schedules for a calendar user.
const (
	AgentServer Agent = "SERVER"
	AgentClient Agent = "CLIENT"
	AgentNone   Agent = "NONE"
)

// Message is one iTIP message to one recipient.
type Message struct {
	Method   Method
	From, To string // calendar user addresses, canonical where known
	// Calendar has the METHOD. Messages to several attendees may share it: it
	// must not be changed.
	Calendar *ical.Component
	// Refresh marks a REQUEST that only tells of other attendees'
	// participation: no inbox item, and the Schedule-Tag stays.
	Refresh bool
	// Instances are the RECURRENCE-IDs that the message is about; the zero
	// Time is the master. None means all of the Calendar.
	Instances []ical.Time

	common *common
}

// common is what messages with the same Calendar have together.
type common struct {
	copy *ical.Component // of those who had none and have not answered; nil until the first is made
}

// Common says whether others get the same Calendar, and with it most likely the
// same copy.
func (m *Message) Common() bool { return m.common != nil }

// UID returns the UID of the object that the message is about.
func (m *Message) UID() string {
	for c := range scheduled(m.Calendar) {
		return c.Text("UID")
	}
	return ""
}

// envelope returns a VCALENDAR for a message with copies of the time zones of
// the object that it is about.
func (x *call) envelope(method Method, from *ical.Component) *ical.Component {
	id := x.ProdID
	if id == "" {
		id = "-//calport//EN"
	}
	cal := ical.NewCalendar(id)
	cal.Add(ical.NewProperty("METHOD", string(method)))
	for zone := range from.Children("VTIMEZONE") {
		cal.AddChild(zone.Clone())
	}
	return cal
}
