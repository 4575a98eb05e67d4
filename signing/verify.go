package signing

import (
	"crypto"
	"crypto/x509"
	"errors"
	"time"
)

// MaxSize is the largest signed profile, in bytes, that [Verify] reads.
const MaxSize = 5 << 20

// Verification is what [Verify] found out. Fields that could not be read are zero.
type Verification struct {
	Content      []byte              // the signed content, also where the signature is bad
	Signer       *x509.Certificate   // nil when it is not embedded
	Certificates []*x509.Certificate // as embedded, in their order
	Digest       crypto.Hash
	SigningTime  time.Time // UTC; zero when absent

	SignatureValid bool                // content and signed attributes are what Signer signed
	Chain          []*x509.Certificate // Signer to root; nil when it does not lead to one of the roots
	Findings       []Finding           // everything wrong, in the order of the structure
}

// OK reports whether nothing worse than a warning was found.
func (v *Verification) OK() bool { return false }

// Has reports whether kind is among the findings.
func (v *Verification) Has(kind Kind) bool { return false }

// Verify reads a signed profile, ours or anyone's, and judges it as of now. Chains must end in roots; nil means the
// system's. An error means that nothing can be said: it wraps ErrTooLarge or ErrNotCMS (an unsigned profile, perhaps);
// all else is a finding.
func Verify(signed []byte, roots *x509.CertPool, now time.Time) (*Verification, error) {
	return nil, errors.ErrUnsupported
}
