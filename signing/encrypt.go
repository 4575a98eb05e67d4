package signing

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"go.mozilla.org/pkcs7"
)

// The library's algorithm is a variable of its package, and DES unless set: once, here, before anything can encrypt.
func init() { pkcs7.ContentEncryptionAlgorithm = pkcs7.EncryptionAlgorithmAES256CBC }

// MaxRecipient is the largest certificate, in bytes, that [ParseRecipient] reads.
const MaxRecipient = 16 << 10

// ParseRecipient reads the certificate of a device, DER or one block of PEM, for [Encrypt]. Errors wrap ErrTooLarge,
// ErrNoCertificate, ErrMalformed, ErrUnsupportedKey, ErrExpired or ErrNotYetValid.
func ParseRecipient(data []byte, now time.Time) (*x509.Certificate, error) {
	if len(data) > MaxRecipient {
		return nil, fmt.Errorf("%w: the limit of a certificate is %d bytes", ErrTooLarge, MaxRecipient)
	}
	der := data
	if block, rest := pem.Decode(data); block != nil {
		if block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
			return nil, fmt.Errorf("%w: send one PEM block CERTIFICATE and nothing else", ErrMalformed)
		}
		der = block.Bytes
	}
	if len(bytes.TrimSpace(der)) == 0 {
		return nil, fmt.Errorf("%w: send the device's certificate, PEM or DER", ErrNoCertificate)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%w: it is no certificate, neither PEM nor DER: %w", ErrMalformed, err)
	}
	if _, err := recipientKey(cert); err != nil {
		return nil, err
	}
	// Numbers that are no RSA key, such as an even modulus, are found out by using them.
	if _, err := Encrypt(nil, cert); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return cert, checkDates(cert, now)
}

// recipientKey is the key that encrypts for a certificate. With any but an RSA key the library panics.
func recipientKey(cert *x509.Certificate) (*rsa.PublicKey, error) {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: %v; a profile can be encrypted for an RSA certificate only, so let the device have one", ErrUnsupportedKey, cert.PublicKeyAlgorithm)
	}
	if size := key.N.BitLen(); size < minRSABits || size > maxRSABits {
		return nil, fmt.Errorf("%w: RSA of %d bits; use %d bits or more", ErrUnsupportedKey, size, minRSABits)
	}
	return key, nil
}

// Encrypt returns content as CMS EnvelopedData (RFC 5652 section 6): AES-256 in CBC mode, its key encrypted by RSA
// PKCS #1 v1.5 for the recipient. content is not kept and not changed. The result differs each time.
func Encrypt(content []byte, recipient *x509.Certificate) ([]byte, error) {
	if _, err := recipientKey(recipient); err != nil {
		return nil, err
	}
	// The library pads by appending: without spare capacity it cannot write behind the caller's content.
	enveloped, err := pkcs7.Encrypt(content[:len(content):len(content)], []*x509.Certificate{recipient})
	if err != nil {
		return nil, fmt.Errorf("encrypt for %s: %w", name(recipient), err)
	}
	return enveloped, nil
}
