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
		if c, changed := fields[i].change(before, after); changed {
			list = append(list, c)
		}
	}
	return list
}

func (f *field) change(before, after *Settings) (c Change, changed bool) {
	c = Change{f.Key, f.Title, f.show(before), f.show(after)}
	was, is := f.inherit(new(Settings), before), f.inherit(new(Settings), after)
	if f.Kind == Secret && was && is && *before.RemovalPassword != *after.RemovalPassword {
		c.After = "(another)"
	}
	return c, c.Before != c.After || was != is
}

// Comparison tells what changes for people when the settings of one generator take the place of another's. What scopes
// say together is compared once for all people who have the same ones, so a person costs little more than what is
// worded for that person alone. It is for one goroutine.
type Comparison struct {
	before, after *Generator
	root          scopesNode
}

// scopesNode is reached by the settings of scopes, one after the other.
type scopesNode struct {
	next  map[*Settings]*scopesNode
	found *difference // nil: not compared yet
}

// difference is what differs between two sets of settings for all to whom they apply.
type difference struct {
	before, after Settings
	parts         []effectPart
}

// effectPart is a row that may differ: the same for all, or worded for each person.
type effectPart struct {
	row     *field // nil: the same for all
	changes []Change
}

// Compare prepares a comparison.
func Compare(before, after *Generator) *Comparison {
	return &Comparison{before: before, after: after}
}

// Effects lists what changes for a person, as it comes out. A secret is not told.
func (c *Comparison) Effects(dir Directory, person *directory.Principal) (list []Change) {
	d := c.of(c.before.layers(dir, person), c.after.layers(dir, person))
	for _, p := range d.parts {
		if p.row == nil {
			list = append(list, p.changes...)
			continue
		}
		v := vars{person, dir}
		if was, is := p.row.words(&d.before, v), p.row.words(&d.after, v); was != is {
			list = append(list, Change{p.row.Key, p.row.Title, was, is})
		}
	}
	return list
}

// of finds the difference between the two sets of settings, or makes it.
func (c *Comparison) of(before, after []layer) *difference {
	node := &c.root
	for _, layers := range [...][]layer{before, after} {
		for _, l := range layers {
			next := node.next[l.settings]
			if next == nil {
				next = new(scopesNode)
				if node.next == nil {
					node.next = make(map[*Settings]*scopesNode)
				}
				node.next[l.settings] = next
			}
			node = next
		}
	}
	if node.found == nil {
		node.found = differ(merge(before), merge(after))
	}
	return node.found
}

func differ(before, after Settings) *difference {
	d := &difference{before: before, after: after}
	changed := make(map[string]bool)
	for _, c := range Changes(&before, &after) {
		changed[c.Key] = true
	}
	for i := range fields {
		f := &fields[i]
		switch {
		case !changed[f.Key] && !changed[f.with]:
		case f.value != nil:
			d.parts = append(d.parts, effectPart{row: f})
		case f.slots != nil:
			d.parts = append(d.parts, effectPart{changes: f.slotChanges(&before, &after)})
		default:
			c, _ := f.change(&before, &after)
			d.parts = append(d.parts, effectPart{changes: []Change{c}})
		}
	}
	return d
}

// slotChanges lists the slots that differ, those that go first.
func (f *field) slotChanges(before, after *Settings) (list []Change) {
	is := f.slots(after)
	for _, id := range f.slots(before) {
		c := Change{f.Key + "." + id, f.Title, id + ": " + f.slot(before, id), ""}
		if slices.Contains(is, id) {
			c.After = id + ": " + f.slot(after, id)
		}
		if c.Before != c.After {
			list = append(list, c)
		}
	}
	was := f.slots(before)
	for _, id := range is {
		if !slices.Contains(was, id) {
			list = append(list, Change{f.Key + "." + id, f.Title, "", id + ": " + f.slot(after, id)})
		}
	}
	return list
}

// words is what comes out for a person, or why nothing does; empty when it is not set.
func (f *field) words(s *Settings, v vars) string {
	if !f.inherit(new(Settings), s) {
		return ""
	}
	value, err := f.value(s, v)
	if err != nil {
		return err.Error()
	}
	return value
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
