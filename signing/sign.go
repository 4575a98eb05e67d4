package signing

import (
	"bytes"
	"crypto"
	"fmt"
	"math/big"
	"time"

	"go.mozilla.org/pkcs7"
)

// Sign returns content wrapped in CMS SignedData (RFC 5652): DER, SHA-256, the present time as signing time, the leaf and
// its intermediates, no root. content is not kept and not changed. The result is verified before it is returned; should that
// fail the error wraps ErrUnsound. After the expiry of the leaf it wraps ErrExpired.
func (id *Identity) Sign(content []byte) ([]byte, error) {
	if err := checkDates(id.leaf, time.Now()); err != nil {
		return nil, err
	}
	signed, err := id.encode(content)
	if err != nil {
		return nil, fmt.Errorf("sign as %s: %w", name(id.leaf), err)
	}
	if err := id.check(signed, content); err != nil {
		return nil, fmt.Errorf("sign as %s: %w", name(id.leaf), err)
	}
	return signed, nil
}

// encode has the library sign. The library's defaults are SHA-1 and the leaf alone.
func (id *Identity) encode(content []byte) ([]byte, error) {
	// The library appends to slices it is given; without spare capacity it cannot write behind the caller's.
	data, err := pkcs7.NewSignedData(content[:len(content):len(content)])
	if err != nil {
		return nil, err
	}
	data.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	for _, cert := range id.before {
		data.AddCertificate(cert)
	}
	if err := data.AddSigner(id.leaf, id.key, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, err
	}
	for _, cert := range id.after {
		data.AddCertificate(cert)
	}
	return data.Finish()
}

// check reads a signature of this identity with the reader of this package and refuses it unless it is exactly as it
// must be. Nothing of the library takes part.
func (id *Identity) check(signed, content []byte) error {
	c, err := readContainer(signed)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsound, err)
	}
	if err := id.checkForm(c, content); err != nil {
		return err
	}
	var found findings
	j := c.judge(&c.signers[0], id.leaf.PublicKey, &found)
	if len(found) > 0 {
		return fmt.Errorf("%w: %s", ErrUnsound, found[0].Detail)
	}
	if j.digest != crypto.SHA256 {
		return fmt.Errorf("%w: the digest is %v", ErrUnsound, j.digest)
	}
	return nil
}

// checkForm compares everything but the signature.
func (id *Identity) checkForm(c *container, content []byte) error {
	switch {
	case string(c.contentType) != oidData || c.detached || !bytes.Equal(c.content, content):
		return fmt.Errorf("%w: the content is another", ErrUnsound)
	case len(c.digests) != 1 || string(c.digests[0]) != oidSHA256:
		return fmt.Errorf("%w: digestAlgorithms is not SHA-256", ErrUnsound)
	case len(c.signers) != 1 || c.version != 1 || c.signers[0].version != 1:
		return fmt.Errorf("%w: not one signer of version 1", ErrUnsound)
	case !bytes.Equal(c.signers[0].issuer, id.leaf.RawIssuer) || !bytes.Equal(c.signers[0].serial, id.serial):
		return fmt.Errorf("%w: another signer is named", ErrUnsound)
	case len(c.certificates) != 1+len(id.intermediates):
		return fmt.Errorf("%w: %d certificates are embedded", ErrUnsound, len(c.certificates))
	}
	for i, der := range c.certificates {
		if !bytes.Equal(der, id.embedded[i]) {
			return fmt.Errorf("%w: certificate %d is another", ErrUnsound, i+1)
		}
	}
	return nil
}

// marshalInteger returns the DER of a non-negative INTEGER (X.690 section 8.3), as serial numbers are.
func marshalInteger(n *big.Int) []byte {
	octets := n.Bytes()
	if len(octets) == 0 || octets[0]&0x80 != 0 {
		octets = append([]byte{0}, octets...)
	}
	return append(appendHeader(nil, tagInteger, len(octets)), octets...)
}
