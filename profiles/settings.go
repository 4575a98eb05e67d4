package profiles

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Settings are the choices of one scope. Nil means inherit from the scope before: built in, server, everyone, groups,
// person. The rows of the table in fields.go say what each is called and how it is checked.
type Settings struct {
	Deny *bool `toml:"deny,omitempty"` // no profile at all; false lifts the denial of a scope before

	// Texts may hold variables, see Variables.
	DisplayName  *string            `toml:"display_name,omitempty"`
	Description  *string            `toml:"description,omitempty"`
	Organization *string            `toml:"organization,omitempty"`
	Consent      *map[string]string `toml:"consent,omitempty"` // language tag (BCP 47) or "default" → text; empty: none
	Removal      *Removal           `toml:"removal,omitempty"`

	AccountDescription *string `toml:"account_description,omitempty"`
	UserName           *string `toml:"user_name,omitempty"`
	Host               *string `toml:"host,omitempty"` // no variables
	Port               *int    `toml:"port,omitempty"`
	SSL                *bool   `toml:"ssl,omitempty"`
	PrincipalURL       *bool   `toml:"principal_url,omitempty"` // write CalDAVPrincipalURL, which Apple's clients ignore
}

// GroupSettings are the settings of a group's members, nested ones included.
type GroupSettings struct {
	Name     string `toml:"name,omitempty"`     // short name; only for readers when GUID is given
	GUID     string `toml:"guid,omitempty"`     // stays through renames
	Priority int    `toml:"priority,omitempty"` // of several groups the highest wins; of equals, the later DN
	Settings
}

// PersonSettings are the settings of one person.
type PersonSettings struct {
	Name string `toml:"name,omitempty"` // short name; only for readers when GUID is given
	GUID string `toml:"guid,omitempty"`
	Settings
}

// Document is all settings of an installation, as calport settings export writes them.
type Document struct {
	Everyone Settings         `toml:"everyone"`
	Groups   []GroupSettings  `toml:"group,omitempty"`
	People   []PersonSettings `toml:"person,omitempty"`
}

// scopes yields every scope of the document with its path.
func (d *Document) scopes(yield func(path string, s *Settings)) {
	yield("everyone", &d.Everyone)
	for i := range d.Groups {
		yield(element("group", i), &d.Groups[i].Settings)
	}
	for i := range d.People {
		yield(element("person", i), &d.People[i].Settings)
	}
}

// Removal is when a profile removes itself: on a date, after a while or, zero, never. As text it is "never",
// "2027-06-30", "2027-06-30T18:00:00Z", "30d", or a duration of Go such as "12h".
type Removal struct {
	On    time.Time     // UTC, whole seconds
	After time.Duration // whole seconds
}

// UnmarshalText reads a removal.
func (r *Removal) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "never" {
		*r = Removal{}
		return nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if on, err := time.Parse(layout, s); err == nil {
			*r = Removal{On: on.UTC().Truncate(time.Second)}
			return nil
		}
	}
	after, err := time.ParseDuration(s)
	if days, isDays := strings.CutSuffix(s, "d"); isDays {
		var n uint16
		n, err = parseDays(days)
		after = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || after < time.Minute || after != after.Truncate(time.Second) {
		return fmt.Errorf("%q is no removal; write \"never\", a date such as \"2027-06-30\", days such as \"30d\" or a duration such as \"12h\"", s)
	}
	*r = Removal{After: after}
	return nil
}

func parseDays(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	return uint16(n), err
}

// MarshalText writes a removal as UnmarshalText reads it.
func (r Removal) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func (r Removal) String() string {
	const day = 24 * time.Hour
	switch {
	case !r.On.IsZero() && r.On.Equal(r.On.Truncate(day)):
		return r.On.UTC().Format(time.DateOnly)
	case !r.On.IsZero():
		return r.On.UTC().Format(time.RFC3339)
	case r.After > 0 && r.After%day == 0:
		return strconv.FormatInt(int64(r.After/day), 10) + "d"
	case r.After > 0:
		return r.After.String()
	}
	return "never"
}
