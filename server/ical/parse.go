package ical

import (
	"fmt"
	"strings"
)

// SyntaxError says which line cannot be read. It is an [ErrData].
type SyntaxError struct {
	Line int // from 1, in the source as it is folded
	Msg  string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

func (e *SyntaxError) Unwrap() error { return ErrData }

// Limits bound what is read. A zero field means that of [DefaultLimits].
type Limits struct {
	Size  int // bytes
	Depth int // components within components, VCALENDAR being the first
}

// DefaultLimits are those of [Parse].
var DefaultLimits = Limits{Size: 64 << 20, Depth: 32}

// Parse reads one VCALENDAR within the default limits. Line ends may be CRLF
// or LF; blank lines, a byte order mark and any letter case are accepted and
// kept. The error is a *[SyntaxError].
func Parse(data []byte) (*Component, error) { return Limits{}.Parse(data) }

// Parse reads one VCALENDAR within the limits.
func (l Limits) Parse(data []byte) (*Component, error) {
	if l.Size == 0 {
		l.Size = DefaultLimits.Size
	}
	if l.Depth == 0 {
		l.Depth = DefaultLimits.Depth
	}
	if len(data) > l.Size {
		return nil, &SyntaxError{1, fmt.Sprintf("calendar of %d bytes is larger than the limit of %d", len(data), l.Size)}
	}
	// One copy makes every name and value a substring.
	p := parser{src: string(data), depth: l.Depth}
	return p.calendar()
}

// parser walks the source once.
type parser struct {
	src   string
	pos   int
	depth int
	open  []*Component

	pointers   []*Property // all components' Properties are parts of it
	slab       []Property
	components []Component
}

// chunk is how many properties, or components, are allocated at a time at most.
const chunk = 32

func (p *parser) calendar() (*Component, error) {
	p.skipBlank(true)
	before := p.src[:p.pos]
	begun := strings.Count(p.src, "BEGIN:")
	p.components = make([]Component, 0, min(begun, chunk))
	p.pointers = make([]*Property, 0, max(strings.Count(p.src, "\n")+1-2*begun, 0))
	for p.pos < len(p.src) {
		start := p.pos
		line, err := p.line()
		if err != nil {
			return nil, err
		}
		root, err := p.add(line, start)
		if err != nil {
			return nil, err
		}
		if root == nil {
			continue
		}
		end := p.pos
		p.skipBlank(true)
		if p.pos < len(p.src) {
			return nil, p.fail(p.pos, "data after END:VCALENDAR")
		}
		root.before, root.after = before, p.src[end:]
		return root, nil
	}
	if len(p.open) > 0 {
		return nil, p.fail(p.pos, "END:"+p.open[len(p.open)-1].Name+" is missing")
	}
	return nil, p.fail(0, "no BEGIN:VCALENDAR")
}

// add takes a line into the tree and returns the calendar when it is complete.
func (p *parser) add(line Property, start int) (*Component, error) {
	switch {
	case line.Name() == "BEGIN":
		return nil, p.begin(line, start)
	case len(p.open) == 0:
		return nil, p.fail(start, "no BEGIN:VCALENDAR")
	case line.Name() == "END":
		return p.end(line, start)
	}
	if len(p.slab) == cap(p.slab) {
		p.slab = make([]Property, 0, min(chunk, max(cap(p.pointers)-len(p.pointers), 1)))
	}
	p.slab = append(p.slab, line)
	c := p.open[len(p.open)-1]
	c.mixed = c.mixed || len(c.Components) > 0
	q := &p.slab[len(p.slab)-1]
	if n := len(p.pointers); len(c.Properties) == 0 {
		p.pointers = append(p.pointers, q)
		c.Properties = p.pointers[n : n+1 : n+1]
		return nil, nil
	}
	if n := len(p.pointers); p.pointers[n-1] == c.Properties[len(c.Properties)-1] {
		p.pointers = append(p.pointers, q)
		from := n - len(c.Properties)
		c.Properties = p.pointers[from : n+1 : n+1]
		return nil, nil
	}
	c.Properties = append(c.Properties, q) // a property after a component
	return nil, nil
}

func (p *parser) begin(line Property, start int) error {
	name := upper(strings.TrimSpace(line.Value()))
	if len(p.open) == 0 && name != "VCALENDAR" {
		return p.fail(start, "BEGIN:"+name+" where BEGIN:VCALENDAR should be")
	}
	if len(p.open) == p.depth {
		return p.fail(start, fmt.Sprintf("components are nested deeper than %d", p.depth))
	}
	if len(p.components) == cap(p.components) {
		p.components = make([]Component, 0, chunk)
	}
	p.components = append(p.components, Component{Name: name, begin: line.raw})
	c := &p.components[len(p.components)-1]
	if len(p.open) > 0 {
		parent := p.open[len(p.open)-1]
		c.at = len(parent.Properties)
		parent.Components = append(parent.Components, c)
	}
	p.open = append(p.open, c)
	return nil
}

func (p *parser) end(line Property, start int) (*Component, error) {
	c := p.open[len(p.open)-1]
	if name := strings.TrimSpace(line.Value()); !strings.EqualFold(name, c.Name) {
		return nil, p.fail(start, "END:"+name+" where END:"+c.Name+" should be")
	}
	c.end = line.raw
	p.open = p.open[:len(p.open)-1]
	if len(p.open) == 0 {
		return c, nil
	}
	return nil, nil
}

// line reads one content line with its folded parts and the blank lines after
// it.
func (p *parser) line() (Property, error) {
	start := p.pos
	text := p.physical()
	if p.folded() {
		text = p.unfold(text)
	}
	p.skipBlank(false)
	name := nameLen(text)
	if name == 0 || name == len(text) {
		return Property{}, p.fail(start, "not a content line (name, colon, value)")
	}
	colon := name
	if text[name] == ';' {
		colon += quotedIndex(text[name:], ':')
		if colon == len(text) {
			return Property{}, p.fail(start, "no colon after the parameters of "+text[:name])
		}
	}
	if n := upper(text[:name]); n != text[:name] {
		text = n + text[name:]
	}
	return Property{text, p.src[start:p.pos], int32(name), int32(colon + 1)}, nil
}

// physical takes the text up to the line end, which is skipped.
func (p *parser) physical() string {
	rest := p.src[p.pos:]
	i := strings.IndexByte(rest, '\n')
	if i < 0 {
		p.pos = len(p.src)
		return strings.TrimSuffix(rest, "\r")
	}
	p.pos += i + 1
	if i > 0 && rest[i-1] == '\r' {
		i--
	}
	return rest[:i]
}

// folded says whether the next line continues this one (RFC 5545 section 3.1).
func (p *parser) folded() bool {
	return p.pos < len(p.src) && (p.src[p.pos] == ' ' || p.src[p.pos] == '\t')
}

func (p *parser) unfold(first string) string {
	var b strings.Builder
	b.Grow(4 * len(first))
	b.WriteString(first)
	for p.folded() {
		p.pos++
		b.WriteString(p.physical())
	}
	return b.String()
}

// skipBlank passes over line ends and, outside of the calendar, a byte order
// mark, spaces and what other systems put at the end of a file.
func (p *parser) skipBlank(outside bool) {
	if p.pos == 0 && strings.HasPrefix(p.src, "\ufeff") {
		p.pos = len("\ufeff")
	}
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '\n', outside && strings.IndexByte(" \t\r\x00\x1a", c) >= 0:
			p.pos++
		case strings.HasPrefix(p.src[p.pos:], "\r\n"):
			p.pos += 2
		default:
			return
		}
	}
}

func (p *parser) fail(pos int, msg string) error {
	return &SyntaxError{strings.Count(p.src[:pos], "\n") + 1, msg}
}

// nameLen returns the length of the name that s starts with: up to ":" or ";".
// Names with characters that RFC 5545 does not allow in them are accepted as
// long as the line can be read.
func nameLen[T string | []byte](s T) int {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':' || c == ';':
			return i
		case c <= ' ' || c == '"' || c == ',' || c == '=':
			return 0
		}
	}
	return len(s)
}

// upper puts ASCII letters into upper case, without a copy where none is
// needed. The length stays.
func upper(s string) string {
	for i := range len(s) {
		if c := s[i]; 'a' <= c && c <= 'z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if c := b[j]; 'a' <= c && c <= 'z' {
					b[j] = c - 'a' + 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
