package signing

import "errors"

// What can be wrong with an identity or an authority. Errors of this package wrap one of these and name the file or
// certificate and the remedy.
var (
	ErrNoCertificate  = errors.New("no certificate")
	ErrNoKey          = errors.New("no private key")
	ErrKeyMismatch    = errors.New("private key does not belong to any of the certificates")
	ErrEncryptedKey   = errors.New("private key is encrypted")
	ErrUnsupportedKey = errors.New("unsupported key") // neither RSA of 2048 bits or more nor ECDSA P-256
	ErrPassword       = errors.New("wrong password")
	ErrMalformed      = errors.New("malformed")
	ErrChain          = errors.New("certificates do not form a chain")
	ErrExpired        = errors.New("certificate has expired")
	ErrNotYetValid    = errors.New("certificate is not valid yet")

	ErrIncomplete  = errors.New("authority is incomplete")        // some of its files are missing
	ErrPermissions = errors.New("private key readable by others") // group or world may read or write a key file

	ErrNotCMS   = errors.New("not a CMS SignedData structure")
	ErrTooLarge = errors.New("too large")
	ErrUnsound  = errors.New("signature failed its check before leaving") // Sign made something that does not verify
)
