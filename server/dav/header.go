package dav

import (
	"net/http"
	"strings"
)

// Depth is the value of a Depth header.
type Depth int

// The depths of RFC 4918 section 10.2.
const (
	DepthZero     Depth = 0
	DepthOne      Depth = 1
	DepthInfinity Depth = -1
)

// ReadDepth reads the Depth header; absent is what the method says.
func ReadDepth(h http.Header, absent Depth) (Depth, error) {
	switch value := strings.TrimSpace(h.Get("Depth")); strings.ToLower(value) {
	case "":
		return absent, nil
	case "0":
		return DepthZero, nil
	case "1":
		return DepthOne, nil
	case "infinity":
		return DepthInfinity, nil
	default:
		return 0, BadRequest("Depth is %q, it can be 0, 1 or infinity", value)
	}
}

// ReadDestination returns the encoded path of the Destination header. Only the
// path counts: a proxy may have changed scheme and authority.
func ReadDestination(h http.Header) (escaped string, err error) {
	value := h.Get("Destination")
	if value == "" {
		return "", BadRequest("the Destination header is missing")
	}
	return HrefPath(value)
}

// ReadOverwrite reads the Overwrite header: true unless it says F. RFC 4918
// section 10.6.
func ReadOverwrite(h http.Header) (bool, error) {
	switch value := strings.TrimSpace(h.Get("Overwrite")); value {
	case "", "T", "t":
		return true, nil
	case "F", "f":
		return false, nil
	default:
		return false, BadRequest("Overwrite is %q, it can be T or F", value)
	}
}
