package dav

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// writers keeps the buffers of answers past.
var writers = sync.Pool{New: func() any { return new(Writer) }}

// maxKept is the largest buffer that is kept for another answer, in bytes.
const maxKept = 1 << 20

// WriteMultiStatus answers 207 with what write writes: responses, then perhaps a
// sync-token. When write fails before anything was sent, its error is returned
// for WriteError to answer; later, the error wraps ErrAborted.
func WriteMultiStatus(rw http.ResponseWriter, write func(*Writer) error) error {
	return WriteXML(rw, http.StatusMultiStatus, MultiStatus, write)
}

// WriteXML answers with any other document; root is its element. Errors are as
// in WriteMultiStatus.
func WriteXML(rw http.ResponseWriter, status int, root Name, write func(*Writer) error) error {
	w := writers.Get().(*Writer)
	*w = Writer{buf: w.buf[:0], to: &answer{rw: rw, status: status}}
	defer func() {
		if w.to = nil; cap(w.buf) <= maxKept {
			writers.Put(w)
		}
	}()
	w.root(root)
	err := write(w)
	if err == nil {
		w.End(root)
		w.flush()
		err = w.err
	}
	if err != nil && w.sent {
		return fmt.Errorf("%w: %w", ErrAborted, err)
	}
	return err
}

// ErrAborted says that an answer failed after a part of it was sent.
var ErrAborted = errors.New("dav: answer aborted")

// WriteError answers an error: an *Error as it says, ErrMalformed by 400,
// ErrTooLarge by 413, anything else by 500 and nothing about it. On ErrAborted
// it ends the connection by http.ErrAbortHandler, so that the client sees that
// the answer is not whole.
func WriteError(rw http.ResponseWriter, err error) {
	if errors.Is(err, ErrAborted) {
		panic(http.ErrAbortHandler) // net/http's own way to break an answer off
	}
	e := errorOf(err)
	for name, values := range e.Header {
		rw.Header()[name] = values
	}
	switch {
	case e.Status == http.StatusNotModified || e.Status == http.StatusNoContent:
		rw.WriteHeader(e.Status)
	case e.Condition.Local == "":
		writePlain(rw, e)
	default:
		// The connection's error is all that can fail, and there is nobody to tell.
		_ = WriteXML(rw, e.Status, errorElement, func(w *Writer) error {
			w.condition(e)
			return nil
		})
	}
}

// errorOf maps any error to the one that may be shown.
func errorOf(err error) *Error {
	var (
		e     *Error
		limit *http.MaxBytesError
	)
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, ErrMalformed):
		return &Error{Status: http.StatusBadRequest, Detail: clause(err, ErrMalformed)}
	case errors.Is(err, ErrTooLarge):
		return &Error{Status: http.StatusRequestEntityTooLarge, Detail: clause(err, ErrTooLarge)}
	case errors.As(err, &limit):
		return &Error{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("more than %d bytes", limit.Limit)}
	}
	return &Error{Status: http.StatusInternalServerError}
}

// clause is what an error says about the body beyond its sentinel, both ours.
func clause(err, sentinel error) string {
	_, detail, _ := strings.Cut(err.Error(), sentinel.Error()+": ")
	return detail
}

// writePlain answers in a line of text. There is always one: some clients take
// an empty error answer for "does not exist".
func writePlain(rw http.ResponseWriter, e *Error) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	rw.WriteHeader(e.Status)
	text := http.StatusText(e.Status)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	_, _ = fmt.Fprintf(rw, "%d %s\n", e.Status, text)
}
