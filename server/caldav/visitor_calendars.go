package caldav

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"calport/directory"
	"calport/server/dav"
	"calport/server/store"
)

// CalendarInfo is a calendar or subscription as the visitor sees it.
type CalendarInfo struct {
	Name      string // its path segment, decoded
	Title     string // DAV:displayname; may be empty
	Color     string // as clients write it, such as #1D9BF6FF; may be empty
	Component string // VEVENT, VTODO or VJOURNAL; "" is a subscription
	Source    string // of a subscription: where clients fetch it
	Objects   int    // in it
	Default   bool   // new invitations, or tasks, go there
}

// NewCalendar is a calendar to be made, or a subscription if it has a Source.
type NewCalendar struct{ Title, Color, Component, Source string }

// CalendarChange is what to change of a calendar; nil leaves it as it is.
type CalendarChange struct{ Title, Color *string }

// Calendars lists the calendars and subscriptions of the visitor's own home, as clients order them.
func (a Visitor) Calendars(ctx context.Context) ([]CalendarInfo, error) {
	v := a.visit()
	r, err := v.at(ctx, "PROPFIND", homeHref(a.who))
	if err != nil {
		return nil, err
	}
	var counts map[int64]int
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		counts, err = tx.Counts(r.home.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	defaults := r.defaults()
	var all []CalendarInfo
	order := map[string]int{}
	for _, c := range r.home.Collections {
		m := r.member(c, nil)
		if m.kind&(calendar|subscription) == 0 {
			continue
		}
		info := m.info()
		info.Objects, info.Default = counts[c.ID], slices.Contains(defaults, c.ID)
		order[c.Name] = m.order()
		all = append(all, info)
	}
	slices.SortStableFunc(all, func(a, b CalendarInfo) int {
		return cmp.Or(cmp.Compare(order[a.Name], order[b.Name]), strings.Compare(directory.Fold(a.Title), directory.Fold(b.Title)))
	})
	return all, nil
}

// info is what the collection says of itself.
func (r *resource) info() CalendarInfo {
	source, _ := r.stored(dav.Source)
	info := CalendarInfo{Name: r.collection.Name, Title: r.displayName(), Color: r.textOf(dav.CalendarColor), Source: hrefIn(source)}
	if r.kind == calendar && len(r.collection.Components) > 0 {
		info.Component = r.collection.Components[0]
	}
	return info
}

// order is the calendar-order; what has none is last.
func (r *resource) order() int {
	xml, _ := r.stored(dav.CalendarOrder)
	n, err := strconv.Atoi(parsed(xml).Trimmed())
	if err != nil {
		return 1 << 30
	}
	return n
}

// defaults are the collections of the home where new events and tasks go, by id.
func (r *resource) defaults() []int64 {
	in := r.inbox()
	var ids []int64
	for _, c := range []*store.Collection{
		in.defaultFor(dav.ScheduleDefaultCalendar, "VEVENT", defaultCalendar),
		in.defaultFor(dav.ScheduleDefaultTasks, "VTODO", defaultTasks),
	} {
		if c != nil {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// inbox is the home's inbox, with what it says of defaults.
func (r *resource) inbox() *resource {
	in := *r
	in.kind, in.bag, in.changed = inbox, nil, nil
	if in.collection = r.home.Collection(inboxName); in.collection != nil {
		in.bag = in.collection.Properties
	}
	return &in
}

// MakeCalendar makes a calendar or subscription in the visitor's home, as MKCALENDAR does, and answers its name.
func (a Visitor) MakeCalendar(ctx context.Context, n NewCalendar) (name string, err error) {
	name = strings.ToUpper(uuid.NewString())
	v := a.visit()
	err = v.within(ctx, "MKCALENDAR", collectionHref(a.who, name), func(tx *store.Tx, r *resource) error {
		return refused(r.makeIn(tx, n.changes(), store.Calendar))
	})
	return name, err
}

func (n NewCalendar) changes() []dav.Change {
	all := CalendarChange{&n.Title, &n.Color}.changes()
	if n.Source != "" {
		return append([]dav.Change{{Value: dav.New(dav.ResourceType, dav.New(dav.Collection), dav.New(dav.Subscribed))}},
			append(all, dav.Change{Value: dav.New(dav.Source, dav.NewHref(n.Source))})...)
	}
	comp := dav.New(dav.Comp)
	comp.Attr = append(comp.Attr, nameAttr(n.Component))
	return append(all, dav.Change{Value: dav.New(dav.SupportedCalendarComponentSet, comp)})
}

func (c CalendarChange) changes() []dav.Change {
	var all []dav.Change
	for _, p := range []struct {
		name  dav.Name
		value *string
	}{{dav.DisplayName, c.Title}, {dav.CalendarColor, c.Color}} {
		if p.value != nil {
			all = append(all, dav.Change{Remove: *p.value == "", Value: dav.NewText(p.name, *p.value)})
		}
	}
	return all
}

// ChangeCalendar changes a calendar of the visitor's, as PROPPATCH does.
func (a Visitor) ChangeCalendar(ctx context.Context, name string, c CalendarChange) error {
	return a.visit().within(ctx, "PROPPATCH", collectionHref(a.who, name), func(tx *store.Tx, r *resource) error {
		if r.kind&(calendar|subscription) == 0 {
			return errNothing()
		}
		if err := refused(r.properties.Update(r, c.changes())); err != nil {
			return err
		}
		return r.save(tx)
	})
}
