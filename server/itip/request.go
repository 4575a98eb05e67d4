package itip

import (
	"slices"

	"calport/server/ical"
)

// request drafts the REQUESTs, and takes note of them in the object.
func (o *organizing) request() {
	crowded := o.crowded(o.after)
	o.answering = Attendees(o.after.cal)
	for _, who := range o.answering {
		if o.me(who) {
			continue
		}
		forced := o.takeForce(who)
		sees := o.seenBy(o.after, who)
		if len(sees) == 0 {
			continue
		}
		ids, refresh := o.tell(who, sees, forced)
		if len(ids) == 0 {
			continue
		}
		d := draft{method: MethodRequest, from: Organizer(o.after.cal), to: who, refresh: refresh}
		if len(ids) < len(sees) {
			d.touched = o.after.touched(ids)
		}
		if !crowded {
			d.view = viewName(ids, len(ids) == len(sees))
		}
		d.make = func() *ical.Component { return o.view(o.after, ids, who) }
		o.requests.add(d)
		if !refresh {
			o.markSent(who)
		}
	}
}

// markSent notes that an attendee is sent a message: for now it is as good as
// delivered. Who has not answered is asked to.
func (o *organizing) markSent(who string) {
	for _, at := range o.after.ids {
		p := o.find(o.after.parts[at], who)
		setParam(p, "SCHEDULE-STATUS", statusDelivered)
		if p != nil && agent(p) == AgentServer {
			ask(p)
		}
	}
}

// takeForce returns the instances for which the client wants a REQUEST sent in
// any case, and removes the wish (RFC 6638 section 7.2).
func (o *organizing) takeForce(who string) []id {
	var ids []id
	for _, at := range o.after.ids {
		p := o.find(o.after.parts[at], who)
		if p == nil {
			continue
		}
		if forced(p, MethodRequest) {
			ids = append(ids, at)
		}
		p.DelParam("SCHEDULE-FORCE-SEND")
	}
	return ids
}

// tell returns of which components an attendee is told, among those that he
// sees: none, some overrides, or all. Refresh says that only others' answers
// are new.
func (o *organizing) tell(who string, sees, forced []id) (ids []id, refresh bool) {
	had := o.seenBy(o.before, who)
	news := append(slices.Clone(forced), o.again[o.key(who)]...)
	for _, at := range sees {
		fresh := o.invited(o.before.effective(at), who) == nil
		if o.levels[at].news() || fresh {
			news = append(news, at)
		}
	}
	leftSeries := slices.Contains(had, whole) && !slices.Contains(sees, whole)
	if len(had) == 0 || leftSeries || o.leftOverride(who, had, sees) || o.levels[whole].news() || slices.Contains(news, whole) {
		return sees, false
	}
	stale := func(at id) bool {
		return o.levels[at] == refreshed && len(o.answering) <= refreshLimit && o.user(who) != nil
	}
	if len(news) == 0 {
		if slices.ContainsFunc(sees, stale) {
			return sees, true
		}
		return nil, false
	}
	if slices.Contains(sees, whole) && stale(whole) {
		return sees, false // what comes with the series replaces all of it
	}
	for _, at := range sees {
		if slices.Contains(news, at) || stale(at) {
			ids = append(ids, at)
		}
	}
	return ids, false
}

// leftOverride says whether one who is invited to the series is no longer
// invited to an instance that was described apart and still is. He hears of the
// CANCEL, and of the series without it.
func (o *organizing) leftOverride(who string, had, sees []id) bool {
	return slices.Contains(sees, whole) && slices.ContainsFunc(had, func(at id) bool {
		return o.after.parts[at] != nil && !slices.Contains(sees, at)
	})
}

// refreshLimit is the number of attendees above which they are not told of
// each other's answers: the cost rises with the square.
const refreshLimit = 50

// Refresh returns the messages that tell the attendees other than the one who
// replied how things stand; replied is "" if several did since the last time.
// Only attendees that this server serves get one, and none if they are many.
func Refresh(object *ical.Component, replied string, x Context) []Message {
	if len(Attendees(object)) > refreshLimit {
		return nil
	}
	c := newCall(x)
	return c.tellAll(object, true, func(who string) bool { return !c.same(who, replied) && c.user(who) != nil })
}

// Announce returns the messages that tell some of the attendees, of whom to is true, of all that they see of an event.
func Announce(object *ical.Component, to func(address string) bool, x Context) []Message {
	return newCall(x).tellAll(object, false, to)
}

// tellAll makes REQUESTs of all that attendees see.
func (x *call) tellAll(object *ical.Component, refresh bool, to func(who string) bool) []Message {
	var out outgoing
	s := x.read(object)
	for _, who := range Attendees(object) {
		if x.me(who) || !to(who) {
			continue
		}
		sees := x.seenBy(s, who)
		if len(sees) == 0 {
			continue
		}
		d := draft{
			method: MethodRequest, from: Organizer(object), to: who, refresh: refresh,
			make: func() *ical.Component { return x.view(s, sees, who) },
		}
		if !x.crowded(s) {
			d.view = viewName(sees, true)
		}
		out.add(d)
	}
	return out.build()
}
