package itip

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"calport/server/ical"
)

// receiving is the delivery of a REQUEST or ADD under way.
type receiving struct {
	*call
	common  *common
	message *series
	before  *series // the recipient's copy as it was
	out     *series // what it becomes
	refresh bool
	anew    bool // until now nobody scheduled for the copy
}

// deliverRequest merges a REQUEST into the recipient's copy.
func (x *call) deliverRequest(m *Message, mine *ical.Component) Delivery {
	foreign := mine != nil && Organizer(mine) == ""
	r := &receiving{call: x, common: m.common, message: x.read(m.Calendar), refresh: m.Refresh}
	if mine == nil || foreign {
		d := r.create()
		if d.Outcome == Create && foreign {
			d.Outcome, d.Renamed = Replace, x.renamed(mine)
		}
		return d
	}
	r.before = x.read(mine, r.message)
	r.out = x.read(mine.Clone(), r.message)
	if r.anew = OrganizerAgent(mine) != AgentServer; r.anew {
		r.clear()
	}
	if r.message.parts[whole] != nil && !r.anew {
		r.takeWhole()
	} else {
		r.takeInstances()
	}
	return r.update()
}

// renamed returns an object under a new UID.
func (x *call) renamed(mine *ical.Component) *ical.Component {
	object := mine.Clone()
	for c := range scheduled(object) {
		sum := sha256.Sum256([]byte(c.Text("UID") + x.Now.String()))
		c.Set(ical.NewText("UID", c.Text("UID")+"-"+hex.EncodeToString(sum[:4])))
	}
	return object
}

// create makes the copy of one who has none. It is the same for all who have not
// answered.
func (r *receiving) create() Delivery {
	d := Delivery{Outcome: Ignore, Status: statusDelivered}
	if r.refresh {
		return d // he deleted it and does not want to know
	}
	common := r.common
	if !r.unanswered() {
		common = nil
	}
	if common != nil && common.copy != nil {
		return r.created(common.copy)
	}
	cal := r.message.cal.Clone()
	cal.Del("METHOD")
	r.before = r.read(nil)
	r.out = r.read(cal)
	shown := false
	for _, at := range slices.Clone(r.out.ids) {
		c := r.out.parts[at]
		if p := r.mine(c); partstat(p) == Declined {
			// What he declined and deleted he is not asked about again.
			if at != whole {
				r.out.remove(at)
				if r.out.occurs(at) {
					r.out.exclude(at, r.out.time(at))
				}
			}
			continue
		}
		shown = true
		dropProgress(c)
		r.followPartstat(c, nil)
	}
	if !shown {
		return d
	}
	if common != nil {
		common.copy = r.out.cal
	}
	return r.created(r.out.cal)
}

func (r *receiving) created(object *ical.Component) Delivery {
	return Delivery{
		Outcome: Create, Object: object, Item: &Changes{Stamp: r.Now, Action: ActionCreate}, Status: statusDelivered,
	}
}

// unanswered says whether the recipient has still to answer for all that the
// message is about.
func (r *receiving) unanswered() bool {
	for _, c := range r.message.parts {
		if p := r.mine(c); p == nil || partstat(p) != NeedsAction {
			return false
		}
	}
	return true
}

// late says whether a component of a message was overtaken by what the recipient
// has (RFC 5546 section 2.1.5). What was cancelled may begin again from any
// SEQUENCE, if that is newer.
func late(c, old *ical.Component) bool {
	if sequence(c) >= sequence(old) {
		return false
	}
	return !cancelled(old) || stampOf(c) <= stampOf(old)
}

// late is late, but that messages of an organizer whom this server serves do not
// overtake each other: what he took back within a second begins again.
func (r *receiving) late(c, old *ical.Component) bool {
	if cancelled(old) && stampOf(c) == stampOf(old) && r.user(Organizer(r.message.cal)) != nil {
		return false
	}
	return late(c, old)
}

// stampOf returns the DTSTAMP of a component, in Unix seconds.
func stampOf(c *ical.Component) int64 {
	t, err := c.Prop("DTSTAMP").Time()
	if err != nil {
		return 0
	}
	return t.Clock().Unix()
}

