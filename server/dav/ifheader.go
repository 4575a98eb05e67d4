package dav

// If is a parsed If header: RFC 4918 section 10.4.
type If struct{}

// IfState answers for the present state of resources. path is encoded as the
// client wrote it, "" for the request's own resource.
type IfState interface {
	// ETag returns the resource's opaque entity tag, "" if it has none.
	ETag(path string) string
	// Has reports whether a state token is true of the resource: a sync token
	// (RFC 6578 section 5) or a lock.
	Has(path, token string) bool
}

// ParseIf parses the header; nil for an empty one.
func ParseIf(header string) (*If, error) { return nil, nil }

// Holds evaluates the header: one of its lists must be true. A nil If holds.
func (f *If) Holds(s IfState) bool { return false }
