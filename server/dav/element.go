package dav

import (
	"encoding/xml"
	"strings"
)

// Element is an XML element as it was read, or as it shall be written. The
// model keeps what RFC 4918 section 4.3 wants kept of a property: names,
// prefixes, attributes and all character data in its place.
type Element struct {
	Name   Name
	Prefix string     // as read; "" lets the writer choose
	Attr   []xml.Attr // namespace declarations among them, as Space "xmlns"

	Text     string // character data before the first child
	Children []*Element
	Tail     string // character data after this element, within its parent
}

// Attribute returns an attribute that is in no namespace, as name="VEVENT" of a
// comp-filter.
func (e *Element) Attribute(local string) (value string, ok bool) {
	for _, a := range e.Attr {
		if a.Name.Space == "" && a.Name.Local == local && local != "xmlns" {
			return a.Value, true
		}
	}
	return "", false
}

// Child returns the first child of that name, nil if there is none. A nil
// element has no children.
func (e *Element) Child(name Name) *Element {
	if e == nil {
		return nil
	}
	for _, child := range e.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

// Trimmed returns the element's own character data without space around it, as
// the protocol's tokens, numbers and hrefs are read.
func (e *Element) Trimmed() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.Text)
}

// New makes an element with children.
func New(name Name, children ...*Element) *Element {
	return &Element{Name: name, Children: children}
}

// NewText makes an element with text.
func NewText(name Name, text string) *Element {
	return &Element{Name: name, Text: text}
}

// NewHref makes a DAV:href of an encoded path or URI.
func NewHref(href string) *Element { return NewText(Href, href) }
