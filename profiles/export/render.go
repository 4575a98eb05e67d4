package export

import (
	"crypto/sha256"
	"encoding/hex"

	"calport/directory"
	"calport/profiles"
)

// Renderer renders single profiles, unsigned with the same bytes as an export. It is safe for concurrent use.
type Renderer struct {
	Generator *profiles.Generator
	Directory profiles.Directory
	Signer    Signer // may be nil if nothing signed is asked for
	Cache     *Cache // of signed profiles; nil: none
}

// Artefact is a profile as it is handed out.
type Artefact struct {
	Profile *profiles.Profile
	Bytes   []byte // must not be changed
	SHA256  string // of Bytes, in lower-case hex: the strong ETag
	Signer  string // fingerprint; empty if unsigned
}

// Calendar renders a person's profile. Errors for which [profiles.Skips] is true concern this person.
func (r *Renderer) Calendar(person *directory.Principal, platform profiles.Platform, signed bool) (*Artefact, error) {
	p, err := r.Generator.Calendar(r.Directory, person, platform)
	if err != nil {
		return nil, err
	}
	return r.Wrap(p, signed)
}

// CalendarWithPassword renders a person's profile with a password for the device that it is made for. It is signed anew
// each time and remembered nowhere.
func (r *Renderer) CalendarWithPassword(person *directory.Principal, platform profiles.Platform, password string, signed bool) (*Artefact, error) {
	p, err := r.Generator.CalendarWithPassword(r.Directory, person, platform, password)
	if err != nil {
		return nil, err
	}
	once := *r
	once.Cache = nil
	return once.Wrap(p, signed)
}

// Wrap makes an artefact of any profile. A signature carries the time, so that signing again gives other bytes: signed
// bytes are remembered by content and signer, so that the ETag holds as long as they are.
func (r *Renderer) Wrap(p *profiles.Profile, signed bool) (*Artefact, error) {
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
		fresh, err := r.Signer.Sign(p.Bytes())
		if err != nil {
			return nil, err
		}
		bytes = r.Cache.add(key, fresh)
	}
	sum := sha256.Sum256(bytes)
	return &Artefact{Profile: p, Bytes: bytes, SHA256: hex.EncodeToString(sum[:]), Signer: key.signer}, nil
}
