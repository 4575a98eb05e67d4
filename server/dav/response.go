package dav

import (
	"net/http"
	"strconv"
)

// Names that only this package writes.
var (
	responseElement    = d("response")
	propstatElement    = d("propstat")
	statusElement      = d("status")
	errorElement       = d("error")
	descriptionElement = d("responsedescription")
)

// Response writes a DAV:response with a status and nothing else: RFC 6578
// section 3.5 for a removed member, RFC 4791 section 7.9 for a missing one.
func (w *Writer) Response(href string, status int) {
	w.Failure(href, &Error{Status: status})
}

// ResponseMember is Response for a member of a collection: collection is an
// encoded href ending in "/", name is encoded here.
func (w *Writer) ResponseMember(collection, name string, status int) {
	w.Start(responseElement)
	w.MemberHref(collection, name)
	w.status(status)
	w.End(responseElement)
}

// Failure writes a DAV:response with an error's status and condition.
func (w *Writer) Failure(href string, err *Error) {
	w.Start(responseElement)
	w.Href(href)
	w.status(err.Status)
	w.reason(err)
	w.End(responseElement)
}

// SyncToken writes the DAV:sync-token that ends a sync-collection answer.
func (w *Writer) SyncToken(token string) { w.TextElement(SyncToken, token) }

// status writes a DAV:status.
func (w *Writer) status(code int) {
	w.Start(statusElement)
	w.buf = append(w.buf, "HTTP/1.1 "...)
	w.buf = strconv.AppendInt(w.buf, int64(code), 10)
	w.buf = append(w.buf, ' ')
	w.buf = append(w.buf, http.StatusText(code)...)
	w.End(statusElement)
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
		w.TextElement(descriptionElement, e.Detail)
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
