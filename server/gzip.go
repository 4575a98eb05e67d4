package server

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// compressed lets answers in XML of some length go out compressed, to clients that take that: listings shrink to a tenth.
// What has an entity tag goes out as it is: the tag is of the bytes, and some clients do not know it again as a weak one.
func compressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !takesGzip(r.Header) {
			next.ServeHTTP(w, r)
			return
		}
		c := &compressor{ResponseWriter: w, status: http.StatusOK}
		defer c.release() // also of an answer that broke off
		next.ServeHTTP(c, r)
		c.finish()
	})
}

// takesGzip reads Accept-Encoding (RFC 9110 section 12.5.3).
func takesGzip(h http.Header) bool {
	for _, line := range h["Accept-Encoding"] {
		for coding := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(coding, ";")
			if name = strings.TrimSpace(name); name != "*" && !strings.EqualFold(name, "gzip") {
				continue
			}
			_, q, found := strings.Cut(weight, "=")
			value, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			return !found || err == nil && value > 0
		}
	}
	return false
}

// worthwhile is the length in bytes from which on answers are compressed: a shorter one fits a packet anyway.
const worthwhile = 1400

// compressor decides with the first bytes of an answer whether it is compressed.
type compressor struct {
	http.ResponseWriter
	status  int
	decided bool
	gzip    *gzip.Writer // nil if it is not
}

// gzips are the compressors that there may be: each takes half a megabyte. Who finds none free is answered in plain, so
// that a hundred clients at once take no more memory than these.
var gzips = func() chan *gzip.Writer {
	free := make(chan *gzip.Writer, 16)
	for range cap(free) {
		free <- nil // made when it is needed first
	}
	return free
}()

// takeGzip returns a compressor that writes to w, nil if none is free.
func takeGzip(w io.Writer) *gzip.Writer {
	select {
	case z := <-gzips:
		if z == nil {
			z, _ = gzip.NewWriterLevel(w, gzip.BestSpeed) // fails only on levels that do not exist
		}
		z.Reset(w)
		return z
	default:
		return nil
	}
}

// WriteHeader waits for the first bytes, save for what informs of an answer to come.
func (c *compressor) WriteHeader(status int) {
	if status < http.StatusOK {
		c.ResponseWriter.WriteHeader(status)
		return
	}
	if !c.decided {
		c.status = status
	}
}

func (c *compressor) Write(p []byte) (int, error) {
	if !c.decided {
		c.decide(len(p))
	}
	if c.gzip != nil {
		return c.gzip.Write(p)
	}
	return c.ResponseWriter.Write(p)
}

// decide sends the head of an answer that begins with n bytes.
func (c *compressor) decide(n int) {
	c.decided = true
	h := c.Header()
	if strings.HasPrefix(h.Get("Content-Type"), "application/xml") && h.Get("ETag") == "" && h.Get("Content-Encoding") == "" {
		h.Add("Vary", "Accept-Encoding")
		if n >= worthwhile {
			c.gzip = takeGzip(c.ResponseWriter)
		}
		if c.gzip != nil {
			h.Set("Content-Encoding", "gzip")
			h.Del("Content-Length")
		}
	}
	c.ResponseWriter.WriteHeader(c.status)
}

// finish ends an answer that went well; one that broke off must not look whole.
func (c *compressor) finish() {
	if !c.decided {
		c.decide(0)
	}
	if c.gzip != nil {
		_ = c.gzip.Close() // the connection's error is all that can fail, and there is nobody to tell
	}
}

// release gives the compressor to others.
func (c *compressor) release() {
	if c.gzip != nil {
		c.gzip.Reset(io.Discard)
		gzips <- c.gzip
		c.gzip = nil
	}
}
