package main

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"calport/directory"
	"calport/profiles"
)

// VisibilityConfig is whom some people find.
type VisibilityConfig struct {
	For      []string `toml:"for" comment:"Whom the rule is about, as in access.profile; empty means everyone."`
	Finds    []string `toml:"finds" comment:"The people, and members of groups, whom they find; \"*\" is everyone, empty is nobody."`
	Together []string `toml:"together" comment:"Groups whose members find each other; * stands for any letters."`
	Places   bool     `toml:"places" comment:"Whether they find rooms and resources."`
}

// everyone is how a list of people names all of them.
const everyone = "*"

// rule makes a rule of a list of names and filters.
func rule(entries []string) (directory.Rule, error) {
	var r directory.Rule
	var errs []error
	for _, entry := range entries {
		switch {
		case entry == everyone:
			r.Everyone = true
		case strings.HasPrefix(entry, "("):
			var f directory.Filter
			if err := f.UnmarshalText([]byte(entry)); err != nil {
				errs = append(errs, err)
			}
			r.Filters = append(r.Filters, f)
		default:
			r.People, r.Groups = append(r.People, entry), append(r.Groups, entry)
		}
	}
	return r, errors.Join(errs...)
}

// access makes rules of the lists: an empty list of profile or server is everyone, an empty list of admin nobody.
func (c *Config) access() (directory.Access, error) {
	var a directory.Access
	var errs []error
	for _, list := range []struct {
		key     string
		entries []string
		to      *directory.Rule
	}{{"profile", c.Access.Profile, &a.Profile}, {"server", c.Access.Server, &a.Server}, {"admin", c.Access.Admin, &a.Admin}} {
		made, err := rule(list.entries)
		if err != nil {
			errs = append(errs, fmt.Errorf("access.%s: %w", list.key, err))
		}
		made.Everyone = made.Everyone || len(list.entries) == 0 && list.to != &a.Admin
		*list.to = made
	}
	return a, errors.Join(errs...)
}

// visibility makes rules of whom people find.
func (c *Config) visibility() (directory.Visibility, error) {
	var rules directory.Visibility
	var errs []error
	for i, v := range c.Access.Visibility {
		about, err := rule(v.For)
		finds, err2 := rule(v.Finds)
		about.Everyone = about.Everyone || len(v.For) == 0
		var err3 error
		if n := slices.IndexFunc(v.Together, func(pattern string) bool { _, err := path.Match(pattern, ""); return err != nil }); n >= 0 {
			err3 = fmt.Errorf("together: %q is no name of groups; * stands for any letters", v.Together[n])
		}
		if err := errors.Join(err, err2, err3); err != nil {
			errs = append(errs, fmt.Errorf("access.visibility: rule %d: %w", i+1, err))
		}
		rules = append(rules, directory.VisibilityRule{For: about, Finds: finds, Together: v.Together, Places: v.Places})
	}
	return rules, errors.Join(errs...)
}

// ruleAttributes are the attributes that the directory keeps because rules and cards ask for them, and the language by which
// mails and profiles are worded.
func (h *house) ruleAttributes() []string {
	return slices.Concat(h.access.Attributes(), h.visibility.Attributes(), h.config.Contacts.attributes(), []string{profiles.LanguageAttribute})
}

// warnOfStrangers names what the access lists name and the directory does not have: neither person nor group.
func (h *house) warnOfStrangers() {
	s := h.people.Snapshot()
	unknown := map[string][]string{
		"access.profile": h.access.Profile.Unknown(s), "access.server": h.access.Server.Unknown(s), "access.admin": h.access.Admin.Unknown(s),
		"access.visibility": h.visibility.Unknown(s),
	}
	for key, names := range unknown {
		for _, entry := range names {
			name, isPerson := strings.CutPrefix(entry, "person ")
			if isPerson && slices.Contains(names, "group "+name) {
				h.log.Warn(key+" names somebody who is neither a person nor a group of the directory", "name", name)
			}
		}
	}
}
