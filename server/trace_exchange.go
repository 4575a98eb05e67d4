package server

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// exchange is a request and its answer, as they are written down.
type exchange struct {
	t      *Traces
	owner  string
	begun  time.Time
	in     *info
	method string
	target string
	proto  string
	host   string
	header http.Header // of the request
	basic  string      // its Basic credentials as sent
	sent   excerpt     // the request's body
	status int
	answer http.Header
	body   excerpt // the answer's
	note   string
	whole  bool // the handler came to its end
}

func newExchange(t *Traces, owner string, now time.Time, r *http.Request) *exchange {
	x := &exchange{
		t: t, owner: owner, begun: now, in: infoOf(r.Context()),
		method: r.Method, target: r.RequestURI, proto: r.Proto, host: r.Host, header: r.Header.Clone(),
	}
	_, x.basic, _ = strings.Cut(r.Header.Get("Authorization"), " ")
	return x
}

// capture serves a request and keeps what goes in and out.
func (x *exchange) capture(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, &x.sent), r.Body}
		next.ServeHTTP(x.writer(w), r)
		x.whole = true
	})
}

// writer keeps what is answered; w itself where there is no exchange.
func (x *exchange) writer(w http.ResponseWriter) http.ResponseWriter {
	if x == nil {
		return w
	}
	x.answer = w.Header()
	return &tracedWriter{w, x}
}

type tracedWriter struct {
	http.ResponseWriter
	x *exchange
}

func (w *tracedWriter) WriteHeader(status int) {
	if status >= http.StatusOK && w.x.status == 0 {
		w.x.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *tracedWriter) Write(b []byte) (int, error) {
	if w.x.status == 0 {
		w.x.status = http.StatusOK
	}
	w.x.body.Write(b)
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *tracedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// refused notes why a sign-in was refused.
func (x *exchange) refused(err error) {
	if x != nil {
		x.note, x.whole = refusalWords(err), true
	}
}

// end hands the exchange over.
func (x *exchange) end() {
	if x != nil {
		x.t.add(page{x.owner, x.text(x.t.o.Now())})
	}
}

// text is what an administrator reads of an exchange.
func (x *exchange) text(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "==== %s  %s  %d  %.1f ms  from %s  id %s\n", x.begun.UTC().Format("2006-01-02 15:04:05.000 UTC"),
		x.in.operation, x.status, float64(now.Sub(x.begun).Microseconds())/1000, x.in.client.addr, x.in.id)
	if x.note != "" {
		fmt.Fprintf(&b, "==== The sign-in was refused: %s.\n", x.note)
	}
	if !x.whole {
		b.WriteString("==== The answer broke off.\n")
	}
	fmt.Fprintf(&b, "%s %s %s\nHost: %s\n", x.method, x.target, x.proto, x.host)
	writeTracedHeader(&b, x.header)
	x.sent.writeTo(&b)
	fmt.Fprintf(&b, "---- answer\n%d %s\n", x.status, http.StatusText(x.status))
	writeTracedHeader(&b, x.answer)
	x.body.writeTo(&b)
	b.WriteByte('\n')
	text := b.String()
	// The password itself is not looked for in bodies: an ordinary word that is missing there would tell it.
	if len(x.basic) >= 8 {
		text = strings.ReplaceAll(text, x.basic, redacted)
	}
	return printable(redact(text))
}

// writeTracedHeader writes the fields of a header, those that are credentials without what they say.
func writeTracedHeader(b *strings.Builder, h http.Header) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			fmt.Fprintf(b, "%s: %s\n", name, redactField(name, value))
		}
	}
}

// excerpt is the beginning of a body.
type excerpt struct {
	kept  bytes.Buffer
	total int64
}

// maxExcerpt is how many bytes of a body are kept.
const maxExcerpt = 1 << 20

// Write never fails, so that nothing that is traced does.
func (e *excerpt) Write(b []byte) (int, error) {
	e.total += int64(len(b))
	e.kept.Write(b[:min(len(b), maxExcerpt-e.kept.Len())])
	return len(b), nil
}

// writeTo writes the body as text, and says what is left out.
func (e *excerpt) writeTo(b *strings.Builder) {
	b.WriteByte('\n')
	if e.total == 0 {
		return
	}
	text := e.kept.Bytes()
	if e.total > int64(len(text)) { // it may end within a character
		for cut := 0; cut < utf8.UTFMax && !utf8.Valid(text); cut++ {
			text = text[:len(text)-1]
		}
	}
	if !utf8.Valid(text) {
		fmt.Fprintf(b, "[%d bytes that are no text]\n", e.total)
		return
	}
	b.WriteString(strings.ReplaceAll(string(text), "\r\n", "\n"))
	if !bytes.HasSuffix(text, []byte("\n")) {
		b.WriteByte('\n')
	}
	if left := e.total - int64(len(text)); left > 0 {
		fmt.Fprintf(b, "[%d more bytes]\n", left)
	}
}

// printable shows control characters, which could command a terminal, by their numbers.
func printable(text string) string {
	special := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if !strings.ContainsFunc(text, special) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if special(r) {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
