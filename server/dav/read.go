package dav

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// Limits bound what is read from a request. A zero field means its default.
type Limits struct {
	Bytes int64 // of the body; default 1 MiB
	Depth int   // of nested elements; default 64
}

const (
	defaultBytes = 1 << 20
	defaultDepth = 64
	maxBindings  = 256 // namespaces declared at one place; each name is looked up among them
	xmlSpace     = "http://www.w3.org/XML/1998/namespace"
)

// ReadElement reads a document and returns its root, nil when the body is empty.
// Errors wrap ErrMalformed or ErrTooLarge, or come from the reader.
func ReadElement(r io.Reader, limits Limits) (*Element, error) {
	body, err := limits.read(r)
	if err != nil {
		return nil, err
	}
	return limits.parse(body)
}

// read reads all of a document.
func (l Limits) read(r io.Reader) ([]byte, error) {
	if l.Bytes <= 0 {
		l.Bytes = defaultBytes
	}
	body, err := io.ReadAll(io.LimitReader(r, l.Bytes+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > l.Bytes {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, l.Bytes)
	}
	return body, nil
}

func (l Limits) parse(body []byte) (*Element, error) {
	if l.Depth <= 0 {
		l.Depth = defaultDepth
	}
	body = decodeUTF16(body)
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if root, ok := l.plainDocument(body); ok {
		return root, nil
	}
	return l.document(body)
}

// document parses XML of any kind.
func (l Limits) document(body []byte) (*Element, error) {
	p := parser{decoder: xml.NewDecoder(bytes.NewReader(body)), depth: l.Depth}
	p.decoder.CharsetReader = charsetReader
	return p.document()
}

// decodeUTF16 returns the body as UTF-8 without a byte order mark. RFC 4918
// section 8.2 wants UTF-16 understood; its mark is mandatory there.
func decodeUTF16(body []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(body, []byte{0xEF, 0xBB, 0xBF}):
		return body[3:]
	case bytes.HasPrefix(body, []byte{0xFE, 0xFF}):
		order = binary.BigEndian
	case bytes.HasPrefix(body, []byte{0xFF, 0xFE}):
		order = binary.LittleEndian
	default:
		return body
	}
	units := make([]uint16, 0, len(body)/2)
	for rest := body[2:]; len(rest) >= 2; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return []byte(string(utf16.Decode(units)))
}

// charsetReader accepts the encodings that are UTF-8 by now.
func charsetReader(charset string, input io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "utf-16", "utf-16le", "utf-16be", "us-ascii":
		return input, nil
	}
	return nil, fmt.Errorf("encoding %q is not supported, send UTF-8", charset)
}

// parser builds the tree from raw tokens. It resolves the namespaces itself:
// the decoder would take an undeclared prefix for a namespace.
type parser struct {
	decoder *xml.Decoder
	depth   int

	root  *Element
	open  []*Element
	scope []binding // innermost last
	marks []int     // len(scope) before each open element
	chars []byte    // character data since the last tag
}

type binding struct{ prefix, space string }

func (p *parser) document() (*Element, error) {
	for {
		token, err := p.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, p.malformed("%v", err)
		}
		if err := p.token(token); err != nil {
			return nil, err
		}
	}
	if p.root == nil || len(p.open) > 0 {
		return nil, p.malformed("the document ends early")
	}
	return p.root, nil
}

func (p *parser) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		p.text()
		return p.start(t)
	case xml.EndElement:
		p.text()
		return p.end(t)
	case xml.CharData:
		if len(p.open) == 0 && len(bytes.TrimSpace(t)) > 0 {
			return p.malformed("text outside the root element")
		}
		p.chars = append(p.chars, t...)
	case xml.Directive:
		// A document type declaration: nothing here needs one, and entities are
		// only ever an attack. RFC 4918 section 20.6.
		return p.malformed("document type declarations are refused")
	}
	return nil // comments and processing instructions mean nothing: RFC 4918 section 17
}