// takeWhole puts the organizer's view in the place of the copy.
func (r *receiving) takeWhole() {
	if r.late(r.message.parts[whole], r.before.parts[whole]) {
		return
	}
	own := r.before
	r.clear()
	r.takeZones()
	var hidden []id
	for _, at := range r.message.ids {
		c := r.merged(at)
		if r.hides(at, c) {
			hidden = append(hidden, at)
			continue
		}
		r.out.cal.AddChild(c)
	}
	r.out = r.read(r.out.cal, r.before, r.message)
	for _, at := range own.ids {
		if at != whole && r.message.parts[at] == nil {
			r.keepOwn(at)
		}
	}
	for _, at := range hidden {
		if r.out.valid(at) {
			r.out.exclude(at, r.out.time(at))
		}
	}
}

// clear empties the copy.
func (r *receiving) clear() {
	for _, at := range slices.Clone(r.out.ids) {
		r.out.remove(at)
	}
}

// hides says whether an instance, or the series, stays hidden that the recipient
// declined and removed from his copy.
func (r *receiving) hides(at id, c *ical.Component) bool {
	if p := r.mine(c); p == nil || partstat(p) != Declined || r.before.parts[at] != nil {
		return false
	}
	return r.before.parts[whole] == nil || r.before.exdate[at]
}

// keepOwn decides what becomes of an override of the copy that the organizer's
// view does not have.
func (r *receiving) keepOwn(at id) {
	old := r.before.parts[at]
	switch {
	case cancelled(old) && r.out.occurs(at) && r.out.exdate[at]:
		// He still has to see that it was cancelled.
		r.out.include(at)
		r.out.add(at, old.Clone())
	case cancelled(old) || !r.out.valid(at):
	default:
		c := r.out.derive(at)
		plain := c.String()
		r.keepPersonal(c, old)
		r.keepAnswer(c, old, r.before.when(old) != r.out.when(c))
		if r.followPartstat(c, old); c.String() != plain {
			r.out.add(at, c)
		}
	}
}

// takeInstances puts some instances into the copy.
func (r *receiving) takeInstances() {
	r.takeZones()
	for _, at := range r.message.ids {
		c := r.merged(at)
		if !r.anew && (late(c, r.before.parts[at]) || r.hides(at, c)) {
			continue
		}
		r.out.include(at)
		r.out.add(at, c)
	}
}

// takeZones gives the copy the time zones that the message has and it lacks.
func (r *receiving) takeZones() {
	var zones []*ical.Component
	for zone := range r.message.cal.Children("VTIMEZONE") {
		name := zone.Text("TZID")
		known := false
		for own := range r.out.cal.Children("VTIMEZONE") {
			known = known || own.Text("TZID") == name
		}
		if !known {
			zones = append(zones, zone.Clone())
		}
	}
	r.out.cal.Components = append(zones, r.out.cal.Components...)
}

// update finishes a merged copy.
func (r *receiving) update() Delivery {
	d := Delivery{Outcome: Ignore, Status: statusDelivered, KeepTag: r.refresh}
	if r.out.cal.String() == r.before.cal.String() {
		return d
	}
	if len(r.out.ids) == 0 {
		d.Outcome = Remove
		return d
	}
	d.Outcome, d.Object = Update, r.out.cal
	if !r.refresh {
		d.Item = &Changes{Stamp: r.Now, Action: ActionUpdate, Recurrences: r.recurrences()}
	}
	return d
}

// recurrences returns what the message changed.
func (r *receiving) recurrences() []Recurrence {
	var all []Recurrence
	for _, at := range r.message.ids {
		now := r.out.parts[at]
		if now == nil {
			continue
		}
		old := r.before.effective(at)
		names := r.changed(r.before, old, r.out, now)
		var list []ChangedProperty
		for _, name := range names {
			if name == ending {
				name = endName(now)
			}
			list = append(list, ChangedProperty{Name: name})
		}
		if old != nil && !slices.Contains(names, "ATTENDEE") && !sameAnswers(r.answers(old), r.answers(now)) {
			list = append(list, ChangedProperty{Name: "ATTENDEE", Params: []string{"PARTSTAT"}})
		}
		if len(list) > 0 {
			all = append(all, Recurrence{ID: r.out.touched([]id{at})[0], Changed: list})
		}
	}
	return all
}

func sameAnswers(a, b map[string]PartStat) bool {
	for who, answer := range b {
		if a[who] != answer {
			return false
		}
	}
	return len(a) == len(b)
}
