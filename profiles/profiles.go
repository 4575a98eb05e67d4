// Package profiles makes Apple configuration profiles for the people of a directory, and reads and judges those of
// anybody.
//
// The same settings make declarations for declarative device management (ddm.go).
//
// A profile is a pure function of a person, the merged settings and the server: typed payloads, then property list
// bytes. There is no clock, no network and no randomness in this package, and it does not know how profiles are
// signed, stored or handed out. The property list itself is written and read by howett.net/plist.
//
// What a payload may hold is written down once, in the key tables (keys.go): they drive encoding, [Verify], [Describe]
// and forms. The sources are Apple's published schema (apple/device-management) and the behaviour of devices.
//
// Invariants:
//   - The same input gives the same bytes: sorted keys, tabs, LF, upper-case UUIDs of version 5 (RFC 9562 section 5.5).
//   - A profile's identifier depends on the identifier prefix and the person's GUID only, so that a new download
//     replaces the old one; its UUID changes if and only if its content changes.
//   - Nothing leaves that [Verify] would call an error: encoding refuses what the tables refuse.
//   - A value that the directory lacks is never written as an empty string: the person gets an error that says which.
package profiles

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// MediaType is the content type of a configuration profile, signed or not.
const MediaType = "application/x-apple-aspen-config"

// Extension is how the name of a configuration profile's file ends.
const Extension = ".mobileconfig"

// Kind tells the three profiles apart. They are three because what changes seldom must not be torn down with what
// changes often: a failed combined installation has been seen to remove a root certificate.
type Kind string

// The kinds; their values are part of the profile's identifier.
const (
	Calendar    Kind = "calendar"    // one per person: the account
	Trust       Kind = "trust"       // the same for everybody: the roots
	Diagnostics Kind = "diagnostics" // macOS only: protocol logging
)

// Platform is the variant of a profile.
type Platform uint8

// The platforms. Any installs everywhere, but iOS asks for which device it is.
const (
	Any Platform = iota
	IOS          // iPhone, iPad; no PayloadScope, since iOS refuses a user-scoped profile
	MacOS
)

var platformNames = [...]string{Any: "any", IOS: "ios", MacOS: "macos"}

func (p Platform) String() string { return platformNames[p] }

// ParsePlatform reads a platform by its name: any, ios or macos.
func ParsePlatform(name string) (Platform, error) {
	i := slices.Index(platformNames[:], name)
	if i < 0 {
		return 0, fmt.Errorf("platform %q is unknown; known are %q", name, platformNames)
	}
	return Platform(i), nil
}

// Profile is one rendered, unsigned profile. It is immutable.
type Profile struct {
	Kind        Kind
	Platform    Platform
	Identifier  string // PayloadIdentifier
	UUID        string // PayloadUUID, upper case
	DisplayName string // PayloadDisplayName
	UserName    string // CalDAVUsername: what the account signs in with; empty but for Calendar

	values  Dict
	content []byte
}

// Bytes returns the XML property list. The caller must not change it.
func (p *Profile) Bytes() []byte { return p.content }

// SHA256 returns the digest of [Profile.Bytes] in lower-case hex.
func (p *Profile) SHA256() string { return digestOf(p.content) }

// digestOf is the SHA-256 in lower-case hex.
func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Values returns what the profile holds, for [Describe]. The caller must not change it.
func (p *Profile) Values() Dict { return p.values }
