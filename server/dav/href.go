package dav

import (
	"strings"
)

// unreserved are the bytes that the canonical encoding leaves as they are: those
// of RFC 3986 section 2.3, and "@" and ":", which clients write so in user names
// and addresses. Clients compare hrefs as text, so there is one form.
var unreserved = func() (t [256]bool) {
	for _, b := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@:") {
		t[b] = true
	}
	return t
}()

const upperHex = "0123456789ABCDEF"

func appendSegment(dst []byte, name string) []byte {
	for i := range len(name) {
		b := name[i]
		if unreserved[b] {
			dst = append(dst, b)
			continue
		}
		dst = append(dst, '%', upperHex[b>>4], upperHex[b&15])
	}
	return dst
}

// EncodeSegment returns one path segment in the canonical percent-encoding.
func EncodeSegment(name string) string {
	for i := range len(name) {
		if !unreserved[name[i]] {
			return string(appendSegment(make([]byte, 0, len(name)+8), name))
		}
	}
	return name
}

// EncodePath returns the path-absolute href of segments; slash adds the slash
// that ends a collection's.
func EncodePath(slash bool, segments ...string) string {
	var path []byte
	for _, segment := range segments {
		path = appendSegment(append(path, '/'), segment)
	}
	if slash || len(path) == 0 {
		path = append(path, '/')
	}
	return string(path)
}

// HrefPath returns the encoded path of an href: a path-absolute reference as it
// is, an absolute URL without scheme and authority, which a proxy may have
// changed. Query and fragment are dropped. RFC 4918 section 8.3.
func HrefPath(href string) (escaped string, err error) {
	path := strings.TrimSpace(href)
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	if scheme, rest, ok := strings.Cut(path, "://"); ok && isHTTP(scheme) {
		at := strings.IndexByte(rest, '/')
		if at < 0 {
			return "/", nil
		}
		path = rest[at:]
	}
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return "", BadRequest("%q is neither an absolute path nor an http URL", href)
	}
	return path, nil
}

func isHTTP(scheme string) bool {
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
}