func (p *parser) start(t xml.StartElement) error {
	if p.root != nil && len(p.open) == 0 {
		return p.malformed("a second root element")
	}
	if len(p.open) >= p.depth {
		return fmt.Errorf("%w: elements nested deeper than %d", ErrTooLarge, p.depth)
	}
	p.marks = append(p.marks, len(p.scope))
	if err := p.declare(t.Attr); err != nil {
		return err
	}
	e := &Element{Prefix: t.Name.Space}
	var err error
	if e.Name, err = p.resolve(t.Name, lookUp(p.scope, "")); err != nil {
		return err
	}
	if e.Attr, err = p.attributes(t.Attr); err != nil {
		return err
	}
	if len(p.open) == 0 {
		p.root = e
	} else {
		parent := p.open[len(p.open)-1]
		parent.Children = append(parent.Children, e)
	}
	p.open = append(p.open, e)
	return nil
}

// declare binds the prefixes that the attributes declare.
func (p *parser) declare(attrs []xml.Attr) error {
	for _, a := range attrs {
		switch {
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			p.scope = append(p.scope, binding{"", a.Value})
		case a.Name.Space == "xmlns":
			// Namespaces in XML 1.0 sections 3 and 5: the two reserved prefixes, and
			// a prefix cannot be undeclared.
			if a.Name.Local == "xmlns" || a.Value == "" || (a.Name.Local == "xml") != (a.Value == xmlSpace) {
				return p.malformed("xmlns:%s cannot be %q", a.Name.Local, a.Value)
			}
			p.scope = append(p.scope, binding{a.Name.Local, a.Value})
		}
	}
	if len(p.scope) > maxBindings {
		return fmt.Errorf("%w: more than %d namespace declarations", ErrTooLarge, maxBindings)
	}
	return nil
}

func (p *parser) attributes(attrs []xml.Attr) ([]xml.Attr, error) {
	if len(attrs) == 0 {
		return nil, nil
	}
	seen := make(map[Name]bool, len(attrs))
	resolved := make([]xml.Attr, len(attrs))
	for i, a := range attrs {
		name := a.Name
		if name.Space != "xmlns" {
			var err error
			if name, err = p.resolve(name, ""); err != nil {
				return nil, err
			}
		}
		if seen[name] {
			return nil, p.malformed("attribute %s is there twice", name.Local)
		}
		seen[name] = true
		resolved[i] = xml.Attr{Name: name, Value: a.Value}
	}
	return resolved, nil
}

// resolve expands a raw name, whose Space is its prefix; bare is the namespace
// of names without one.
func (p *parser) resolve(raw Name, bare string) (Name, error) {
	if raw.Local == "" || strings.Contains(raw.Local, ":") {
		return Name{}, p.malformed("%q is no qualified name", raw.Space+":"+raw.Local)
	}
	switch raw.Space {
	case "":
		return Name{Space: bare, Local: raw.Local}, nil
	case "xml":
		return Name{Space: xmlSpace, Local: raw.Local}, nil
	}
	space := lookUp(p.scope, raw.Space)
	if space == "" {
		return Name{}, p.malformed("prefix %q is not declared", raw.Space)
	}
	return Name{Space: space, Local: raw.Local}, nil
}

func (p *parser) end(t xml.EndElement) error {
	if len(p.open) == 0 {
		return p.malformed("end tag </%s> without a start", t.Name.Local)
	}
	last := len(p.open) - 1
	if e := p.open[last]; e.Prefix != t.Name.Space || e.Name.Local != t.Name.Local {
		return p.malformed("<%s> is closed by </%s>", e.Name.Local, t.Name.Local)
	}
	p.open = p.open[:last]
	p.scope = p.scope[:p.marks[last]]
	p.marks = p.marks[:last]
	return nil
}

// text gives the character data since the last tag to the element it is in.
func (p *parser) text() {
	if len(p.chars) == 0 {
		return
	}
	if len(p.open) > 0 {
		e := p.open[len(p.open)-1]
		if n := len(e.Children); n > 0 {
			e.Children[n-1].Tail = string(p.chars)
		} else {
			e.Text = string(p.chars)
		}
	}
	p.chars = p.chars[:0]
}

// malformed says what is wrong and where.
func (p *parser) malformed(format string, args ...any) error {
	if p.decoder == nil {
		return ErrMalformed // for plainReader, which does not tell it
	}
	line, column := p.decoder.InputPos()
	return fmt.Errorf("%w: line %d, column %d: %s", ErrMalformed, line, column, fmt.Sprintf(format, args...))
}
