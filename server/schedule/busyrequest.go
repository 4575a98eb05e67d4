package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"calport/directory"
	"calport/server/dav"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// RequestError says which precondition of RFC 6638 section 5.2, or of the draft before it that Apple's clients know, a
// message in the outbox fails.
type RequestError struct {
	Condition dav.Name
	Msg       string
}

func (e *RequestError) Error() string { return e.Condition.Local + ": " + e.Msg }

func refuse(condition dav.Name, format string, args ...any) error {
	return &RequestError{condition, fmt.Sprintf(format, args...)}
}

// Conditions of the draft that RFC 6638 does not name any more.
var (
	recipientSpecified = dav.Name{Space: dav.CalDAV, Local: "recipient-specified"}
	// caldav-privateevents section 4.2.7
	noAccessRestrictions = dav.Name{Space: dav.CalendarServer, Local: "no-access-restrictions"}
	RecipientExists      = dav.Name{Space: dav.CalDAV, Local: "recipient-exists"}
)

// maxBusySpan is the longest time that one request may ask about.
const maxBusySpan = 366 * 24 * time.Hour

// OutboxRequest is a message that was put into an outbox.
type OutboxRequest struct {
	Method     itip.Method
	Component  *ical.Component      // the first, which says who and when
	Recipients []*ical.Property     // its ATTENDEEs, in their order
	Owner      *directory.Principal // whose outbox it is
	Range      ical.Range           // of a VFREEBUSY

	// Detailed, if it is not nil, says whose events the owner may see one by one, where the request asks for it.
	Detailed func(*directory.Principal) bool

	// Visible, if it is not nil, says whose time the owner may ask for; others are unknown to him.
	Visible func(*directory.Principal) bool

	// Objects, which may be nil, has objects read before, by ETag.
	Objects *ical.Cache
}

// ReadOutboxRequest judges a message in the outbox of owner. The error is a *RequestError.
func ReadOutboxRequest(people *directory.Snapshot, owner *directory.Principal, message *ical.Component) (*OutboxRequest, error) {
	method := itip.Method(strings.ToUpper(message.Value("METHOD")))
	if method != itip.MethodRequest && method != itip.MethodReply {
		return nil, refuse(dav.ValidCalendarData, "METHOD is %q, not REQUEST or REPLY", method)
	}
	if message.Prop("X-CALENDARSERVER-ACCESS") != nil {
		return nil, refuse(noAccessRestrictions, "a message has no access restrictions")
	}
	checked := message.Clone()
	checked.Del("METHOD") // of which RFC 4791 section 4.1 would have nothing
	if err := ical.Check(checked); err != nil {
		return nil, refuse(dav.ValidCalendarData, "%v", err)
	}
	r := &OutboxRequest{Method: method, Owner: owner}
	for _, c := range checked.Components {
		switch {
		case c.Name == "VTIMEZONE":
		case r.Component == nil:
			r.Component = c
		case c.Name == "VFREEBUSY":
			return nil, refuse(dav.ValidCalendarData, "more than one VFREEBUSY")
		}
	}
	if r.Component == nil {
		return nil, refuse(dav.ValidCalendarData, "there is no component")
	}
	for p := range r.Component.Props("ATTENDEE") {
		r.Recipients = append(r.Recipients, p)
	}
	if err := r.checkParties(people); err != nil {
		return nil, err
	}
	if !r.AsksBusy() {
		return r, nil
	}
	return r, r.readRange(checked)
}

// AsksBusy says whether the message is a request for free and busy time. It is all that RFC 6638 section 5 has the outbox
// for: what else there is to send, a PUT sends.
func (r *OutboxRequest) AsksBusy() bool {
	return r.Method == itip.MethodRequest && r.Component.Name == "VFREEBUSY"
}

// checkParties: an organizer asks, an attendee answers, and either is the one whose outbox it is.
func (r *OutboxRequest) checkParties(people *directory.Snapshot) error {
	if r.Method == itip.MethodReply {
		switch {
		case len(r.Recipients) != 1:
			return refuse(dav.ValidCalendarData, "a REPLY has one ATTENDEE, not %d", len(r.Recipients))
		case !isPrincipal(ByAddress(people, r.Recipients[0].Value()), r.Owner):
			return refuse(dav.AttendeeAllowed, "%s is not the owner of this outbox", r.Recipients[0].Value())
		}
		return nil
	}
	organizer := r.Component.Value("ORGANIZER")
	switch {
	case !isPrincipal(ByAddress(people, organizer), r.Owner):
		return refuse(dav.OrganizerAllowed, "%q is not the owner of this outbox", organizer)
	case len(r.Recipients) == 0:
		return refuse(recipientSpecified, "there is no ATTENDEE")
	}
	return nil
}

func (r *OutboxRequest) readRange(message *ical.Component) error {
	zones := ical.NewZones(message, nil)
	start, err := r.Component.Prop("DTSTART").Time()
	if err != nil {
		return refuse(dav.ValidSchedulingMessage, "DTSTART: %v", err)
	}
	end, err := r.Component.Prop("DTEND").Time()
	if err != nil {
		return refuse(dav.ValidSchedulingMessage, "DTEND: %v", err)
	}
	r.Range = ical.Range{Start: zones.Time(start).UTC(), End: zones.Time(end).UTC()}
	switch length := r.Range.End.Sub(r.Range.Start); {
	case length <= 0:
		return refuse(dav.ValidSchedulingMessage, "DTEND is not after DTSTART")
	case length > maxBusySpan:
		return refuse(dav.ValidSchedulingMessage, "more than a year is asked about")
	}
	return nil
}

