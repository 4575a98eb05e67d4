package itip

import (
	"strconv"
	"strings"

	"calport/server/ical"
)

// Parameters of Apple's server.
const (
	// paramReset is the SEQUENCE at which an attendee's answer was taken back:
	// replies to earlier ones are late.
	paramReset = "X-CALENDARSERVER-RESET-PARTSTAT"
	// paramAnswered is when an attendee answered, in UTC.
	paramAnswered = "X-CALENDARSERVER-DTSTAMP"
	// paramAuto is when the server answered for a room, in UTC.
	paramAuto = "X-CALENDARSERVER-AUTO"
)

// Properties of Apple's server that carry comments between an attendee and
// the organizer alone.
const (
	propComment      = "X-CALENDARSERVER-PRIVATE-COMMENT"
	propAttendeeNote = "X-CALENDARSERVER-ATTENDEE-COMMENT"
	paramAttendeeRef = "X-CALENDARSERVER-ATTENDEE-REF"
)

// agent returns the SCHEDULE-AGENT of an ATTENDEE or ORGANIZER. Unknown ones
// are to be treated as NONE (RFC 6638 section 7.1).
func agent(p *ical.Property) Agent {
	v, ok := p.LookupParam("SCHEDULE-AGENT")
	switch a := Agent(strings.ToUpper(v)); {
	case !ok, a == AgentServer:
		return AgentServer
	case a == AgentClient:
		return AgentClient
	}
	return AgentNone
}

// forced says whether a message is to be sent in any case (RFC 6638 section
// 7.2).
func forced(p *ical.Property, m Method) bool {
	return strings.EqualFold(p.Param("SCHEDULE-FORCE-SEND"), string(m))
}

// partstat returns the PARTSTAT of an ATTENDEE.
func partstat(p *ical.Property) PartStat {
	v := p.Param("PARTSTAT")
	if v == "" {
		return NeedsAction // the default of RFC 5545 section 3.2.12
	}
	return PartStat(strings.ToUpper(v))
}

// setParam changes a parameter of a property, if there is one, to a value that
// it does not have already; "" removes it.
func setParam(p *ical.Property, name, value string) {
	if p == nil {
		return
	}
	switch old, ok := p.LookupParam(name); {
	case value == "":
		p.DelParam(name)
	case !ok || old != value:
		p.SetParam(name, value)
	}
}

// setPartstat sets the PARTSTAT of an ATTENDEE. The default stays unwritten.
func setPartstat(p *ical.Property, v PartStat) {
	if partstat(p) != v {
		p.SetParam("PARTSTAT", string(v))
	}
}

// ask asks an attendee who has not answered to do so: without RSVP clients show
// no buttons.
func ask(p *ical.Property) {
	if partstat(p) == NeedsAction {
		setParam(p, "RSVP", "TRUE")
	}
}

// resetMark returns the SEQUENCE of the last reset of an attendee, -1 if there
// was none.
func resetMark(p *ical.Property) int {
	n, err := strconv.Atoi(p.Param(paramReset))
	if err != nil {
		return -1
	}
	return n
}

// find returns the line of an attendee in a component, which may be nil. The
// attendees of a component do not change while it is asked about.
func (x *call) find(c *ical.Component, address string) *ical.Property {
	if c == nil {
		return nil
	}
	lines, ok := x.lines[c]
	if !ok {
		lines = map[string]*ical.Property{}
		for p := range c.Props("ATTENDEE") {
			if k := x.key(p.Value()); lines[k] == nil {
				lines[k] = p
			}
		}
		x.lines[c] = lines
	}
	return lines[x.key(address)]
}

// mine returns the line of the owner in a component, which may be nil.
func (x *call) mine(c *ical.Component) *ical.Property {
	for p := range props(c, "ATTENDEE") {
		if x.me(p.Value()) {
			return p
		}
	}
	return nil
}

// invited returns the line of an attendee for whom the server schedules, or
// nil. A group is not invited itself, its members are.
func (x *call) invited(c *ical.Component, address string) *ical.Property {
	if p := x.find(c, address); p != nil && agent(p) == AgentServer && !isGroup(p) {
		return p
	}
	return nil
}

func cancelled(c *ical.Component) bool {
	return c != nil && strings.EqualFold(strings.TrimSpace(c.Value("STATUS")), "CANCELLED")
}

// sequence returns the SEQUENCE of a component, 0 if it says none.
func sequence(c *ical.Component) int {
	if c == nil {
		return 0
	}
	n, err := c.Prop("SEQUENCE").Int()
	if err != nil {
		return 0
	}
	return min(max(n, 0), maxSequence)
}

// maxSequence is the largest SEQUENCE that is counted on from: an INTEGER has
// 32 bits (RFC 5545 section 3.3.8).
const maxSequence = 1<<31 - 1_000_000

func setSequence(c *ical.Component, n int) {
	if p := c.Prop("SEQUENCE"); p == nil && n == 0 || p != nil && p.Value() == strconv.Itoa(n) {
		return
	}
	c.Set(ical.NewProperty("SEQUENCE", strconv.Itoa(n)))
}

// highest returns the highest SEQUENCE in an object.
func (s *series) highest() int {
	n := 0
	for _, at := range s.ids {
		n = max(n, sequence(s.parts[at]))
	}
	return n
}
