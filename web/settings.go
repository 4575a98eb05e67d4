package web

import (
	"context"
	"errors"
	"strings"

	"calport/directory"
	"calport/profiles"
)

// Scope is whom settings are for: a group, a person or, the zero value, everyone.
type Scope struct {
	Kind directory.Kind // Group or Individual; 0: everyone
	GUID string
	Name string // its short name, for readers
}

// String is the scope in the record of who did what.
func (s Scope) String() string {
	switch s.Kind {
	case directory.Group:
		return "group " + s.Name
	case directory.Individual:
		return "person " + s.Name
	}
	return "everyone"
}

// ScopeSettings are what one scope sets.
type ScopeSettings struct {
	profiles.Settings
	Priority int   // of a group, among groups
	Revision int64 // raised by each change; 0: the scope has none yet
}

// Settings keeps the settings of all scopes.
type Settings interface {
	// Document reads all of them.
	Document(ctx context.Context) (*profiles.Document, error)
	// FindSettings reads those of one scope; they are empty, of revision 0, if it has none.
	FindSettings(ctx context.Context, of Scope) (ScopeSettings, error)
	// PutSettings writes those of a scope and, with them, the deed. Revision is the one that they were read at.
	// Errors: ErrStale if there is another by now; then nothing is written.
	PutSettings(ctx context.Context, of Scope, s ScopeSettings, d Deed) error
	// DeleteSettings removes those of a scope in the same way.
	DeleteSettings(ctx context.Context, of Scope, revision int64, d Deed) error
	// Generator renders by a document that is not in force.
	Generator(d *profiles.Document) (*profiles.Generator, error)
}

// ErrStale: somebody else was faster.
var ErrStale = errors.New("the settings have been changed meanwhile")

// Within is the document with these settings of a scope in place of those it has.
func (s ScopeSettings) Within(d *profiles.Document, of Scope) *profiles.Document {
	changed := profiles.Document{Everyone: d.Everyone}
	is := func(guid string) bool { return strings.EqualFold(guid, of.GUID) }
	for _, g := range d.Groups {
		if of.Kind != directory.Group || !is(g.GUID) {
			changed.Groups = append(changed.Groups, g)
		}
	}
	for _, p := range d.People {
		if of.Kind != directory.Individual || !is(p.GUID) {
			changed.People = append(changed.People, p)
		}
	}
	switch of.Kind {
	case directory.Group:
		changed.Groups = append(changed.Groups, profiles.GroupSettings{Name: of.Name, GUID: of.GUID, Priority: s.Priority, Settings: s.Settings})
	case directory.Individual:
		changed.People = append(changed.People, profiles.PersonSettings{Name: of.Name, GUID: of.GUID, Settings: s.Settings})
	default:
		changed.Everyone = s.Settings
	}
	return &changed
}
