package itip

import (
	"bytes"
	"strings"

	"calport/server/ical"
)

// Attended is what comes of an attendee's write.
type Attended struct {
	// Object is to be stored; nil stores nothing, and the client is told that
	// all is well.
	Object  *ical.Component
	Changed bool     // Object is not what the client sent: no ETag
	Reply   *Message // nil if there is nothing to tell the organizer
}

// Attend carries out an attendee's write of a scheduling object that he has:
// it takes the server's copy and lifts from the client's what an attendee may
// change (RFC 6638 section 3.2.2.1). All else is silently undone.
//
// An instance that the client excludes or leaves out is declined. The copy
// hides it by an EXDATE of its own, which is what the client sent and wants to
// read; a REQUEST that asks anew brings it back.
//
// Where the server does not schedule for the copy ([OrganizerAgent]), the
// client's data is stored as it is. To let the server schedule from now on,
// call [AttendNew].
//
// The error is an [ErrSameOrganizer] or [ErrAttendeeChange].
func Attend(server, client *ical.Component, x Context) (Attended, error) {
	a := &attending{call: newCall(x)}
	object := client.Clone()
	restoreCompleted(server, object)
	if err := a.check(server, object); err != nil {
		return Attended{}, err
	}
	if OrganizerAgent(server) != AgentServer {
		a.normalise(object)
		return attended(object, client, nil), nil
	}
	a.merge(server, object)
	return attended(a.out.cal, client, a.reply()), nil
}

func attended(object, client *ical.Component, reply *Message) Attended {
	if reply != nil {
		SetStatus(object, Organizer(object), statusDelivered)
	}
	if same(object, client) {
		object = client.Clone()
	}
	return Attended{Object: object, Changed: !bytes.Equal(object.Bytes(), client.Bytes()), Reply: reply}
}

// AttendNew carries out an attendee's write of a scheduling object that he does
// not have, or that the server did not schedule for. Organizers is the
// organizer's copy if this server has one; organizerHere says whether it serves
// the organizer at all.
//
// The error is an [ErrSameOrganizer], or an [ErrAttendeeAllowed] if the
// organizer's copy does not invite the owner.
func AttendNew(client, organizers *ical.Component, organizerHere bool, x Context) (Attended, error) {
	a := &attending{call: newCall(x)}
	object := client.Clone()
	if err := a.oneOrganizer(object); err != nil {
		return Attended{}, err
	}
	a.normalise(object)
	switch {
	case OrganizerAgent(object) != AgentServer:
		return attended(object, client, nil), nil
	case organizerHere && organizers == nil:
		return a.imported(object, client)
	case organizerHere:
		return a.restored(object, client, organizers)
	}
	// The organizer is elsewhere: he hears of answers by mail.
	a.out = a.read(object)
	a.before = a.read(nil)
	return attended(object, client, a.reply()), nil
}

// imported stores an event of which its organizer, served here, knows nothing.
func (a *attending) imported(object, client *ical.Component) (Attended, error) {
	live := false
	for c := range scheduled(object) {
		live = live || !cancelled(c)
	}
	if !live {
		return Attended{}, nil
	}
	if _, asked := organizer(object).LookupParam("SCHEDULE-AGENT"); asked {
		return Attended{}, broken(ErrAttendeeAllowed, "%s has no such event", Organizer(object))
	}
	for c := range scheduled(object) {
		setParam(c.Prop("ORGANIZER"), "SCHEDULE-AGENT", string(AgentNone))
	}
	return attended(object, client, nil), nil
}

// restored gives an attendee his copy back and merges what he sends into it.
func (a *attending) restored(object, client, organizers *ical.Component) (Attended, error) {
	source := a.read(organizers)
	me := ""
	for _, who := range Attendees(organizers) {
		if a.me(who) {
			me = who
			break
		}
	}
	sees := a.seenBy(source, me)
	if len(sees) == 0 || !a.same(Organizer(object), Organizer(organizers)) {
		return Attended{}, broken(ErrAttendeeAllowed, "%s does not invite the owner of the calendar", Organizer(organizers))
	}
	copied := a.view(source, sees, me)
	copied.Del("METHOD")
	a.restores = true
	a.merge(copied, object)
	return attended(a.out.cal, client, a.reply()), nil
}

// AttendMissing returns the object of which its owner is neither organizer nor
// attendee, as it is stored: nobody schedules for it.
func AttendMissing(client *ical.Component, x Context) Attended {
	c := newCall(x)
	object := client.Clone()
	c.normalise(object)
	for comp := range scheduled(object) {
		if p := comp.Prop("ORGANIZER"); p != nil {
			setParam(p, "SCHEDULE-AGENT", string(AgentNone))
			setParam(p, "SCHEDULE-STATUS", "5.3")
		}
	}
	return attended(object, client, nil)
}

// attending is an attendee's write under way.
type attending struct {
	*call
	before *series // the server's copy as it was
	client *series
	out    *series // what will be stored
	// restores says that before is as the organizer has it: what the client
	// leaves out is not declined.
	restores bool

	hidden   []id // instances that are declined and no longer shown
	declined map[id]*ical.Component
	forced   []id // instances for which the client wants a reply in any case
}

