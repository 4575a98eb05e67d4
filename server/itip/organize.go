package itip

import (
	"bytes"
	"slices"
	"strconv"

	"calport/server/ical"
)

// Organized is what comes of an organizer's write.
type Organized struct {
	Object   *ical.Component // to be stored
	Changed  bool            // Object is not what the client sent: no ETag
	Messages []Message       // in the order in which they are to be delivered
}

// recreated is added to the SEQUENCE of an event that comes with one: it had a
// life before, and its new one must outrun copies of that.
const recreated = 1000

// Organize carries out an organizer's write. Before is what was stored, nil if
// nothing was; after is what the client sends. An after without ORGANIZER takes
// the event back from all attendees.
//
// Whoever is sent a message has SCHEDULE-STATUS 1.2 in the object; the caller
// sets what else comes of it by [SetStatus].
//
// The error is an [ErrSameOrganizer], [ErrOrganizerChange],
// [ErrDuplicateComments] or [ErrTooMany].
func Organize(before, after *ical.Component, x Context) (Organized, error) {
	o := &organizing{call: newCall(x)}
	object := after.Clone()
	if before != nil {
		restoreCompleted(before, object)
	}
	if err := o.check(before, object); err != nil {
		return Organized{}, err
	}
	if organizer(object) == nil {
		return Organized{Object: object, Messages: CancelAll(before, x)}, nil
	}
	o.normalise(object)
	if Organizer(before) == "" {
		before = nil // what was there was nobody's meeting
		o.created = true
	}
	o.before = o.read(before)
	o.after = o.read(object, o.before)
	if err := o.expand(); err != nil {
		return Organized{}, err
	}
	if err := o.keepComments(); err != nil {
		return Organized{}, err
	}
	o.full = rescheduled(o.before, o.after)
	o.settle()
	o.keepOverrides()
	o.compare()
	o.cancel()
	o.request()
	o.number()
	return Organized{
		Object:   object,
		Changed:  !bytes.Equal(object.Bytes(), after.Bytes()),
		Messages: append(o.cancels.build(), o.requests.build()...),
	}, nil
}

// organizing is an organizer's write under way.
type organizing struct {
	*call
	before, after *series
	created       bool // there was no meeting before
	full          bool // the series was rescheduled as a whole

	levels map[id]level            // how each instance changed
	resets map[*ical.Property]bool // lines of attendees who have to answer anew
	again  map[string][]id         // who was asked again by hand, for what

	cancels, requests outgoing
	answering         []string // all attendees, as they are now
}

// check looks whether the organizer may change the object so.
func (o *organizing) check(before, after *ical.Component) error {
	if err := o.oneOrganizer(after); err != nil {
		return err
	}
	was, is := Organizer(before), Organizer(after)
	switch {
	case was != "" && !o.me(was):
		return broken(ErrOrganizerChange, "the event is that of %s", was)
	case is != "" && !o.me(is):
		// RFC 6638 section 3.2.4.3
		return broken(ErrOrganizerChange, "the owner of the calendar is not %s", is)
	}
	return nil
}

// keepComments puts back the attendees' private comments where the client left
// them all out: it is one that does not know them.
func (o *organizing) keepComments() error {
	for _, at := range o.after.ids {
		c := o.after.parts[at]
		seen := map[string]bool{}
		for p := range c.Props(propAttendeeNote) {
			k := o.key(p.Param(paramAttendeeRef))
			if seen[k] {
				return broken(ErrDuplicateComments, "of %s", p.Param(paramAttendeeRef))
			}
			seen[k] = true
		}
		if old := o.before.parts[at]; old != nil && len(seen) == 0 {
			replace(c, old, propAttendeeNote)
		}
	}
	return nil
}

// settle decides what the PARTSTAT of each attendee is: the client has no say
// in it but to ask again.
func (o *organizing) settle() {
	o.resets, o.again = map[*ical.Property]bool{}, map[string][]id{}
	for _, at := range o.after.ids {
		c := o.after.parts[at]
		old := o.before.effective(at)
		if o.full && old == nil {
			old = o.before.parts[whole]
		}
		moved := old != nil && (o.full || o.before.when(old) != o.after.when(c))
		o.followCompleted(old, c)
		if p := c.Prop("ORGANIZER"); p != nil {
			p.DelParam("SCHEDULE-AGENT")
			p.DelParam("SCHEDULE-STATUS")
		}
		for p := range c.Props("ATTENDEE") {
			if o.me(p.Value()) || agent(p) != AgentServer || isGroup(p) {
				continue
			}
			o.settleAttendee(at, p, o.invited(old, p.Value()), moved)
		}
	}
}

// settleAttendee decides for one line; was is the line as it was, nil if the
// attendee is new in the instance.
func (o *organizing) settleAttendee(at id, p, was *ical.Property, moved bool) {
	if was == nil {
		p.DelParam(paramReset)
		setPartstat(p, NeedsAction)
		return
	}
	if o.Stale {
		setParam(p, "SCHEDULE-STATUS", was.Param("SCHEDULE-STATUS"))
		setParam(p, "RSVP", was.Param("RSVP"))
	}
	setParam(p, paramReset, was.Param(paramReset))
	again := partstat(p) == NeedsAction && partstat(was) != NeedsAction && (!o.Stale || forced(p, MethodRequest))
	switch {
	case moved:
		setPartstat(p, NeedsAction)
		o.resets[p] = true
	case again:
		setPartstat(p, NeedsAction)
		o.resets[p] = true
		k := o.key(p.Value())
		o.again[k] = append(o.again[k], at)
	default:
		setPartstat(p, partstat(was))
	}
}

// keepOverrides puts back overrides that the client left out without excluding
// their instances, where attendees answered otherwise for them than for the
// series.
func (o *organizing) keepOverrides() {
	if o.full {
		return
	}
	for _, at := range slices.Clone(o.before.ids) {
		if at == whole || o.after.parts[at] != nil || !o.after.valid(at) {
			continue
		}
		old := o.before.parts[at]
		c := o.after.derive(at)
		moved := o.before.when(old) != o.after.when(c)
		keep := false
		for p := range c.Props("ATTENDEE") {
			was := o.invited(old, p.Value())
			if o.me(p.Value()) || agent(p) != AgentServer || was == nil {
				continue
			}
			answer := partstat(was)
			if moved {
				answer = NeedsAction
			}
			if answer == partstat(p) {
				continue
			}
			keep = true
			setPartstat(p, answer)
			if answer != NeedsAction {
				p.DelParam("RSVP")
			}
			if moved {
				o.resets[p] = true
			}
		}
		if keep {
			o.after.add(at, c)
		}
	}
}

// number raises the SEQUENCE of what changed, and says so in the messages.
func (o *organizing) number() {
	was, is := o.before.highest(), o.after.highest()
	next := is
	switch {
	case o.created && is > 0:
		next = is + recreated
	case o.created:
	case o.significant():
		next = max(is, was+1) // RFC 5546 section 2.1.4
	default:
		next = -1
	}
	for _, at := range o.after.ids {
		c := o.after.parts[at]
		switch {
		case next >= 0:
			setSequence(c, next)
		case sequence(c) < sequence(o.before.effective(at)):
			setSequence(c, sequence(o.before.effective(at)))
		}
	}
	for p := range o.resets {
		setParam(p, paramReset, strconv.Itoa(o.after.highest()))
	}
}

// significant says whether attendees have to be told of a new version.
func (o *organizing) significant() bool {
	if len(o.resets) > 0 || len(o.cancels.list) > 0 {
		return true
	}
	for _, l := range o.levels {
		if l >= onlyStatus {
			return true
		}
	}
	return false
}
