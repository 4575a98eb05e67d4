package profiles

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// slotted makes the row of a setting that there is several of, by the id of its slot.
func slotted[T any](key, title, help string, at func(*Settings) *map[string]T, columns []Field, show func(T) string, check func(T) []flaw, templates func(T) []string) field {
	ids := func(s *Settings) []string { return slices.Sorted(maps.Keys(*at(s))) }
	return field{
		Field: Field{Key: key, Title: title, Help: help, Kind: Rows, Columns: columns, Variables: true},
		inherit: func(to, from *Settings) bool {
			if len(*at(from)) == 0 {
				return false
			}
			all := maps.Clone(*at(to)) // the layers themselves stay as they are
			if all == nil {
				all = make(map[string]T)
			}
			maps.Copy(all, *at(from))
			*at(to) = all
			return true
		},
		check: func(s *Settings) (found []flaw) {
			for _, id := range ids(s) {
				if !isSlotID(id) {
					found = append(found, flaw{what: Say("%q is no id; choose up to 32 small letters, digits and hyphens, and never change it", id)})
				}
				for _, f := range check((*at(s))[id]) {
					found = append(found, flaw{"." + id + f.at, f.what})
				}
			}
			return found
		},
		templates: func(s *Settings) (all []string) {
			for _, id := range ids(s) {
				all = append(all, templates((*at(s))[id])...)
			}
			return all
		},
		show: func(s *Settings) string {
			var said []string
			for _, id := range ids(s) {
				said = append(said, id+": "+show((*at(s))[id]))
			}
			return strings.Join(said, "; ")
		},
		slots: ids,
		slot:  func(s *Settings, id string) string { return show((*at(s))[id]) },
	}
}

// isSlotID tells what may be part of an identifier.
func isSlotID(id string) bool {
	return id != "" && len(id) <= 32 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func accounts(key, title, help string, at func(*Settings) *map[string]Account) field {
	columns := []Field{
		{Key: "description", Title: "Name", Kind: Text, Variables: true},
		{Key: "host", Title: "Server", Kind: Text},
		{Key: "port", Title: "Port", Kind: Number},
		{Key: "user_name", Title: "User name", Kind: Text, Variables: true},
		{Key: "ssl", Title: "Secure connection", Kind: Flag},
		{Key: "off", Title: "Leave it out", Kind: Flag},
	}
	show := func(a Account) string {
		if a.Off {
			return "none"
		}
		return strings.TrimSpace(fmt.Sprintf("%s %s:%d %s", a.Description, a.Host, a.port(), a.UserName))
	}
	return slotted(key, title, help, at, columns, show, Account.check, func(a Account) []string { return []string{a.Description, a.UserName} })
}

func (a Account) check() []flaw {
	if a.Off {
		return nil
	}
	found := optional(".description", a.Description, nil)
	if a.Host == "" {
		found = append(found, flaw{".host", Say("it is empty; say which server it is on")})
	} else if problem := checkHost(a.Host); !problem.Empty() {
		found = append(found, flaw{".host", problem})
	}
	if a.Port != 0 {
		if problem := checkPort(a.Port); !problem.Empty() {
			found = append(found, flaw{".port", problem})
		}
	}
	return append(found, optional(".user_name", a.UserName, userName)...)
}

// optional checks a text with variables that may be left out.
func optional(at, template string, rule func(string) string) []flaw {
	if template == "" {
		return nil
	}
	if problem := checkTemplate(template, rule); !problem.Empty() {
		return []flaw{{at, problem}}
	}
	return nil
}

func (a Account) secure() bool { return a.SSL == nil || *a.SSL }

func (a Account) port() int {
	if a.secure() {
		return cmp.Or(a.Port, 443)
	}
	return cmp.Or(a.Port, 80)
}

func subscriptions(key, title, help string, at func(*Settings) *map[string]Subscription) field {
	columns := []Field{
		{Key: "description", Title: "Name", Kind: Text, Variables: true},
		{Key: "url", Title: "Address", Kind: Text},
		{Key: "user_name", Title: "User name", Kind: Text, Variables: true},
		{Key: "off", Title: "Leave it out", Kind: Flag},
	}
	show := func(s Subscription) string {
		if s.Off {
			return "none"
		}
		return strings.TrimSpace(s.Description + " " + s.URL)
	}
	return slotted(key, title, help, at, columns, show, Subscription.check, func(s Subscription) []string { return []string{s.Description, s.UserName} })
}

func (s Subscription) check() []flaw {
	if s.Off {
		return nil
	}
	found := optional(".description", s.Description, nil)
	if problem := checkAddress(s.URL); !problem.Empty() {
		found = append(found, flaw{".url", problem})
	}
	return append(found, optional(".user_name", s.UserName, userName)...)
}

// checkAddress says what is wrong with the address of a calendar.
func checkAddress(address string) Phrase {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return Say("it is empty; write the address of the calendar")
	case plainText(address) != "" || strings.ContainsAny(address, " \t\r\n"):
		return Say("it has a character that no address has")
	case err != nil || u.Host == "" || !slices.Contains([]string{"https", "http", "webcal"}, u.Scheme):
		return Say("%q is no address of a calendar; write it like https://example.org/holidays.ics", address)
	case u.User != nil:
		return Say("it holds a user name or password; everybody who gets the profile could read it")
	}
	return Say(hostName(u.Hostname()))
}
