package signing

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
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

	SignatureValid bool                // content and signed attributes are what Signer signed; says nothing of trust
	Chain          []*x509.Certificate // Signer to root, in date or not; nil when it does not lead to one of the roots
	Findings       []Finding           // everything wrong; see Kind
}

// Verify reads a signed profile, ours or anyone's, and judges it as of now. Chains must end in roots; nil means the
// system's. An error means that nothing can be said: it wraps ErrTooLarge or ErrNotCMS (an unsigned profile, perhaps);
// all else is a finding. Content points into signed unless that was not DER.
func Verify(signed []byte, roots *x509.CertPool, now time.Time) (*Verification, error) {
	if len(signed) > MaxSize {
		return nil, fmt.Errorf("signed profile of %d bytes is %w: the limit is %d", len(signed), ErrTooLarge, MaxSize)
	}
	if err := sniff(signed); err != nil {
		return nil, err
	}
	var v Verification
	found := (*findings)(&v.Findings)
	der, odd, rest, err := toDER(signed)
	if odd.count > 0 {
		found.add(NotDER, "the encoding is BER, not DER: %v", odd)
	}
	if err != nil {
		found.add(Malformed, "%v", err)
		return &v, nil
	}
	if rest > 0 {
		found.add(TrailingBytes, "%d bytes follow the structure", rest)
	}
	c, err := readContainer(der)
	v.Content = c.content
	if err != nil {
		found.add(Malformed, "%v", err)
		return &v, nil
	}
	v.judge(c, found)
	if v.Signer != nil {
		v.judgeChain(roots, now, found)
	}
	return &v, nil
}

// judge judges all but the chain.
func (v *Verification) judge(c *container, found *findings) {
	v.readCertificates(c, found)
	c.judgeContent(found)
	if len(c.signers) == 0 {
		found.add(NoSigner, "there is no signer")
		return
	}
	if len(c.signers) > 1 {
		found.add(SeveralSigners, "there are %d signers; only the first is judged", len(c.signers))
	}
	signer := &c.signers[0]
	if want := signer.wantVersion(); c.version != want || signer.version != want {
		found.add(WrongVersion, "SignedData is version %d and SignerInfo %d; both must be %d", c.version, signer.version, want)
	}
	if v.Signer = v.findSigner(signer); v.Signer == nil {
		found.add(SignerNotEmbedded, "the signer's certificate is not embedded")
	}
	if v.Signer == nil || c.detached { // then there is nothing to check the signature with, or nothing to check
		v.Digest = digestAlgorithms[string(signer.digest)]
		return
	}
	j := c.judge(signer, v.Signer.PublicKey, found)
	v.SignatureValid = j.valid
	v.Digest, v.SigningTime = j.digest, j.attributes.signingTime.UTC()
	if t := v.SigningTime; !t.IsZero() && (t.Before(v.Signer.NotBefore) || t.After(v.Signer.NotAfter)) {
		found.add(SigningTimeOutside, "signed at %s, outside the validity of %s", t.Format(time.RFC3339), name(v.Signer))
	}
}

// wantVersion returns the version that RFC 5652 sections 5.1 and 5.3 ask of both structures around content of type data.
func (s *signerInfo) wantVersion() int64 {
	if s.keyID != nil {
		return 3
	}
	return 1
}

// judgeContent looks at what is signed, not yet at the signature.
func (c *container) judgeContent(found *findings) {
	if string(c.contentType) != oidData {
		found.add(WrongContentType, "the content is of type %s, not data", dotted(c.contentType))
	}
	if c.detached {
		found.add(Detached, "the content is not inside the signature")
	}
	if n := bytes.Count(c.content, []byte{'\r'}); n > 0 && !bytes.HasPrefix(c.content, []byte("bplist")) {
		found.add(CarriageReturns, "the content has %d carriage returns", n)
	}
}

// readCertificates parses the embedded certificates; what cannot be worked with is left out.
func (v *Verification) readCertificates(c *container, found *findings) {
	for i, der := range c.certificates {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			found.add(Malformed, "certificate %d of %d: %v", i+1, len(c.certificates), err)
			continue
		}
		if !judgeKey(cert, found) {
			continue
		}
		v.Certificates = append(v.Certificates, cert)
	}
}

// findSigner finds the certificate that the SignerIdentifier of RFC 5652 section 5.3 names.
func (v *Verification) findSigner(s *signerInfo) *x509.Certificate {
	for _, cert := range v.Certificates {
		if s.names(cert) {
			return cert
		}
	}
	return nil
}

func (s *signerInfo) names(cert *x509.Certificate) bool {
	if s.keyID != nil {
		return bytes.Equal(s.keyID, cert.SubjectKeyId)
	}
	return bytes.Equal(s.issuer, cert.RawIssuer) && bytes.Equal(s.serial, marshalInteger(cert.SerialNumber))
}
