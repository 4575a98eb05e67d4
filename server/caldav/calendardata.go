package caldav

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// calendarData is calendar data that a client sent, judged to be a calendar object resource.
type calendarData struct {
	bytes    []byte
	calendar *ical.Component
	facts    ical.Facts
	repaired bool   // the bytes are no longer those that were sent
	tag      string // the Schedule-Tag; "" for what is no scheduling object
}

// readCalendarData reads the body of a PUT and tests the preconditions of RFC 4791 section 5.3.2.1 that need nothing
// but the data.
func (e *exchange) readCalendarData() (*calendarData, error) {
	data, err := e.readBody()
	if err != nil {
		return nil, err
	}
	d, err := e.judge(data)
	if err == nil && mediaType(e.r.Header) == typeJCal {
		d.repaired = true
	}
	return d, err
}

// readBody reads calendar data up to the size that an object may have, as iCalendar.
func (e *exchange) readBody() ([]byte, error) {
	if err := wholeAndPlain(e.r.Header); err != nil {
		return nil, err
	}
	if err := supportedType(e.r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	body := http.MaxBytesReader(nil, e.r.Body, e.limits.ResourceSize)
	data, err := readAll(body, e.r.ContentLength)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, dav.Forbidden(dav.MaxResourceSize)
	case err != nil:
		return nil, dav.BadRequest("The body could not be read to its end.")
	}
	return asICalendar(mediaType(e.r.Header), data)
}

// wholeAndPlain refuses a part of an object (RFC 9110 section 14.5), and an object in a coding that the server does not
// undo (section 8.4).
func wholeAndPlain(h http.Header) error {
	if h.Get("Content-Range") != "" {
		return dav.BadRequest("An object is stored as a whole: Content-Range is not understood.")
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return &dav.Error{Status: http.StatusUnsupportedMediaType, Detail: "The body must come without a Content-Encoding.",
			Header: http.Header{"Accept-Encoding": {"identity"}}} // RFC 9110 section 15.5.16
	}
	return nil
}

// readAll is io.ReadAll that makes room once where the length is known.
func readAll(r io.Reader, length int64) ([]byte, error) {
	var b bytes.Buffer
	if length > 0 && length < 1<<20 {
		b.Grow(int(length) + bytes.MinRead)
	}
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}

