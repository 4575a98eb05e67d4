package dav

import (
	"net/http"
	"strings"
)

// Preferences are what a client would like, by Prefer (RFC 7240, RFC 8144) or
// the older Brief.
type Preferences struct {
	Minimal        bool // return=minimal, return-minimal or Brief: t
	Representation bool // return=representation
	NoRoot         bool // depth-noroot, RFC 8144 section 3
}

// preferences are those that are known: the token of RFC 7240, and that of its
// drafts, which Apple's clients of 10.9 send.
var preferences = []struct {
	token string
	field func(*Preferences) *bool
}{
	{"return=minimal", func(p *Preferences) *bool { return &p.Minimal }},
	{"return-minimal", func(p *Preferences) *bool { return &p.Minimal }},
	{"return=representation", func(p *Preferences) *bool { return &p.Representation }},
	{"return-representation", func(p *Preferences) *bool { return &p.Representation }},
	{"depth-noroot", func(p *Preferences) *bool { return &p.NoRoot }},
}

// ReadPreferences reads Prefer and Brief; what it does not know it ignores, as
// RFC 7240 section 2 wants.
func ReadPreferences(h http.Header) Preferences {
	var p Preferences
	for _, line := range h.Values("Prefer") {
		for preference := range strings.SplitSeq(line, ",") {
			p.read(preference)
		}
	}
	if strings.EqualFold(strings.TrimSpace(h.Get("Brief")), "t") {
		p.Minimal = true
	}
	if p.Minimal { // the two exclude each other: RFC 7240 section 4.2
		p.Representation = false
	}
	return p
}

// read reads one preference. Parameters after ";" mean nothing here.
func (p *Preferences) read(preference string) {
	token, _, _ := strings.Cut(preference, ";")
	name, value, hasValue := strings.Cut(token, "=")
	token = strings.TrimSpace(name)
	if hasValue {
		token += "=" + strings.Trim(strings.TrimSpace(value), `"`)
	}
	for _, known := range preferences {
		if strings.EqualFold(token, known.token) {
			*known.field(p) = true
		}
	}
}

// Write adds Vary to an answer, and Preference-Applied for what is set in p: the
// preferences that the answer honours.
func (p Preferences) Write(h http.Header) {
	h.Add("Vary", "Brief, Prefer")
	var applied []string
	if p.Minimal {
		applied = append(applied, "return=minimal")
	}
	if p.Representation {
		applied = append(applied, "return=representation")
	}
	if p.NoRoot {
		applied = append(applied, "depth-noroot")
	}
	if len(applied) > 0 {
		h.Set("Preference-Applied", strings.Join(applied, ", "))
	}
}
