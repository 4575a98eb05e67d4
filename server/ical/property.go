package ical

import (
	"iter"
	"strings"
)

// Property is one content line: name, parameters and value. It keeps its
// source until it is changed.
type Property struct {
	text    string // the line, unfolded, its name in upper case
	raw     string // source with line ends; "" once changed or if made by us
	nameEnd int32  // index of the ";" or ":" after the name
	valueAt int32  // index of the value
}

// NewProperty returns a property with a value that is already in the form of
// the wire, and no parameters.
func NewProperty(name, value string) *Property {
	p := &Property{}
	p.set(upper(name), "", oneLine(value))
	return p
}

// NewText returns a property with a TEXT value.
func NewText(name, text string) *Property { return NewProperty(name, EscapeText(text)) }

// set puts a line together; the source counts no more.
func (p *Property) set(name, params, value string) {
	*p = Property{
		text:    name + params + ":" + value,
		nameEnd: int32(len(name)),
		valueAt: int32(len(name) + len(params) + 1),
	}
}

// Name returns the name in upper case.
func (p *Property) Name() string {
	if p == nil {
		return ""
	}
	return p.text[:p.nameEnd]
}

// params returns the parameters as written, each with its leading ";".
func (p *Property) params() string {
	if p == nil {
		return ""
	}
	return p.text[p.nameEnd : p.valueAt-1]
}

// Value returns the value as it is on the wire, unfolded.
func (p *Property) Value() string {
	if p == nil {
		return ""
	}
	return p.text[p.valueAt:]
}

// SetValue changes the value; v is in the form of the wire.
func (p *Property) SetValue(v string) { p.set(p.Name(), p.params(), oneLine(v)) }

// Text returns the value as TEXT, unescaped.
func (p *Property) Text() string { return UnescapeText(p.Value()) }

// SetText changes the value to a TEXT, which is escaped.
func (p *Property) SetText(text string) { p.SetValue(EscapeText(text)) }

// Texts returns the values of a list of TEXT, such as CATEGORIES.
func (p *Property) Texts() []string {
	var all []string
	for s := range splitText(p.Value(), ',') {
		all = append(all, UnescapeText(s))
	}
	return all
}

// SetParam sets a parameter to the given values, in its old place if it had
// one. Characters are quoted as RFC 5545 section 3.2 and RFC 6868 want.
func (p *Property) SetParam(name string, values ...string) {
	name = upper(name)
	var b strings.Builder
	done := false
	write := func() {
		if done {
			return
		}
		done = true
		b.WriteString(";" + name + "=")
		for i, v := range values {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(encodeParam(v))
		}
	}
	for n, v := range p.rawParams() {
		if strings.EqualFold(n, name) {
			write()
			continue
		}
		b.WriteString(";" + n + "=" + v)
	}
	write()
	p.set(p.Name(), b.String(), p.Value())
}

// DelParam removes a parameter.
func (p *Property) DelParam(name string) {
	if _, ok := p.LookupParam(name); !ok {
		return
	}
	var b strings.Builder
	for n, v := range p.rawParams() {
		if !strings.EqualFold(n, name) {
			b.WriteString(";" + n + "=" + v)
		}
	}
	p.set(p.Name(), b.String(), p.Value())
}

// Param returns the parameter's first value, decoded, or "".
func (p *Property) Param(name string) string {
	v, _ := p.LookupParam(name)
	return v
}

// LookupParam returns the parameter's first value, decoded, and whether the
// parameter is there.
func (p *Property) LookupParam(name string) (string, bool) {
	for n, raw := range p.rawParams() {
		if strings.EqualFold(n, name) {
			v, _, _ := cutParam(raw)
			return decodeParam(v), true
		}
	}
	return "", false
}

// ParamValues returns all values of a parameter such as MEMBER, decoded.
func (p *Property) ParamValues(name string) []string {
	var all []string
	for n, raw := range p.rawParams() {
		if !strings.EqualFold(n, name) {
			continue
		}
		for more := true; more; {
			var v string
			v, raw, more = cutParam(raw)
			all = append(all, decodeParam(v))
		}
	}
	return all
}

// Params yields the names, in upper case, and values of all parameters.
func (p *Property) Params() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for n := range p.rawParams() {
			n = upper(n)
			if !yield(n, p.ParamValues(n)) {
				return
			}
		}
	}
}

// Clone returns a copy.
func (p *Property) Clone() *Property {
	q := *p
	return &q
}

// rawParams yields names and values as written. A parameter without "=" has
// the value "".
func (p *Property) rawParams() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		rest := p.params()
		for rest != "" {
			rest = rest[1:] // the ";"
			end := quotedIndex(rest, ';')
			one := rest[:end]
			rest = rest[end:]
			name, value, _ := strings.Cut(one, "=")
			if !yield(name, value) {
				return
			}
		}
	}
}

// quotedIndex returns the index of the first c outside quotes, or len(s).
func quotedIndex(s string, c byte) int {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == c && !quoted:
			return i
		}
	}
	return len(s)
}

// cutParam splits off the first value of a list, without its quotes.
func cutParam(list string) (value, rest string, more bool) {
	i := quotedIndex(list, ',')
	value = list[:i]
	if i < len(list) {
		rest, more = list[i+1:], true
	}
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	return value, rest, more
}

// decodeParam undoes RFC 6868 section 3.
func decodeParam(s string) string {
	i := strings.IndexByte(s, '^')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for ; i >= 0; i = strings.IndexByte(s, '^') {
		b.WriteString(s[:i])
		s = s[i+1:]
		switch {
		case strings.HasPrefix(s, "n"):
			b.WriteByte('\n')
		case strings.HasPrefix(s, "'"):
			b.WriteByte('"')
		case strings.HasPrefix(s, "^"):
			b.WriteByte('^')
		default: // RFC 6868 section 3.2: left as it is
			b.WriteByte('^')
			continue
		}
		s = s[1:]
	}
	b.WriteString(s)
	return b.String()
}

var paramEscapes = strings.NewReplacer("^", "^^", "\r\n", "^n", "\n", "^n", "\r", "^n", `"`, "^'")

// encodeParam applies RFC 6868, leaves out what no parameter may contain, and
// puts quotes where RFC 5545 section 3.2 asks for them.
func encodeParam(s string) string {
	s = strings.Map(dropControl, paramEscapes.Replace(s))
	if strings.ContainsAny(s, ":;,") {
		return `"` + s + `"`
	}
	return s
}

// oneLine leaves out what would break out of a content line.
func oneLine(s string) string {
	if strings.ContainsAny(s, "\r\n\x00") {
		return strings.Map(dropControl, s)
	}
	return s
}

// dropControl removes control characters, which no line may contain (RFC 5545
// section 3.1).
func dropControl(r rune) rune {
	if r < ' ' && r != '\t' || r == 0x7f {
		return -1
	}
	return r
}
