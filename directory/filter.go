package directory

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Filter is a condition on the attributes of a principal, written as RFC 4515 writes search filters, such as
// (&(departmentNumber=4*)(!(employeeType=guest))). It is evaluated on the snapshot, hence on Principal.Attributes,
// and compares caselessly. Ordering, approximate and extensible matches are refused.
//
// It is a text in configuration files: UnmarshalText reads it.
type Filter struct {
	op    byte // '&', '|', '!' over parts; '=' over attribute and pieces
	parts []Filter

	attribute string   // lower case
	pieces    []string // folded; what stands between the asterisks, so one piece is equality
}

// maxFilterDepth bounds the nesting of filters.
const maxFilterDepth = 32

// ParseFilter reads a filter.
func ParseFilter(text string) (Filter, error) {
	p := filterParser{rest: strings.TrimSpace(text)}
	f, err := p.filter(0)
	if err == nil && p.rest != "" {
		err = fmt.Errorf("%q follows its end", p.rest)
	}
	if err != nil {
		return Filter{}, fmt.Errorf("the filter %q is not valid (RFC 4515): %w", text, err)
	}
	return f, nil
}

// UnmarshalText is ParseFilter for decoders of configuration.
func (f *Filter) UnmarshalText(text []byte) error {
	parsed, err := ParseFilter(string(text))
	if err == nil {
		*f = parsed
	}
	return err
}

// MarshalText writes the filter.
func (f Filter) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

func (f Filter) String() string {
	switch f.op {
	case 0:
		return ""
	case '=':
		escaped := make([]string, len(f.pieces))
		for i, piece := range f.pieces {
			escaped[i] = filterEscaper.Replace(piece)
		}
		return "(" + f.attribute + "=" + strings.Join(escaped, "*") + ")"
	}
	var b strings.Builder
	for _, part := range f.parts {
		b.WriteString(part.String())
	}
	return "(" + string(f.op) + b.String() + ")"
}

// filterEscaper writes what RFC 4515 section 3 reserves.
var filterEscaper = strings.NewReplacer("*", `\2a`, "(", `\28`, ")", `\29`, `\`, `\5c`, "\x00", `\00`)

// Matches evaluates the filter; the zero Filter matches nothing.
func (f Filter) Matches(p *Principal) bool {
	matches := func(part Filter) bool { return part.Matches(p) }
	switch f.op {
	case '&':
		return !slices.ContainsFunc(f.parts, func(part Filter) bool { return !matches(part) })
	case '|':
		return slices.ContainsFunc(f.parts, matches)
	case '!':
		return !matches(f.parts[0])
	case '=':
		return slices.ContainsFunc(p.Attributes[f.attribute], f.matchesValue)
	}
	return false
}

// matchesValue compares one value: equality, or the pieces in their order (RFC 4511 section 4.5.1.7.2).
func (f Filter) matchesValue(value string) bool {
	value = Fold(value)
	if len(f.pieces) == 1 {
		return value == f.pieces[0]
	}
	first, last := f.pieces[0], f.pieces[len(f.pieces)-1]
	if len(value) < len(first)+len(last) || !strings.HasPrefix(value, first) || !strings.HasSuffix(value, last) {
		return false
	}
	value = value[len(first) : len(value)-len(last)]
	for _, piece := range f.pieces[1 : len(f.pieces)-1] {
		_, after, ok := strings.Cut(value, piece)
		if !ok {
			return false
		}
		value = after
	}
	return true
}

func (f Filter) attributes() []string {
	if f.op == '=' {
		return []string{f.attribute}
	}
	var names []string
	for _, part := range f.parts {
		names = append(names, part.attributes()...)
	}
	return names
}

type filterParser struct{ rest string }

func (p *filterParser) filter(depth int) (Filter, error) {
	if depth > maxFilterDepth {
		return Filter{}, fmt.Errorf("it nests deeper than %d", maxFilterDepth)
	}
	if err := p.expect('('); err != nil {
		return Filter{}, err
	}
	if p.rest != "" && strings.IndexByte("&|!", p.rest[0]) >= 0 {
		return p.compound(depth)
	}
	return p.item()
}

func (p *filterParser) compound(depth int) (Filter, error) {
	f := Filter{op: p.rest[0]}
	p.rest = p.rest[1:]
	for strings.HasPrefix(p.rest, "(") {
		part, err := p.filter(depth + 1)
		if err != nil {
			return Filter{}, err
		}
		f.parts = append(f.parts, part)
	}
	if len(f.parts) == 0 || f.op == '!' && len(f.parts) > 1 {
		return Filter{}, fmt.Errorf("%q has %d conditions", f.op, len(f.parts))
	}
	return f, p.expect(')')
}

func (p *filterParser) item() (Filter, error) {
	text, rest, ok := strings.Cut(p.rest, ")")
	if !ok {
		return Filter{}, fmt.Errorf("a closing parenthesis is missing")
	}
	attribute, value, ok := strings.Cut(text, "=")
	if !ok || !attributeName(attribute) {
		return Filter{}, fmt.Errorf("%q is no attribute=value", text)
	}
	f := Filter{op: '=', attribute: strings.ToLower(attribute)}
	for piece := range strings.SplitSeq(value, "*") {
		plain, err := unescapeFilter(piece)
		if err != nil {
			return Filter{}, err
		}
		f.pieces = append(f.pieces, Fold(plain))
	}
	p.rest = rest
	return f, nil
}

// attributeName accepts a descriptor with options or a numeric OID (RFC 4512 section 2.5), hence no <, >, ~ or :.
func attributeName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.;") == ""
}

func unescapeFilter(s string) (string, error) {
	before, after, found := strings.Cut(s, `\`)
	if !found {
		if strings.ContainsAny(s, "(\x00") {
			return "", fmt.Errorf(`%q must write ( as \28`, s)
		}
		return s, nil
	}
	if len(after) < 2 {
		return "", fmt.Errorf(`%q ends within an escape`, s)
	}
	octet, err := hex.DecodeString(after[:2])
	if err != nil {
		return "", fmt.Errorf(`\%s is no escape`, after[:2])
	}
	rest, err := unescapeFilter(after[2:])
	return before + string(octet) + rest, err
}

func (p *filterParser) expect(c byte) error {
	if p.rest == "" || p.rest[0] != c {
		return fmt.Errorf("%q is expected before %q", c, p.rest)
	}
	p.rest = p.rest[1:]
	return nil
}
