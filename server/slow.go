package server

import (
	"io"
	"net/http"
	"time"
)

// A body may take this long, and longer by a second for each so many bytes that have come: who sends slower than that
// holds a connection for nothing.
const (
	bodyPatience = 30 * time.Second
	bodyRate     = 16 << 10 // bytes a second
)

// steadyBody keeps a request's read deadline ahead of a client that sends steadily. When the body has come whole there
// is no deadline any more: the answer may take its time.
type steadyBody struct {
	io.ReadCloser
	control *http.ResponseController
	begun   time.Time
	read    int64
}

// watchBody sets the first deadline. Requests without a body need none.
func watchBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 {
		return
	}
	b := &steadyBody{ReadCloser: r.Body, control: http.NewResponseController(w), begun: time.Now()}
	b.extend()
	r.Body = b
}

func (b *steadyBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	switch {
	case err == io.EOF:
		b.control.SetReadDeadline(time.Time{})
	case err == nil:
		b.extend()
	}
	return n, err
}

// extend moves the deadline. A writer that knows no deadlines, as in tests, is left alone.
func (b *steadyBody) extend() {
	b.control.SetReadDeadline(b.begun.Add(bodyPatience + time.Duration(b.read)*time.Second/bodyRate))
}
