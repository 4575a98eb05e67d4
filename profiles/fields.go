package profiles

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// field is one row of the settings table. Merging, checking, showing and the attributes that templates need are
// derived from it.
type field struct {
	key, title string
	inherit    func(to, from *Settings) bool             // takes over what from sets; false if it sets nothing
	check      func(*Settings) string                    // what is wrong with it, or ""
	templates  func(*Settings) []string                  // the texts with variables
	show       func(s *Settings) string                  // as it is written; empty if not set
	value      func(s *Settings, v vars) (string, error) // as it comes out for a person; nil: as shown
}

// fields are the settings, in the order in which they are shown.
var fields = []field{
	row("deny", "No profile", func(s *Settings) **bool { return &s.Deny }, strconv.FormatBool, nil),
	text("display_name", "Name of the profile", func(s *Settings) **string { return &s.DisplayName }, nil),
	text("description", "Description", func(s *Settings) **string { return &s.Description }, nil),
	text("organization", "Organisation", func(s *Settings) **string { return &s.Organization }, nil),
	consent("consent", "Asks for consent to", func(s *Settings) **map[string]string { return &s.Consent }),
	row("removal", "Removes itself", func(s *Settings) **string { return &s.Removal }, asIs, checkRemoval),
	text("account_description", "Name of the account", func(s *Settings) **string { return &s.AccountDescription }, nil),
	login("user_name", "User name", func(s *Settings) **string { return &s.UserName }),
	row("host", "Server", func(s *Settings) **string { return &s.Host }, asIs, checkHost),
	row("port", "Port", func(s *Settings) **int { return &s.Port }, strconv.Itoa, checkPort),
	row("ssl", "Secure connection", func(s *Settings) **bool { return &s.SSL }, strconv.FormatBool, nil),
	row("principal_url", "Names the principal", func(s *Settings) **bool { return &s.PrincipalURL }, strconv.FormatBool, nil),
}

// row makes the row of a setting without variables.
func row[T any](key, title string, at func(*Settings) **T, show func(T) string, check func(T) string) field {
	return field{
		key: key, title: title,
		inherit: func(to, from *Settings) bool {
			value := *at(from)
			if value != nil {
				*at(to) = value
			}
			return value != nil
		},
		check: func(s *Settings) string {
			if value := *at(s); value != nil && check != nil {
				return check(*value)
			}
			return ""
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

// text makes the row of a text with variables. rule judges what comes out, and what is literal in the template.
func text(key, title string, at func(*Settings) **string, rule func(string) string) field {
	f := row(key, title, at, asIs, func(template string) string { return checkTemplate(template, rule) })
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
func login(key, title string, at func(*Settings) **string) field {
	f := text(key, title, at, userName)
	f.value = func(s *Settings, v vars) (string, error) { return v.userName(**at(s)) }
	return f
}

// consent makes the row of texts with variables by language.
func consent(key, title string, at func(*Settings) **map[string]string) field {
	f := row(key, title, at, showConsent, checkConsent)
	f.templates = func(s *Settings) []string {
		if texts := *at(s); texts != nil {
			return slices.Sorted(maps.Values(*texts))
		}
		return nil
	}
	f.value = func(s *Settings, v vars) (string, error) {
		texts, err := v.consent(key, **at(s))
		return showConsent(texts), err
	}
	return f
}

func asIs(s string) string { return s }

func showConsent(texts map[string]string) string {
	var said []string
	for _, language := range slices.Sorted(maps.Keys(texts)) {
		said = append(said, language+": "+texts[language])
	}
	return strings.Join(said, "; ")
}

func checkConsent(texts map[string]string) string {
	for _, language := range slices.Sorted(maps.Keys(texts)) {
		if language != "default" && !isLanguageTag(language) {
			return fmt.Sprintf("%q is neither a language tag (BCP 47) such as \"de\" nor \"default\"", language)
		}
		if problem := checkTemplate(texts[language], nil); problem != "" {
			return language + ": " + problem
		}
	}
	return ""
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

func checkHost(host string) string {
	if host == "" {
		return "it is empty; leave it out to inherit"
	}
	if problem := hostName(host); problem != "" {
		return fmt.Sprintf("%q is no host name: %s", host, problem)
	}
	return ""
}

func checkPort(port int) string {
	if port < 1 || port > 65535 {
		return fmt.Sprintf("%d is no port; choose one from 1 to 65535", port)
	}
	return ""
}

// layer is the settings of one scope and what the scope is called.
type layer struct {
	source   string
	settings *Settings
}

// merge lets later layers win, setting by setting.
func merge(layers []layer) Settings {
	var s Settings
	for i := range fields {
		for _, l := range layers {
			fields[i].inherit(&s, l.settings)
		}
	}
	return s
}
