package caldav

import (
	"errors"
	"time"

	"calport/server/dav"
	"calport/server/ical"
)

// excerpt is what a CALDAV:calendar-data in a request asks to see of each object (RFC 4791 section 9.6). The nil excerpt
// is everything, as it was stored.
type excerpt struct {
	selection     *ical.Selection // nil: all parts
	expand        *ical.Range
	limit         *ical.Range // limit-recurrence-set
	limitFreeBusy *ical.Range
	zones         timezoneWish
	floating      *time.Location // where times without a zone are, UTC if nil
	json          bool           // as jCal
}

// readExcerpt parses a calendar-data element of a request; nil if it asks for everything.
func readExcerpt(asked *dav.Element) (*excerpt, error) {
	media := sentType(asked)
	if media != "" && media != typeICalendar && media != typeJCal {
		return nil, dav.Forbidden(dav.SupportedCalendarData)
	}
	if version, ok := asked.Attribute("version"); ok && version != "2.0" {
		return nil, dav.Forbidden(dav.SupportedCalendarData)
	}
	x := &excerpt{json: media == typeJCal}
	if len(asked.Children) == 0 && !x.json {
		return nil, nil
	}
	if comp := asked.Child(dav.Comp); comp != nil {
		selection, err := readSelection(comp)
		if err != nil {
			return nil, err
		}
		x.selection = &selection
	}
	for _, limit := range []struct {
		name dav.Name
		to   **ical.Range
	}{
		{dav.Expand, &x.expand}, {dav.LimitRecurrenceSet, &x.limit}, {dav.LimitFreeBusySet, &x.limitFreeBusy},
	} {
		child := asked.Child(limit.name)
		if child == nil {
			continue
		}
		r, err := readRange(child)
		if err != nil {
			return nil, err
		}
		_, starts := child.Attribute("start")
		if _, ends := child.Attribute("end"); !starts || !ends {
			return nil, dav.BadRequest("%s needs start and end.", limit.name.Local)
		}
		*limit.to = &r
	}
	if x.expand != nil && x.limit != nil { // RFC 4791 section 9.6
		return nil, dav.BadRequest("expand and limit-recurrence-set exclude each other.")
	}
	return x, nil
}

// readSelection parses a CALDAV:comp (RFC 4791 section 9.6.1).
func readSelection(comp *dav.Element) (s ical.Selection, err error) {
	name, ok := comp.Attribute("name")
	if !ok {
		return s, dav.BadRequest("comp needs a name.")
	}
	s = ical.Selection{Name: name, AllProps: comp.Child(dav.CalAllProp) != nil, AllComps: comp.Child(dav.AllComp) != nil}
	for _, child := range comp.Children {
		switch child.Name {
		case dav.CalProp:
			name, ok := child.Attribute("name")
			if !ok {
				return s, dav.BadRequest("prop needs a name.")
			}
			noValue, _ := child.Attribute("novalue")
			s.Props = append(s.Props, ical.SelectedProp{Name: name, NoValue: noValue == "yes"})
		case dav.Comp:
			below, err := readSelection(child)
			if err != nil {
				return s, err
			}
			s.Components = append(s.Components, below)
		}
	}
	return s, nil
}

// plain says whether nothing but time zones is to be changed.
func (x *excerpt) plain() bool {
	return !x.json && x.selection == nil && x.expand == nil && x.limit == nil && x.limitFreeBusy == nil
}

// of returns what the excerpt shows of an object's data. limit bounds the number of instances in an expansion.
func (x *excerpt) of(data []byte, limit int) ([]byte, error) {
	if x == nil {
		return data, nil
	}
	calendar, err := ical.Parse(data)
	if err != nil && x.json {
		return nil, dav.Forbidden(dav.SupportedCalendarData)
	}
	if err != nil {
		return data, nil // it was stored when more was accepted, and is shown as it is
	}
	switch o := ical.NewObject(calendar, x.floating); {
	case x.expand != nil:
		calendar, err = o.Expand(*x.expand, limit)
	case x.limit != nil:
		calendar = o.LimitRecurrence(*x.limit)
	}
	if errors.Is(err, ical.ErrInstances) {
		return nil, dav.Forbidden(dav.MaxInstances)
	}
	if err != nil {
		return nil, err
	}
	if !x.zones.grant(calendar) && x.plain() {
		return data, nil
	}
	if x.limitFreeBusy != nil {
		calendar = ical.NewObject(calendar, x.floating).LimitFreeBusy(*x.limitFreeBusy)
	}
	if x.selection != nil {
		if calendar = ical.Select(calendar, *x.selection); calendar == nil {
			return nil, nil // nothing of it was asked for
		}
	}
	if x.json {
		return calendar.JSON(), nil
	}
	return calendar.Bytes(), nil
}

// getCalendarData writes an object's data: all of it, or the excerpt that the request asks for.
func getCalendarData(w *dav.Writer, asked *dav.Element, r *resource) error {
	if r.excerpt == nil && len(asked.Children)+len(asked.Attr) > 0 {
		x, err := readExcerpt(asked)
		if err != nil {
			return err
		}
		r.excerpt = x // for all rows of this answer
	}
	data, err := r.excerpt.of(seen(r.item.Data, r.access), r.limits.Instances)
	if err != nil {
		return err
	}
	writeCalendarData(w, dav.CalendarData, data, r.excerpt != nil && r.excerpt.json)
	return nil
}
