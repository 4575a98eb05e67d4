package server

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

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

var gzips = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // fails only on levels that do not exist
	return w
}}

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
			h.Set("Content-Encoding", "gzip")
			h.Del("Content-Length")
			c.gzip = gzips.Get().(*gzip.Writer)
			c.gzip.Reset(c.ResponseWriter)
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
		c.gzip.Reset(io.Discard)
		gzips.Put(c.gzip)
	}
}
