package caldav

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"calport/directory"
	"calport/server/dav"
	"calport/server/ical"
	"calport/server/schedule"
	"calport/server/store"
)

// Places lists the rooms and resources for which the visitor may write, by short name; an administrator's are all.
func (a Visitor) Places() []*directory.Principal {
	v := a.visit()
	var all []*directory.Principal
	if v.admin {
		for p := range v.people.All(directory.Room, directory.Resource) {
			all = append(all, p)
		}
		return all
	}
	_, write := v.delegatorsOf(a.who)
	return slices.DeleteFunc(slices.Clone(write), func(p *directory.Principal) bool { return p.Place == nil })
}

// Booking is one time at which a room or resource is wanted.
type Booking struct {
	Start, End time.Time // in the zone in which it was booked
	AllDay     bool
	Summary    string // "" of what is not public
	Private    bool   // it is not public
	Organizer  string // a name, else an address; may be empty
	Answer     string // the PARTSTAT of the room: ACCEPTED, DECLINED, TENTATIVE, NEEDS-ACTION; "" where it is not invited
}

// maxBookings bounds one list.
const maxBookings = 500

// Bookings lists what is in the calendars of a room or resource in a time, by start. Of more than 500 it lists some, and
// more says so. Cancelled ones are not among them.
func (a Visitor) Bookings(ctx context.Context, whose *directory.Principal, from, to time.Time) (all []Booking, more bool, err error) {
	v := a.visit()
	r, err := v.at(ctx, "PROPFIND", homeHref(whose))
	if err != nil {
		return nil, false, err
	}
	span := ical.Range{Start: from.UTC(), End: to.UTC()}
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		for _, c := range r.home.Collections {
			m := r.member(c, nil)
			if m.kind != calendar || m.require(dav.Read) != nil {
				continue
			}
			window := schedule.Window{Collection: c.ID, Range: span, Floating: m.timezone(), Objects: a.objects}
			kept, err := m.restrictedIn(tx)
			if err != nil {
				return err
			}
			err = window.Each(tx, func(name string, o *ical.Object) error {
				for i := range o.Instances(span) {
					if len(all) > maxBookings {
						break
					}
					if i.Component.Name == "VEVENT" && !isCancelled(i.Component) {
						all = append(all, m.booking(i, kept[name]))
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b Booking) int { return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End)) })
	if more = len(all) > maxBookings; more {
		all = all[:maxBookings]
	}
	return all, more, err
}

// booking reads an instance in the calendar r. Of what is kept from the visitor he learns the time, which is taken.
func (r *resource) booking(i ical.Instance, kept ical.Access) Booking {
	c := i.Component
	b := Booking{Start: i.Start, End: i.End, Summary: c.Text("SUMMARY")}
	if start, err := c.Prop("DTSTART").Time(); err == nil {
		b.AllDay = start.IsDate()
	}
	if kept >= ical.Confidential {
		return Booking{Start: b.Start, End: b.End, AllDay: b.AllDay, Private: true}
	}
	if class := c.Text("CLASS"); class != "" && !strings.EqualFold(class, "PUBLIC") {
		b.Private, b.Summary = true, ""
	}
	if p := c.Prop("ORGANIZER"); p != nil {
		b.Organizer = cmp.Or(p.Param("CN"), strings.TrimPrefix(p.Value(), "mailto:"))
		if who := schedule.ByAddress(r.people, p.Value()); who != nil {
			b.Organizer = cmp.Or(who.FullName, who.ShortName)
		}
	}
	for p := range c.Props("ATTENDEE") {
		if who := schedule.ByAddress(r.people, p.Value()); who != nil && strings.EqualFold(who.GUID, r.whose.GUID) {
			b.Answer = strings.ToUpper(cmp.Or(p.Param("PARTSTAT"), "NEEDS-ACTION"))
		}
	}
	return b
}
