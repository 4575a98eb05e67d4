package dav

import (
	"encoding/xml"
	"net/http"
)

// flushSize is how much of an answer is gathered before it is sent, in bytes.
const flushSize = 32 << 10

// Writer writes the XML of an answer. Its methods do not fail: the error of the
// connection below shows in Checkpoint, and at the end of the answer.
type Writer struct {
	buf []byte
}

// WriteMultiStatus answers 207 with what write writes: responses, then perhaps a
// sync-token. When write fails before anything was sent, its error is returned
// for WriteError to answer; later, the error wraps ErrAborted.
func WriteMultiStatus(rw http.ResponseWriter, write func(*Writer) error) error { return nil }

// WriteXML answers with any other document; root is its element.
func WriteXML(rw http.ResponseWriter, status int, root Name, write func(*Writer) error) error {
	return nil
}

// Start writes a start tag; End must follow.
func (w *Writer) Start(name Name, attr ...xml.Attr) {}

// End writes an end tag.
func (w *Writer) End(name Name) {}

// Empty writes an empty element.
func (w *Writer) Empty(name Name, attr ...xml.Attr) {}

// Text writes character data.
func (w *Writer) Text(s string) {}

// Bytes writes character data.
func (w *Writer) Bytes(b []byte) {}

// Int writes a number.
func (w *Writer) Int(n int64) {}

// TextElement writes an element that has only text.
func (w *Writer) TextElement(name Name, text string) {}

// Href writes a DAV:href; href is encoded already.
func (w *Writer) Href(href string) {}

// MemberHref writes the DAV:href of a member of a collection: collection is
// encoded and ends in "/", name is encoded here.
func (w *Writer) MemberHref(collection, name string) {}

// Element writes a tree.
func (w *Writer) Element(e *Element) {}

// Raw copies XML text that is self-contained, as Element.XML makes it.
func (w *Writer) Raw(xml string) {}

// Checkpoint sends what is gathered if it is much, and returns the connection's
// error. It must not be called within a property.
func (w *Writer) Checkpoint() error { return nil }

// Response writes a DAV:response with a status and nothing else: RFC 6578
// section 3.5 for a removed member, RFC 4791 section 7.9 for a missing one.
func (w *Writer) Response(href string, status int) {}

// Failure writes a DAV:response with an error's status and condition.
func (w *Writer) Failure(href string, err *Error) {}

// SyncToken writes the DAV:sync-token that ends a sync-collection answer.
func (w *Writer) SyncToken(token string) { w.TextElement(SyncToken, token) }

func (w *Writer) element(e *Element, scope []int) {}
