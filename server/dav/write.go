package dav

import (
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
)

// flushSize is how much of an answer is gathered before it is sent, in bytes.
const flushSize = 32 << 10

// Writer writes the XML of an answer. Its methods do not fail: the error of the
// connection below shows in Checkpoint, and at the end of the answer.
//
// The seven prefixes of this package are bound at the root of every answer. A
// name of another namespace declares it in its own start tag.
type Writer struct {
	buf  []byte
	to   io.Writer // nil: gather everything
	sent bool      // something has left buf
	err  error     // of to, sticky
}

// Start writes a start tag; End must follow.
func (w *Writer) Start(name Name, attr ...xml.Attr) {
	w.open(name, attr)
	w.buf = append(w.buf, '>')
}

// Empty writes an empty element.
func (w *Writer) Empty(name Name, attr ...xml.Attr) {
	w.open(name, attr)
	w.buf = append(w.buf, '/', '>')
}

// open writes a start tag up to its end. Attributes are in no namespace.
func (w *Writer) open(name Name, attr []xml.Attr) {
	w.buf = append(w.buf, '<')
	w.name(name)
	if name.Space != "" && prefixOf(name.Space) == "" {
		w.attribute("xmlns:X", name.Space)
	}
	for _, a := range attr {
		w.attribute(a.Name.Local, a.Value)
	}
}

// End writes an end tag.
func (w *Writer) End(name Name) {
	w.buf = append(w.buf, '<', '/')
	w.name(name)
	w.buf = append(w.buf, '>')
}

// name writes a name with its prefix: one of ours, or the X that its own start
// tag binds.
func (w *Writer) name(name Name) {
	switch prefix := prefixOf(name.Space); {
	case prefix != "":
		w.prefixed(prefix, name.Local)
	case name.Space != "":
		w.prefixed("X", name.Local)
	default:
		w.prefixed("", name.Local)
	}
}

func (w *Writer) attribute(name, value string) {
	w.buf = append(w.buf, ' ')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '=', '"')
	w.buf = appendEscaped(w.buf, value, &attributeEscapes)
	w.buf = append(w.buf, '"')
}

// Text writes character data.
func (w *Writer) Text(s string) { w.buf = appendEscaped(w.buf, s, &escapes) }

// Bytes writes character data.
func (w *Writer) Bytes(b []byte) { w.buf = appendEscaped(w.buf, b, &escapes) }

// Int writes a number.
func (w *Writer) Int(n int64) { w.buf = strconv.AppendInt(w.buf, n, 10) }

// TextElement writes an element that has only text.
func (w *Writer) TextElement(name Name, text string) {
	w.Start(name)
	w.Text(text)
	w.End(name)
}

// TagElement writes an element whose text is an opaque value as a strong entity tag.
func (w *Writer) TagElement(name Name, opaque string) {
	w.Start(name)
	w.buf = append(w.buf, '"')
	w.Text(opaque)
	w.buf = append(w.buf, '"')
	w.End(name)
}

// Raw copies XML text that is self-contained, as Element.XML makes it.
func (w *Writer) Raw(xml string) { w.buf = append(w.buf, xml...) }

// Href writes a DAV:href; href is encoded already.
func (w *Writer) Href(href string) {
	w.Raw("<D:href>")
	w.Text(href)
	w.Raw("</D:href>")
}

// MemberHref writes the DAV:href of a member of a collection: collection is
// encoded and ends in "/", name is encoded here.
func (w *Writer) MemberHref(collection, name string) {
	w.Raw("<D:href>")
	w.Text(collection)
	w.buf = appendSegment(w.buf, name) // leaves nothing that XML would escape
	w.Raw("</D:href>")
}

// Checkpoint sends what is gathered if it is much, and returns the connection's
// error. It must not be called within a property. Respond and its kin call it.
func (w *Writer) Checkpoint() error {
	if len(w.buf) >= flushSize && w.to != nil {
		w.flush()
	}
	return w.err
}

func (w *Writer) flush() {
	if w.err == nil {
		w.sent = true
		_, w.err = w.to.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// root writes the document's start: its declaration, and the root element with
// every prefix of this package.
func (w *Writer) root(name Name) {
	w.buf = append(w.buf, `<?xml version="1.0" encoding="utf-8"?>`+"\n"...)
	w.buf = append(w.buf, '<')
	w.name(name)
	for _, p := range prefixes {
		w.buf = append(w.buf, " xmlns:"...)
		w.buf = append(w.buf, p.prefix...)
		w.buf = append(w.buf, '=', '"')
		w.buf = append(w.buf, p.space...)
		w.buf = append(w.buf, '"')
	}
	w.buf = append(w.buf, '>')
}

// answer is a Writer's destination: it sends the head before the first byte.
type answer struct {
	rw     http.ResponseWriter
	status int
	begun  bool
}

func (a *answer) Write(p []byte) (int, error) {
	if !a.begun {
		a.begun = true
		a.rw.Header().Set("Content-Type", "application/xml; charset=utf-8")
		a.rw.WriteHeader(a.status)
	}
	return a.rw.Write(p)
}
