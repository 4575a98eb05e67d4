package itip

import (
	"slices"
	"strings"

	"calport/server/ical"
)

// cutypeGroup is the CUTYPE that Apple's server gives the line of a group whose
// members it invited one by one; their lines name the group as MEMBER.
const cutypeGroup = "X-SERVER-GROUP"

// statusExpanded is the SCHEDULE-STATUS of such a group, as in Apple's server.
const statusExpanded = "2.7"

// isGroup says whether the line of an ATTENDEE is that of an expanded group:
// nobody is sent anything for it.
func isGroup(p *ical.Property) bool {
	return strings.EqualFold(p.Param("CUTYPE"), cutypeGroup)
}

// HasGroups says whether groups are invited to an object that the server
// expanded.
func HasGroups(cal *ical.Component) bool {
	for c := range scheduled(cal) {
		for p := range c.Props("ATTENDEE") {
			if isGroup(p) {
				return true
			}
		}
	}
	return false
}

// Groups returns the addresses of the expanded groups of an object, each once,
// in order.
func Groups(cal *ical.Component) []string {
	var all []string
	for c := range scheduled(cal) {
		for p := range c.Props("ATTENDEE") {
			if isGroup(p) && !slices.Contains(all, p.Value()) {
				all = append(all, p.Value())
			}
		}
	}
	return all
}

// InvitedAlone returns how many attendees of a component were invited by
// themselves: groups count as one, and those who are in it for a group that the
// component names do not count.
func InvitedAlone(c *ical.Component) int {
	inGroup := throughGroups(c)
	n := 0
	for p := range c.Props("ATTENDEE") {
		if !inGroup(p) {
			n++
		}
	}
	return n
}

// throughGroups returns what says of an attendee of a component whether he is
// invited by an expanded group in it only.
func throughGroups(c *ical.Component) func(*ical.Property) bool {
	var groups map[string]bool
	for p := range c.Props("ATTENDEE") {
		if isGroup(p) {
			if groups == nil {
				groups = map[string]bool{}
			}
			groups[key(p.Value())] = true
		}
	}
	if groups == nil {
		return func(*ical.Property) bool { return false }
	}
	return func(p *ical.Property) bool {
		return slices.ContainsFunc(p.ParamValues("MEMBER"), func(group string) bool { return groups[key(group)] })
	}
}

// membersOf returns the members of a group, false if an address is none.
func (x *call) membersOf(address string) ([]User, bool) {
	if x.Members == nil {
		return nil, false
	}
	if g, ok := x.groups[address]; ok {
		return g.members, g.known
	}
	members, known := x.Members(address)
	x.groups[address] = group{members, known}
	return members, known
}

type group struct {
	members []User
	known   bool
}

// expand invites the members of the groups in the organizer's object, and takes
// out those who were in it for groups that they, or the object, have left.
//
// Of what is over nothing changes: who came into a group since was not there.
// Nor does it of a series of which instances are over: the caller parts it
// first if its groups are others now, see [HasBegun].
func (o *organizing) expand() error {
	if o.Members == nil {
		return nil
	}
	n := 0
	expanded := HasGroups(o.after.cal) || HasGroups(o.before.cal)
	begun := expanded && HasBegun(o.after.cal, o.Context)
	for _, at := range o.after.ids {
		c := o.after.parts[at]
		o.keepMembership(at)
		o.expandOne(c, o.before.effective(at), begun || expanded && o.isOver(at))
		for range c.Props("ATTENDEE") {
			n++
		}
	}
	if o.MaxAttendees > 0 && n > o.MaxAttendees {
		return broken(ErrTooMany, "%d attendees with the members of groups, at most %d are allowed", n, o.MaxAttendees)
	}
	return nil
}

// isOver says whether the time of a component, or of the last instance of the
// series, is over.
func (o *organizing) isOver(at id) bool {
	now := o.Now.Unix()
	if at == whole {
		return ical.NewObject(o.after.cal, o.Zone).Facts().LastEnd < now
	}
	return o.after.when(o.after.parts[at]).end < now
}

// HasBegun says whether an object recurs and instances of it are over, be others
// to come or not. The members of groups in such a series stay as they are.
func HasBegun(cal *ical.Component, x Context) bool {
	object := ical.NewObject(cal, x.Zone)
	if !object.Recurring() {
		return false
	}
	for first := range object.Instances(ical.Range{}) {
		return first.End.Before(x.Now)
	}
	return false
}

// keepMembership puts back for whom an attendee was invited where the client
// left it out: it is one that does not know MEMBER.
func (o *organizing) keepMembership(at id) {
	old := o.before.effective(at)
	if old == nil {
		return
	}
	for p := range o.after.parts[at].Props("ATTENDEE") {
		if _, ok := p.LookupParam("MEMBER"); ok {
			continue
		}
		if was := o.find(old, p.Value()); was != nil && len(was.ParamValues("MEMBER")) > 0 {
			p.SetParam("MEMBER", was.ParamValues("MEMBER")...)
		}
	}
}

