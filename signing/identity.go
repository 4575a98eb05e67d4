package signing

import (
	"crypto"
	"crypto/x509"
	"errors"
	"time"
)

// Identity is a certificate with its intermediates and its private key: what signs profiles. Make one with
// [NewIdentity], [ParsePEM], [ParsePKCS12] or [Authority.Signer].
type Identity struct {
	leaf *x509.Certificate
}

// File is the content of a file together with the name by which errors shall call it.
type File struct {
	Name string
	Data []byte
}

// NewIdentity joins a certificate, the others that lead from it towards a root, in any order (roots are left out), and the key.
// now decides whether the leaf has expired; errors wrap ErrKeyMismatch, ErrUnsupportedKey, ErrChain, ErrExpired or ErrNotYetValid.
func NewIdentity(leaf *x509.Certificate, others []*x509.Certificate, key crypto.PrivateKey, now time.Time) (*Identity, error) {
	return nil, errors.ErrUnsupported
}

// ParsePEM reads certificates and one key from one or several PEM files.
func ParsePEM(now time.Time, files ...File) (*Identity, error) { return nil, errors.ErrUnsupported }

// ParsePKCS12 reads a PKCS#12 file (RFC 7292).
func ParsePKCS12(now time.Time, file File, password string) (*Identity, error) {
	return nil, errors.ErrUnsupported
}

// Sign returns content wrapped in CMS SignedData. See the package comment for its form.
func (id *Identity) Sign(content []byte) ([]byte, error) { return nil, errors.ErrUnsupported }

// Leaf returns the certificate that signs.
func (id *Identity) Leaf() *x509.Certificate { return id.leaf }

// Chain returns the leaf and its intermediates, leaf first, no root.
func (id *Identity) Chain() []*x509.Certificate { return nil }

// Fingerprint returns the SHA-256 of the leaf in lower-case hex.
func (id *Identity) Fingerprint() string { return "" }

// NotAfter returns when the first certificate of the chain expires.
func (id *Identity) NotAfter() time.Time { return id.leaf.NotAfter }

// Warning says how near the expiry is.
func (id *Identity) Warning(now time.Time) Warning { return WarnExpiry(id.NotAfter(), now) }
