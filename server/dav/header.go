package dav

import "net/http"

// Depth is the value of a Depth header.
type Depth int

// The depths of RFC 4918 section 10.2.
const (
	DepthZero     Depth = 0
	DepthOne      Depth = 1
	DepthInfinity Depth = -1
)

// ReadDepth reads the Depth header; absent is what the method says.
func ReadDepth(h http.Header, absent Depth) (Depth, error) { return 0, nil }

// ReadDestination returns the encoded path of the Destination header. Only the
// path counts: a proxy may have changed scheme and authority.
func ReadDestination(h http.Header) (escaped string, err error) { return "", nil }

// ReadOverwrite reads the Overwrite header: true unless it says F.
func ReadOverwrite(h http.Header) (bool, error) { return false, nil }
