package profiles

import (
	"slices"

	"calport/directory"
)

// Change is a setting that differs between two states, in words. A value that is not set is empty.
type Change struct{ Key, Title, Before, After string }

// Changes lists what differs between the settings of a scope before and after. A secret is not told.
func Changes(before, after *Settings) (list []Change) {
	for i := range fields {
		f := &fields[i]
		c := Change{f.Key, f.Title, f.show(before), f.show(after)}
		was, is := f.inherit(new(Settings), before), f.inherit(new(Settings), after)
		if c.Before != c.After || was != is {
			list = append(list, c)
		} else if f.Kind == Secret && was && *before.RemovalPassword != *after.RemovalPassword {
			c.After = "(another)"
			list = append(list, c)
		}
	}
	return list
}

// Effects lists what differs for a person between the effective settings of before and of after.
func Effects(before, after []Value) (list []Change) {
	find := func(values []Value, key string) *Value {
		i := slices.IndexFunc(values, func(v Value) bool { return v.Key == key })
		if i < 0 {
			return &Value{}
		}
		return &values[i]
	}
	for _, was := range before {
		if is := find(after, was.Key); is.words() != was.words() {
			list = append(list, Change{was.Key, was.Title, was.words(), is.words()})
		}
	}
	for _, is := range after {
		if find(before, is.Key).Key == "" {
			list = append(list, Change{is.Key, is.Title, "", is.words()})
		}
	}
	return list
}

// words is what comes out for the person, or why nothing does.
func (v *Value) words() string {
	if v.Err != nil {
		return v.Err.Error()
	}
	return v.Value
}

// Inherited are the settings as written in the scopes before one: before the own settings of a person, before those of
// a group, or, for nil, before those of everyone. Each is shown as it is written.
func (g *Generator) Inherited(dir Directory, of *directory.Principal) []Value {
	layers := g.base
	switch {
	case of == nil:
		layers = g.base[:len(g.base)-1]
	case of.Kind == directory.Individual && !g.groups.empty():
		layers = append(slices.Clip(layers), g.groupLayers(dir.MemberOf(of.GUID))...)
	}
	return show(layers, func(f *field, s *Settings, v *Value) { v.Value = v.Written })
}
