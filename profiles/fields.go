package profiles

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// field is one row of the settings table. Merging, checking, showing, forms and the attributes that templates need are
// derived from it.
type field struct {
	Field
	inherit   func(to, from *Settings) bool             // takes over what from sets; false if it sets nothing
	check     func(*Settings) []flaw                    // what is wrong with it
	templates func(*Settings) []string                  // the texts with variables
	show      func(s *Settings) string                  // as it is written; empty if not set
	value     func(s *Settings, v vars) (string, error) // as it comes out for a person; nil: as shown
	slots     func(s *Settings) []string                // ids of what it has several of; nil: it has one
	slot      func(s *Settings, id string) string       // one of these, as show
	with      string                                    // key of another row that decides about the value too; empty: none
}

// flaw is what is wrong with a value, or with a part of it.
type flaw struct {
	at   string
	what Phrase
}

// fields are the settings, in the order in which they are shown.
var fields = slices.Concat(
	section("Profile",
		yesNo("deny", "No profile", "Nobody whom this is for gets a profile. “No” lifts what a scope before says.", func(s *Settings) **bool { return &s.Deny }),
		text("display_name", "Name of the profile", "What the device calls it.", func(s *Settings) **string { return &s.DisplayName }, nil),
		text("description", "Description", "Shown by the device before the profile is installed.", func(s *Settings) **string { return &s.Description }, nil),
		text("organization", "Organisation", "Shown by the device as where the profile comes from.", func(s *Settings) **string { return &s.Organization }, nil),
		consent("consent", "Asks for consent to", "A text that the person has to agree to, one line for each language: “de = Text”, or “default = Text”. The word “none” alone asks for none.", func(s *Settings) **map[string]string { return &s.Consent }),
		yesNo("roots", "Holds the certificates to trust", "Puts the certificate authority of this server into the profile, beside the Trust profile. A device that removes the profile then trusts it no longer.", func(s *Settings) **bool { return &s.Roots }),
	),
	section("Removal",
		row("removal", "Removes itself", "“never”, a date such as “2027-06-30”, days such as “30d”, or a duration such as “12h”.", Text, func(s *Settings) **string { return &s.Removal }, asIs, checkRemoval),
		yesNo("removal_disallowed", "Cannot be removed", "Holds on supervised iPhones and iPads, and on a Mac without the password of an administrator. Other devices let their owner remove it.", func(s *Settings) **bool { return &s.RemovalDisallowed }),
		row("removal_password", "Password for removal", "Asked for by a Mac, and by supervised iPhones and iPads. It stands readable in the profile.", Secret, func(s *Settings) **string { return &s.RemovalPassword }, hidden, checkSecret),
	),
	section("Calendar account",
		text("account_description", "Name of the account", "What the device calls the account.", func(s *Settings) **string { return &s.AccountDescription }, nil),
		login("user_name", "User name", "What the account signs in with: variables that lead to each person alone.", func(s *Settings) **string { return &s.UserName }),
		host("host", "Server", "The bare host name. It takes the place of hosts by mail domain that a scope before has.", func(s *Settings) **string { return &s.Host }),
		domains("hosts", "Servers by mail domain", "One line for each mail domain: “example.org = calendar.example.org”. Whose preferred address has none of them gets the server above.", func(s *Settings) **map[string]string { return &s.Hosts }),
		row("port", "Port", "From 1 to 65535.", Number, func(s *Settings) **int { return &s.Port }, strconv.Itoa, checkPort),
		yesNo("ssl", "Secure connection", "Without it, phones send no password.", func(s *Settings) **bool { return &s.SSL }),
		yesNo("principal_url", "Names the principal", "Apple’s programs ignore it; others may need it.", func(s *Settings) **bool { return &s.PrincipalURL }),
	),
	section("Further accounts",
		yesNo("contacts", "Contacts account", "Adds the address book of the same server, with the same user name.", func(s *Settings) **bool { return &s.Contacts }),
		text("contacts_description", "Name of the Contacts account", "What the device calls it.", func(s *Settings) **string { return &s.ContactsDescription }, nil),
		accounts("account", "Further calendar accounts", "On other servers, or of other people. No password is written into them: the device asks.", func(s *Settings) *map[string]Account { return &s.Accounts }),
		subscriptions("subscription", "Subscribed calendars", "For iPhone and iPad only: the Mac knows no such payload.", func(s *Settings) *map[string]Subscription { return &s.Subscriptions }),
	),
)

func section(title string, rows ...field) []field {
	for i := range rows {
		rows[i].Section = title
	}
	return rows
}

// row makes the row of a setting without variables.
func row[T any](key, title, help string, kind FieldKind, at func(*Settings) **T, show func(T) string, check func(T) Phrase) field {
	return field{
		Field: Field{Key: key, Title: title, Help: help, Kind: kind},
		inherit: func(to, from *Settings) bool {
			value := *at(from)
			if value != nil {
				*at(to) = value
			}
			return value != nil
		},
		check: func(s *Settings) []flaw {
			if value := *at(s); value != nil && check != nil {
				return flaws(check(*value))
			}
			return nil
		},
		templates: func(*Settings) []string { return nil },
		show: func(s *Settings) string {
			if value := *at(s); value != nil {
				return show(*value)
			}
			return ""
		},
	}
}

