// Package export writes everybody's signed profiles into a folder, incrementally, and renders single ones for the
// portal and for MDM servers: what the command, the admin pages and the API share, so that their bytes agree.
package export

import (
	"context"
	"iter"
	"time"

	"calport/directory"
	"calport/profiles"
)

// Signer vouches for profiles. *signing.Identity is one.
type Signer interface {
	Sign(content []byte) ([]byte, error)
	Fingerprint() string
	NotAfter() time.Time
}

// Format is what is written for each person.
type Format uint8

// The formats.
const (
	Signed Format = 1 << iota
	Unsigned
	Both = Signed | Unsigned
)

// ParseFormat reads signed, unsigned or both.
func ParseFormat(name string) (Format, error) { return 0, nil }

// Options say what to export.
type Options struct {
	Dir      string // made when absent
	Format   Format // zero is Signed
	Platform profiles.Platform
	Jobs     int // 0 is one for each core
	DryRun   bool
	Prune    bool // delete files that the old manifest names and this run does not
	Everyone bool // People is everybody who gets a profile: whoever is missing has gone

	People    iter.Seq[*directory.Principal]
	Groups    profiles.Groups
	Generator *profiles.Generator
	Signer    Signer // may be nil when Format is Unsigned

	Progress func(Progress)   // called from one goroutine, at most ten times a second and once at the end; may be nil
	Now      func() time.Time // for the rate only; nil is time.Now
}

// Progress is how far a run has come.
type Progress struct {
	Summary
	Total int           // people
	Done  int           // people
	Rate  float64       // people in a second
	ETA   time.Duration // 0 when unknown
}

// Summary counts people.
type Summary struct {
	Written   int // a file was written (or would be, in a dry run)
	Unchanged int
	Denied    int // by settings, on purpose
	Skipped   int // a value is missing or unusable
	Failed    int
	Gone      int // named by the old manifest, no longer among the people
	Pruned    int // files deleted
	Remaining int // not reached because the run was cancelled
}

// ExitCode is 0 when all is written, 3 when somebody was skipped, 1 when something failed or was not reached.
func (s Summary) ExitCode() int { return 0 }

// Run exports. A cancelled context stops it cleanly: what is done is in the manifest, and the next run goes on from there.
func Run(ctx context.Context, o Options) (Summary, error) { return Summary{}, nil }

// Renderer renders single profiles with the same bytes as an export.
type Renderer struct {
	Generator *profiles.Generator
	Groups    profiles.Groups
	Signer    Signer
	Cache     *Cache // may be nil
}

// Artefact is a profile as it is handed out.
type Artefact struct {
	Profile *profiles.Profile
	Bytes   []byte
	SHA256  string // of Bytes, lower-case hex: the strong ETag
	Signer  string // fingerprint; empty when unsigned
}

// Calendar renders a person's profile.
func (r *Renderer) Calendar(person *directory.Principal, platform profiles.Platform, signed bool) (*Artefact, error) {
	return nil, nil
}

// Wrap signs a profile, or not, remembering the signed bytes so that the ETag stays.
func (r *Renderer) Wrap(p *profiles.Profile, signed bool) (*Artefact, error) { return nil, nil }

// Cache remembers signed profiles by content and signer, within a limit of bytes; the least recently used go first.
type Cache struct{}

// NewCache makes one that holds at most maxBytes.
func NewCache(maxBytes int) *Cache { return &Cache{} }

// FileName is the name of a person's file, without extension: the short name made safe and the first 8 characters of the GUID.
func FileName(p *directory.Principal) string { return "" }
