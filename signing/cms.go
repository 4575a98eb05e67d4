package signing

import (
	"bytes"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxCertificates bounds how many certificates, signers and digest algorithms are read.
const maxCertificates = 32

// Context-specific tags of RFC 5652.
var (
	tag0 = asn1.Tag(0).ContextSpecific().Constructed()
	tag1 = asn1.Tag(1).ContextSpecific().Constructed()
	ski0 = asn1.Tag(0).ContextSpecific()
)

// container is a SignedData (RFC 5652 section 5.1) taken apart. Its slices point into the encoding.
type container struct {
	version      int64
	digests      [][]byte // object identifiers
	contentType  []byte   // object identifier
	content      []byte
	detached     bool
	certificates [][]byte // DER of each X.509 certificate; other choices are left out
	signers      []signerInfo
}

// signerInfo is RFC 5652 section 5.3 taken apart.
type signerInfo struct {
	version        int64
	issuer, serial []byte // DER of the name, DER of the serial number
	keyID          []byte // instead of these two
	digest         []byte // object identifier
	attributes     []byte // DER of the signedAttrs, with the implicit tag [0]; nil when absent
	algorithm      []byte // object identifier
	signature      []byte
}

// readContainer takes a ContentInfo (RFC 5652 section 3) apart; der must be DER and nothing else. On an error, which names the
// field, what came before that field is filled in.
func readContainer(der []byte) (*container, error) {
	c := new(container)
	var info, explicit, data cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&info, asn1.SEQUENCE) || !input.Empty() {
		return c, malformed("ContentInfo")
	}
	if oid, ok := readOID(&info); !ok || string(oid) != oidSignedData {
		return c, ErrNotCMS
	}
	if !info.ReadASN1(&explicit, tag0) || !info.Empty() || !explicit.ReadASN1(&data, asn1.SEQUENCE) || !explicit.Empty() {
		return c, malformed("SignedData")
	}
	return c, c.readSignedData(data)
}

func (c *container) readSignedData(data cryptobyte.String) error {
	var digests, encapsulated, certificates, crls, signers cryptobyte.String
	var present bool
	if !data.ReadASN1Integer(&c.version) {
		return malformed("SignedData.version")
	}
	if !data.ReadASN1(&digests, asn1.SET) {
		return malformed("digestAlgorithms")
	}
	for !digests.Empty() {
		oid, ok := readAlgorithm(&digests)
		if !ok || len(c.digests) == maxCertificates {
			return malformed("digestAlgorithms")
		}
		c.digests = append(c.digests, oid)
	}
	if !data.ReadASN1(&encapsulated, asn1.SEQUENCE) || !c.readContent(encapsulated) {
		return malformed("encapContentInfo")
	}
	if !data.ReadOptionalASN1(&certificates, &present, tag0) || !c.readCertificates(certificates) {
		return malformed("certificates")
	}
	if !data.ReadOptionalASN1(&crls, &present, tag1) {
		return malformed("crls")
	}
	if !data.ReadASN1(&signers, asn1.SET) || !data.Empty() {
		return malformed("signerInfos")
	}
	return c.readSigners(signers)
}

// readContent reads RFC 5652 section 5.2.
func (c *container) readContent(encapsulated cryptobyte.String) bool {
	var ok bool
	if c.contentType, ok = readOID(&encapsulated); !ok {
		return false
	}
	if encapsulated.Empty() {
		c.detached = true
		return true
	}
	var explicit, content cryptobyte.String
	if !encapsulated.ReadASN1(&explicit, tag0) || !encapsulated.Empty() ||
		!explicit.ReadASN1(&content, asn1.OCTET_STRING) || !explicit.Empty() {
		return false
	}
	c.content = content
	return true
}

// readCertificates reads the CertificateSet of RFC 5652 section 10.2.3.
func (c *container) readCertificates(set cryptobyte.String) bool {
	for !set.Empty() {
		var element cryptobyte.String
		var tag asn1.Tag
		if !set.ReadAnyASN1Element(&element, &tag) || len(c.certificates) == maxCertificates {
			return false
		}
		if tag == asn1.SEQUENCE {
			c.certificates = append(c.certificates, element)
		}
	}
	return true
}

func (c *container) readSigners(set cryptobyte.String) error {
	for !set.Empty() {
		var info cryptobyte.String
		if !set.ReadASN1(&info, asn1.SEQUENCE) || len(c.signers) == maxCertificates {
			return malformed("signerInfos")
		}
		signer, err := readSigner(info)
		if err != nil {
			return err
		}
		c.signers = append(c.signers, signer)
	}
	return nil
}

