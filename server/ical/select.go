package ical

import "strings"

// Selection says which parts of a component are wanted: CALDAV:comp of RFC
// 4791 section 9.6.1. One that names no part at all wants everything.
type Selection struct {
	Name       string // of the component
	AllProps   bool
	Props      []SelectedProp
	AllComps   bool
	Components []Selection
}

// SelectedProp is a wanted property: CALDAV:prop of RFC 4791 section 9.6.4.
type SelectedProp struct {
	Name    string
	NoValue bool // name and parameters only
}

// Select returns the wanted parts of a component, or nil if it is not the
// named one. Unchanged parts are shared with c.
func Select(c *Component, s Selection) *Component {
	if !strings.EqualFold(c.Name, s.Name) {
		return nil
	}
	if !s.AllProps && !s.AllComps && len(s.Props)+len(s.Components) == 0 {
		return c
	}
	d := c.shell()
	for _, p := range c.Properties {
		if q := s.prop(p); q != nil {
			d.Properties = append(d.Properties, q)
		}
	}
	for _, child := range c.Components {
		if kept := s.child(child); kept != nil {
			d.Components = append(d.Components, kept)
		}
	}
	return d
}

func (s *Selection) prop(p *Property) *Property {
	if s.AllProps {
		return p
	}
	for _, want := range s.Props {
		if !strings.EqualFold(want.Name, p.Name()) {
			continue
		}
		if want.NoValue {
			p = p.Clone()
			p.SetValue("")
		}
		return p
	}
	return nil
}

func (s *Selection) child(c *Component) *Component {
	if s.AllComps {
		return c
	}
	for _, want := range s.Components {
		if kept := Select(c, want); kept != nil {
			return kept
		}
	}
	return nil
}
