package schedule

import (
	"errors"
	"math"
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

// ErrSplit says that an object cannot be split there: it cannot be read, it does not recur, nothing of it is on one side,
// the time is of another form than its start, or the UID for the past is taken or no text.
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
// own beside it. The attendees' copies are parted likewise, with all that is theirs, and nobody is asked anew; who has
// none here, as he is invited by mail, is told of both.
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
	how := &cut{Split: at, set: uuid.NewString(), sequence: -1}
	if how.UID == "" {
		how.UID = uuid.NewString()
	}
	if role == itip.IsOrganizer {
		how.sequence = highestSequence(object) + 1
	}
	future, past, err := how.apart(object)
	if err == nil && role == itip.IsOrganizer {
		r.may = at.May
		r.entry.Deed, r.entry.Role = DeedSplit, roleOrganizer
		r.actedBy(at.Actor)
		future, past, err = r.partCopies(object, future, past, how)
	}
	if err != nil {
		return Parts{}, err
	}
	return r.storeParts(&whole, future, past)
}

// partCopies parts what the attendees have of an object, and tells those of both parts who have none here. It returns the
// parts, in which it is noted what became of that.
func (r *round) partCopies(object, future, past *ical.Component, how *cut) (*ical.Component, *ical.Component, error) {
	if err := r.maySend(itip.MethodRequest); err != nil {
		return nil, nil, err
	}
	if err := r.refreshToo(uidOf(object), how.UID); err != nil {
		return nil, nil, err
	}
	absent := map[string]bool{}
	for _, address := range itip.Attendees(object) {
		var err error
		if absent[address], err = r.partCopyOf(ByAddress(r.people, address), uidOf(object), how); err != nil {
			return nil, nil, err
		}
	}
	for _, part := range []**ical.Component{&future, &past} {
		r.copy, r.entry.Messages = *part, nil
		tell := itip.Announce(*part, func(address string) bool { return absent[address] }, r.context(r.owner))
		if _, err := r.sendNoting(tell...); err != nil {
			return nil, nil, err
		}
		*part = r.copy
		if err := r.record(uidOf(*part)); err != nil {
			return nil, nil, err
		}
	}
	return future, past, nil
}

// usableUID says whether a UID is text of no great length (RFC 5545 section 3.1 has no control characters in it).
func usableUID(uid string) bool {
	return len(uid) <= 255 && utf8.ValidString(uid) && !strings.ContainsFunc(uid, unicode.IsControl)
}

// partCopyOf parts what an attendee has. absent says that he has nothing here that could be parted, and is to be told.
func (r *round) partCopyOf(attendee *directory.Principal, uid string, how *cut) (absent bool, err error) {
	if attendee == nil {
		return true, nil
	}
	if attendee.Kind == directory.Group || isPrincipal(attendee, r.owner) {
		return false, nil
	}
	byMail := attendee.Kind == directory.Individual && r.Serves != nil && !r.Serves(attendee)
	home, err := r.tx.Home(ownerKey(attendee))
	if errors.Is(err, store.ErrNotFound) {
		return byMail, nil
	}
	if err != nil {
		return false, err
	}
	mine, err := r.find(home, uid)
	switch {
	case err != nil:
		return false, err
	case mine == nil:
		return byMail, nil
	case mine.object == nil:
		return true, nil
	case !isPrincipal(ByAddress(r.people, itip.Organizer(mine.object)), r.owner):
		return false, nil // somebody else's event, which happens to have the UID
	}
	own := *how
	future, past, err := own.apart(mine.object)
	if errors.Is(err, ErrSplit) {
		if ical.NewObject(mine.object, nil).Master() != nil {
			return false, nil // nothing of it is on one side
		}
		future, past = how.sides(mine.object)
	}
	_, err = r.storeParts(&mine.item, future, past)
	return false, err
}

// storeParts stores the two parts of an object. One of an attendee's may be nil: he is in none of its instances.
func (r *round) storeParts(item *store.Object, future, past *ical.Component) (p Parts, err error) {
	tag := func() string {
		if item.Organizer == "" {
			return ""
		}
		return newTag()
	}
	if future != nil {
		p.Future, _, err = r.tx.PutObject(item.CollectionID, stored(item.Name, future, tag()))
	} else {
		err = r.tx.DeleteObject(item.CollectionID, item.Name)
	}
	if err == nil && past != nil {
		p.Past, _, err = r.tx.PutObject(item.CollectionID, stored(ObjectName(uidOf(past)), past, tag()))
	}
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

	start  time.Time // of the first instance of the future
	goesOn bool      // the rule has instances from there on; else only additional dates are left
	before int       // instances of the rule that come before
}

// apart makes the two parts of an object. Neither shares anything with it.
func (how *cut) apart(object *ical.Component) (future, past *ical.Component, err error) {
	o := ical.NewObject(object, nil)
	master := o.Master()
	if master == nil || !o.Recurring() || !how.fits(master) || !partable(master) {
		return nil, nil, ErrSplit
	}
	if err := how.find(object, master, o.Zones()); err != nil {
		return nil, nil, err
	}
	future, past = how.sides(object)
	how.begin(ical.NewObject(future, nil).Master())
	how.end(ical.NewObject(past, nil).Master())
	for _, part := range []*ical.Component{future, past} {
		tidyDates(part)
	}
	return future, past, nil
}

