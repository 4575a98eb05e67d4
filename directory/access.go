package directory

import (
	"slices"
	"strings"
)

// Access says who may have what. Its zero value lets nobody do anything.
type Access struct {
	Profile Rule // who gets a configuration profile
	Server  Rule // who may use the CalDAV server
	Admin   Rule // who administers calport, and has all rights on every calendar
}

// Rule describes some people. A person is described by any part of it; the zero Rule describes nobody.
type Rule struct {
	Everyone bool
	// People are short names, mail addresses, other login names or GUIDs.
	People []string
	// Groups are short names, mail addresses or GUIDs of groups; members of groups inside them count.
	Groups []string
	// Filters are conditions on attributes of the person, see Filter.
	Filters []Filter
}

// Allows reports whether the rule describes a principal as it is in s. It does not look at the account's State.
func (r Rule) Allows(s *Snapshot, p *Principal) bool {
	if p == nil {
		return false
	}
	if r.Everyone {
		return true
	}
	return slices.ContainsFunc(r.People, func(name string) bool { return sameGUID(s.person(name), p) }) ||
		slices.ContainsFunc(r.Groups, func(name string) bool {
			g := s.group(name)
			return g != nil && s.IsMember(p.GUID, g.GUID)
		}) ||
		slices.ContainsFunc(r.Filters, func(f Filter) bool { return f.Matches(p) })
}

// Unknown lists the names in the rule that lead to nobody, or to more than one, in s.
func (r Rule) Unknown(s *Snapshot) []string {
	var unknown []string
	for _, name := range r.People {
		if s.person(name) == nil {
			unknown = append(unknown, "person "+name)
		}
	}
	for _, name := range r.Groups {
		if s.group(name) == nil {
			unknown = append(unknown, "group "+name)
		}
	}
	return unknown
}

// Attributes lists the attributes, in lower case, that the directory must keep for the filters of these rules.
func (a Access) Attributes() []string {
	var names []string
	for _, r := range [...]Rule{a.Profile, a.Server, a.Admin} {
		names = append(names, r.attributes()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (r Rule) attributes() []string {
	var names []string
	for _, f := range r.Filters {
		names = append(names, f.attributes()...)
	}
	return names
}

func sameGUID(a, b *Principal) bool { return a != nil && strings.EqualFold(a.GUID, b.GUID) }

// person finds a person by any name that a Rule may use.
func (s *Snapshot) person(name string) *Principal {
	if p, err := s.ByLogin(name); err == nil {
		return p
	}
	if p := s.ByGUID(name); p != nil && p.Kind == Individual {
		return p
	}
	return nil
}

// group finds a group by any name that a Rule may use.
func (s *Snapshot) group(name string) *Principal {
	if g := s.ByName(Group, name); g != nil {
		return g
	}
	if g := s.ByGUID(name); g != nil && g.Kind == Group {
		return g
	}
	if g := s.ByAddress(name); g != nil && g.Kind == Group {
		return g
	}
	return nil
}
