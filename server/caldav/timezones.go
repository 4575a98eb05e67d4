package caldav

import (
	"math"
	"net/http"
	"strings"
	"time"

	"calport/server/dav"
	"calport/server/ical"
)

// Time zones of calendars and of data, by value and by reference (RFC 4791 section 5.2.2, RFC 7809).

// TimezonesPath is where the time zone service is (RFC 7808); CALDAV:timezone-service-set names it.
const TimezonesPath = "/stdtimezones"

func getTimezoneServiceSet(w *dav.Writer, _ *dav.Element, _ *resource) error {
	writeHref(w, dav.TimezoneServiceSet, TimezonesPath)
	return nil
}

// setTimezone sets calendar-timezone and, with it, calendar-timezone-id (RFC 7809 section 5.2). A time zone that cannot be
// understood is kept, and not used: were it refused, Apple's clients would show a lasting warning. Data that is something
// else than one time zone is refused.
func setTimezone(r *resource, value *dav.Element) error {
	if value != nil && sentType(value) == typeJCal {
		data, err := asICalendar(typeJCal, []byte(value.Trimmed()))
		if err != nil {
			return err
		}
		value = dav.NewText(dav.CalendarTimezone, string(data))
	}
	if value != nil {
		calendar, err := ical.Parse([]byte(value.Trimmed()))
		if err == nil && len(calendar.Components) > 0 && !isOneTimezone(calendar) {
			return dav.Forbidden(dav.ValidCalendarData)
		}
	}
	if err := r.keep(dav.CalendarTimezoneID, nil); err != nil {
		return err
	}
	return r.keep(dav.CalendarTimezone, value)
}

func isOneTimezone(calendar *ical.Component) bool {
	return len(calendar.Components) == 1 && calendar.Components[0].Name == "VTIMEZONE"
}

// setTimezoneID sets calendar-timezone-id, which must be known here, and the calendar-timezone that goes with it (RFC 7809
// section 5.2).
func setTimezoneID(r *resource, value *dav.Element) error {
	if value == nil {
		return setTimezone(r, nil)
	}
	if _, known := ical.LookupZone(value.Trimmed()); !known {
		return dav.Forbidden(dav.ValidTimezone)
	}
	if err := r.keep(dav.CalendarTimezone, nil); err != nil {
		return err
	}
	return r.keep(dav.CalendarTimezoneID, dav.NewText(dav.CalendarTimezoneID, value.Trimmed()))
}

// getTimezone shows what was set, or the definition of the zone that was named.
func getTimezone(w *dav.Writer, asked *dav.Element, r *resource) error {
	json := sentType(asked) == typeJCal
	if json {
		if xml, ok := r.stored(dav.CalendarTimezone); ok {
			calendar, err := ical.Parse([]byte(parsed(xml).Trimmed()))
			if err != nil {
				return dav.Forbidden(dav.SupportedCalendarData)
			}
			writeCalendarData(w, dav.CalendarTimezone, calendar.JSON(), true)
			return nil
		}
	} else if getStored(w, asked, r) == nil {
		return nil
	}
	xml, ok := r.stored(dav.CalendarTimezoneID)
	if !ok {
		return dav.ErrNoProperty
	}
	id := parsed(xml).Trimmed()
	zone, known := ical.LookupZone(id)
	if !known {
		return dav.ErrNoProperty
	}
	calendar := ical.NewCalendar(prodID)
	now := r.now()
	calendar.AddChild(ical.Timezone(id, zone, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)))
	data := calendar.Bytes()
	if json {
		data = calendar.JSON()
	}
	writeCalendarData(w, dav.CalendarTimezone, data, json)
	return nil
}

// getTimezoneID shows what was set, or the name of the zone that was given by value, if that is a known one.
func getTimezoneID(w *dav.Writer, asked *dav.Element, r *resource) error {
	if getStored(w, asked, r) == nil {
		return nil
	}
	xml, ok := r.stored(dav.CalendarTimezone)
	if !ok {
		return dav.ErrNoProperty
	}
	calendar, err := ical.Parse([]byte(parsed(xml).Trimmed()))
	if err != nil || !isOneTimezone(calendar) {
		return dav.ErrNoProperty
	}
	id := calendar.Components[0].Text("TZID")
	if _, known := ical.LookupZone(id); !known {
		return dav.ErrNoProperty
	}
	w.TextElement(dav.CalendarTimezoneID, id)
	return nil
}

// timezoneWish is what a request wants to see of VTIMEZONE in data (RFC 7809 section 3.1.4).
type timezoneWish uint8

const (
	asStored    timezoneWish = iota
	byValue                  // CalDAV-Timezones: T
	byReference              // CalDAV-Timezones: F
)

// timezonesHeader is CalDAV-Timezones as net/http keeps it.
const timezonesHeader = "Caldav-Timezones"

// readTimezoneWish reads the header CalDAV-Timezones. Without it data is shown as it was stored.
func readTimezoneWish(h http.Header) (timezoneWish, error) {
	switch value := h.Get(timezonesHeader); strings.ToUpper(strings.TrimSpace(value)) {
	case "":
		return asStored, nil
	case "T":
		return byValue, nil
	case "F":
		return byReference, nil
	default:
		return 0, dav.BadRequest("CalDAV-Timezones is %q; it may be T or F.", value)
	}
}

// wishTimezones makes the request's wish one for all calendar data that is answered.
func (e *exchange) wishTimezones() error {
	wish, err := readTimezoneWish(e.r.Header)
	if err != nil || wish == asStored {
		return err
	}
	if e.excerpt == nil {
		e.excerpt = new(excerpt)
	}
	e.excerpt.zones = wish
	e.w.Header().Add("Vary", "CalDAV-Timezones")
	return nil
}

// grant gives the data the time zones that were wished for: all that its times are in, or only those that have no common
// name. It says whether it changed anything.
func (wish timezoneWish) grant(calendar *ical.Component) bool {
	switch wish {
	case byValue:
		return addTimezones(calendar)
	case byReference:
		before := len(calendar.Components)
		calendar.DelChildren(func(c *ical.Component) bool {
			if c.Name != "VTIMEZONE" {
				return false
			}
			_, known := ical.LookupZone(c.Text("TZID"))
			return known
		})
		return len(calendar.Components) < before
	}
	return false
}

// addTimezones adds a VTIMEZONE for each known zone that the data names and does not define.
func addTimezones(calendar *ical.Component) bool {
	defined := map[string]bool{}
	for _, c := range calendar.Components {
		if c.Name == "VTIMEZONE" {
			defined[c.Text("TZID")] = true
		}
	}
	var missing []*ical.Component
	for _, c := range calendar.Components {
		for _, p := range c.Properties {
			id := p.Param("TZID")
			if id == "" || defined[id] {
				continue
			}
			defined[id] = true
			if zone, known := ical.LookupZone(id); known {
				from, to := lifetime(calendar)
				missing = append(missing, ical.Timezone(id, zone, from, to))
			}
		}
	}
	calendar.Components = append(missing, calendar.Components...)
	return len(missing) > 0
}

// lifetime is when the object's time zones must be right: from its first instance to its last, or as far ahead as rules are
// known.
func lifetime(calendar *ical.Component) (from, to time.Time) {
	facts := ical.NewObject(calendar, nil).Facts()
	from, to = time.Unix(facts.FirstStart, 0).UTC(), time.Unix(facts.LastEnd, 0).UTC()
	if facts.FirstStart == math.MinInt64 {
		from = time.Unix(0, 0).UTC()
	}
	if facts.LastEnd == math.MaxInt64 {
		to = from
	}
	return from, to
}