// supportedType: iCalendar in UTF-8 is all that is stored, and jCal can be made that. Data without a type is taken for
// iCalendar.
func supportedType(contentType string) error {
	if contentType == "" || contentType == typeICalendar {
		return nil
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != typeICalendar && media != typeJCal {
		return dav.Forbidden(dav.SupportedCalendarData)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		return dav.Forbidden(dav.ValidCalendarData)
	}
	return nil
}

// judge says what is wrong with calendar data, and repairs what may be.
func (v *visit) judge(data []byte) (*calendarData, error) {
	if !utf8.Valid(data) {
		return nil, invalid(dav.ValidCalendarData, errors.New("the data is not UTF-8"))
	}
	calendar, err := ical.Parse(data)
	if err != nil {
		return nil, invalid(dav.ValidCalendarData, err)
	}
	d := &calendarData{bytes: data, calendar: calendar}
	if v.repair(calendar) {
		d.bytes, d.repaired = calendar.Bytes(), true
	}
	if err := ical.Check(calendar); err != nil {
		return nil, invalid(conditionOf(err), err)
	}
	if _, err := ical.AccessOf(calendar); err != nil {
		return nil, invalid(validAccessRestriction, err)
	}
	if scale := foreignScale(calendar); scale != "" {
		return nil, invalid(dav.SupportedRScale, fmt.Errorf("rules of the calendar %s are not understood", scale))
	}
	o := ical.NewObject(calendar, nil)
	if o, err = d.placeOverrides(o); err != nil {
		return nil, err
	}
	d.facts = o.Facts()
	return d, v.withinLimits(o, d.facts)
}

// foreignScale is the calendar of a rule that is not known here, "" if there is none: what cannot be computed would be
// missing in every view of the calendar (RFC 7529 section 6).
func foreignScale(calendar *ical.Component) string {
	for _, c := range calendar.Components {
		for _, p := range c.Properties {
			if name := p.Name(); name != "RRULE" && name != "EXRULE" {
				continue
			}
			if rule, err := p.Rule(); err == nil && !rule.Understood() {
				return rule.RScale
			}
		}
	}
	return ""
}

// conditionOf is the precondition that calendar data fails by an error of ical.Check.
func conditionOf(err error) dav.Name {
	switch {
	case errors.Is(err, ical.ErrObject):
		return dav.ValidCalendarObjectResource
	case errors.Is(err, ical.ErrComponent):
		return dav.SupportedCalendarComponent
	case errors.Is(err, ical.ErrTimezone):
		return dav.ValidTimezone
	}
	return dav.ValidCalendarData
}

// invalid is 403 with a condition, and words for whoever reads the client's log.
func invalid(condition dav.Name, why error) error {
	err := dav.Forbidden(condition)
	err.Detail = why.Error()
	return err
}

// withinLimits tests the limits of RFC 4791 sections 5.2.6 to 5.2.9.
func (v *visit) withinLimits(o *ical.Object, facts ical.Facts) error {
	if facts.FirstStart != math.MinInt64 && facts.FirstStart < v.limits.MinDate.Unix() {
		return dav.Forbidden(dav.MinDateTime)
	}
	if facts.LastEnd != math.MaxInt64 && facts.LastEnd > v.limits.MaxDate.Unix() {
		return dav.Forbidden(dav.MaxDateTime)
	}
	if err := v.withinAttendees(o.Calendar()); err != nil {
		return err
	}
	if !facts.Recurring || o.Endless() {
		return nil // what goes on for ever is bounded where it is expanded
	}
	n := 0
	for range o.Instances(ical.Range{}) {
		if n++; n > v.limits.Instances {
			return dav.Forbidden(dav.MaxInstances)
		}
	}
	return nil
}

// withinAttendees tests how many are invited. Of the sum of all instances no standard speaks; its condition is that of the
// limit for one (RFC 4791 section 5.2.9).
func (v *visit) withinAttendees(calendar *ical.Component) error {
	most, all := attendees(calendar)
	switch {
	case most > v.limits.Attendees:
		return invalid(dav.MaxAttendeesPerInstance, fmt.Errorf("%d attendees, at most %d are allowed", most, v.limits.Attendees))
	case all > v.limits.ObjectAttendees:
		return invalid(dav.MaxAttendeesPerInstance,
			fmt.Errorf("%d attendees in all instances together, at most %d are allowed", all, v.limits.ObjectAttendees))
	}
	return nil
}

// attendees counts those of the instance that has most, not counting those whom a group brings in, and those of all
// components together.
func attendees(calendar *ical.Component) (most, all int) {
	for _, c := range calendar.Components {
		n := 0
		for range c.Props("ATTENDEE") {
			n++
		}
		all += n
		if n > most {
			most = max(most, itip.InvitedAlone(c))
		}
	}
	return most, all
}

// fits says whether a collection takes the data.
func (d *calendarData) fits(c *store.Collection) error {
	if len(c.Components) > 0 && !slices.Contains(c.Components, d.facts.Component) {
		return dav.Forbidden(dav.SupportedCalendarComponent)
	}
	return nil
}

// stored is the data as the store takes it.
func (d *calendarData) stored(name string) store.NewObject {
	return store.NewObject{
		Name: name, UID: d.facts.UID, Component: d.facts.Component, Data: d.bytes,
		FirstStart: d.facts.FirstStart, LastEnd: d.facts.LastEnd,
		Organizer: d.facts.Organizer, Recurring: d.facts.Recurring, ScheduleTag: d.tag, Access: int(d.facts.Access),
	}
}

// become replaces the data by what scheduling made of it.
func (d *calendarData) become(calendar *ical.Component) {
	d.calendar, d.bytes, d.repaired = calendar, calendar.Bytes(), true
	d.facts = ical.NewObject(calendar, nil).Facts()
}
