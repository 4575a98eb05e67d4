package signing

import (
	"crypto"
	_ "crypto/sha1" // foreign profiles are still signed with it; Verify must recompute to tell weak from wrong
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
)

// Object identifiers as the contents octets of their encoding, so that they compare without being decoded.
const (
	oidData          = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01" // RFC 5652 section 4
	oidSignedData    = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" // RFC 5652 section 5.1
	oidContentType   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03" // RFC 5652 section 11.1
	oidMessageDigest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04" // RFC 5652 section 11.2
	oidSigningTime   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05" // RFC 5652 section 11.3

	oidSHA1   = "\x2b\x0e\x03\x02\x1a"                 // RFC 3370 section 2.1
	oidSHA224 = "\x60\x86\x48\x01\x65\x03\x04\x02\x04" // RFC 5754 section 2.1
	oidSHA256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01" // RFC 5754 section 2.2
	oidSHA384 = "\x60\x86\x48\x01\x65\x03\x04\x02\x02" // RFC 5754 section 2.3
	oidSHA512 = "\x60\x86\x48\x01\x65\x03\x04\x02\x03" // RFC 5754 section 2.4
)

// digestAlgorithms lists the digests that can be recomputed.
var digestAlgorithms = map[string]crypto.Hash{
	oidSHA1:   crypto.SHA1,
	oidSHA224: crypto.SHA224,
	oidSHA256: crypto.SHA256,
	oidSHA384: crypto.SHA384,
	oidSHA512: crypto.SHA512,
}

type keyFamily int

const (
	rsaKey keyFamily = iota + 1
	ecdsaKey
)

// signatureAlgorithms lists what can be checked. hash 0: the SignerInfo's digest algorithm says it.
var signatureAlgorithms = map[string]struct {
	family keyFamily
	hash   crypto.Hash
}{
	// RFC 3370 section 3.2, RFC 5754 section 3.2
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01": {rsaKey, 0},             // rsaEncryption
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05": {rsaKey, crypto.SHA1},   // sha1WithRSAEncryption
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e": {rsaKey, crypto.SHA224}, // sha224WithRSAEncryption
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b": {rsaKey, crypto.SHA256}, // sha256WithRSAEncryption
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c": {rsaKey, crypto.SHA384}, // sha384WithRSAEncryption
	"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d": {rsaKey, crypto.SHA512}, // sha512WithRSAEncryption
	// RFC 3278 section 2.1.1, RFC 5754 section 3.3
	"\x2a\x86\x48\xce\x3d\x02\x01":     {ecdsaKey, 0},             // id-ecPublicKey, as some signers write it
	"\x2a\x86\x48\xce\x3d\x04\x01":     {ecdsaKey, crypto.SHA1},   // ecdsa-with-SHA1
	"\x2a\x86\x48\xce\x3d\x04\x03\x01": {ecdsaKey, crypto.SHA224}, // ecdsa-with-SHA224
	"\x2a\x86\x48\xce\x3d\x04\x03\x02": {ecdsaKey, crypto.SHA256}, // ecdsa-with-SHA256
	"\x2a\x86\x48\xce\x3d\x04\x03\x03": {ecdsaKey, crypto.SHA384}, // ecdsa-with-SHA384
	"\x2a\x86\x48\xce\x3d\x04\x03\x04": {ecdsaKey, crypto.SHA512}, // ecdsa-with-SHA512
}

// dotted writes the contents octets of an object identifier for a reader.
func dotted(oid []byte) string {
	var id asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(append(appendHeader(nil, tagObjectID, len(oid)), oid...), &id); err != nil {
		return "an unreadable object identifier"
	}
	return id.String()
}