// Answer is what the outbox says of one recipient: one row of CALDAV:schedule-response (RFC 6638 section 10.2).
type Answer struct {
	Recipient string          // as the client wrote it
	Status    string          // REQUEST-STATUS (RFC 5546 section 3.6)
	Condition dav.Name        // what DAV:error contains; zero for none
	Calendar  *ical.Component // nil if the status says why there is none
}

// The REQUEST-STATUS values of answers.
const (
	statusSuccess     = "2.0;Success"
	statusUnknownUser = "3.7;Invalid Calendar User"
	statusUnsupported = "3.14;Unsupported capability"
	statusUnavailable = "5.1;Service unavailable"
)

// Answers answers a request, recipient by recipient; more than limit are told that they are too many. The time is now.
func (r *OutboxRequest) Answers(tx *store.Tx, people *directory.Snapshot, limit int, now time.Time) ([]Answer, error) {
	all := make([]Answer, len(r.Recipients))
	for i, attendee := range r.Recipients {
		all[i] = Answer{Recipient: attendee.Value()}
		if i >= limit {
			all[i].Status = statusUnavailable
			continue
		}
		if err := r.answer(tx, people, attendee, now, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (r *OutboxRequest) answer(tx *store.Tx, people *directory.Snapshot, attendee *ical.Property, now time.Time, a *Answer) error {
	whose := ByAddress(people, attendee.Value())
	switch {
	case !r.AsksBusy():
		a.Status = statusUnsupported
		return nil
	case whose == nil, r.Visible != nil && !r.Visible(whose):
		a.Status, a.Condition = statusUnknownUser, RecipientExists
		return nil
	case whose.Kind == directory.Group:
		a.Status = statusUnsupported
		return nil
	}
	q := BusyQuery{
		Range: r.Range, Asker: r.Owner, MaskUID: r.Component.Text("X-CALENDARSERVER-MASK-UID"),
		Objects: r.Objects,
	}
	var events []*ical.Component
	if r.wantsDetails() && r.Detailed != nil && r.Detailed(whose) {
		q.Detail = func(event *ical.Component) {
			if len(events) < maxDetails {
				events = append(events, event)
			}
		}
	}
	busy, err := Busy(tx, people, whose, q)
	switch {
	case errors.Is(err, ErrTooBusy):
		a.Status = statusUnavailable
		return nil
	case err != nil:
		return err
	}
	a.Status, a.Calendar = statusSuccess, r.reply(attendee, busy, events, now)
	return nil
}

// reply is the VFREEBUSY of one recipient (RFC 5546 section 3.3.3), and before it the events that the asker may see.
func (r *OutboxRequest) reply(attendee *ical.Property, busy []ical.BusyPeriod, events []*ical.Component, now time.Time) *ical.Component {
	fb := BusyComponent(r.Component.Text("UID"), r.Range, busy, now)
	if organizer := r.Component.Prop("ORGANIZER"); organizer != nil {
		fb.Add(organizer)
	}
	fb.Add(attendee)
	calendar := ical.NewCalendar(ProdID)
	calendar.Add(ical.NewProperty("METHOD", string(itip.MethodReply)))
	calendar.AddChild(events...)
	calendar.AddChild(fb)
	return calendar
}

// ProdID is what iCalendar data made here says of its maker.
const ProdID = "-//calport//calport//EN"

// periodOf writes events by their length, and the time beside working hours, which ends when they begin, by its end, as
// Apple's server does; RFC 5545 section 3.3.9 has both.
func periodOf(p ical.BusyPeriod) ical.Period {
	if p.Type == ical.BusyUnavailable {
		return ical.Period{Start: ical.UTCOf(p.Start), End: ical.UTCOf(p.End)}
	}
	return ical.Period{Start: ical.UTCOf(p.Start), Duration: ical.DurationOf(p.End.Sub(p.Start))}
}

// BusyComponent writes periods, sorted by type, as a VFREEBUSY with one FREEBUSY for each type.
func BusyComponent(uid string, r ical.Range, periods []ical.BusyPeriod, now time.Time) *ical.Component {
	fb := ical.NewComponent("VFREEBUSY",
		ical.NewText("UID", uid),
		ical.UTCOf(now).Property("DTSTAMP"),
		ical.UTCOf(r.Start).Property("DTSTART"),
		ical.UTCOf(r.End).Property("DTEND"))
	for len(periods) > 0 {
		kind := periods[0].Type
		var list []string
		for len(periods) > 0 && periods[0].Type == kind {
			list = append(list, periodOf(periods[0]).String())
			periods = periods[1:]
		}
		one := ical.NewProperty("FREEBUSY", strings.Join(list, ","))
		one.SetParam("FBTYPE", string(kind))
		fb.Add(one)
	}
	return fb
}
