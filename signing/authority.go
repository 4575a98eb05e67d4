package signing

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"time"
)

// KeyType is the kind of private key to make. The zero value is the default, ECDSA P-256.
type KeyType int

const (
	ECDSAP256 KeyType = iota
	RSA2048
)

// AuthorityConfig says how a new authority is made.
type AuthorityConfig struct {
	Name         string    // common name of the root, as devices show it
	Organization string    // may be empty
	Key          KeyType   // of root, issuing certificate and signer
	Rand         io.Reader // source of serial numbers; nil is crypto/rand
}

// Authority is calport's own certificate authority: a root, an issuing certificate below it, and the signer of profiles.
// It is safe for concurrent use.
type Authority struct{}

// OpenAuthority reads the authority kept in dir, or makes one there when dir is absent or empty. dir belongs to the authority alone.
func OpenAuthority(dir string, config AuthorityConfig, now time.Time) (*Authority, error) {
	return nil, errors.ErrUnsupported
}

// NewAuthority makes an authority in memory.
func NewAuthority(config AuthorityConfig, now time.Time) (*Authority, error) {
	return nil, errors.ErrUnsupported
}

// Root returns the root certificate.
func (a *Authority) Root() *x509.Certificate { return nil }

// RootDER returns the root certificate for the Trust profile.
func (a *Authority) RootDER() []byte { return nil }

// RootPEM returns the root certificate for ca.pem.
func (a *Authority) RootPEM() []byte { return nil }

// Pool returns a new pool that holds the root only.
func (a *Authority) Pool() *x509.CertPool { return nil }

// Signer returns the identity that signs profiles.
func (a *Authority) Signer() *Identity { return nil }

// RenewSigner gives the signer a new certificate for the same key, and keeps it in the authority's directory.
func (a *Authority) RenewSigner(now time.Time) (*Identity, error) { return nil, errors.ErrUnsupported }

// IssueTLS makes a key and a server certificate (397 days) for DNS names and IP addresses, the issuing certificate appended.
func (a *Authority) IssueTLS(hosts []string, key KeyType, now time.Time) (*tls.Certificate, error) {
	return nil, errors.ErrUnsupported
}

// TLSLeaves are the authority's own server certificates, one per key type, kept in its directory and renewed when
// two thirds of their life have passed or when the hosts change.
type TLSLeaves struct{}

// TLSLeaves opens or issues them; clock tells the time at each handshake. No keys means ECDSAP256 only.
func (a *Authority) TLSLeaves(hosts []string, clock func() time.Time, keys ...KeyType) (*TLSLeaves, error) {
	return nil, errors.ErrUnsupported
}

// GetCertificate is for tls.Config: the first leaf that the client supports, renewed when due.
func (l *TLSLeaves) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return nil, errors.ErrUnsupported
}
