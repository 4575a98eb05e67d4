package schedule

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// ErrSplit says that an object cannot be split there: it cannot be read, it does not recur, nothing of it is on one side, the time is of
// another form than its start, or the UID for the past is taken or no text.
var ErrSplit = errors.New("schedule: cannot be split there")

// relatedSet is the RELTYPE that ties the parts of what was one series together (Apple's caldav-recursplit).
const relatedSet = "X-CALENDARSERVER-RECURRENCE-SET"

// Split says where a series is to be parted.
type Split struct {
	At  ical.Time // the first instance at or after it begins the future; in UTC where the start has a zone
	UID string    // of the past; "" makes one
	May May       // an organizer's split is one of his messages, of REQUEST

	Actor *directory.Principal // who splits; nil is the owner
}

// Parts are the two objects that a series became.
type Parts struct{ Future, Past store.Object }

// Split parts a series of owner in two: the future stays where it is and keeps its UID, the past becomes an object of its
// own beside it. The attendees' copies are parted likewise, with all that is theirs, and nobody is asked anew.
//
// The error is ErrSplit, a *store.UIDConflictError, May's or the store's.
func (s *Scheduler) Split(tx *store.Tx, owner *directory.Principal, item *store.Object, at Split) (Parts, error) {
	whole, err := tx.Object(item.CollectionID, item.Name, store.Whole)
	if err != nil {
		return Parts{}, err
	}
	object, err := ical.Parse(whole.Data)
	if err != nil {
		return Parts{}, ErrSplit // damaged
	}
	r := s.begin(tx, owner)
	role := itip.Classify(object, r.context(owner).Me)
	if role == itip.IsAttendee || at.UID == whole.UID || !usableUID(at.UID) {
		return Parts{}, ErrSplit
	}
	how := cut{Split: at, set: uuid.NewString(), sequence: -1}
	if how.UID == "" {
		how.UID = uuid.NewString()
	}
	if role == itip.IsOrganizer {
		r.may = at.May
		if err := r.maySend(itip.MethodRequest); err != nil {
			return Parts{}, err
		}
		how.sequence = highestSequence(object) + 1
	}
	parts, err := r.part(&whole, object, how)
	if err != nil || role != itip.IsOrganizer {
		return parts, err
	}
	r.entry.Deed, r.entry.Role = DeedSplit, roleOrganizer
	r.actedBy(at.Actor)
	for _, uid := range []string{whole.UID, how.UID} {
		if err := r.record(uid); err != nil {
			return Parts{}, err
		}
	}
	for _, address := range itip.Attendees(object) {
		if err := r.partCopyOf(ByAddress(r.people, address), whole.UID, how); err != nil {
			return Parts{}, err
		}
	}
	return parts, nil
}

// usableUID says whether a UID is text of no great length (RFC 5545 section 3.1 has no control characters in it).
func usableUID(uid string) bool {
	return len(uid) <= 255 && utf8.ValidString(uid) && !strings.ContainsFunc(uid, unicode.IsControl)
}

// partCopyOf parts what an attendee has.
func (r *round) partCopyOf(attendee *directory.Principal, uid string, how cut) error {
	if attendee == nil || attendee.Kind == directory.Group || isPrincipal(attendee, r.owner) {
		return nil
	}
	home, err := r.tx.Home(ownerKey(attendee))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	mine, err := r.find(home, uid)
	if err != nil || mine == nil {
		return err
	}
	if !isPrincipal(ByAddress(r.people, itip.Organizer(mine.object)), r.owner) {
		return nil // somebody else's event, which happens to have the UID
	}
	_, err = r.part(&mine.item, mine.object, how)
	if errors.Is(err, ErrSplit) {
		return nil // he has instances on one side only: they stay as they are
	}
	return err
}

// part stores the two parts of an object.
func (r *round) part(item *store.Object, object *ical.Component, how cut) (p Parts, err error) {
	future, past, err := how.apart(object)
	if err != nil {
		return Parts{}, err
	}
	tag := func() string {
		if item.Organizer == "" {
			return ""
		}
		return newTag()
	}
	if p.Future, _, err = r.tx.PutObject(item.CollectionID, stored(item.Name, future, tag())); err != nil {
		return Parts{}, err
	}
	p.Past, _, err = r.tx.PutObject(item.CollectionID, stored(ObjectName(how.UID), past, tag()))
	return p, err
}

func highestSequence(object *ical.Component) int {
	highest := 0
	for _, c := range object.Components {
		if n, err := c.Prop("SEQUENCE").Int(); err == nil {
			highest = max(highest, n)
		}
	}
	return highest
}

// cut is a split with all that is decided about it.
type cut struct {
	Split
	set      string // names what the parts have been
	sequence int    // of both parts; -1 leaves it
}

// apart makes the two parts of an object. Neither shares anything with it.
func (how cut) apart(object *ical.Component) (future, past *ical.Component, err error) {
	o := ical.NewObject(object, nil)
	master := o.Master()
	if master == nil || master.Prop("RRULE") == nil || !how.fits(master) {
		return nil, nil, ErrSplit
	}
	first, before, err := how.first(object, master, o.Zones())
	if err != nil {
		return nil, nil, err
	}
	isPast := func(t ical.Time) bool { return o.Zones().Time(t).Before(first) }
	future, past = object.Clone(), object.Clone()
	keepSide(future, func(t ical.Time) bool { return !isPast(t) })
	keepSide(past, isPast)
	how.moveStart(ical.NewObject(future, nil).Master(), first, before)
	endBefore(ical.NewObject(past, nil).Master(), first)
	for _, part := range []*ical.Component{future, past} {
		how.mark(part)
	}
	for _, c := range past.Components {
		if c.Name != "VTIMEZONE" {
			c.Prop("UID").SetText(how.UID)
		}
	}
	return future, past, nil
}

