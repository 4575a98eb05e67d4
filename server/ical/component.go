package ical

import (
	"iter"
	"slices"
	"strings"
)

// Component is a node of an iCalendar object: VCALENDAR, VEVENT, VALARM, a
// time zone's STANDARD, or one that nobody has defined yet.
//
// The slices may be changed freely.
type Component struct {
	Name       string // in upper case
	Properties []*Property
	Components []*Component

	begin, end    string // source lines; "" if not from a source
	before, after string // blank lines and byte order mark around a calendar

	// RFC 5545 puts properties before components. If a source does not, mixed
	// is set, and at says how many of the parent's properties come before.
	mixed bool
	at    int
}

// NewComponent returns an empty component.
func NewComponent(name string, props ...*Property) *Component {
	return &Component{Name: upper(name), Properties: props}
}

// NewCalendar returns a VCALENDAR with the two properties that it must have
// (RFC 5545 section 3.6).
func NewCalendar(prodID string) *Component {
	return NewComponent("VCALENDAR", NewProperty("VERSION", "2.0"), NewText("PRODID", prodID))
}

// Prop returns the first property of that name, or nil. The methods of a nil
// *Property that read answer as if it were empty.
func (c *Component) Prop(name string) *Property {
	for _, p := range c.Properties {
		if strings.EqualFold(p.Name(), name) {
			return p
		}
	}
	return nil
}

// Props yields all properties of that name.
func (c *Component) Props(name string) iter.Seq[*Property] {
	return func(yield func(*Property) bool) {
		for _, p := range c.Properties {
			if strings.EqualFold(p.Name(), name) && !yield(p) {
				return
			}
		}
	}
}

// Value returns the value of the first property of that name as it is
// written, or "".
func (c *Component) Value(name string) string { return c.Prop(name).Value() }

// Text returns the text of the first property of that name, or "".
func (c *Component) Text(name string) string { return c.Prop(name).Text() }

// Child returns the first component of that name, or nil.
func (c *Component) Child(name string) *Component {
	for _, s := range c.Components {
		if strings.EqualFold(s.Name, name) {
			return s
		}
	}
	return nil
}

// Children yields all components of that name.
func (c *Component) Children(name string) iter.Seq[*Component] {
	return func(yield func(*Component) bool) {
		for _, s := range c.Components {
			if strings.EqualFold(s.Name, name) && !yield(s) {
				return
			}
		}
	}
}

// Add appends properties.
func (c *Component) Add(props ...*Property) { c.Properties = append(c.Properties, props...) }

// AddChild appends components.
func (c *Component) AddChild(children ...*Component) {
	c.Components = append(c.Components, children...)
}

// Set puts p in the place of the first property of its name and removes the
// others of that name; it appends p if there is none.
func (c *Component) Set(p *Property) {
	i := slices.IndexFunc(c.Properties, func(q *Property) bool { return q.Name() == p.Name() })
	if i < 0 {
		c.Add(p)
		return
	}
	kept := slices.Clone(c.Properties[:i+1])
	kept[i] = p
	for _, q := range c.Properties[i+1:] {
		if q.Name() != p.Name() {
			kept = append(kept, q)
		}
	}
	c.Properties = kept
}

// Del removes all properties of that name and returns how many there were.
func (c *Component) Del(name string) int {
	return c.DelFunc(func(p *Property) bool { return strings.EqualFold(p.Name(), name) })
}

// DelFunc removes the properties for which f is true and returns how many
// there were.
func (c *Component) DelFunc(f func(*Property) bool) int {
	kept := make([]*Property, 0, len(c.Properties))
	for _, p := range c.Properties {
		if !f(p) {
			kept = append(kept, p)
		}
	}
	n := len(c.Properties) - len(kept)
	if n > 0 {
		c.Properties = kept
	}
	return n
}

// DelChildren removes the components for which f is true.
func (c *Component) DelChildren(f func(*Component) bool) {
	kept := make([]*Component, 0, len(c.Components))
	for _, s := range c.Components {
		if !f(s) {
			kept = append(kept, s)
		}
	}
	c.Components = kept
}

// Clone returns a deep copy.
func (c *Component) Clone() *Component {
	d := c.shell()
	d.Properties = make([]*Property, len(c.Properties))
	copies := make([]Property, len(c.Properties))
	for i, p := range c.Properties {
		copies[i] = *p
		d.Properties[i] = &copies[i]
	}
	for _, s := range c.Components {
		d.Components = append(d.Components, s.Clone())
	}
	return d
}

// shell returns a copy without properties and components.
func (c *Component) shell() *Component {
	d := *c
	d.Properties, d.Components = nil, nil
	return &d
}

// timed says whether the component is one that a calendar object resource is
// made of, as opposed to a time zone.
func (c *Component) timed() bool { return c.Name != "VTIMEZONE" }
