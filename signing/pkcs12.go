package signing

import (
	"errors"
	"fmt"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// ParsePKCS12 reads an identity from a PKCS#12 file (RFC 7292), as Keychain Access exports it. Errors wrap ErrPassword
// or what [NewIdentity] answers, and name the file and the remedy.
func ParsePKCS12(now time.Time, file File, password string) (*Identity, error) {
	key, cert, others, err := pkcs12.DecodeChain(file.Data, password)
	var missing pkcs12.NotImplementedError
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, fmt.Errorf("%s: %w", file.Name, ErrPassword)
	case errors.As(err, &missing):
		return nil, fmt.Errorf("%s: %w: %w; export it again, or convert it with: openssl pkcs12 -in %s -nodes", file.Name, ErrMalformed, err, file.Name)
	case err != nil:
		return nil, fmt.Errorf("%s: %w PKCS#12: %w; it must hold one private key and its certificates, in DER", file.Name, ErrMalformed, err)
	}
	b := bundle{certs: append(others, cert), key: key, keyIn: file.Name}
	return b.identity(file.Name, now)
}
