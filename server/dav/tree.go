package dav

import (
	"encoding/xml"
	"strconv"
)

// Element writes a tree into an answer.
func (w *Writer) Element(e *Element) {
	scope := make([]binding, 0, 2*len(prefixes))
	for _, p := range prefixes {
		scope = append(scope, binding{p.prefix, p.space})
	}
	w.element(e, scope)
}

// XML returns the element as self-contained text: every namespace that it uses
// is declared within it, so that the text can be kept, and copied into any
// answer by [Writer.Raw].
func (e *Element) XML() string {
	var w Writer
	w.element(e, nil)
	return string(w.buf)
}

// element writes a tree where scope is bound already. The element's own prefix
// is kept if it can be: RFC 4918 section 4.3. Its attributes stand before the
// declarations added here and in single quotes, as Apple's server writes them and
// its tests, which compare text, want them.
func (w *Writer) element(e *Element, scope []binding) {
	own := len(scope)
	for _, a := range e.Attr {
		if prefix, ok := declares(a); ok {
			scope = append(scope, binding{prefix, a.Value})
		}
	}
	prefix, fresh := elementPrefix(e, scope, own)
	w.buf = append(w.buf, '<')
	w.prefixed(prefix, e.Name.Local)
	if fresh {
		scope = append(scope, binding{prefix, e.Name.Space})
	}
	for _, a := range e.Attr {
		if declared, ok := declares(a); ok {
			w.declaration(declared, a.Value)
			continue
		}
		p, fresh := attributePrefix(a.Name.Space, scope)
		if fresh {
			scope = append(scope, binding{p, a.Name.Space})
			w.declaration(p, a.Name.Space)
		}
		w.buf = append(w.buf, ' ')
		w.prefixed(p, a.Name.Local)
		w.buf = append(w.buf, '=', '\'')
		w.buf = appendEscaped(w.buf, a.Value, &attributeEscapes)
		w.buf = append(w.buf, '\'')
	}
	if fresh {
		w.declaration(prefix, e.Name.Space)
	}
	if e.Text == "" && len(e.Children) == 0 {
		w.buf = append(w.buf, '/', '>')
		return
	}
	w.buf = append(w.buf, '>')
	w.Text(e.Text)
	for _, child := range e.Children {
		w.element(child, scope)
		w.Text(child.Tail)
	}
	w.buf = append(w.buf, '<', '/')
	w.prefixed(prefix, e.Name.Local)
	w.buf = append(w.buf, '>')
}

func (w *Writer) prefixed(prefix, local string) {
	if prefix != "" {
		w.buf = append(w.buf, prefix...)
		w.buf = append(w.buf, ':')
	}
	w.buf = append(w.buf, local...)
}

func (w *Writer) declaration(prefix, space string) {
	if prefix == "" {
		w.attribute("xmlns", space)
		return
	}
	w.attribute("xmlns:"+prefix, space)
}

// declares reports whether an attribute is a namespace declaration, and of which
// prefix.
func declares(a xml.Attr) (prefix string, ok bool) {
	switch {
	case a.Name.Space == "xmlns":
		return a.Name.Local, true
	case a.Name.Space == "" && a.Name.Local == "xmlns":
		return "", true
	}
	return "", false
}

// elementPrefix chooses the prefix of an element's name. fresh says that its
// start tag must declare it. The bindings from own on are the element's.
func elementPrefix(e *Element, scope []binding, own int) (prefix string, fresh bool) {
	space := e.Name.Space
	if space == "" {
		return "", lookUp(scope, "") != ""
	}
	if lookUp(scope, e.Prefix) == space {
		return e.Prefix, false
	}
	if prefix, ok := prefixBoundTo(space, scope); ok {
		return prefix, false
	}
	if e.Prefix != "" && e.Prefix != "xml" && lookUp(scope[own:], e.Prefix) == "" {
		return e.Prefix, true
	}
	return unusedPrefix(space, scope), true
}

// attributePrefix chooses the prefix of an attribute's name: an attribute without
// one is in no namespace, whatever the default is.
func attributePrefix(space string, scope []binding) (prefix string, fresh bool) {
	if space == "" {
		return "", false
	}
	if prefix, ok := prefixBoundTo(space, scope); ok {
		return prefix, false
	}
	return unusedPrefix(space, scope), true
}

// prefixBoundTo returns a prefix, not the default, that means space here.
func prefixBoundTo(space string, scope []binding) (string, bool) {
	if space == xmlSpace {
		return "xml", true
	}
	for i := len(scope) - 1; i >= 0; i-- {
		b := scope[i]
		if b.space == space && b.prefix != "" && lookUp(scope, b.prefix) == space {
			return b.prefix, true
		}
	}
	return "", false
}

// unusedPrefix returns a prefix for space that means nothing here yet.
func unusedPrefix(space string, scope []binding) string {
	prefix := prefixOf(space)
	if prefix == "" {
		prefix = "X"
	}
	candidate := prefix
	for n := 1; lookUp(scope, candidate) != ""; n++ {
		candidate = prefix + strconv.Itoa(n)
	}
	return candidate
}

// lookUp returns the namespace that the innermost binding of a prefix names, ""
// if it is unbound.
func lookUp(scope []binding, prefix string) string {
	for i := len(scope) - 1; i >= 0; i-- {
		if scope[i].prefix == prefix {
			return scope[i].space
		}
	}
	return ""
}
