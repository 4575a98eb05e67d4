package profiles

import (
	"maps"
	"strings"

	"calport/directory"
)

// LanguageAttribute is where a directory keeps a person's language (RFC 2798 section 2.7), in lower case.
const LanguageAttribute = "preferredlanguage"

// Words says a built-in text in a language, of which the tag is written as in the field Accept-Language (RFC 9110 section
// 12.5.4). It answers the text itself where it has no other.
type Words func(language, text string) string

// builtInTexts are the built-in settings that devices show.
var builtInTexts = []func(*Settings) **string{
	func(s *Settings) **string { return &s.DisplayName },
	func(s *Settings) **string { return &s.Description },
	func(s *Settings) **string { return &s.AccountDescription },
	func(s *Settings) **string { return &s.ContactsDescription },
}

// languageOf is the language of a person's profile: what the directory says, else that of the one who asks.
func languageOf(person *directory.Principal, asks string) string {
	if own := strings.Join(person.Attributes[LanguageAttribute], ", "); own != "" {
		return own
	}
	return asks
}

// speaks says whether the built-in texts are other ones in a language.
func (g *Generator) speaks(language string) bool {
	if g.words == nil || language == "" {
		return false
	}
	text := *g.base[0].settings.DisplayName
	return g.words(language, text) != text
}

// reword says the built-in texts of merged settings in a language, as far as no scope has others in their place.
func (g *Generator) reword(s *Settings, language string) (reworded bool) {
	if !g.speaks(language) {
		return false
	}
	ours := g.base[0].settings
	for _, at := range builtInTexts {
		text := *at(s)
		if text == nil || text != *at(ours) {
			continue
		}
		if said := g.words(language, *text); said != *text {
			*at(s), reworded = &said, true
		}
	}
	return reworded
}

// In is a profile that is the same for everybody, for somebody who reads a language. Its UUID stays.
func (g *Generator) In(language string, p *Profile) (*Profile, error) {
	if !g.speaks(language) {
		return p, nil
	}
	top := maps.Clone(p.values)
	for _, key := range []string{"PayloadDisplayName", "PayloadDescription"} {
		if text, ok := top[key].(string); ok {
			top[key] = g.words(language, text)
		}
	}
	return g.again(p, top)
}

// again is a profile with other words in it.
func (g *Generator) again(p *Profile, top Dict) (_ *Profile, err error) {
	top["PayloadUUID"] = p.UUID
	for _, finding := range check(top) {
		return nil, &ContentError{finding}
	}
	q := *p
	q.DisplayName, q.values = top["PayloadDisplayName"].(string), top
	q.content, err = g.encoder.encode(top)
	return &q, err
}

// calendarIn is a Calendar profile with the built-in texts in another language. Its UUID stays: a device that has it in
// one language needs no other.
func (g *Generator) calendarIn(p *Profile, dir Directory, person *directory.Principal, password, language string) (*Profile, error) {
	if !g.speaks(language) {
		return p, nil
	}
	f, top, content, err := g.fill(dir, person, p.Platform, password, language)
	if err != nil || !f.reworded {
		return p, err
	}
	top["PayloadContent"] = content
	return g.again(p, top)
}
