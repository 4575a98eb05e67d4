package dav

// EncodeSegment returns one path segment in the canonical percent-encoding.
func EncodeSegment(name string) string { return "" }

// EncodePath returns the path-absolute href of segments; slash adds the slash
// that ends a collection's.
func EncodePath(slash bool, segments ...string) string { return "" }

// SplitPath decodes an encoded path into segments, and reports whether it ended
// in a slash. Dot segments are refused.
func SplitPath(escaped string) (segments []string, slash bool, err error) { return nil, false, nil }

// HrefPath returns the encoded path of an href: a path-absolute reference as it
// is, an absolute URL without scheme and authority (they differ behind a proxy).
func HrefPath(href string) (escaped string, err error) { return "", nil }
