package signing

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"time"
)

// MaxUpload bounds what [ParseUpload] takes, in bytes.
const MaxUpload = 64 << 10

// ParseUpload reads an identity that somebody hands in: PEM, or PKCS#12 with its password. Certificates without a key are
// a renewal of old, whose key they must have; old may be nil. Errors are those of [ParsePEM] and [ParsePKCS12], and
// ErrTooLarge.
func ParseUpload(now time.Time, file File, password string, old *Identity) (*Identity, error) {
	if len(file.Data) > MaxUpload {
		return nil, fmt.Errorf("%s: %w: %d bytes, the limit is %d", file.Name, ErrTooLarge, len(file.Data), MaxUpload)
	}
	if !bytes.Contains(file.Data, []byte("-----BEGIN ")) {
		return ParsePKCS12(now, file, password)
	}
	id, err := ParsePEM(now, file)
	if !errors.Is(err, ErrNoKey) || old == nil {
		return id, err
	}
	key, err := keyPEM(old.key)
	if err != nil {
		return nil, err
	}
	return ParsePEM(now, file, File{Name: "the key in use", Data: key})
}

// PEM writes the identity as [ParsePEM] reads it: certificates, leaf first, and the key. It is a secret.
func (id *Identity) PEM() ([]byte, error) {
	text, err := keyPEM(id.key)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, cert := range id.Chain() {
		out.Write(certificatePEM(cert))
	}
	return append(out.Bytes(), text...), nil
}

// SameKey reports whether two identities have one key: then devices take profiles of one in place of those of the other
// most readily.
func (id *Identity) SameKey(other *Identity) bool { return belongs(id.key, other.leaf) }

// SameIssuer reports whether one authority issued both.
func (id *Identity) SameIssuer(other *Identity) bool {
	return bytes.Equal(id.leaf.RawIssuer, other.leaf.RawIssuer)
}

// KeyWords says what kind of key it is: "ECDSA P-256", "RSA, 2048 bits".
func (id *Identity) KeyWords() string {
	switch key := id.key.(type) {
	case *rsa.PrivateKey:
		return fmt.Sprintf("RSA, %d bits", key.N.BitLen())
	case *ecdsa.PrivateKey:
		return "ECDSA " + key.Curve.Params().Name
	}
	return "?"
}
