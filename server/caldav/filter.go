package caldav

import (
	"errors"
	"slices"
	"strings"
	"time"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// This file reads a CALDAV:filter (RFC 4791 section 9.7) with what Apple's calendar-query-extended adds: test="anyof"
// on filters, and match-type on text-match. filter_match.go applies it.

// compFilter is a CALDAV:comp-filter. It is true of a component if the range holds and all of the filters below do, or
// with anyOf one of them.
type compFilter struct {
	name       string
	notDefined bool
	span       *ical.Range
	anyOf      bool
	props      []propFilter
	comps      []compFilter
}

// propFilter is a CALDAV:prop-filter.
type propFilter struct {
	name       string
	notDefined bool
	span       *ical.Range
	text       *textMatch
	anyOf      bool
	params     []paramFilter
}

// paramFilter is a CALDAV:param-filter.
type paramFilter struct {
	name       string
	notDefined bool
	text       *textMatch
}

// nesting says which components stand in which (RFC 5545 section 3.6, RFC 7953): a filter for one anywhere else is not
// valid (RFC 4791 section 7.8). What is not listed may stand anywhere.
var nesting = map[string][]string{
	"VCALENDAR":     {""},
	"VEVENT":        {"VCALENDAR"},
	"VTODO":         {"VCALENDAR"},
	"VJOURNAL":      {"VCALENDAR"},
	"VFREEBUSY":     {"VCALENDAR"},
	"VTIMEZONE":     {"VCALENDAR"},
	"VAVAILABILITY": {"VCALENDAR"},
	"AVAILABLE":     {"VAVAILABILITY"},
	"VALARM":        {"VEVENT", "VTODO", "VAVAILABILITY"},
	"STANDARD":      {"VTIMEZONE"},
	"DAYLIGHT":      {"VTIMEZONE"},
}

// objectKinds are the components that make an object. It has only one kind of them (RFC 4791 section 4.1), and the index
// knows which.
var objectKinds = map[string]bool{"VEVENT": true, "VTODO": true, "VJOURNAL": true, "VFREEBUSY": true, "VAVAILABILITY": true}

// timed are the components that can be asked for by time (RFC 4791 section 9.9).
var timed = map[string]bool{
	"VEVENT": true, "VTODO": true, "VJOURNAL": true, "VFREEBUSY": true, "VALARM": true,
	"VAVAILABILITY": true, "AVAILABLE": true,
}

// timedProperties are the properties that can be: those that are a date or time.
var timedProperties = map[string]bool{
	"COMPLETED": true, "CREATED": true, "DTEND": true, "DTSTAMP": true, "DTSTART": true, "DUE": true, "EXDATE": true,
	"LAST-MODIFIED": true, "RDATE": true, "RECURRENCE-ID": true, "ACKNOWLEDGED": true, "TRIGGER": true,
}

// readFilter parses the filter of a calendar-query.
func readFilter(filter *dav.Element) (*compFilter, error) {
	if filter == nil {
		return nil, dav.BadRequest("calendar-query needs a filter.")
	}
	if len(filter.Children) != 1 || filter.Children[0].Name != dav.CompFilter {
		return nil, invalidFilter("a filter is one comp-filter for VCALENDAR")
	}
	f, err := readCompFilter(filter.Children[0], "")
	if err != nil {
		return nil, err
	}
	if f.name != "VCALENDAR" || f.notDefined {
		return nil, invalidFilter("the outermost comp-filter is for VCALENDAR")
	}
	return &f, nil
}

func invalidFilter(why string) error {
	err := dav.Forbidden(dav.ValidFilter)
	err.Detail = why
	return err
}

// unsupportedFilter names the element that the server has no use for (RFC 4791 section 7.8).
func unsupportedFilter(e *dav.Element) error {
	return dav.Forbidden(dav.SupportedFilter, &dav.Element{Name: e.Name, Attr: e.Attr})
}

func readCompFilter(e *dav.Element, within string) (f compFilter, err error) {
	if f.name, f.anyOf, err = filterHead(e); err != nil {
		return f, err
	}
	if outer, known := nesting[f.name]; known && !slices.Contains(outer, within) {
		return f, invalidFilter(f.name + " is no component of " + within)
	}
	f.notDefined, err = eachPart(e, func(part *dav.Element) (err error) {
		switch part.Name {
		case dav.TimeRange:
			if !timed[f.name] {
				return invalidFilter(f.name + " has no time")
			}
			f.span, err = readSpan(part)
		case dav.PropFilter:
			f.props, err = appendRead(f.props, part, readPropFilter)
		case dav.CompFilter:
			f.comps, err = appendRead(f.comps, part, func(e *dav.Element) (compFilter, error) {
				return readCompFilter(e, f.name)
			})
		default:
			err = unsupportedFilter(part)
		}
		return err
	})
	return f, err
}

func readPropFilter(e *dav.Element) (f propFilter, err error) {
	if f.name, f.anyOf, err = filterHead(e); err != nil {
		return f, err
	}
	f.notDefined, err = eachPart(e, func(part *dav.Element) (err error) {
		switch part.Name {
		case dav.TimeRange:
			if !timedProperties[f.name] {
				return invalidFilter(f.name + " is no date or time")
			}
			f.span, err = readSpan(part)
		case dav.TextMatch:
			f.text, err = readTextMatch(part)
		case dav.ParamFilter:
			f.params, err = appendRead(f.params, part, readParamFilter)
		default:
			err = unsupportedFilter(part)
		}
		return err
	})
	return f, err
}

func readParamFilter(e *dav.Element) (f paramFilter, err error) {
	if f.name, _, err = filterHead(e); err != nil {
		return f, err
	}
	f.notDefined, err = eachPart(e, func(part *dav.Element) (err error) {
		if part.Name != dav.TextMatch {
			return unsupportedFilter(part)
		}
		f.text, err = readTextMatch(part)
		return err
	})
	return f, err
}

// eachPart reads what a filter consists of: is-not-defined, which all kinds of filters have, and the rest by read.
func eachPart(e *dav.Element, read func(part *dav.Element) error) (notDefined bool, err error) {
	for _, part := range e.Children {
		if part.Name == dav.IsNotDefined {
			notDefined = true
		} else if err := read(part); err != nil {
			return notDefined, err
		}
	}
	return notDefined, aloneIfNotDefined(notDefined, e)
}

// filterHead reads the attributes that filters share.
func filterHead(e *dav.Element) (name string, anyOf bool, err error) {
	name, ok := e.Attribute("name")
	if !ok || name == "" {
		return "", false, invalidFilter(e.Name.Local + " needs a name")
	}
	switch test, _ := e.Attribute("test"); test {
	case "anyof":
		anyOf = true
	case "", "allof":
	default:
		return "", false, invalidFilter("test is allof or anyof")
	}
	return strings.ToUpper(name), anyOf, nil
}

// aloneIfNotDefined: is-not-defined excludes everything else.
func aloneIfNotDefined(notDefined bool, e *dav.Element) error {
	if notDefined && len(e.Children) > 1 {
		return invalidFilter("is-not-defined stands alone in a " + e.Name.Local)
	}
	return nil
}

func appendRead[T any](all []T, e *dav.Element, read func(*dav.Element) (T, error)) ([]T, error) {
	one, err := read(e)
	return append(all, one), err
}

// readSpan reads the time-range of a filter. One that says nothing at all is not even well-formed.
func readSpan(e *dav.Element) (*ical.Range, error) {
	r, err := readRange(e)
	var wrong *dav.Error
	if errors.As(err, &wrong) && len(e.Attr) > 0 {
		err = invalidFilter(wrong.Detail)
	}
	return &r, err
}

// readRange reads the start and end of a time-range, which are in UTC (RFC 4791 section 9.9). One of them may be
// missing, which clients of Apple's make use of.
func readRange(e *dav.Element) (r ical.Range, err error) {
	said := false
	for _, side := range []struct {
		name string
		to   *time.Time
	}{{"start", &r.Start}, {"end", &r.End}} {
		text, ok := e.Attribute(side.name)
		if !ok {
			continue
		}
		said = true
		if *side.to, err = time.Parse(utcForm, text); err != nil {
			return r, dav.BadRequest("%s of %s is %q, which is no time in UTC such as 20060102T150405Z.", side.name, e.Name.Local, text)
		}
	}
	_, ends := e.Attribute("end")
	switch { // the year 1 is the zero time, an open side: so nothing ends in it
	case !said:
		return r, dav.BadRequest("%s needs a start or an end.", e.Name.Local)
	case ends && r.End.IsZero(), !r.Start.IsZero() && !r.End.IsZero() && !r.Start.Before(r.End):
		return r, dav.BadRequest("The end of a %s is after its start.", e.Name.Local)
	}
	return r, nil
}

// bounds is what the index can say about the objects that a filter may be true of.
type bounds struct {
	component  string // "" for any
	start, end int64  // Unix seconds, both included
	empty      bool   // the filter is true of no object
	decided    bool   // it is true of all that the index finds

	// span is set if the filter asks for nothing but a component that overlaps it: then the facts may decide.
	span *ical.Range
}

// bounds narrows the search as far as the index reaches. The other filters are applied to what it finds.
func (f *compFilter) bounds() bounds {
	b := bounds{start: store.NoStart, end: store.NoEnd}
	if f.anyOf && len(f.comps)+len(f.props) > 1 {
		return b
	}
	b.decided = len(f.props) == 0
	for i := range f.comps {
		comp := &f.comps[i]
		if comp.notDefined || !objectKinds[comp.name] {
			b.decided = false
			continue
		}
		b.empty = b.empty || b.component != "" && b.component != comp.name
		b.component = comp.name
		plain := len(comp.props)+len(comp.comps) == 0
		b.decided = b.decided && plain && comp.span == nil
		if plain && len(f.props) == 0 && len(f.comps) == 1 {
			b.span = comp.span
		}
		if comp.span != nil {
			b.narrow(*comp.span)
		}
	}
	return b
}

func (b *bounds) narrow(r ical.Range) {
	if !r.Start.IsZero() {
		b.start = max(b.start, r.Start.Unix())
	}
	if !r.End.IsZero() {
		b.end = min(b.end, r.End.Unix())
	}
}
