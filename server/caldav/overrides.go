package caldav

import (
	"errors"
	"strings"

	"calport/server/dav"
	"calport/server/ical"
)

// errNoInstance: RFC 5545 section 3.8.4.4 has the RECURRENCE-ID name an instance by its original start.
var errNoInstance = errors.New("a RECURRENCE-ID belongs to no instance of the recurrence set")

// placeOverrides sees to it that every override replaces an instance. Some clients write midnight where the instance's
// time should be; that is put right. What is left over from a series that was cut at its beginning or end, as Google's
// server leaves it, and what is called off, is kept. Anything else is refused: no two clients would show the same.
func (d *calendarData) placeOverrides(o *ical.Object) (*ical.Object, error) {
	moved := false
	for _, c := range o.StrayOverrides() {
		switch {
		case takeInstanceOfDay(o, c):
			moved = true
		case isCancelled(c) || isCancelled(o.Master()):
		case amidInstances(o, c):
			return nil, invalid(dav.ValidCalendarData, errNoInstance)
		}
	}
	if !moved {
		return o, nil
	}
	d.bytes, d.repaired = d.calendar.Bytes(), true
	return ical.NewObject(d.calendar, nil), nil
}

func isCancelled(c *ical.Component) bool { return strings.EqualFold(c.Text("STATUS"), "CANCELLED") }

// midnight is how a RECURRENCE-ID at midnight ends.
const midnight = "T000000"

// takeInstanceOfDay gives an override whose RECURRENCE-ID is at midnight that of the one instance of its day.
func takeInstanceOfDay(o *ical.Object, c *ical.Component) bool {
	p := c.Prop("RECURRENCE-ID")
	id, err := p.Time()
	if err != nil || !strings.HasSuffix(p.Value(), midnight) {
		return false
	}
	day := o.Zones().Time(id)
	var found []string
	for i := range o.Instances(ical.Range{Start: day, End: day.AddDate(0, 0, 1)}) {
		at := i.RecurrenceID.String()
		if i.Component == o.Master() && strings.HasPrefix(p.Value(), at[:len("20060102")]) {
			found = append(found, at)
		}
	}
	if len(found) != 1 {
		return false
	}
	p.SetValue(found[0])
	return true
}

// amidInstances says whether the series has instances both before and after what the override calls its own.
func amidInstances(o *ical.Object, c *ical.Component) bool {
	id, err := c.Prop("RECURRENCE-ID").Time()
	if err != nil {
		return true
	}
	at := o.Zones().Time(id)
	return hasInstance(o, ical.Range{End: at}) && hasInstance(o, ical.Range{Start: at})
}

func hasInstance(o *ical.Object, r ical.Range) bool {
	for i := range o.Instances(r) {
		if i.Component == o.Master() {
			return true
		}
	}
	return false
}