// sides are the instances that are described apart on both sides, with the master if there is one; nil if there is none of
// these.
func (how *cut) sides(object *ical.Component) (future, past *ical.Component) {
	zones := ical.NewObject(object, nil).Zones()
	isPast := func(t ical.Time) bool { return zones.Time(t).Before(how.start) }
	future, past = object.Clone(), object.Clone()
	keepSide(future, func(t ical.Time) bool { return !isPast(t) })
	keepSide(past, isPast)
	for _, part := range []*ical.Component{future, past} {
		how.mark(part)
	}
	for _, c := range past.Components {
		if c.Name != "VTIMEZONE" {
			c.Prop("UID").SetText(how.UID)
		}
	}
	if uidOf(future) == "" {
		future = nil
	}
	if uidOf(past) == "" {
		past = nil
	}
	return future, past
}

// partable says whether there is one rule at most, and none that takes instances out: several count, and are aligned, from
// the one start, and would give other instances from another.
func partable(master *ical.Component) bool {
	rules := 0
	for range master.Props("RRULE") {
		rules++
	}
	return rules <= 1 && master.Prop("EXRULE") == nil
}

// fits says whether the time of the split has the form of the master's start.
func (how *cut) fits(master *ical.Component) bool {
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

// find finds the first instance at or after the split: that of the rule, and where it has none any more, that of the
// additional dates.
func (how *cut) find(object, master *ical.Component, zones *ical.Zones) error {
	alone := ical.NewCalendar("")
	for zone := range object.Children("VTIMEZONE") {
		alone.AddChild(zone)
	}
	rule := master.Clone()
	rule.DelFunc(func(p *ical.Property) bool { return p.Name() == "EXDATE" || p.Name() == "RDATE" })
	alone.AddChild(rule)
	at := zones.Time(how.At)
	how.before, how.goesOn = 0, false
	for i := range ical.NewObject(alone, nil).Instances(ical.Range{}) {
		if !i.Start.Before(at) {
			how.start, how.goesOn = i.Start, true
			break
		}
		if how.before++; how.before == math.MaxInt32 {
			break
		}
	}
	if how.before == 0 || !how.goesOn && !how.findDate(master, zones, at) {
		return ErrSplit
	}
	return nil
}

// findDate looks for the first additional date. One that has a length of its own begins no series.
func (how *cut) findDate(master *ical.Component, zones *ical.Zones, at time.Time) (found bool) {
	for p := range master.Props("RDATE") {
		dates, err := p.Periods()
		if err != nil {
			continue
		}
		for _, d := range dates {
			start := zones.Time(d.Start)
			if start.Before(at) || found && !start.Before(how.start) {
				continue
			}
			if hasLength(d) {
				return false
			}
			how.start, found = start, true
		}
	}
	if found {
		start, _ := master.Prop("DTSTART").Time() // it was read before
		how.start = how.start.In(zones.Time(start).Location())
	}
	return found
}

func hasLength(p ical.Period) bool { return !p.End.IsZero() || !p.Duration.IsZero() }

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
	dates, err := p.Periods()
	if err != nil {
		return true
	}
	var kept []string
	for _, d := range dates {
		switch {
		case !keep(d.Start):
		case hasLength(d):
			kept = append(kept, d.String())
		default:
			kept = append(kept, d.Start.String())
		}
	}
	if len(kept) < len(dates) {
		p.SetValue(strings.Join(kept, ","))
	}
	return len(kept) > 0
}

// tidyDates has no additional date say what DTSTART says, but where the series would be none any more without it, and has
// instances that are described apart.
func tidyDates(part *ical.Component) {
	o := ical.NewObject(part, nil)
	master := o.Master()
	start, _ := master.Prop("DTSTART").Time() // it was read before
	if master.Prop("RRULE") != nil {
		return
	}
	first := o.Zones().Time(start)
	master.DelFunc(func(p *ical.Property) bool {
		return p.Name() == "RDATE" && !keepDates(p, func(t ical.Time) bool { return !o.Zones().Time(t).Equal(first) })
	})
	if master.Prop("RDATE") == nil && len(o.Overrides()) > 0 {
		master.Add(start.Property("RDATE"))
	}
}

// begin has the master of the future start with its first instance, and count what is left.
func (how *cut) begin(master *ical.Component) {
	start := master.Prop("DTSTART")
	was, _ := start.Time() // it was read before
	now := like(was, how.start)
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
	if !how.goesOn {
		master.Del("RRULE")
	} else if rule, err := p.Rule(); err == nil && rule.Count > 0 {
		rule.Count -= how.before
		p.SetValue(rule.String())
	}
}

// end has the master of the past end before the first instance of the future (RFC 5545 section 3.3.10: UNTIL is a DATE or
// floating where DTSTART is, and in UTC otherwise).
func (how *cut) end(master *ical.Component) {
	if !how.goesOn {
		return // its rule ends by itself
	}
	start, _ := master.Prop("DTSTART").Time()
	last := how.start.Add(-time.Second)
	until := ical.UTCOf(last)
	switch start.Form() {
	case ical.Date:
		last = how.start.AddDate(0, 0, -1)
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
func (how *cut) mark(part *ical.Component) {
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
