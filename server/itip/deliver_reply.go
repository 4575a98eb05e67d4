package itip

import (
	"slices"

	"calport/server/ical"
)

// replying is the delivery of a REPLY or COUNTER under way.
type replying struct {
	*call
	message *series
	out     *series
	who     string
	changes []Recurrence
	others  bool // the other attendees see a change
	heard   bool // the reply was about something that is there
}

// deliverReply takes an attendee's answers over into the organizer's copy. Of a
// COUNTER too only the answer counts; what it proposes is in the message.
func (x *call) deliverReply(m *Message, mine *ical.Component) Delivery {
	r := &replying{call: x, message: x.read(m.Calendar), who: m.From}
	r.out = x.read(mine.Clone(), r.message)
	order := slices.Clone(r.message.ids)
	if i := slices.Index(order, whole); i > 0 {
		order = slices.Insert(slices.Delete(order, i, i+1), 0, whole)
	}
	for _, at := range order {
		r.answer(at)
	}
	if !r.heard {
		// A party crasher, a late reply, or one to what is no more.
		return Delivery{Status: statusRejected}
	}
	if r.out.cal.String() == mine.String() {
		return Delivery{Status: statusProcessed}
	}
	d := Delivery{Outcome: Update, Object: r.out.cal, KeepTag: true, Refresh: r.others, Status: statusProcessed}
	if len(r.changes) > 0 {
		d.Item = &Changes{
			Stamp: x.Now, Action: ActionReply, Attendee: x.address(m.From), Recurrences: r.changes,
		}
	}
	return d
}

// answer takes over the answer for one instance.
func (r *replying) answer(at id) {
	from := r.message.parts[at]
	p := r.find(from, r.who)
	if p == nil || r.out.effective(at) == nil {
		return
	}
	r.admitDelegate(at, p)
	now := r.out.effective(at)
	q := r.find(now, r.who)
	if q == nil || sequence(from) < resetMark(q) {
		return // not invited, or late
	}
	r.heard = true
	if r.out.parts[at] == nil {
		if partstat(q) == partstat(p) && from.Prop(propComment) == nil {
			return
		}
		now = r.out.derive(at)
		r.out.add(at, now)
		q = r.find(now, r.who)
	}
	setParam(q, "SCHEDULE-STATUS", statusProcessed)
	before := partstat(q)
	change := Recurrence{ID: r.out.touched([]id{at})[0]}
	if r.set(q, p) {
		change.Changed = append(change.Changed, ChangedProperty{Name: "ATTENDEE", Params: []string{"PARTSTAT"}})
	}
	if r.comment(now, from) {
		change.Changed = append(change.Changed, ChangedProperty{Name: propComment})
	}
	if len(change.Changed) > 0 {
		r.changes = append(r.changes, change)
	}
	if at == whole && before != partstat(q) {
		r.spread(p)
	}
}

// set takes over what an attendee says of himself. It says whether that is new.
func (r *replying) set(q, p *ical.Property) bool {
	old := partstat(q)
	setParam(q, "PARTSTAT", string(partstat(p)))
	if partstat(q) != NeedsAction {
		q.DelParam("RSVP")
	}
	if to := p.ParamValues("DELEGATED-TO"); len(to) > 0 && !slices.Equal(to, q.ParamValues("DELEGATED-TO")) {
		q.SetParam("DELEGATED-TO", to...)
	}
	if old == partstat(q) {
		return false
	}
	r.others = true
	return true
}

// spread lets an answer for the series count for the overrides that the
// attendee's copy does not have: others' answers made them. What he excluded he
// declined, with the whole series if not by itself, and it stays so.
func (r *replying) spread(p *ical.Property) {
	if partstat(p) != Declined {
		r.keepDeclined()
	}
	for _, at := range r.out.ids {
		if at == whole || r.message.parts[at] != nil || r.message.exdate[at] {
			continue
		}
		q := r.find(r.out.parts[at], r.who)
		if q != nil && sequence(r.message.parts[whole]) >= resetMark(q) {
			r.set(q, p)
		}
	}
}

// keepDeclined gives the instances that the attendee's copy hides, and of which
// nothing else is said, an answer of their own.
func (r *replying) keepDeclined() {
	hidden := make([]id, 0, len(r.message.exdate))
	for at := range r.message.exdate {
		if r.out.parts[at] == nil && r.message.parts[at] == nil && r.out.valid(at) {
			hidden = append(hidden, at)
		}
	}
	slices.Sort(hidden)
	for _, at := range hidden {
		c := r.out.derive(at)
		r.out.add(at, c)
		setParam(r.find(c, r.who), "PARTSTAT", string(Declined))
	}
}

// admitDelegate adds the one to whom an attendee delegated (RFC 5546 section
// 3.2.2.3). Others who are not invited are not heard.
func (r *replying) admitDelegate(at id, p *ical.Property) {
	c := r.out.effective(at)
	if r.find(c, r.who) != nil {
		return
	}
	for _, from := range p.ParamValues("DELEGATED-FROM") {
		q := r.find(c, from)
		if q == nil || partstat(q) != Delegated {
			continue
		}
		named := func(to string) bool { return r.same(to, r.who) }
		if !slices.ContainsFunc(q.ParamValues("DELEGATED-TO"), named) {
			continue
		}
		if r.out.parts[at] == nil {
			c = r.out.derive(at)
			r.out.add(at, c)
		}
		line := p.Clone()
		publicUser(line)
		r.normaliseUser(line)
		c.Add(line)
		delete(r.lines, c)
		r.others = true
		return
	}
}

// comment takes over an attendee's private comment. It says whether that is
// new.
func (r *replying) comment(now, from *ical.Component) bool {
	said, text := from.Prop(propComment), from.Text(propComment)
	var old *ical.Property
	for p := range now.Props(propAttendeeNote) {
		if r.same(p.Param(paramAttendeeRef), r.who) {
			old = p
			break
		}
	}
	switch {
	case said == nil && old == nil, said != nil && old != nil && old.Text() == text:
		return false
	case said == nil:
		now.DelFunc(func(p *ical.Property) bool { return p == old })
		return true
	}
	p := ical.NewText(propAttendeeNote, text)
	p.SetParam(paramAttendeeRef, r.address(r.who))
	p.SetParam(paramAnswered, r.stamp())
	if old != nil {
		now.DelFunc(func(p *ical.Property) bool { return p == old })
	}
	now.Add(p)
	return true
}
