package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"calport/profiles"
)

// Shelf keeps signed profiles beyond the life of a process. A signature carries the time, so that signing again gives
// other bytes: what all who hand out profiles take from one shelf is equal, byte for byte, and so are its ETags. It must
// be safe for concurrent use.
type Shelf interface {
	// Find looks up what is kept under the keys. What is not there is left out.
	Find(ctx context.Context, keys []string) (map[string]Kept, error)
	// Keep puts profiles onto the shelf, each in place of what was kept under its key. Where somebody was faster with
	// the same content and signer, his stays. It answers what is kept now, in the order given.
	Keep(ctx context.Context, fresh []Kept) ([]Kept, error)
}

// Kept is a signed profile on a shelf. There is one for each person and platform.
type Kept struct {
	Key     string // of the profile, whatever it holds at the moment
	Content string // SHA-256 of the unsigned profile, in lower-case hex
	Signer  string // fingerprint
	Bytes   []byte // must not be changed
}

// Of says whether it is the profile of this content and signer.
func (k Kept) Of(content, signer string) bool {
	return k.Bytes != nil && k.Content == content && k.Signer == signer
}

// digest is the strong ETag.
func (k Kept) digest() string {
	sum := sha256.Sum256(k.Bytes)
	return hex.EncodeToString(sum[:])
}

// shelfKey names a profile: its identifier is made of the person's stable id.
func shelfKey(p *profiles.Profile) string { return p.Identifier + " " + p.Platform.String() }

// ShelfKeys names all that a shelf may have of a person by GUID; prefix is that of the server's identifiers.
func ShelfKeys(prefix, guid string) (keys []string) {
	for _, platform := range []profiles.Platform{profiles.Any, profiles.IOS, profiles.MacOS} {
		p := profiles.Profile{Identifier: profiles.CalendarIdentifier(prefix, guid), Platform: platform}
		keys = append(keys, shelfKey(&p))
	}
	return keys
}

// noShelf keeps nothing.
type noShelf struct{}

func (noShelf) Find(context.Context, []string) (map[string]Kept, error) { return nil, nil }
func (noShelf) Keep(_ context.Context, fresh []Kept) ([]Kept, error)    { return fresh, nil }

// wrap signs a profile, unless the shelf has it.
func wrap(ctx context.Context, shelf Shelf, signer Signer, p *profiles.Profile) ([]byte, error) {
	key, content := shelfKey(p), p.SHA256()
	found, err := shelf.Find(ctx, []string{key})
	if err != nil {
		return nil, err
	}
	if kept := found[key]; kept.Of(content, signer.Fingerprint()) {
		return kept.Bytes, nil
	}
	bytes, err := signer.Sign(p.Bytes())
	if err != nil {
		return nil, err
	}
	now, err := shelf.Keep(ctx, []Kept{{key, content, signer.Fingerprint(), bytes}})
	if err != nil {
		return nil, err
	}
	return now[0].Bytes, nil
}
