package profiles

import (
	"bytes"
	"fmt"
	"strings"
)

// sample sets everything, to show how it is written.
var sample = Settings{
	Deny:                new(false),
	DisplayName:         new("Calendars of %full_name%"),
	Description:         new("Adds the calendars of %full_name% to this device."),
	Organization:        new("Example School"),
	Consent:             &map[string]string{"default": "May we set up your calendars, %first_name%?"},
	Removal:             new("never"),
	RemovalDisallowed:   new(false),
	RemovalPassword:     new("keep this one secret"),
	Roots:               new(false),
	AccountDescription:  new("Calendars"),
	UserName:            new("%short_name%"),
	Host:                new("calendar.example.com"),
	Port:                new(8443),
	SSL:                 new(true),
	PrincipalURL:        new(false),
	Hosts:               &map[string]string{"example.org": "calendar.example.org"},
	Contacts:            new(false),
	ContactsDescription: new("Everybody here"),
	Accounts:            map[string]Account{"choir": {Description: "Choir", Host: "choir.example.net", UserName: "%email%"}},
	Subscriptions:       map[string]Subscription{"holidays": {Description: "Holidays", URL: "https://example.org/holidays.ics"}},
}

// Example explains every setting and every scope, all in comments: what somebody gets to see who has no settings yet.
// Without the "# " before a line, the line is one of a settings document.
func Example() ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Settings come from everyone, then from groups, then from the person: later ones win, key by key.\n"+
		"# Texts may hold %s and %%ldap:attribute%%.\n#\n# [everyone]\n", variableNames())
	for i := range fields {
		var one Settings
		fields[i].inherit(&one, &sample)
		line, err := one.TOML()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "# %s # %s\n", strings.TrimSpace(string(line)), fields[i].Title)
	}
	out.WriteString(`#
# [[group]]
# name = "staff" # its short name in the directory; nested groups count
# priority = 1 # of several groups of a person the highest wins
# removal = "30d" # any of the keys above
#
# [[person]]
# name = "ada"
# deny = true
`)
	return out.Bytes(), nil
}
