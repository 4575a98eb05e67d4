package profiles

// Settings are the choices of one scope. Nil means inherit from the scope before: built in, server, everyone, groups,
// person. The rows of the table in fields.go say what each is called and how it is checked.
type Settings struct {
	Deny *bool `toml:"deny,omitempty"` // no profile at all; false lifts the denial of a scope before

	// Texts may hold variables, see Variables.
	DisplayName  *string            `toml:"display_name,omitempty"`
	Description  *string            `toml:"description,omitempty"`
	Organization *string            `toml:"organization,omitempty"`
	Consent      *map[string]string `toml:"consent,omitempty,inline"` // language tag (BCP 47) or "default" → text; empty: none
	Removal      *string            `toml:"removal,omitempty"`        // as ParseRemoval reads it

	RemovalDisallowed *bool   `toml:"removal_disallowed,omitempty"` // PayloadRemovalDisallowed
	RemovalPassword   *string `toml:"removal_password,omitempty"`   // a secret; no variables
	Roots             *bool   `toml:"roots,omitempty"`              // the roots of the Trust profile in this one too

	AccountDescription *string `toml:"account_description,omitempty"`
	UserName           *string `toml:"user_name,omitempty"`
	Host               *string `toml:"host,omitempty"` // no variables
	Port               *int    `toml:"port,omitempty"`
	SSL                *bool   `toml:"ssl,omitempty"`
	PrincipalURL       *bool   `toml:"principal_url,omitempty"` // write CalDAVPrincipalURL, which Apple's clients ignore

	Hosts *map[string]string `toml:"hosts,omitempty,inline"` // mail domain → host, in place of Host

	Contacts            *bool   `toml:"contacts,omitempty"` // an account for the address book of the same server
	ContactsDescription *string `toml:"contacts_description,omitempty"`

	// By the id of their slot. A scope adds its own to those of the scopes before, or replaces the one of the same id.
	Accounts      map[string]Account      `toml:"account,omitempty,inline"`
	Subscriptions map[string]Subscription `toml:"subscription,omitempty,inline"`
}

// Account is a further calendar account, on whatever server. No password is ever written into it.
type Account struct {
	Off         bool   `toml:"off,omitempty"` // takes away the one of a scope before; the rest then counts for nothing
	Description string `toml:"description,omitempty"`
	Host        string `toml:"host,omitempty"`
	Port        int    `toml:"port,omitempty"`      // 0: 443, or 80 without SSL
	SSL         *bool  `toml:"ssl,omitempty"`       // nil: true
	UserName    string `toml:"user_name,omitempty"` // empty: that of the first account
}

// Subscription is a calendar that iPhones and iPads read from an address; the Mac has no payload for it.
type Subscription struct {
	Off         bool   `toml:"off,omitempty"` // as of an Account
	Description string `toml:"description,omitempty"`
	URL         string `toml:"url,omitempty"`
	UserName    string `toml:"user_name,omitempty"` // empty: none
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
