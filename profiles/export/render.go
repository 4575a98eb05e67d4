package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"calport/directory"
	"calport/profiles"
)

// Renderer renders single profiles with the same bytes as an export; signed ones as far as both have the same shelf. It is safe for concurrent use.
type Renderer struct {
	Generator *profiles.Generator
	Directory profiles.Directory
	Signer    Signer // may be nil if nothing signed is asked for
	Cache     *Cache // of signed profiles; nil: none
	Shelf     Shelf  // of signed profiles, beyond this process; nil: none

	// Language is what the one who asks reads, for people of whom the directory knows none; empty is English.
	Language string
}

// Artefact is a profile as it is handed out.
type Artefact struct {
	Profile *profiles.Profile
	Bytes   []byte // must not be changed
	SHA256  string // of Bytes, in lower-case hex: the strong ETag
	Signer  string // fingerprint; empty if unsigned
}

// Calendar renders a person's profile. Errors for which [profiles.Skips] is true concern this person.
func (r *Renderer) Calendar(ctx context.Context, person *directory.Principal, platform profiles.Platform, signed bool) (*Artefact, error) {
	p, err := r.Generator.CalendarIn(r.Directory, person, platform, r.Language)
	if err != nil {
		return nil, err
	}
	return r.Wrap(ctx, p, signed)
}

// CalendarWithPassword renders a person's profile with a password for the device that it is made for. It is signed anew
// each time and remembered nowhere.
func (r *Renderer) CalendarWithPassword(ctx context.Context, person *directory.Principal, platform profiles.Platform, password string, signed bool) (*Artefact, error) {
	p, err := r.Generator.CalendarWithPasswordIn(r.Directory, person, platform, password, r.Language)
	if err != nil {
		return nil, err
	}
	once := *r
	once.Cache, once.Shelf = nil, nil
	return once.Wrap(ctx, p, signed)
}

// Wrap makes an artefact of any profile. A signature carries the time, so that signing again gives other bytes: signed
// bytes are remembered by content and signer, here for speed and on the shelf for good, so that the ETag holds.
func (r *Renderer) Wrap(ctx context.Context, p *profiles.Profile, signed bool) (*Artefact, error) {
	content := p.SHA256()
	if !signed {
		return &Artefact{Profile: p, Bytes: p.Bytes(), SHA256: content}, nil
	}
	if r.Signer == nil {
		return nil, errNoSigner
	}
	key := cacheKey{content, r.Signer.Fingerprint()}
	bytes := r.Cache.get(key)
	if bytes == nil {
		shelf := r.Shelf
		if shelf == nil {
			shelf = noShelf{}
		}
		fresh, err := wrap(ctx, shelf, r.Signer, p)
		if err != nil {
			return nil, err
		}
		bytes = r.Cache.add(key, fresh)
	}
	sum := sha256.Sum256(bytes)
	return &Artefact{Profile: p, Bytes: bytes, SHA256: hex.EncodeToString(sum[:]), Signer: key.signer}, nil
}
