package web

import (
	"context"

	"calport/signing"
)

// Signing is who vouches for profiles.
type Signing interface {
	// Signer is what signs now; never nil.
	Signer() *signing.Identity
	// Source says where that comes from.
	Source(ctx context.Context) (SignerSource, error)
	// Root is our own certificate authority's certificate, PEM; empty if there is none.
	Root() []byte
	// Counts counts the signed profiles that are kept, by the fingerprint of their signer.
	Counts(ctx context.Context) (map[string]int64, error)
	// Use puts an identity that an administrator has handed in into force, here and on all nodes, and writes the deed
	// down. Errors: ErrNoUploads.
	Use(ctx context.Context, id *signing.Identity, d Deed) error
	// UseOwn lets our own authority sign again; Renew gives its signer a new certificate with the same key. Both write
	// the deed down. Errors: ErrNoUploads.
	UseOwn(ctx context.Context, d Deed) error
	Renew(ctx context.Context, d Deed) error
}

// SignerSource is where the signer comes from.
type SignerSource uint8

// The sources.
const (
	OwnSigner      SignerSource = iota // our own authority
	UploadedSigner                     // an administrator has handed it in
	FileSigner                         // files that the configuration names
)
