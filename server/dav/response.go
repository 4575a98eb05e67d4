package dav

import (
	"net/http"
)

// Names that only this package writes.
var (
	errorElement       = d("error")
	descriptionElement = d("responsedescription")

	// noteElement carries words within a DAV:error, which has no element for them:
	// Apple's server's, which clients and its tests know to pass over.
	noteElement = Name{Space: "http://twistedmatrix.com/xml_namespace/dav/", Local: "error-description"}
)

// Response writes a DAV:response with a status and nothing else: RFC 6578
// section 3.5 for a removed member, RFC 4791 section 7.9 for a missing one.
func (w *Writer) Response(href string, status int) {
	w.Failure(href, &Error{Status: status})
}

// ResponseMember is Response for a member of a collection: collection is an
// encoded href ending in "/", name is encoded here.
func (w *Writer) ResponseMember(collection, name string, status int) {
	w.beginResponse()
	w.MemberHref(collection, name)
	w.status(status)
	w.endResponse()
}

// Failure writes a DAV:response with an error's status and condition.
func (w *Writer) Failure(href string, err *Error) {
	w.beginResponse()
	w.Href(href)
	w.status(err.Status)
	w.reason(err)
	w.endResponse()
}

// ResponseProps writes a DAV:response with the properties that write writes, all
// of them found.
func (w *Writer) ResponseProps(href string, write func()) {
	w.beginResponse()
	w.Href(href)
	w.beginPropstat()
	write()
	w.endPropstat(http.StatusOK, nil)
	w.endResponse()
}

// SyncToken writes the DAV:sync-token that ends a sync-collection answer.
func (w *Writer) SyncToken(token string) { w.TextElement(SyncToken, token) }

func (w *Writer) beginResponse() { w.Raw("<D:response>") }
func (w *Writer) endResponse()   { w.Raw("</D:response>") }
func (w *Writer) beginPropstat() { w.Raw("<D:propstat><D:prop>") }

// endPropstat ends a propstat whose properties share a status, and an error if
// there is more to say than that.
func (w *Writer) endPropstat(status int, e *Error) {
	w.Raw("</D:prop>")
	w.status(status)
	if e != nil {
		w.reason(e)
	}
	w.Raw("</D:propstat>")
}

// status writes a DAV:status.
func (w *Writer) status(code int) {
	if code == http.StatusOK {
		w.Raw("<D:status>HTTP/1.1 200 OK</D:status>")
		return
	}
	w.Raw("<D:status>HTTP/1.1 ")
	w.Int(int64(code))
	w.Raw(" ")
	w.Raw(http.StatusText(code))
	w.Raw("</D:status>")
}

// reason writes the DAV:error and DAV:responsedescription of an error, in a
// response or a propstat.
func (w *Writer) reason(e *Error) {
	if e.Condition.Local != "" {
		w.Start(errorElement)
		w.conditionElement(e)
		w.End(errorElement)
	}
	if e.Detail != "" {
		w.TextElement(descriptionElement, e.Detail)
	}
}

// condition writes the contents of an error document.
func (w *Writer) condition(e *Error) {
	w.conditionElement(e)
	if e.Detail != "" {
		w.TextElement(noteElement, e.Detail)
	}
}

func (w *Writer) conditionElement(e *Error) {
	if len(e.Body) == 0 {
		w.Empty(e.Condition)
		return
	}
	w.Start(e.Condition)
	for _, child := range e.Body {
		w.Element(child)
	}
	w.End(e.Condition)
}
