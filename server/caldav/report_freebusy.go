package caldav

import (
	"crypto/rand"
	"net/http"
	"time"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/schedule"
	"calport/server/store"
)

// freeBusyQuery answers when the owner of a calendar, or of all calendars of a home, is busy, and nothing of why (RFC
// 4791 section 7.10).
func (e *exchange) freeBusyQuery(body *dav.Element) error {
	span := body.Child(dav.TimeRange)
	if span == nil {
		return dav.BadRequest("free-busy-query needs a time-range.")
	}
	r, err := readRange(span)
	if err != nil {
		return err
	}
	if r.Start.IsZero() || r.End.IsZero() {
		return dav.BadRequest("The time-range of a free-busy-query needs a start and an end.") // RFC 4791 section 9.11
	}
	var busy []ical.BusyPeriod
	err = e.store.Read(e.r.Context(), func(tx *store.Tx) error {
		for _, calendar := range e.busyCalendars() {
			window := schedule.Window{Collection: calendar.collection.ID, Range: r, Floating: calendar.timezone(), Objects: e.objects}
			available := ical.NewCalendar(prodID)
			err := window.Each(tx, func(_ string, o *ical.Object) error {
				if o.Kind() == "VAVAILABILITY" {
					for _, c := range o.Calendar().Components {
						available.AddChild(c.Clone())
					}
				}
				if busy = append(busy, schedule.Taken(e.people, e.res.whose, o, r)...); len(busy) > maxBusy {
					return &dav.Error{Status: http.StatusInsufficientStorage, Condition: dav.NumberOfMatchesWithinLimits}
				}
				return nil
			})
			if err != nil {
				return err
			}
			busy = append(busy, schedule.Unavailable(available, window.Floating, r)...) // RFC 7953 section 7.2.3
		}
		return nil
	})
	if err != nil {
		return err
	}
	data, media := e.show(freeBusyCalendar(r, schedule.Merge(busy), e.now()))
	e.w.Header().Set("Content-Type", media)
	_, err = e.w.Write(data)
	return aborted(err)
}

// maxBusy bounds how many periods one answer is made from.
const maxBusy = 100_000

// busyCalendars are the calendars that a query is about: the request's, or those of a home that count.
func (e *exchange) busyCalendars() []*resource {
	if e.res.kind == calendar {
		return []*resource{e.res}
	}
	var all []*resource
	for _, c := range e.res.home.Collections {
		if m := e.res.member(c, nil); countsForFreeBusy(c) && m.require(dav.ReadFreeBusy) == nil {
			all = append(all, m)
		}
	}
	return all
}

// freeBusyCalendar writes periods as a VFREEBUSY, one FREEBUSY for each type.
func freeBusyCalendar(r ical.Range, periods []ical.BusyPeriod, now time.Time) *ical.Component {
	fb := ical.NewComponent("VFREEBUSY",
		ical.NewText("UID", rand.Text()),
		ical.NewProperty("DTSTAMP", now.UTC().Format(utcForm)),
		ical.NewProperty("DTSTART", r.Start.UTC().Format(utcForm)),
		ical.NewProperty("DTEND", r.End.UTC().Format(utcForm)))
	for len(periods) > 0 {
		kind := periods[0].Type
		var list []byte
		for len(periods) > 0 && periods[0].Type == kind {
			list = periods[0].Start.UTC().AppendFormat(list, utcForm)
			list = append(list, '/')
			list = periods[0].End.UTC().AppendFormat(list, utcForm)
			list = append(list, ',')
			periods = periods[1:]
		}
		one := ical.NewProperty("FREEBUSY", string(list[:len(list)-1]))
		one.SetParam("FBTYPE", string(kind))
		fb.Add(one)
	}
	calendar := ical.NewCalendar(prodID)
	calendar.AddChild(fb)
	return calendar
}
