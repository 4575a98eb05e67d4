package caldav

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"calport/server/dav"
)

// collation is how text is compared (RFC 4790): fold makes equal what counts as equal.
type collation struct {
	name string
	fold func(string) string
}

// collations are those of RFC 4791 section 7.5, the first being the default, and that of RFC 5051.
var collations = []collation{
	{"i;ascii-casemap", foldASCII},
	{"i;octet", func(s string) string { return s }},
	{"i;unicode-casemap", foldUnicode},
}

func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, s)
}

// foldUnicode is the canonical form of RFC 5051 section 2: title case, then decomposed.
func foldUnicode(s string) string {
	return norm.NFKD.String(strings.Map(unicode.ToTitle, norm.NFKD.String(s)))
}

// textMatch is a CALDAV:text-match (RFC 4791 section 9.7.5).
type textMatch struct {
	text   string // folded
	fold   func(string) string
	negate bool
	match  func(s, text string) bool
}

// textMatches are the ways in which text can be in a value, the first being RFC 4791's.
var textMatches = []struct {
	name  string
	match func(s, text string) bool
}{
	{"contains", strings.Contains},
	{"equals", func(s, text string) bool { return s == text }},
	{"starts-with", strings.HasPrefix},
	{"ends-with", strings.HasSuffix},
}

func readTextMatch(e *dav.Element) (*textMatch, error) {
	m := &textMatch{fold: collations[0].fold, match: textMatches[0].match}
	if name, ok := e.Attribute("collation"); ok && name != "default" {
		if m.fold = collationNamed(name); m.fold == nil {
			return nil, dav.Forbidden(dav.SupportedCollation) // RFC 4791 section 7.8
		}
	}
	if name, ok := e.Attribute("match-type"); ok {
		if m.match = matchNamed(name); m.match == nil {
			return nil, unsupportedFilter(e)
		}
	}
	switch negate, _ := e.Attribute("negate-condition"); negate {
	case "yes":
		m.negate = true
	case "", "no":
	default:
		return nil, invalidFilter("negate-condition is yes or no")
	}
	m.text = m.fold(e.Text)
	return m, nil
}

func collationNamed(name string) func(string) string {
	for _, c := range collations {
		if c.name == name {
			return c.fold
		}
	}
	return nil
}

func matchNamed(name string) func(s, text string) bool {
	for _, m := range textMatches {
		if m.name == name {
			return m.match
		}
	}
	return nil
}

// matchesAny says whether the text is in one of the values, or, negated, in none.
func (m *textMatch) matchesAny(values []string) bool {
	for _, value := range values {
		if m.match(m.fold(value), m.text) {
			return !m.negate
		}
	}
	return m.negate
}
