package profiles

import (
	"crypto/x509"
	"fmt"
	"strings"

	"calport/directory"
)

// payload is one payload of the Calendar profile. Its slot is part of its identifier and UUID and must never change.
type payload struct {
	slot string
	keys Dict
}

// slots make the payloads of the Calendar profile, in this order. The first is the person's own account.
var slots = []func(*filling) ([]payload, error){
	caldavAccount, furtherAccounts, contactsAccount, subscribedCalendars, rootsInside, removalPassword,
}

// filling is what a slot is filled from.
type filling struct {
	settings *Settings
	vars     vars
	password string // empty: the device asks for it
	platform Platform
	roots    []*x509.Certificate
	reworded bool   // in another language than English
	user     string // the user name of the first account, once that is filled in
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
	return g.calendar(dir, person, platform, "", "")
}

// CalendarIn is Calendar for somebody who reads a language: where the directory knows none of the person, the built-in
// texts are in that one. The UUID is the same in every language.
func (g *Generator) CalendarIn(dir Directory, person *directory.Principal, platform Platform, language string) (*Profile, error) {
	return g.calendar(dir, person, platform, "", language)
}

// CalendarWithPassword is Calendar with a password in the account, so that the device asks for none. Whoever reads the
// profile can read it: it must be one for this device alone, and the profile handed to this device alone.
func (g *Generator) CalendarWithPassword(dir Directory, person *directory.Principal, platform Platform, password string) (*Profile, error) {
	return g.CalendarWithPasswordIn(dir, person, platform, password, "")
}

// CalendarWithPasswordIn is CalendarWithPassword as CalendarIn is Calendar.
func (g *Generator) CalendarWithPasswordIn(dir Directory, person *directory.Principal, platform Platform, password, language string) (*Profile, error) {
	if password == "" {
		return nil, &ValueError{Setting: "password", Problem: Say("it is empty")}
	}
	return g.calendar(dir, person, platform, password, language)
}

func (g *Generator) calendar(dir Directory, person *directory.Principal, platform Platform, password, language string) (*Profile, error) {
	f, top, content, err := g.fill(dir, person, platform, password, "")
	if err != nil {
		return nil, err
	}
	p, err := g.profile(Calendar, platform, top, content)
	if err != nil {
		return nil, fmt.Errorf("profile of %s: %w", person.ShortName, err)
	}
	p.UserName = f.user
	return g.calendarIn(p, dir, person, password, languageOf(person, language))
}

// Judge finds out what keeps a person from having a Calendar profile, without making one: the errors of
// [Generator.Calendar].
func (g *Generator) Judge(dir Directory, person *directory.Principal, platform Platform) error {
	_, _, _, err := g.fill(dir, person, platform, "", "")
	return err
}

// fill makes what the Calendar profile is encoded from.
func (g *Generator) fill(dir Directory, person *directory.Principal, platform Platform, password, language string) (f *filling, top Dict, content []any, err error) {
	if person.Kind != directory.Individual {
		return nil, nil, nil, fmt.Errorf("%s is no person but a %v: only people get a Calendar profile", person.ShortName, person.Kind)
	}
	guid := strings.ToLower(person.GUID)
	if guid == "" || strings.ContainsFunc(guid, notInHost) {
		return nil, nil, nil, &ValueError{Setting: "guid", Value: guid, Problem: Say("an identifier cannot be made of it; choose another attribute for the stable id")}
	}
	settings := merge(g.layers(dir, person))
	if *settings.Deny {
		return nil, nil, nil, ErrDenied
	}
	reworded := g.reword(&settings, language)
	f = &filling{settings: &settings, reworded: reworded, vars: vars{person, dir}, password: password, platform: platform, roots: g.roots}
	top = g.top(Calendar, guid, platform)
	if err := f.describe(top); err != nil {
		return nil, nil, nil, err
	}
	for _, make := range slots {
		payloads, err := make(f)
		if err != nil {
			return nil, nil, nil, err
		}
		for _, p := range payloads {
			g.identify(p.keys, top, guid, p.slot)
			content = append(content, p.keys)
		}
	}
	return f, top, content, nil
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
	if *s.RemovalDisallowed {
		top["PayloadRemovalDisallowed"] = true
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
