package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
)

// KeyType is the kind of private key to make. The zero value is the default.
type KeyType int

const (
	ECDSAP256 KeyType = iota // signs about 30 times faster than RSA
	RSA2048                  // for OS X 10.6 to 10.8; safest with RSA in the whole chain
)

var keyTypeNames = [...]string{ECDSAP256: "ecdsa-p256", RSA2048: "rsa-2048"}

// String returns the name that UnmarshalText reads.
func (k KeyType) String() string {
	if k < 0 || int(k) >= len(keyTypeNames) {
		return fmt.Sprintf("KeyType(%d)", int(k))
	}
	return keyTypeNames[k]
}

// MarshalText writes "ecdsa-p256" or "rsa-2048", for configuration files.
func (k KeyType) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText writes; "ecdsa" and "rsa" will do.
func (k *KeyType) UnmarshalText(text []byte) error {
	switch string(text) {
	case "ecdsa-p256", "ecdsa":
		*k = ECDSAP256
	case "rsa-2048", "rsa":
		*k = RSA2048
	default:
		return fmt.Errorf("%w %q: use ecdsa-p256 or rsa-2048", ErrUnsupportedKey, text)
	}
	return nil
}

// generate makes a key. Its randomness is the system's always: since Go 1.26 the crypto packages heed no other.
func (k KeyType) generate() (crypto.Signer, error) {
	switch k {
	case ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, fmt.Errorf("%w: %v", ErrUnsupportedKey, k)
}
