package schedule

import (
	"strings"

	"calport/server/ical"
)

// Extended free and busy time, as Apple's server has it: who may read somebody's calendars is told of the events that make
// him busy, by VEVENTs beside the VFREEBUSY. For rooms it says who has booked them.

// maxDetails bounds the events that one answer tells of.
const maxDetails = 1000

// wantsDetails says whether the request asks for events.
func (r *OutboxRequest) wantsDetails() bool {
	return strings.EqualFold(r.Component.Text("X-CALENDARSERVER-EXTENDED-FREEBUSY"), "T")
}

// detail tells of the instances of an object that make its owner busy. Of what he keeps from others no more is told than
// caldav-privateevents lets them see: of confidential events nothing that the VFREEBUSY does not say.
func (b *busyReader) detail(o *ical.Object, meeting bool) {
	access, _ := ical.AccessOf(o.Calendar())
	if o.Kind() != "VEVENT" || access == ical.Private || access == ical.Confidential {
		return
	}
	kind := b.typesOf(meeting)
	for i := range o.Instances(b.q.Range) {
		c := i.Component
		if kind(c) == ical.Free {
			continue
		}
		event := ical.NewComponent("VEVENT", ical.UTCOf(i.Start).Property("DTSTART"), ical.UTCOf(i.End).Property("DTEND"))
		shown := []string{"UID", "SUMMARY", "LOCATION", "STATUS", "ORGANIZER"}
		if access == ical.Restricted {
			shown = shown[:4]
		}
		for _, name := range shown {
			if p := c.Prop(name); p != nil {
				event.Add(p.Clone())
			}
		}
		b.q.Detail(event)
	}
}