// check looks whether an attendee may change the ORGANIZER so.
func (a *attending) check(server, client *ical.Component) error {
	if err := a.oneOrganizer(client); err != nil {
		return err
	}
	was, is := organizer(server), organizer(client)
	switch {
	case is == nil: // left out, and put back
		return nil
	case !a.same(was.Value(), is.Value()):
		return broken(ErrAttendeeChange, "the event is that of %s", was.Value())
	case agent(was) != agent(is):
		// RFC 6638 section 7.1
		return broken(ErrAttendeeChange, "the SCHEDULE-AGENT of the organizer is %s", agent(was))
	}
	return nil
}

// DeclineAll returns the reply that tells the organizer that an attendee
// deleted his copy, or nil if the organizer need not be told: the event was
// cancelled or declined already. The caller respects Schedule-Reply: F.
func DeclineAll(before *ical.Component, x Context) *Message {
	if OrganizerAgent(before) != AgentServer {
		return nil
	}
	a := &attending{call: newCall(x)}
	a.before = a.read(before)
	a.out = a.read(before.Clone())
	var ids []id
	for _, at := range a.out.ids {
		c := a.out.parts[at]
		p := a.mine(c)
		if p == nil || cancelled(c) || partstat(p) == Declined {
			continue
		}
		ids = append(ids, at)
		setParam(p, "PARTSTAT", string(Declined))
		p.DelParam("RSVP")
	}
	if len(ids) == 0 {
		return nil
	}
	return a.replyMessage(a.withOverrides(ids))
}

// personal are the properties that every attendee has for himself: he may
// change them, and they outlast what the organizer sends.
var personal = []string{
	"TRANSP", "COMPLETED", "PERCENT-COMPLETE", "CATEGORIES", "COLOR", propComment,
	"X-APPLE-NEEDS-REPLY", "X-APPLE-TRAVEL-DURATION", "X-APPLE-TRAVEL-START",
	"X-APPLE-TRAVEL-RETURN", "X-APPLE-TRAVEL-RETURN-DURATION",
}

// stamps are the properties that say which version of the copy it is.
var stamps = []string{"DTSTAMP", "LAST-MODIFIED", "CREATED"}

// lift takes from the client's component what an attendee may change.
func (a *attending) lift(at id, into, from *ical.Component) {
	for _, name := range personal {
		replace(into, from, name)
	}
	for _, name := range stamps {
		if from.Prop(name) != nil {
			replace(into, from, name)
		}
	}
	replaceAlarms(into, from)
	old := into.Clone()
	p, q := a.mine(into), a.mine(from)
	if p == nil || q == nil {
		a.followCompleted(a.before.effective(at), into)
		return
	}
	if forced(q, MethodReply) {
		a.forced = append(a.forced, at)
	}
	setParam(p, "RSVP", q.Param("RSVP"))
	setParam(p, "PARTSTAT", q.Param("PARTSTAT"))
	a.followCompleted(a.before.effective(at), into)
	if partstat(p) != partstat(a.mine(old)) {
		setParam(p, paramAnswered, a.stamp())
		p.DelParam(paramAuto)
		a.followAnswer(a.before.effective(at), into)
	}
}

// followAnswer has an event take the time of one who comes, where his client left
// the TRANSP that the server gave it while he had not answered: most leave it, and
// iOS 8 wrote it back. Events of whole days rarely take time; there it stays.
func (a *attending) followAnswer(old, c *ical.Component) {
	answer := partstat(a.mine(c))
	if c.Name != "VEVENT" || old == nil || partstat(a.mine(old)) != NeedsAction || answer != Accepted && answer != Tentative {
		return
	}
	if start := startOf(c); !start.IsDate() && transparent(old) && transparent(c) {
		c.Set(ical.NewProperty("TRANSP", "OPAQUE"))
	}
}

func transparent(c *ical.Component) bool { return strings.EqualFold(c.Value("TRANSP"), "TRANSPARENT") }

// replace gives a component the properties of that name that another has.
func replace(into, from *ical.Component, name string) {
	if texts(into, name) == texts(from, name) {
		return
	}
	into.Del(name)
	for p := range from.Props(name) {
		into.Add(p.Clone())
	}
}

// texts returns the properties of that name as they are meant, unfolded.
func texts(c *ical.Component, name string) string {
	var b strings.Builder
	for p := range c.Props(name) {
		b.WriteString(canonicalText(p) + "\x03")
	}
	return b.String()
}

// replaceAlarms gives a component the alarms that another has.
func replaceAlarms(into, from *ical.Component) {
	alarms := func(c *ical.Component) string {
		var b strings.Builder
		for s := range c.Children("VALARM") {
			b.WriteString(s.String())
		}
		return b.String()
	}
	if alarms(into) == alarms(from) {
		return
	}
	into.DelChildren(func(s *ical.Component) bool { return s.Name == "VALARM" })
	for s := range from.Children("VALARM") {
		into.AddChild(s.Clone())
	}
}
