package dav

import "io"

// Limits bound what is read from a request. A zero field means its default.
type Limits struct {
	Bytes int64 // of the body; default 1 MiB
	Depth int   // of nested elements; default 64
}

// ReadElement reads a document and returns its root, nil when the body is empty.
// Errors wrap ErrMalformed or ErrTooLarge, or come from the reader.
func ReadElement(r io.Reader, limits Limits) (*Element, error) { return nil, nil }
