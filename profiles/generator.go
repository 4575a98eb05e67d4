package profiles

import (
	"time"

	"calport/directory"
)

// ServerConfig is what profiles say about the server. Host and port come from the configuration, never from a request.
type ServerConfig struct {
	Host         string   // public name or address of the server, no scheme, port or path
	Port         int      // public port, 1–65535
	Plain        bool     // no TLS; phones send no password then
	Organization string   // shown by the device; may be empty
	Prefix       string   // identifier prefix in reverse DNS form, such as com.example.calport; it must never change
	Roots        [][]byte // DER, of the Trust profile; may be empty
}

// Groups tells the groups of a person, nested ones included. *directory.Snapshot is one.
type Groups interface {
	MemberOf(guid string) []*directory.Principal
}

// Generator renders profiles. It is immutable and safe for concurrent use.
type Generator struct{}

// NewGenerator validates the configuration and the settings. The error joins a *SettingError for every mistake.
func NewGenerator(config ServerConfig, settings *Document) (*Generator, error) { return nil, nil }

// Calendar renders the profile with the person's account. Errors for which [Skips] is true concern this person only.
func (g *Generator) Calendar(groups Groups, person *directory.Principal, platform Platform) (*Profile, error) {
	return nil, nil
}

// Show returns the effective settings of a person and where each comes from, in the order of the table.
func (g *Generator) Show(groups Groups, person *directory.Principal) []Value { return nil }

// HasTrust reports whether there are roots to trust.
func (g *Generator) HasTrust() bool { return false }

// Trust renders the profile with the roots. It is an error if there are none.
func (g *Generator) Trust(platform Platform) (*Profile, error) { return nil, nil }

// Logging is how much the Diagnostics profile makes Calendar log.
type Logging string

// The values of CalLogSimpleConfiguration.
const (
	LogHTTP       Logging = "com.apple.calendar.store.log.caldav.http" // the protocol
	LogEverything Logging = "com.apple.calendar"                       // also account discovery
)

// Diagnostics renders the profile that turns on Calendar's logging on a Mac until removal.
func (g *Generator) Diagnostics(logging Logging, removal time.Time) (*Profile, error) {
	return nil, nil
}
