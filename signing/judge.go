package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// Bounds of RSA keys: shorter ones are weak, longer ones would make the check of a hostile file slow.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// judgement is what the signature of one signer says.
type judgement struct {
	digest     crypto.Hash
	attributes signedAttributes
	valid      bool
}

// judge recomputes the digest of the content and checks the signed attributes and the signature of s by key (RFC 5652
// section 5.6). What is wrong goes to found.
func (c *container) judge(s *signerInfo, key crypto.PublicKey, found *findings) (j judgement) {
	before := len(*found)
	hash, known := digestAlgorithms[string(s.digest)]
	if !known {
		found.add(Unsupported, "digest algorithm %s is not supported", dotted(s.digest))
		return j
	}
	j.digest = hash
	signed := sum(hash, c.content)
	if s.attributes != nil {
		var err error
		if j.attributes, err = readAttributes(s.attributes); err != nil {
			found.add(Malformed, "%v", err)
			return j
		}
		c.judgeAttributes(&j, signed, found)
		// RFC 5652 section 5.4: what is signed is the attributes with the tag of a SET OF instead of [0].
		signed = sum(hash, []byte{0x31}, s.attributes[1:])
	}
	if err := checkSignature(s, hash, key, signed); errors.Is(err, errUnsupported) {
		found.add(Unsupported, "%v", err)
	} else if err != nil {
		found.add(BadSignature, "%v", err)
	}
	j.valid = len(*found) == before
	if s.attributes == nil {
		found.add(NoSignedAttributes, "the signer has no signed attributes, so neither content type nor signing time is vouched for")
	} else if j.attributes.signingTime.IsZero() {
		found.add(NoSigningTime, "the signed attribute signingTime is absent")
	}
	if j.attributes.unsorted {
		found.add(NotDER, "signed attributes are not in DER order")
	}
	if hash == crypto.SHA1 {
		found.add(WeakDigest, "the digest is SHA-1")
	}
	return j
}

// judgeAttributes checks the attributes that RFC 5652 section 5.3 requires.
func (c *container) judgeAttributes(j *judgement, digest []byte, found *findings) {
	switch a := &j.attributes; {
	case a.contentType == nil:
		found.add(WrongContentType, "the signed attribute contentType is absent")
	case !bytes.Equal(a.contentType, c.contentType):
		found.add(WrongContentType, "the signed attribute contentType is %s, the content's is %s", dotted(a.contentType), dotted(c.contentType))
	}
	switch want := j.attributes.messageDigest; {
	case want == nil:
		found.add(Malformed, "the signed attribute messageDigest is absent")
	case bytes.Equal(want, digest):
	case matchesOtherLineEnds(j.digest, c.content, want):
		found.add(LineEndsAltered, "the content's line ends (LF or CR LF) were changed after signing")
	default:
		found.add(Tampered, "the content was changed after signing: its digest is not the signed messageDigest")
	}
}

// matchesOtherLineEnds reports whether content has the wanted digest with LF for CR LF or the reverse.
func matchesOtherLineEnds(hash crypto.Hash, content, want []byte) bool {
	lf := bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	crlf := bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n"))
	return bytes.Equal(sum(hash, lf), want) || bytes.Equal(sum(hash, crlf), want)
}

var errUnsupported = errors.New("not supported")

// checkSignature checks the signature value over a digest.
func checkSignature(s *signerInfo, hash crypto.Hash, key crypto.PublicKey, digest []byte) error {
	algorithm, known := signatureAlgorithms[string(s.algorithm)]
	if !known {
		return fmt.Errorf("signature algorithm %s is %w", dotted(s.algorithm), errUnsupported)
	}
	if algorithm.hash != 0 && algorithm.hash != hash {
		return fmt.Errorf("signature algorithm uses %v, the signer's digest is %v", algorithm.hash, hash)
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		if algorithm.family == rsaKey && rsa.VerifyPKCS1v15(key, hash, digest, s.signature) == nil {
			return nil
		}
	case *ecdsa.PublicKey:
		if algorithm.family == ecdsaKey && ecdsa.VerifyASN1(key, digest, s.signature) {
			return nil
		}
	default:
		return fmt.Errorf("a signer's key of type %T is %w", key, errUnsupported)
	}
	return errors.New("the signature was not made by the signer's key over these attributes")
}

func sum(hash crypto.Hash, parts ...[]byte) []byte {
	h := hash.New()
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// judgeKey looks at the size of a certificate's key. It returns false for a key too large to be worked with.
func judgeKey(cert *x509.Certificate, found *findings) bool {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return true
	}
	switch size := key.N.BitLen(); {
	case size > maxRSABits:
		found.add(Unsupported, "%s has an RSA key of %d bits; more than %d are not supported", name(cert), size, maxRSABits)
		return false
	case size < minRSABits:
		found.add(WeakKey, "%s has an RSA key of %d bits", name(cert), size)
	}
	return true
}

// name names a certificate for a reader.
func name(cert *x509.Certificate) string {
	if subject := cert.Subject.String(); subject != "" {
		return fmt.Sprintf("certificate %q", subject)
	}
	return fmt.Sprintf("certificate with serial number %v", cert.SerialNumber)
}
