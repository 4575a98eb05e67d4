package profiles

import (
	"cmp"
	"crypto/x509"
	"slices"
	"strings"

	"calport/directory"
)

// Directory is what profiles ask about people. *directory.Snapshot is one.
type Directory interface {
	// MemberOf tells the groups of a person, nested ones included.
	MemberOf(guid string) []*directory.Principal
	// ByLogin finds the person whom a user name leads to at sign-in. Errors: directory.ErrNotFound,
	// directory.ErrAmbiguous.
	ByLogin(login string) (*directory.Principal, error)
}

// Generator renders profiles. It is immutable and safe for concurrent use.
type Generator struct {
	prefix       string
	organization string // empty: none
	assets       string // address of the documents of declarations
	namespace    uuid   // of everything that this installation identifies
	roots        []*x509.Certificate
	base         []layer // built in, server, everyone
	groups       subjects[GroupSettings]
	people       subjects[PersonSettings]
	words        Words // nil: there is English only
	encoder      encoder
}

// NewGenerator validates the configuration and the settings, which it keeps and which must not be changed afterwards.
// The error joins a *SettingError for every mistake.
func NewGenerator(config ServerConfig, settings *Document) (*Generator, error) {
	roots, found := config.mistakes()
	found = append(found, settings.mistakes()...)
	if len(found) > 0 {
		return nil, join(found)
	}
	g := &Generator{
		prefix:       config.Prefix,
		organization: config.Organization,
		assets:       config.assets(),
		namespace:    version5(dnsNamespace, config.Prefix),
		roots:        roots,
		words:        config.Words,
		base:         []layer{{"built in", builtIn()}, {"server", config.settings()}, {"everyone", &settings.Everyone}},
	}
	for i := range settings.Groups {
		s := &settings.Groups[i]
		g.groups.add(s.Name, s.GUID, s)
	}
	for i := range settings.People {
		s := &settings.People[i]
		g.people.add(s.Name, s.GUID, s)
	}
	return g, nil
}

// builtIn are the settings with which nothing need be configured.
func builtIn() *Settings {
	return &Settings{
		Deny:               new(false),
		DisplayName:        new("Calendars of %full_name%"),
		Description:        new("Adds the calendars of %full_name% to this device."),
		AccountDescription: new("Calendars"),
		UserName:           new("%short_name%"),
		Removal:            new("never"),
		PrincipalURL:       new(false),

		RemovalDisallowed:   new(false),
		Roots:               new(false),
		Contacts:            new(false),
		ContactsDescription: new("Contacts"),
	}
}

func (c ServerConfig) settings() *Settings {
	s := &Settings{Host: &c.Host, Port: &c.Port, SSL: new(!c.Plain)}
	if c.Organization != "" {
		literal := strings.ReplaceAll(c.Organization, "%", "%%")
		s.Organization, s.AccountDescription = &literal, &literal
	}
	return s
}

// subjects finds settings by GUID, else by short name, without regard to letter case.
type subjects[T any] struct{ byGUID, byName map[string]*T }

func (s *subjects[T]) add(name, guid string, settings *T) {
	index, key := &s.byName, name
	if guid != "" {
		index, key = &s.byGUID, guid
	}
	if *index == nil {
		*index = make(map[string]*T)
	}
	(*index)[strings.ToLower(key)] = settings
}

func (s *subjects[T]) of(p *directory.Principal) *T {
	if settings := s.byGUID[strings.ToLower(p.GUID)]; settings != nil {
		return settings
	}
	if len(s.byName) == 0 {
		return nil
	}
	return s.byName[strings.ToLower(p.ShortName)]
}

func (s *subjects[T]) empty() bool { return len(s.byGUID)+len(s.byName) == 0 }

// layers are the settings that concern a person, weakest first.
func (g *Generator) layers(dir Directory, person *directory.Principal) []layer {
	layers := slices.Clip(g.base)
	if !g.groups.empty() {
		layers = append(layers, g.groupLayers(dir.MemberOf(person.GUID))...)
	}
	if own := g.people.of(person); own != nil {
		layers = append(layers, layer{"person " + person.ShortName, &own.Settings})
	}
	return layers
}

// groupLayers orders the settings of groups by priority, then by the groups' DN.
func (g *Generator) groupLayers(groups []*directory.Principal) []layer {
	type match struct {
		group    *directory.Principal
		settings *GroupSettings
	}
	var found []match
	for _, group := range groups {
		if settings := g.groups.of(group); settings != nil {
			found = append(found, match{group, settings})
		}
	}
	slices.SortFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.settings.Priority, b.settings.Priority),
			strings.Compare(strings.ToLower(a.group.DN), strings.ToLower(b.group.DN)), strings.Compare(a.group.GUID, b.group.GUID))
	})
	layers := make([]layer, len(found))
	for i, m := range found {
		layers[i] = layer{"group " + m.group.ShortName, &m.settings.Settings}
	}
	return layers
}

// Value is one effective setting of a person.
type Value struct {
	Key     string // as in TOML: user_name; account.ID for one of several
	Title   string // words for a reader
	Written string // as it stands in the scope: %short_name%
	Value   string // as it comes out for the person; empty when Err is set
	Source  string // built in, server, everyone, group NAME or person NAME
	Err     error  // *MissingError or *ValueError
}

// Show returns the effective settings of a person and where each comes from, in the order of the table. What no scope
// sets is left out.
func (g *Generator) Show(dir Directory, person *directory.Principal) []Value {
	return show(g.layers(dir, person), func(f *field, merged *Settings, v *Value) {
		if v.Value = v.Written; f.value != nil {
			v.Value, v.Err = f.value(merged, vars{person, dir})
		}
	})
}

// show lists what the layers set together; fill makes the Value of one setting.
func show(layers []layer, fill func(*field, *Settings, *Value)) []Value {
	merged := merge(layers)
	var values []Value
	for i := range fields {
		f := &fields[i]
		if !f.inherit(new(Settings), &merged) {
			continue
		}
		if f.slots != nil {
			values = append(values, f.showSlots(&merged, layers)...)
			continue
		}
		v := Value{Key: f.Key, Title: f.Title, Written: f.show(&merged)}
		for _, l := range layers {
			if f.inherit(new(Settings), l.settings) {
				v.Source = l.source
			}
		}
		fill(f, &merged, &v)
		values = append(values, v)
	}
	return values
}

// showSlots returns a value for each slot, since each may come from another scope.
func (f *field) showSlots(merged *Settings, layers []layer) (values []Value) {
	for _, id := range f.slots(merged) {
		v := Value{Key: f.Key + "." + id, Title: f.Title, Written: id + ": " + f.slot(merged, id)}
		for _, l := range layers {
			if slices.Contains(f.slots(l.settings), id) {
				v.Source = l.source
			}
		}
		v.Value = v.Written
		values = append(values, v)
	}
	return values
}
