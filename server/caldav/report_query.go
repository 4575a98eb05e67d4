package caldav

import (
	"cmp"
	"errors"
	"time"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// calendarQuery answers about the members of a calendar that a filter is true of, of all calendars of a home, or about one
// object if it is (RFC 4791 section 7.8). Whether Depth says 0 or 1, or is missing as in most requests, the members are
// meant: neither the calendar itself nor the home is a calendar object.
func (e *exchange) calendarQuery(body *dav.Element) error {
	l, err := e.reportListing(body)
	if err != nil {
		return err
	}
	filter, err := readFilter(body.Child(dav.Filter))
	if err != nil {
		return err
	}
	floating, err := namedZone(body)
	if err != nil {
		return err
	}
	e.announce()
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		l.w = w
		return e.store.Read(e.r.Context(), func(tx *store.Tx) error {
			for _, in := range e.queried() {
				if err := l.matching(tx, in, filter, cmp.Or(floating, in.timezone())); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// queried are the resources whose members a query is about, or an object itself.
func (e *exchange) queried() []*resource {
	if e.res.kind != home {
		return []*resource{e.res}
	}
	var all []*resource
	for _, c := range e.res.home.Collections {
		if m := e.res.member(c, nil); m.kind == calendar && m.require(dav.Read) == nil {
			all = append(all, m)
		}
	}
	return all
}

// matching writes the members of a resource that a filter is true of, or an object. The index finds the candidates; the
// data decides, where the index does not.
func (l *listing) matching(tx *store.Tx, in *resource, filter *compFilter, floating *time.Location) error {
	b := filter.bounds()
	if b.empty {
		return nil
	}
	if l.excerpt != nil {
		l.excerpt.floating = floating
	}
	rows, err := l.rowsOf(tx, in.itself())
	if err != nil {
		return err
	}
	m := &matcher{rows: rows, filter: filter, bounds: b, floating: floating}
	if in.kind == calendar {
		return m.write(tx, tx.ObjectsInRange(in.collection.ID, b.component, b.start, b.end, m.part()))
	}
	m.bounds.decided, m.bounds.span = false, nil // the index is not asked
	if in.kind&items == 0 {
		return m.write(tx, tx.Objects(in.collection.ID, m.part()))
	}
	return m.write(tx, tx.ObjectsByName(in.collection.ID, []string{in.item.Name}, m.part()))
}

// namedZone is where a report says that times without a zone are (RFC 4791 section 9.8, RFC 7809 section 3.1.6). Where it
// does not, nil, they are in that of the calendar.
func namedZone(body *dav.Element) (*time.Location, error) {
	if id := body.Child(dav.TimezoneID); id != nil {
		zone, ok := ical.LookupZone(id.Trimmed())
		if !ok {
			return nil, dav.Forbidden(dav.ValidTimezone)
		}
		return zone, nil
	}
	if zone := body.Child(dav.Timezone); zone != nil {
		return requestTimezone(zone.Text)
	}
	return nil, nil
}

// requestTimezone reads the CALDAV:timezone of a request, which has to be a whole iCalendar object (RFC 4791 section 9.8,
// RFC 5545 section 3.6).
func requestTimezone(text string) (*time.Location, error) {
	calendar, err := ical.Parse([]byte(text))
	if err == nil && (calendar.Prop("VERSION") == nil || calendar.Prop("PRODID") == nil) {
		err = errors.New("the time zone is in a VCALENDAR without VERSION or PRODID")
	}
	if err != nil {
		return nil, invalid(dav.ValidCalendarData, err)
	}
	zone, err := ical.CalendarLocation(calendar)
	if err != nil {
		return nil, invalid(dav.ValidCalendarData, err)
	}
	return zone, nil
}

// timezone is the calendar's own, UTC if it has none or one that makes no sense: clients store what they like.
func (r *resource) timezone() *time.Location {
	if xml, ok := r.stored(dav.CalendarTimezoneID); ok {
		if zone, ok := ical.LookupZone(parsed(xml).Trimmed()); ok {
			return zone
		}
	}
	if xml, ok := r.stored(dav.CalendarTimezone); ok {
		if calendar, err := ical.Parse([]byte(parsed(xml).Trimmed())); err == nil {
			if zone, err := ical.CalendarLocation(calendar); err == nil {
				return zone
			}
		}
	}
	return time.UTC
}
