package dav

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is the only error whose contents a client sees.
type Error struct {
	Status    int         // HTTP status code
	Condition Name        // the pre- or postcondition that failed; zero for none
	Body      []*Element  // children of the condition element, as an href
	Detail    string      // one sentence for the reader; may be empty
	Header    http.Header // headers of the answer, as Allow or Retry-After; may be nil
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	if e.Condition.Local != "" {
		text += ": " + e.Condition.Local
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// StatusCode is Status, and Explanation is Detail: for callers that know no DAV.
func (e *Error) StatusCode() int { return e.Status }

// Explanation is Detail.
func (e *Error) Explanation() string { return e.Detail }

// Errors of reading a request.
var (
	ErrMalformed = errors.New("dav: malformed XML")  // answered 400
	ErrTooLarge  = errors.New("dav: body too large") // answered 413
)

// ErrNoProperty is what a property's getter returns when the resource does not
// have it: 404 in its propstat.
var ErrNoProperty = errors.New("dav: no such property")

// Status makes an error of a status code alone.
func Status(code int) *Error { return &Error{Status: code} }

// BadRequest is 400 with a sentence that says what is wrong.
func BadRequest(format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Detail: fmt.Sprintf(format, args...)}
}

// Forbidden is 403 with a condition: the request must not be repeated.
func Forbidden(condition Name, body ...*Element) *Error {
	return &Error{Status: http.StatusForbidden, Condition: condition, Body: body}
}

// NeedPrivilege is 403 naming the privilege that is lacking on a resource.
// RFC 3744 section 7.1.1.
func NeedPrivilege(href string, p Privilege) *Error {
	return Forbidden(NeedPrivileges, New(ResourceElement, NewHref(href), p.element()))
}
