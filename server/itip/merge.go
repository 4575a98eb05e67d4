package itip

import (
	"slices"

	"calport/server/ical"
)

// merge makes the attendee's new copy from the server's and what the client
// sends.
func (a *attending) merge(server, client *ical.Component) {
	a.before = a.read(server)
	a.client = a.read(client, a.before)
	a.out = a.read(server.Clone(), a.client)
	a.declined = map[id]*ical.Component{}
	a.matchFakeMaster()
	for _, at := range slices.Clone(a.out.ids) {
		if c := a.client.parts[at]; c != nil {
			a.lift(at, a.out.parts[at], c)
		}
	}
	for _, at := range slices.Clone(a.client.ids) {
		a.addOverride(at)
	}
	a.hide()
	ical.SetAccess(a.out.cal, client) // everybody decides for himself who sees it
	if len(a.out.ids) == 0 {          // nothing that the client sent is known
		a.out = a.read(server.Clone(), a.client)
		a.hidden = nil
	}
}

// matchFakeMaster recognises a component without RECURRENCE-ID that a client
// made from the one override that it was sent: it starts when the override
// does.
func (a *attending) matchFakeMaster() {
	fake := a.client.parts[whole]
	if fake == nil || a.before.parts[whole] != nil {
		return
	}
	start, err := fake.Prop("DTSTART").Time()
	if err != nil {
		return
	}
	at := a.before.id(start)
	for _, other := range a.before.ids {
		if c := a.before.parts[other]; a.before.when(c).start == a.client.when(fake).start {
			at = other
		}
	}
	if a.before.parts[at] == nil || a.client.parts[at] != nil {
		return
	}
	delete(a.client.parts, whole)
	a.client.parts[at] = fake
	a.client.ids[slices.Index(a.client.ids, whole)] = at
}

// addOverride takes over an override that the server's copy lacks, if the
// series has such an instance: be it that its owner has hidden it, but not one
// that the organizer's copy has excluded.
func (a *attending) addOverride(at id) {
	if at == whole || a.out.parts[at] != nil || !a.out.occurs(at) || a.restores && !a.out.valid(at) {
		return
	}
	c := a.out.derive(at)
	a.out.include(at)
	a.out.add(at, c)
	a.lift(at, c, a.client.parts[at])
}

// hide declines the instances that the client excludes or leaves out.
func (a *attending) hide() {
	for _, at := range slices.Clone(a.before.ids) {
		if at == whole || a.client.parts[at] != nil {
			continue
		}
		// A client that drops the master and sends some overrides means
		// those alone.
		partial := a.client.parts[whole] == nil && a.before.parts[whole] != nil
		switch {
		case a.client.exdate[at]:
			a.hideOne(at)
		case a.restores || partial:
		case a.Stale && a.others(at):
			// The client has not seen it: what it answers for the series
			// goes for it.
			p, master := a.mine(a.out.parts[at]), a.mine(a.out.parts[whole])
			setParam(p, "PARTSTAT", master.Param("PARTSTAT"))
			setParam(p, "RSVP", master.Param("RSVP"))
			replace(a.out.parts[at], a.out.parts[whole], "TRANSP")
		default:
			a.hideOne(at)
		}
	}
	excluded := make([]id, 0, len(a.client.exdate))
	for at := range a.client.exdate {
		excluded = append(excluded, at)
	}
	slices.Sort(excluded)
	for _, at := range excluded {
		if a.client.parts[at] == nil && a.out.parts[at] == nil && a.out.valid(at) {
			a.hideOne(at)
		}
	}
}

// others says whether an override is there for other attendees' answers alone:
// it says nothing else than the master, and the owner answered for both alike.
func (a *attending) others(at id) bool {
	c, master := a.before.parts[at], a.before.parts[whole]
	p, q := a.mine(c), a.mine(master)
	return p != nil && q != nil && partstat(p) == partstat(q) && a.before.valid(at) &&
		len(a.changed(a.before, a.before.derive(at), a.before, c)) == 0
}

// hideOne takes an instance out of the copy. If it was neither cancelled nor
// declined, the organizer is told that it is declined.
func (a *attending) hideOne(at id) {
	c := a.before.effective(at)
	if p := a.mine(c); p != nil && !cancelled(c) && partstat(p) != Declined {
		c = c.Clone()
		p = a.mine(c)
		setParam(p, "PARTSTAT", string(Declined))
		p.DelParam("RSVP")
		a.hidden = append(a.hidden, at)
		a.declined[at] = c
	}
	a.out.remove(at)
	if a.out.occurs(at) {
		a.out.exclude(at, a.out.time(at))
	}
}
