package itip

import (
	"slices"
	"strings"

	"calport/server/ical"
)

// same says whether two objects have the same content in whatever order, apart
// from who wrote them. Then a client's own bytes can be stored.
func same(a, b *ical.Component) bool {
	return slices.Equal(content(a), content(b))
}

// authorship are the properties of a VCALENDAR that say nothing about what is
// in it.
var authorship = []string{"PRODID", "VERSION", "CALSCALE"}

// content returns the lines and components of a component, sorted.
func content(c *ical.Component) []string {
	var all []string
	for _, p := range c.Properties {
		if c.Name == "VCALENDAR" && slices.Contains(authorship, p.Name()) {
			continue
		}
		all = append(all, p.Name()+fullText(p))
	}
	for _, child := range c.Components {
		all = append(all, child.Name+"\x04"+strings.Join(content(child), "\x05"))
	}
	slices.Sort(all)
	return all
}

// fullText is a property without regard to the order of its parameters.
func fullText(p *ical.Property) string {
	var params []string
	for n, values := range p.Params() {
		params = append(params, n+"="+strings.Join(values, "\x00"))
	}
	slices.Sort(params)
	return strings.Join(params, "\x01") + "\x02" + p.Value()
}
