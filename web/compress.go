package web

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// leastGzip is how long a page must be to be worth compressing, in bytes: below, it fits into one packet anyway.
const leastGzip = 1400

// secretViews are the pages that show a secret. They are sent as they are: how far a page shrinks tells something of
// what is in it.
var secretViews = map[string]bool{"password": true, "another": true, "link": true}

// takesGzip reports whether a client decodes gzip (RFC 9110 section 12.5.3).
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, weighed := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return !weighed || strings.Trim(weight, " q=0.") != ""
		}
	}
	return false
}

// gzips are writers at rest: one takes longer to make than a page to compress.
var gzips = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // fails only on levels that do not exist
	return w
}}

// compressed is a page in gzip.
func compressed(page []byte) ([]byte, error) {
	w := gzips.Get().(*gzip.Writer)
	defer gzips.Put(w)
	return writeGzip(w, page)
}

func writeGzip(w *gzip.Writer, content []byte) ([]byte, error) {
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