// fits says whether the time of the split has the form of the master's start.
func (how cut) fits(master *ical.Component) bool {
	start, err := master.Prop("DTSTART").Time()
	if err != nil {
		return false
	}
	form := start.Form()
	if form == ical.Zoned {
		form = ical.UTC
	}
	return how.At.Form() == form
}

// first finds the first instance of the rule at or after the split, and counts those before.
func (how cut) first(object, master *ical.Component, zones *ical.Zones) (first time.Time, before int, err error) {
	alone := ical.NewCalendar("")
	for zone := range object.Children("VTIMEZONE") {
		alone.AddChild(zone)
	}
	rule := master.Clone()
	rule.DelFunc(func(p *ical.Property) bool { return p.Name() == "EXDATE" || p.Name() == "RDATE" })
	alone.AddChild(rule)
	at := zones.Time(how.At)
	for i := range ical.NewObject(alone, nil).Instances(ical.Range{}) {
		if !i.Start.Before(at) {
			if before == 0 {
				return first, 0, ErrSplit
			}
			return i.Start, before, nil
		}
		if before++; before == math.MaxInt32 {
			break
		}
	}
	return first, before, ErrSplit
}

// keepSide drops the overrides and dates of the other side.
func keepSide(part *ical.Component, keep func(ical.Time) bool) {
	part.DelChildren(func(c *ical.Component) bool {
		id, err := c.Prop("RECURRENCE-ID").Time()
		return err == nil && c.Name != "VTIMEZONE" && !keep(id)
	})
	for _, c := range part.Components {
		c.DelFunc(func(p *ical.Property) bool {
			return (p.Name() == "EXDATE" || p.Name() == "RDATE") && !keepDates(p, keep)
		})
	}
}

// keepDates drops the dates of the other side from an EXDATE or RDATE, and says whether any is left.
func keepDates(p *ical.Property, keep func(ical.Time) bool) bool {
	times, err := p.Times()
	if err != nil || p.Param("VALUE") == "PERIOD" {
		return true
	}
	kept := slices.DeleteFunc(slices.Clone(times), func(t ical.Time) bool { return !keep(t) })
	if len(kept) == len(times) {
		return true
	}
	text := ""
	for i, t := range kept {
		if i > 0 {
			text += ","
		}
		text += t.String()
	}
	p.SetValue(text)
	return len(kept) > 0
}

// moveStart has the master of the future start with its first instance, and count what is left.
func (how cut) moveStart(master *ical.Component, first time.Time, before int) {
	start := master.Prop("DTSTART")
	was, _ := start.Time() // it was read before
	now := like(was, first)
	shift := now.Clock().Sub(was.Clock())
	start.SetValue(now.String())
	for _, name := range []string{"DTEND", "DUE"} {
		if end := master.Prop(name); end != nil {
			if t, err := end.Time(); err == nil {
				end.SetValue(shifted(t, shift).String())
			}
		}
	}
	p := master.Prop("RRULE")
	if rule, err := p.Rule(); err == nil && rule.Count > 0 {
		rule.Count -= before
		p.SetValue(rule.String())
	}
}

// endBefore has the master of the past end before the first instance of the future (RFC 5545 section 3.3.10: UNTIL is a
// DATE or floating where DTSTART is, and in UTC otherwise).
func endBefore(master *ical.Component, first time.Time) {
	start, _ := master.Prop("DTSTART").Time()
	last := first.Add(-time.Second)
	until := ical.UTCOf(last)
	switch start.Form() {
	case ical.Date:
		last = first.AddDate(0, 0, -1)
		until = ical.DateOf(last.Year(), last.Month(), last.Day())
	case ical.Floating:
		until = ical.FloatingOf(last)
	}
	for p := range master.Props("RRULE") {
		if rule, err := p.Rule(); err == nil {
			rule.Count, rule.Until = 0, until
			p.SetValue(rule.String())
		}
	}
}

// like is the instant in the form of a time.
func like(form ical.Time, t time.Time) ical.Time {
	switch form.Form() {
	case ical.Date:
		return ical.DateOf(t.Year(), t.Month(), t.Day())
	case ical.Floating:
		return ical.FloatingOf(t)
	case ical.Zoned:
		return ical.ZonedOf(t, form.TZID())
	}
	return ical.UTCOf(t)
}

// shifted moves a time on its own clock.
func shifted(t ical.Time, by time.Duration) ical.Time { return like(t, t.Clock().Add(by)) }

// mark ties the parts together and gives them their SEQUENCE.
func (how cut) mark(part *ical.Component) {
	for _, c := range part.Components {
		if c.Name == "VTIMEZONE" {
			continue
		}
		if how.sequence >= 0 {
			c.Set(ical.NewProperty("SEQUENCE", strconv.Itoa(how.sequence)))
		}
		related := false
		for p := range c.Props("RELATED-TO") {
			related = related || p.Param("RELTYPE") == relatedSet
		}
		if !related { // what is split again stays tied to all of its parts
			p := ical.NewText("RELATED-TO", how.set)
			p.SetParam("RELTYPE", relatedSet)
			c.Add(p)
		}
	}
}
