package profiles

import "time"

// Settings are the choices of one scope. Nil means inherit from the scope before: built in, everyone, groups, person.
// What each means, its default and the words for it are the rows of the table in fields.go.
type Settings struct {
	Deny *bool `toml:"deny,omitempty"` // no profile at all

	DisplayName  *string            `toml:"display_name,omitempty"`
	Description  *string            `toml:"description,omitempty"`
	Organization *string            `toml:"organization,omitempty"`
	Consent      *map[string]string `toml:"consent,omitempty"` // language tag (BCP 47) or "default" → text
	Removal      *Removal           `toml:"removal,omitempty"`

	AccountDescription *string `toml:"account_description,omitempty"`
	UserName           *string `toml:"user_name,omitempty"`
	Host               *string `toml:"host,omitempty"`
	Port               *int    `toml:"port,omitempty"`
	SSL                *bool   `toml:"ssl,omitempty"`
	PrincipalURL       *bool   `toml:"principal_url,omitempty"`
}

// Removal is when a profile removes itself: on a date, after a while, or (zero) never.
// As text it is "never", "2027-06-30", "2027-06-30T18:00:00Z", "30d" or a Go duration such as "12h".
type Removal struct {
	On    time.Time     // UTC, whole seconds; RemovalDate
	After time.Duration // whole seconds; DurationUntilRemoval
}

// GroupSettings are the settings of a group's members, nested ones included.
type GroupSettings struct {
	Name     string `toml:"name,omitempty"`     // short name; ignored when GUID is given
	GUID     string `toml:"guid,omitempty"`     // stable across renames
	Priority int    `toml:"priority,omitempty"` // of several groups, the highest wins; of equals, the later DN
	Settings
}

// PersonSettings are the settings of one person.
type PersonSettings struct {
	Name string `toml:"name,omitempty"` // short name; ignored when GUID is given
	GUID string `toml:"guid,omitempty"`
	Settings
}

// Document is all settings of an installation, as calport settings export writes them.
type Document struct {
	Everyone Settings         `toml:"everyone,omitempty"`
	Groups   []GroupSettings  `toml:"group,omitempty"`
	People   []PersonSettings `toml:"person,omitempty"`
}

// Value is one effective setting of a person.
type Value struct {
	Key      string // as in TOML: user_name
	Title    string // words for a reader
	Template string // as written: %short_name%
	Value    string // as it comes out for the person; empty when Err is set
	Source   string // built in, server, everyone, group NAME, person NAME
	Err      error  // *MissingError or *ValueError
}
