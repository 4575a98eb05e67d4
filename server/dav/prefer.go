package dav

import "net/http"

// Preferences are what a client would like, by Prefer (RFC 7240, RFC 8144) or
// the older Brief.
type Preferences struct {
	Minimal        bool // return=minimal, return-minimal or Brief: t
	Representation bool // return=representation
	NoRoot         bool // depth-noroot, RFC 8144 section 2.3
}

// ReadPreferences reads Prefer and Brief; what it does not know it ignores.
func ReadPreferences(h http.Header) Preferences { return Preferences{} }

// Write adds Vary, and Preference-Applied for what is set in p, to an answer
// that honoured p.
func (p Preferences) Write(h http.Header) {}
