package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// Identity is a certificate with its intermediates and its private key: what signs profiles. Make one with
// [NewIdentity], [ParsePEM] or [ParsePKCS12], or have it from an [Authority].
type Identity struct {
	leaf          *x509.Certificate
	intermediates []*x509.Certificate // the leaf's issuer first
	key           crypto.Signer       // *rsa.PrivateKey or *ecdsa.PrivateKey: the library knows no other

	// What Sign embeds, sorted as DER asks of a SET OF (X.690 section 11.6); the library keeps the order of the calls.
	before, after []*x509.Certificate // around the leaf
	embedded      [][]byte
	serial        []byte // DER of the leaf's serial number
	fingerprint   string
}

// NewIdentity joins a certificate, the others that lead from it towards a root, in any order (roots are left out), and its
// key. now decides whether they are in date. Errors wrap ErrUnsupportedKey, ErrKeyMismatch, ErrChain, ErrExpired or
// ErrNotYetValid and name the certificate.
func NewIdentity(leaf *x509.Certificate, others []*x509.Certificate, key crypto.PrivateKey, now time.Time) (*Identity, error) {
	id, err := newIdentity(leaf, others, key)
	if err != nil {
		return nil, err
	}
	for _, cert := range id.Chain() {
		if err := checkDates(cert, now); err != nil {
			return nil, err
		}
	}
	return id, nil
}

// newIdentity is NewIdentity without regard to dates.
func newIdentity(leaf *x509.Certificate, others []*x509.Certificate, key crypto.PrivateKey) (*Identity, error) {
	signer, err := supportedKey(key)
	if err != nil {
		return nil, err
	}
	if !belongs(signer, leaf) {
		return nil, fmt.Errorf("%w: %s has another public key", ErrKeyMismatch, name(leaf))
	}
	intermediates, err := orderIntermediates(leaf, others)
	if err != nil {
		return nil, err
	}
	id := &Identity{leaf: leaf, intermediates: intermediates, key: signer, serial: marshalInteger(leaf.SerialNumber)}
	sorted := slices.SortedFunc(slices.Values(id.Chain()), func(a, b *x509.Certificate) int { return bytes.Compare(a.Raw, b.Raw) })
	at := slices.Index(sorted, leaf)
	id.before, id.after = sorted[:at], sorted[at+1:]
	for _, cert := range sorted {
		id.embedded = append(id.embedded, cert.Raw)
	}
	sum := sha256.Sum256(leaf.Raw)
	id.fingerprint = hex.EncodeToString(sum[:])
	return id, nil
}

// Leaf returns the certificate that signs.
func (id *Identity) Leaf() *x509.Certificate { return id.leaf }

// Chain returns the leaf and its intermediates, each before its issuer, without root.
func (id *Identity) Chain() []*x509.Certificate {
	return append([]*x509.Certificate{id.leaf}, id.intermediates...)
}

// Fingerprint returns the SHA-256 of the leaf as 64 lower-case hexadecimal digits. It changes when the signer is renewed.
func (id *Identity) Fingerprint() string { return id.fingerprint }

// NotAfter returns when the first certificate of the chain expires. Devices show installed profiles as expired from then on.
func (id *Identity) NotAfter() time.Time {
	first := id.leaf.NotAfter
	for _, cert := range id.intermediates {
		if cert.NotAfter.Before(first) {
			first = cert.NotAfter
		}
	}
	return first
}

// Warning says how near the expiry is.
func (id *Identity) Warning(now time.Time) Warning { return WarnExpiry(id.NotAfter(), now) }

// supportedKey returns the key if the library signs with it and Apple devices verify it.
func supportedKey(key crypto.PrivateKey) (crypto.Signer, error) {
	const remedy = "use RSA of 2048 bits or more, or ECDSA P-256"
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if size := key.N.BitLen(); size < minRSABits || size > maxRSABits {
			return nil, fmt.Errorf("%w: RSA of %d bits; %s", ErrUnsupportedKey, size, remedy)
		}
		return key, nil
	case *ecdsa.PrivateKey:
		if key.Curve != elliptic.P256() {
			return nil, fmt.Errorf("%w: ECDSA on curve %s; %s", ErrUnsupportedKey, key.Curve.Params().Name, remedy)
		}
		return key, nil
	case ed25519.PrivateKey:
		return nil, fmt.Errorf("%w: Ed25519; %s", ErrUnsupportedKey, remedy)
	default:
		return nil, fmt.Errorf("%w: %T; %s", ErrUnsupportedKey, key, remedy)
	}
}

// belongs reports whether the public half of key is in cert.
func belongs(key crypto.Signer, cert *x509.Certificate) bool {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(cert.PublicKey)
}

// orderIntermediates returns those of others that lead from leaf towards a root, without roots. Another that could stand in
// the place of one of them (cross-signing) is left out; one that has nothing to do with leaf is an error, for then the right
// one is probably missing.
func orderIntermediates(leaf *x509.Certificate, others []*x509.Certificate) ([]*x509.Certificate, error) {
	others = slices.DeleteFunc(slices.Clone(others), func(c *x509.Certificate) bool { return selfIssued(c) || c.Equal(leaf) })
	path := pathFrom(leaf, others)
	for _, other := range others {
		inPlace := slices.ContainsFunc(path, func(c *x509.Certificate) bool { return other.Equal(c) || issued(other, c) })
		if !inPlace {
			return nil, fmt.Errorf("%w: %s is no issuer of %s; leave it out or give the missing intermediate", ErrChain, name(other), name(path[len(path)-1]))
		}
	}
	return path[1:], nil
}

// checkDates refuses a certificate out of date.
func checkDates(cert *x509.Certificate, now time.Time) error {
	switch {
	case now.After(cert.NotAfter):
		return fmt.Errorf("%s: %w on %s; renew it with the same key", name(cert), ErrExpired, cert.NotAfter.UTC().Format(time.DateOnly))
	case now.Before(cert.NotBefore):
		return fmt.Errorf("%s: %w, only from %s; check the clock", name(cert), ErrNotYetValid, cert.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}