// expandOne expands the groups of a component, which was old. Over leaves those
// with the members that they had there.
func (o *organizing) expandOne(c, old *ical.Component, over bool) {
	invited := map[string]map[string]bool{} // by group, who is in it; nil if all who say so are
	var groups []*ical.Property
	members := map[*ical.Property][]User{}
	for p := range c.Props("ATTENDEE") {
		all, ok := o.membersOf(p.Value())
		if !ok || agent(p) != AgentServer {
			if isGroup(p) { // gone from the directory, or never in it
				p.DelParam("CUTYPE")
				p.DelParam("SCHEDULE-STATUS")
				o.normaliseUser(p)
			}
			continue
		}
		if over && isGroup(o.find(old, p.Value())) {
			all = o.invitedBy(old, p.Value())
		} else if over && isGroup(p) {
			invited[o.key(p.Value())] = nil
			continue
		}
		in := make(map[string]bool, len(all))
		for _, u := range all {
			in[key(u.Address)] = true
		}
		invited[o.key(p.Value())] = in
		groups = append(groups, p)
		members[p] = all
	}
	lines := o.leaveGroups(c, invited)
	for _, g := range groups {
		o.joinGroup(c, g, members[g], lines)
	}
}

// invitedBy returns those in a component whom a group invited.
func (o *organizing) invitedBy(c *ical.Component, group string) (all []User) {
	for p := range c.Props("ATTENDEE") {
		if !slices.ContainsFunc(p.ParamValues("MEMBER"), func(by string) bool { return o.same(by, group) }) {
			continue
		}
		if u := o.user(p.Value()); u != nil {
			all = append(all, *u)
		} else {
			all = append(all, User{Address: p.Value(), CN: p.Param("CN")})
		}
	}
	return all
}

// leaveGroups takes groups out of MEMBER that the attendee is not invited by any
// more, and with the last of them his line. It returns the lines that are left,
// by their keys.
func (o *organizing) leaveGroups(c *ical.Component, invited map[string]map[string]bool) map[string]*ical.Property {
	lines := map[string]*ical.Property{}
	c.DelFunc(func(p *ical.Property) bool {
		if p.Name() != "ATTENDEE" {
			return false
		}
		k := o.key(p.Value())
		by := p.ParamValues("MEMBER")
		left := slices.DeleteFunc(slices.Clone(by), func(address string) bool {
			in, named := invited[o.key(address)]
			if !named {
				_, known := o.membersOf(address)
				return known
			}
			return in != nil && !in[k]
		})
		switch {
		case len(left) == len(by):
		case len(left) > 0:
			p.SetParam("MEMBER", left...)
		case o.me(p.Value()):
			p.DelParam("MEMBER")
		default:
			return true
		}
		lines[k] = p
		return false
	})
	return lines
}

// joinGroup marks a group as expanded and invites its members: those whom
// nothing invites yet. The organizer need not be invited by himself.
func (o *organizing) joinGroup(c *ical.Component, g *ical.Property, members []User, lines map[string]*ical.Property) {
	setParam(g, "CUTYPE", cutypeGroup)
	setParam(g, "SCHEDULE-STATUS", statusExpanded)
	for _, name := range []string{"PARTSTAT", "RSVP", "SCHEDULE-FORCE-SEND", paramReset} {
		g.DelParam(name)
	}
	for _, u := range members {
		k := key(u.Address)
		switch p := lines[k]; {
		case o.me(u.Address):
		case p == nil:
			p = ical.NewProperty("ATTENDEE", u.Address)
			o.normaliseUser(p)
			p.SetParam("MEMBER", g.Value())
			p.SetParam("PARTSTAT", string(NeedsAction))
			setParam(p, "ROLE", g.Param("ROLE"))
			c.Add(p)
			lines[k] = p
		case len(p.ParamValues("MEMBER")) > 0 && !slices.ContainsFunc(p.ParamValues("MEMBER"), func(by string) bool { return o.same(by, g.Value()) }):
			p.SetParam("MEMBER", append(slices.Clone(p.ParamValues("MEMBER")), g.Value())...)
		}
	}
}

// crowded says whether an object has more attendees than are told of each other,
// with members of groups among them: these see the groups and themselves.
func (x *call) crowded(s *series) bool {
	if s.crowd == nil {
		is := HasGroups(s.cal) && len(Attendees(s.cal)) > refreshLimit
		s.crowd = &is
	}
	return *s.crowd
}

// publicTo returns a component as an attendee of a crowded object may see it.
// What all see of it is made once.
func (x *call) publicTo(c *ical.Component, who string) *ical.Component {
	base := x.crowd[c]
	if base == nil {
		base = public(c)
		inGroup := throughGroups(base)
		base.DelFunc(func(p *ical.Property) bool { return p.Name() == "ATTENDEE" && inGroup(p) })
		x.crowd[c] = base
	}
	d := base.Clone()
	if own := x.find(c, who); own != nil && x.find(d, who) == nil {
		own = own.Clone()
		publicUser(own)
		d.Add(own)
	}
	return d
}
