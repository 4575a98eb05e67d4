package caldav

import (
	"strings"

	"calport/server/ical"
)

// matches says whether a filter, the outermost one, is true of a calendar object.
func (f *compFilter) matches(o *ical.Object) bool {
	return f.below(o, o.Calendar())
}

// matchesIn says whether the filter is true within a component: of one of the components of its name, or of there being
// none.
func (f *compFilter) matchesIn(o *ical.Object, parent *ical.Component) bool {
	found := false
	for c := range parent.Children(f.name) {
		if f.notDefined {
			return false
		}
		if found = f.overlaps(o, parent, c) && f.below(o, c); found {
			break
		}
	}
	return found || f.notDefined
}

func (f *compFilter) overlaps(o *ical.Object, parent, c *ical.Component) bool {
	switch {
	case f.span == nil:
		return true
	case f.name == "VALARM":
		return o.OverlapsAlarm(parent, c, *f.span)
	}
	return o.Overlaps(c, *f.span)
}

// below says whether the filters for a component's properties and components are true of it.
func (f *compFilter) below(o *ical.Object, c *ical.Component) bool {
	if len(f.props)+len(f.comps) == 0 {
		return true
	}
	for i := range f.props {
		if f.props[i].matches(o, c) == f.anyOf {
			return f.anyOf
		}
	}
	for i := range f.comps {
		if f.comps[i].matchesIn(o, c) == f.anyOf {
			return f.anyOf
		}
	}
	return !f.anyOf
}

func (f *propFilter) matches(o *ical.Object, c *ical.Component) bool {
	found := false
	for p := range c.Props(f.name) {
		if f.notDefined {
			return false
		}
		if found = f.matchesOne(o, p); found {
			break
		}
	}
	return found || f.notDefined
}

func (f *propFilter) matchesOne(o *ical.Object, p *ical.Property) bool {
	if f.span != nil && !o.OverlapsProperty(p, *f.span) {
		return false
	}
	if f.text != nil && !f.text.matchesAny(texts(p)) {
		return false
	}
	if len(f.params) == 0 {
		return true
	}
	for i := range f.params {
		if f.params[i].matches(p) == f.anyOf {
			return f.anyOf
		}
	}
	return !f.anyOf
}

// texts are what a property can be taken to say: its whole value, and each member of a list such as CATEGORIES.
func texts(p *ical.Property) []string {
	all := []string{ical.UnescapeText(p.Value())}
	if strings.Contains(p.Value(), ",") {
		all = append(all, p.Texts()...)
	}
	return all
}

func (f *paramFilter) matches(p *ical.Property) bool {
	values := p.ParamValues(f.name)
	if f.notDefined || len(values) == 0 {
		return f.notDefined == (len(values) == 0)
	}
	return f.text == nil || f.text.matchesAny(values)
}
