package schedule

import (
	"encoding/xml"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// The elements of CS:schedule-changes.
var (
	csStamp       = cs("dtstamp")
	csAction      = cs("action")
	csAttendee    = cs("attendee")
	csRecurrence  = cs("recurrence")
	csMaster      = cs("master")
	csRecurrence1 = cs("recurrenceid")
	csChanges     = cs("changes")
	csProperty    = cs("changed-property")
	csParameter   = cs("changed-parameter")
)

func cs(local string) dav.Name { return dav.Name{Space: dav.CalendarServer, Local: local} }

// changesProperty writes CS:schedule-changes, which tells a client what an inbox item changed, as Apple's extension
// document caldav-schedulingchanges has it.
func changesProperty(c *itip.Changes) store.PropertyChange {
	action := dav.New(cs(string(c.Action)))
	if c.Attendee != "" {
		action.Children = append(action.Children, dav.NewText(csAttendee, c.Attendee))
	}
	for _, r := range c.Recurrences {
		action.Children = append(action.Children, recurrence(r))
	}
	e := dav.New(dav.ScheduleChanges,
		dav.NewText(csStamp, ical.UTCOf(c.Stamp).String()),
		dav.New(csAction, action))
	return store.PropertyChange{PropertyKey: store.PropertyKey{Name: store.PropertyName(e.Name)}, Value: e.XML()}
}

func recurrence(r itip.Recurrence) *dav.Element {
	which := dav.New(csMaster)
	if !r.ID.IsZero() {
		which = dav.NewText(csRecurrence1, r.ID.String())
	}
	changes := dav.New(csChanges)
	for _, p := range r.Changed {
		e := named(csProperty, p.Name)
		for _, param := range p.Params {
			e.Children = append(e.Children, named(csParameter, param))
		}
		changes.Children = append(changes.Children, e)
	}
	return dav.New(csRecurrence, which, changes)
}

func named(name dav.Name, value string) *dav.Element {
	e := dav.New(name)
	e.Attr = []xml.Attr{{Name: xml.Name{Local: "name"}, Value: value}}
	return e
}