func readSigner(info cryptobyte.String) (s signerInfo, err error) {
	var ok, present bool
	var id, signature, unsigned cryptobyte.String
	switch {
	case !info.ReadASN1Integer(&s.version):
		return s, malformed("SignerInfo.version")
	case info.PeekASN1Tag(ski0):
		ok = info.ReadASN1(&id, ski0)
		s.keyID = id
	default:
		ok = info.ReadASN1(&id, asn1.SEQUENCE) && readElement(&id, &s.issuer, asn1.SEQUENCE) &&
			readElement(&id, &s.serial, asn1.INTEGER) && id.Empty()
	}
	if !ok {
		return s, malformed("SignerInfo.sid")
	}
	if s.digest, ok = readAlgorithm(&info); !ok {
		return s, malformed("SignerInfo.digestAlgorithm")
	}
	if info.PeekASN1Tag(tag0) && !readElement(&info, &s.attributes, tag0) {
		return s, malformed("signedAttrs")
	}
	if s.algorithm, ok = readAlgorithm(&info); !ok {
		return s, malformed("signatureAlgorithm")
	}
	if !info.ReadASN1(&signature, asn1.OCTET_STRING) {
		return s, malformed("signature")
	}
	s.signature = signature
	if !info.ReadOptionalASN1(&unsigned, &present, tag1) || !info.Empty() {
		return s, malformed("unsignedAttrs")
	}
	return s, nil
}

// signedAttributes are the attributes of RFC 5652 section 11 that matter here. A nil or zero field was absent.
type signedAttributes struct {
	contentType   []byte // object identifier
	messageDigest []byte
	signingTime   time.Time
	unsorted      bool // not in the order that DER asks of a SET OF (X.690 section 11.6)
}

// readAttributes reads signedAttrs; element is its DER with the header.
func readAttributes(element []byte) (a signedAttributes, err error) {
	var set cryptobyte.String
	input := cryptobyte.String(element)
	if !input.ReadASN1(&set, tag0) {
		return a, malformed("signedAttrs")
	}
	var previous []byte
	for !set.Empty() {
		var raw []byte
		if !readElement(&set, &raw, asn1.SEQUENCE) {
			return a, malformed("signedAttrs")
		}
		a.unsorted = a.unsorted || bytes.Compare(previous, raw) > 0
		previous = raw
		if err := a.read(raw); err != nil {
			return a, err
		}
	}
	return a, nil
}

// read takes in one Attribute. Each of the three must be there once and have one value (RFC 5652 sections 11.1 to 11.3).
func (a *signedAttributes) read(element []byte) error {
	var attribute, values cryptobyte.String
	input := cryptobyte.String(element)
	ok := input.ReadASN1(&attribute, asn1.SEQUENCE)
	oid, named := readOID(&attribute)
	if !ok || !named || !attribute.ReadASN1(&values, asn1.SET) || !attribute.Empty() {
		return malformed("signedAttrs")
	}
	switch string(oid) {
	case oidContentType:
		value, ok := readOID(&values)
		if !ok || !values.Empty() || a.contentType != nil {
			return malformed("attribute contentType")
		}
		a.contentType = value
	case oidMessageDigest:
		var value cryptobyte.String
		if !values.ReadASN1(&value, asn1.OCTET_STRING) || !values.Empty() || a.messageDigest != nil {
			return malformed("attribute messageDigest")
		}
		a.messageDigest = value
	case oidSigningTime:
		if !a.signingTime.IsZero() || !readTime(&values, &a.signingTime) || !values.Empty() {
			return malformed("attribute signingTime")
		}
	}
	return nil
}

// readTime reads the CHOICE of RFC 5652 section 11.3.
func readTime(s *cryptobyte.String, t *time.Time) bool {
	if s.PeekASN1Tag(asn1.UTCTime) {
		return s.ReadASN1UTCTime(t)
	}
	return s.ReadASN1GeneralizedTime(t)
}

func readElement(s *cryptobyte.String, out *[]byte, tag asn1.Tag) bool {
	return s.ReadASN1Element((*cryptobyte.String)(out), tag)
}

func readOID(s *cryptobyte.String) ([]byte, bool) {
	var oid cryptobyte.String
	ok := s.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER)
	return oid, ok && len(oid) > 0
}

// readAlgorithm reads an AlgorithmIdentifier (RFC 5280 section 4.1.1.2) and returns its object identifier.
func readAlgorithm(s *cryptobyte.String) ([]byte, bool) {
	var algorithm cryptobyte.String
	if !s.ReadASN1(&algorithm, asn1.SEQUENCE) {
		return nil, false
	}
	return readOID(&algorithm)
}

func malformed(field string) error { return fmt.Errorf("%w: %s", ErrMalformed, field) }
