package itip

import (
	"slices"
	"strings"

	"calport/server/ical"
)

// normalise writes the users of an object as this server writes them, and each
// attendee of a component once.
func (x *call) normalise(cal *ical.Component) {
	for c := range scheduled(cal) {
		if p := c.Prop("ORGANIZER"); p != nil {
			x.normaliseUser(p)
		}
		seen := map[string]bool{}
		c.DelFunc(func(p *ical.Property) bool {
			if p.Name() != "ATTENDEE" {
				return false
			}
			x.normaliseUser(p)
			k := x.key(p.Value())
			again := seen[k]
			seen[k] = true
			return again
		})
	}
}

// normaliseUser writes an ORGANIZER or ATTENDEE as the directory has it. A
// hosted attendee for whom the client wants to schedule is scheduled for by
// the server all the same: some clients write CLIENT for everybody.
func (x *call) normaliseUser(p *ical.Property) {
	u := x.user(p.Value())
	if u == nil {
		return
	}
	x.nameUser(p, u)
	if p.Name() != "ATTENDEE" {
		return
	}
	switch {
	case u.CUType == "GROUP" && isGroup(p):
	case u.CUType != "" && u.CUType != "INDIVIDUAL":
		setParam(p, "CUTYPE", u.CUType)
	case isGroup(p): // what the client says a group is none
		p.DelParam("CUTYPE")
	}
	if agent(p) == AgentClient {
		p.DelParam("SCHEDULE-AGENT")
	}
}

// nameUser writes the address and the name of a user, as far as the owner may
// know them.
func (x *call) nameUser(p *ical.Property, u *User) {
	if x.Hidden != nil && x.Hidden(p.Value()) {
		if u.Alias != "" && !isMail(p.Value()) {
			p.SetValue(u.Alias)
		}
		return
	}
	if p.Value() != u.Address {
		p.SetValue(u.Address)
	}
	if u.CN != "" {
		setParam(p, "CN", u.CN)
	}
	if u.Email != "" && !isMail(u.Address) {
		setParam(p, "EMAIL", u.Email)
	}
}

func isMail(address string) bool { return strings.HasPrefix(key(address), "mailto:") }

// oneOrganizer checks that all components have the same ORGANIZER (RFC 6638
// section 3.2.4.2), and gives it to those that have none.
func (x *call) oneOrganizer(cal *ical.Component) error {
	first := organizer(cal)
	if first == nil {
		return nil
	}
	for c := range scheduled(cal) {
		p := c.Prop("ORGANIZER")
		switch {
		case p == nil || p.Value() == "":
			c.Set(first.Clone())
		case !x.same(p.Value(), first.Value()):
			return broken(ErrSameOrganizer, "%s in one %s, %s in another", first.Value(), c.Name, p.Value())
		}
	}
	return nil
}

// restoreCompleted gives a VTODO its organizer and attendees back. Clients
// leave them out when they tick off a to-do.
func restoreCompleted(before, after *ical.Component) {
	for c := range scheduled(after) {
		if c.Name != "VTODO" || c.Prop("COMPLETED") == nil || c.Prop("ORGANIZER") != nil || c.Prop("ATTENDEE") != nil {
			continue
		}
		for old := range scheduled(before) {
			if old.Value("RECURRENCE-ID") != c.Value("RECURRENCE-ID") {
				continue
			}
			for _, p := range old.Properties {
				if n := p.Name(); n == "ORGANIZER" || n == "ATTENDEE" {
					c.Add(p.Clone())
				}
			}
		}
	}
}

// followCompleted keeps the owner's PARTSTAT of a VTODO in step with its
// COMPLETED; before is the component as it was, or nil.
func (x *call) followCompleted(before, c *ical.Component) {
	p := x.mine(c)
	if c.Name != "VTODO" || p == nil {
		return
	}
	done := c.Prop("COMPLETED") != nil
	switch {
	case done && partstat(p) != Completed:
		setParam(p, "PARTSTAT", string(Completed))
	case !done && partstat(p) == Completed && before != nil && before.Prop("COMPLETED") != nil:
		setParam(p, "PARTSTAT", string(InProcess))
	}
}

// Names of properties that are for the server or the owner alone.
var (
	// shared are the X- properties that go to attendees.
	shared = []string{
		"X-APPLE-STRUCTURED-LOCATION", "X-APPLE-DROPBOX",
		"X-GOOGLE-CONFERENCE", "X-GOOGLE-HANGOUT", "X-MICROSOFT-SKYPETEAMSMEETINGURL",
	}
	// private are others that do not.
	private = []string{"COLOR", "REQUEST-STATUS"}
)

// confidential says whether a property stays with its owner.
func confidential(name string) bool {
	return strings.HasPrefix(name, "X-") && !slices.Contains(shared, name) || slices.Contains(private, name)
}

// public returns a copy of a component as others may see it: without alarms,
// private properties and what the server noted.
func public(c *ical.Component) *ical.Component {
	d := c.Clone()
	d.DelChildren(func(s *ical.Component) bool { return s.Name == "VALARM" || strings.HasPrefix(s.Name, "X-") })
	d.DelFunc(func(p *ical.Property) bool { return confidential(p.Name()) })
	for _, p := range d.Properties {
		if n := p.Name(); n == "ATTENDEE" || n == "ORGANIZER" {
			publicUser(p)
		}
	}
	return d
}

// serverParams are the parameters that attendees do not see: those of RFC 6638
// section 7, which messages must not have, and the server's own.
var serverParams = []string{
	"SCHEDULE-AGENT", "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND", paramAnswered, paramAuto,
}

func publicUser(p *ical.Property) {
	for _, name := range serverParams {
		p.DelParam(name)
	}
}