func flaws(what Phrase) []flaw {
	if what.Empty() {
		return nil
	}
	return []flaw{{what: what}}
}

func yesNo(key, title, help string, at func(*Settings) **bool) field {
	return row(key, title, help, Flag, at, strconv.FormatBool, nil)
}

// text makes the row of a text with variables. rule judges what comes out, and what is literal in the template.
func text(key, title, help string, at func(*Settings) **string, rule func(string) string) field {
	f := row(key, title, help, Text, at, asIs, func(template string) Phrase { return checkTemplate(template, rule) })
	f.Variables = true
	f.templates = func(s *Settings) []string {
		if template := *at(s); template != nil {
			return []string{*template}
		}
		return nil
	}
	f.value = func(s *Settings, v vars) (string, error) { return v.expand(key, **at(s), rule) }
	return f
}

// login makes the row of the name that a person signs in with.
func login(key, title, help string, at func(*Settings) **string) field {
	f := text(key, title, help, at, userName)
	f.value = func(s *Settings, v vars) (string, error) { return v.userName(**at(s)) }
	return f
}

// host makes the row of the host. Set later than the hosts by domain, it takes their place.
func host(key, title, help string, at func(*Settings) **string) field {
	f := row(key, title, help, Text, at, asIs, checkHost)
	plain := f.inherit
	f.inherit = func(to, from *Settings) bool {
		set := plain(to, from)
		if set {
			to.Hosts = nil
		}
		return set
	}
	f.value, f.with = func(s *Settings, v vars) (string, error) { return v.host(s), nil }, "hosts"
	return f
}

// domains makes the row of hosts by mail domain.
func domains(key, title, help string, at func(*Settings) **map[string]string) field {
	return row(key, title, help, Lines, at, showLines, checkDomains)
}

// consent makes the row of texts with variables by language.
func consent(key, title, help string, at func(*Settings) **map[string]string) field {
	f := row(key, title, help, Lines, at, showLines, checkConsent)
	f.Variables = true
	f.templates = func(s *Settings) []string {
		if texts := *at(s); texts != nil {
			return slices.Sorted(maps.Values(*texts))
		}
		return nil
	}
	f.value = func(s *Settings, v vars) (string, error) {
		texts, err := v.consent(key, **at(s))
		return showLines(texts), err
	}
	return f
}

func asIs(s string) string { return s }

func hidden(string) string { return "(hidden)" }

func showLines(texts map[string]string) string {
	var said []string
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		said = append(said, key+": "+texts[key])
	}
	return strings.Join(said, "; ")
}

func checkConsent(texts map[string]string) Phrase {
	for _, language := range slices.Sorted(maps.Keys(texts)) {
		if language != "default" && !isLanguageTag(language) {
			return Say("%q is neither a language tag (BCP 47) such as \"de\" nor \"default\"", language)
		}
		if problem := checkTemplate(texts[language], nil); !problem.Empty() {
			return Say("%s: %s", language, problem)
		}
	}
	return Phrase{}
}

// isLanguageTag tells the general form of RFC 5646 section 2.1.
func isLanguageTag(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if len(part) < 1 || len(part) > 8 || i == 0 && len(part) < 2 || strings.ContainsFunc(part, notInHost) || strings.Contains(part, "_") {
			return false
		}
	}
	return true
}

func checkDomains(hosts map[string]string) Phrase {
	for _, domain := range slices.Sorted(maps.Keys(hosts)) {
		if problem := hostName(domain); problem != "" || strings.ToLower(domain) != domain {
			return Say("%q is no mail domain in small letters", domain)
		}
		if problem := checkHost(hosts[domain]); !problem.Empty() {
			return Say("%s: %s", domain, problem)
		}
	}
	return Phrase{}
}

func checkHost(host string) Phrase {
	if host == "" {
		return emptyValue
	}
	if problem := hostName(host); problem != "" {
		return Say("%q is no host name: %s", host, Say(problem))
	}
	return Phrase{}
}

func checkPort(port int) Phrase {
	if port < 1 || port > 65535 {
		return Say("%s is no port; choose one from 1 to 65535", strconv.Itoa(port))
	}
	return Phrase{}
}

// checkSecret says what is wrong with a secret, without naming it.
func checkSecret(secret string) Phrase {
	if strings.TrimSpace(secret) == "" {
		return emptyValue
	}
	return Say(plainText(secret))
}

// layer is the settings of one scope and what the scope is called.
type layer struct {
	source   string
	settings *Settings
}

// merge lets later layers win, setting by setting.
func merge(layers []layer) Settings {
	var s Settings
	for _, l := range layers {
		for i := range fields {
			fields[i].inherit(&s, l.settings)
		}
	}
	return s
}
