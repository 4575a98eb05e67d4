package profiles

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"calport/directory"
)

// slot is one account of the Calendar profile. Its id is part of the account's identifier and UUID and must never
// change.
type slot struct {
	id    string
	build func(*filling) (Dict, error)
}

// slots are the accounts of the Calendar profile.
var slots = []slot{
	{"caldav", caldavAccount},
}

// filling is what a slot is filled from.
type filling struct {
	settings *Settings
	vars     vars
	password string // empty: the device asks for it
}

// text fills in the template of a setting; not present if no scope sets it.
func (f *filling) text(d Dict, key, setting string, template *string, rule func(string) string) error {
	if template == nil {
		return nil
	}
	value, err := f.vars.expand(setting, *template, rule)
	if err == nil {
		d[key] = value
	}
	return err
}

// Calendar renders the profile with a person's account. Errors: ErrDenied, *MissingError, *ValueError.
func (g *Generator) Calendar(dir Directory, person *directory.Principal, platform Platform) (*Profile, error) {
	return g.calendar(dir, person, platform, "")
}

// CalendarWithPassword is Calendar with a password in the account, so that the device asks for none. Whoever reads the
// profile can read it: it must be one for this device alone, and the profile handed to this device alone.
func (g *Generator) CalendarWithPassword(dir Directory, person *directory.Principal, platform Platform, password string) (*Profile, error) {
	if password == "" {
		return nil, &ValueError{Setting: "password", Problem: "it is empty"}
	}
	return g.calendar(dir, person, platform, password)
}

func (g *Generator) calendar(dir Directory, person *directory.Principal, platform Platform, password string) (*Profile, error) {
	if person.Kind != directory.Individual {
		return nil, fmt.Errorf("%s is no person but a %v: only people get a Calendar profile", person.ShortName, person.Kind)
	}
	guid := strings.ToLower(person.GUID)
	if guid == "" || strings.ContainsFunc(guid, notInHost) {
		return nil, &ValueError{Setting: "guid", Value: guid, Problem: "an identifier cannot be made of it; choose another attribute for the stable id"}
	}
	settings := merge(g.layers(dir, person))
	if *settings.Deny {
		return nil, ErrDenied
	}
	f := &filling{settings: &settings, vars: vars{person, dir}, password: password}
	top := g.top(Calendar, guid, platform)
	if err := f.describe(top); err != nil {
		return nil, err
	}
	var content []any
	var user string
	for _, slot := range slots {
		account, err := slot.build(f)
		if err != nil {
			return nil, err
		}
		user, _ = account["CalDAVUsername"].(string)
		g.identify(account, top, guid, slot.id)
		content = append(content, account)
	}
	p, err := g.profile(Calendar, platform, top, content)
	if err != nil {
		return nil, fmt.Errorf("profile of %s: %w", person.ShortName, err)
	}
	p.UserName = user
	return p, nil
}

// describe fills in what the device shows of the profile, and when it removes itself.
func (f *filling) describe(top Dict) error {
	s := f.settings
	if err := f.text(top, "PayloadDisplayName", "display_name", s.DisplayName, nil); err != nil {
		return err
	}
	if err := f.text(top, "PayloadDescription", "description", s.Description, nil); err != nil {
		return err
	}
	if err := f.text(top, "PayloadOrganization", "organization", s.Organization, nil); err != nil {
		return err
	}
	removal, err := ParseRemoval(*s.Removal)
	if err != nil {
		return err
	}
	if !removal.On.IsZero() {
		top["RemovalDate"] = removal.On
	} else if removal.After > 0 {
		top["DurationUntilRemoval"] = removal.After.Seconds()
	}
	return f.consent(top)
}

func (f *filling) consent(top Dict) error {
	if f.settings.Consent == nil || len(*f.settings.Consent) == 0 {
		return nil
	}
	texts, err := f.vars.consent("consent", *f.settings.Consent)
	if err != nil {
		return err
	}
	byLanguage := make(Dict, len(texts))
	for language, text := range texts {
		byLanguage[language] = text
	}
	top["ConsentText"] = byLanguage
	return nil
}

// caldavAccount fills in the account. Port and SSL are always written: old devices assume other defaults than the schema.
func caldavAccount(f *filling) (Dict, error) {
	s := f.settings
	account := Dict{
		"PayloadType":    typeCalDAV,
		"CalDAVHostName": *s.Host,
		"CalDAVPort":     int64(*s.Port),
		"CalDAVUseSSL":   *s.SSL,
	}
	if err := f.text(account, "CalDAVAccountDescription", "account_description", s.AccountDescription, nil); err != nil {
		return nil, err
	}
	account["PayloadDisplayName"] = account["CalDAVAccountDescription"]
	user, err := f.vars.userName(*s.UserName)
	if err != nil {
		return nil, err
	}
	account["CalDAVUsername"] = user
	if f.password != "" {
		account["CalDAVPassword"] = f.password
	}
	if *s.PrincipalURL {
		account["CalDAVPrincipalURL"] = principalURL(s, f.vars.person.GUID)
	}
	return account, nil
}

// principalURL is where the server has the person's principal, in the URL layout of Apple's server.
func principalURL(s *Settings, guid string) string {
	scheme := "http"
	if *s.SSL {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(*s.Host, strconv.Itoa(*s.Port)) + "/principals/__uids__/" + guid + "/"
}
