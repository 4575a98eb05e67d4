package ical

// Split takes a calendar with many objects apart into calendar object
// resources: one per kind of component and UID, in the order of their first
// components, each with the time zones that it refers to. Components without
// UID are each their own. METHOD and the X- properties of the calendar are
// left out. Parts are shared with the calendar.
func Split(cal *Component) []*Component {
	type key struct{ kind, uid string }
	var objects []*Component
	byKey := map[key]*Component{}
	for _, c := range cal.Components {
		if !c.timed() {
			continue
		}
		k := key{c.Name, c.Text("UID")}
		o := byKey[k]
		if o == nil {
			o = splitHead(cal)
			objects = append(objects, o)
			if k.uid != "" {
				byKey[k] = o
			}
		}
		o.AddChild(c)
	}
	for _, o := range objects {
		o.Components = append(zonesOf(cal, o), o.Components...)
	}
	return objects
}

// splitHead returns a calendar with what describes the format.
func splitHead(cal *Component) *Component {
	o := NewComponent("VCALENDAR")
	for _, p := range cal.Properties {
		switch p.Name() {
		case "VERSION", "PRODID", "CALSCALE":
			o.Add(p)
		}
	}
	return o
}

// zonesOf returns the time zones of a calendar that the object refers to.
func zonesOf(cal, object *Component) []*Component {
	used := map[string]bool{}
	object.addZones(used)
	var zones []*Component
	for def := range cal.Children("VTIMEZONE") {
		if used[def.Text("TZID")] {
			zones = append(zones, def)
		}
	}
	return zones
}

func (c *Component) addZones(used map[string]bool) {
	for _, p := range c.Properties {
		if tzid := p.Param("TZID"); tzid != "" {
			used[tzid] = true
		}
	}
	for _, s := range c.Components {
		s.addZones(used)
	}
}
