package signing

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"
)

// File is the content of a file together with the name by which errors shall call it.
type File struct {
	Name string
	Data []byte
}

// ParsePEM reads the certificates and the one private key of an identity from one or several PEM files (RFC 7468), in any
// order and distribution. The leaf is the certificate that the key belongs to. Errors wrap one of the package's sentinels and
// name the file, where a single file is to blame, and the remedy.
func ParsePEM(now time.Time, files ...File) (*Identity, error) {
	var b bundle
	for _, file := range files {
		if err := b.read(file); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	return b.identity(fileNames(files), now)
}

// bundle is what a set of files holds.
type bundle struct {
	certs []*x509.Certificate
	key   crypto.PrivateKey // nil until found
	keyIn string            // name of the file with the key
}

// identity finds the leaf. place names the files for errors.
func (b *bundle) identity(place string, now time.Time) (*Identity, error) {
	leaf, others, err := b.split(place)
	if err != nil {
		return nil, err
	}
	id, err := NewIdentity(leaf, others, b.key, now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	return id, nil
}

// split returns the certificate that the key belongs to, and the others.
func (b *bundle) split(place string) (leaf *x509.Certificate, others []*x509.Certificate, err error) {
	if len(b.certs) == 0 {
		return nil, nil, fmt.Errorf("%s: %w: expected a PEM block CERTIFICATE", place, ErrNoCertificate)
	}
	if b.key == nil {
		return nil, nil, fmt.Errorf("%s: %w: expected a PEM block PRIVATE KEY", place, ErrNoKey)
	}
	key, err := supportedKey(b.key)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", b.keyIn, err)
	}
	at := slices.IndexFunc(b.certs, func(cert *x509.Certificate) bool { return belongs(key, cert) })
	if at < 0 {
		return nil, nil, fmt.Errorf("%s: %w; give the certificate that was issued for it, the first one here is %s", b.keyIn, ErrKeyMismatch, name(b.certs[0]))
	}
	return b.certs[at], slices.Delete(slices.Clone(b.certs), at, at+1), nil
}

// read takes in the blocks of one file.
func (b *bundle) read(file File) error {
	begins := bytes.Count(file.Data, []byte("-----BEGIN "))
	if begins == 0 {
		return fmt.Errorf("%w: not PEM; convert DER with: openssl x509 -inform DER (certificates) or openssl pkey -inform DER (keys)", ErrMalformed)
	}
	read := 0
	for block, rest := pem.Decode(file.Data); block != nil; block, rest = pem.Decode(rest) {
		read++
		if err := b.add(block, file.Name); err != nil {
			return fmt.Errorf("PEM block %d (%s): %w", read, block.Type, err)
		}
	}
	if read != begins {
		return fmt.Errorf("%w: %d of %d PEM blocks are damaged or cut off; copy the file again", ErrMalformed, begins-read, begins)
	}
	return nil
}

// add takes in one block, by its label (RFC 7468 section 4; RFC 1421 for the older keys).
func (b *bundle) add(block *pem.Block, from string) error {
	if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		return fmt.Errorf("%w; decrypt it with: openssl pkey -in %s -out KEY.pem", ErrEncryptedKey, from)
	}
	switch block.Type {
	case "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		b.certs = append(b.certs, cert)
		return nil
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY":
		return b.addKey(block, from)
	case "EC PARAMETERS": // openssl ecparam writes them before the key, which repeats them
		return nil
	}
	return fmt.Errorf("%w: expected CERTIFICATE or PRIVATE KEY; remove the block or convert it", ErrMalformed)
}

func (b *bundle) addKey(block *pem.Block, from string) error {
	key, err := parseKey(block)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if b.key != nil {
		return fmt.Errorf("%w: a second private key, after the one in %s; leave one out", ErrMalformed, b.keyIn)
	}
	b.key, b.keyIn = key, from
	return nil
}

func parseKey(block *pem.Block) (crypto.PrivateKey, error) {
	switch block.Type {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	default:
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	}
}

func fileNames(files []File) string {
	if len(files) == 0 {
		return "no files"
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name)
	}
	return strings.Join(names, ", ")
}
