package signing

import "fmt"

// Kind names what is wrong with a signed profile.
type Kind string

const (
	Malformed          Kind = "malformed"
	NotDER             Kind = "not-der"
	TrailingBytes      Kind = "trailing-bytes"
	WrongVersion       Kind = "wrong-version"
	Detached           Kind = "detached"
	WrongContentType   Kind = "wrong-content-type"
	CarriageReturns    Kind = "carriage-returns"
	NoSigner           Kind = "no-signer"
	SeveralSigners     Kind = "several-signers"
	WeakDigest         Kind = "weak-digest"
	WeakKey            Kind = "weak-key"
	Unsupported        Kind = "unsupported"
	NoSignedAttributes Kind = "no-signed-attributes"
	NoSigningTime      Kind = "no-signing-time"
	SigningTimeOutside Kind = "signing-time-outside"
	Tampered           Kind = "tampered"
	LineEndsAltered    Kind = "line-ends-altered"
	BadSignature       Kind = "bad-signature"

	SignerNotEmbedded   Kind = "signer-not-embedded"
	RootIncluded        Kind = "root-included"
	ExpiredCertificate  Kind = "expired"
	NotYetValid         Kind = "not-yet-valid"
	IntermediateMissing Kind = "intermediate-missing"
	UntrustedRoot       Kind = "untrusted-root"
	BadChain            Kind = "bad-chain"
)

// Severity grades a finding.
type Severity int

const (
	Caution Severity = iota // odd, but no reason to refuse the profile
	Error                   // calport never makes such a profile; a device may refuse it or show Not Verified
)

// String returns the severity as a word.
func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "caution"
}

// Finding is one thing wrong with a signed profile.
type Finding struct {
	Kind     Kind
	Severity Severity
	Detail   string // what was found, and where
	Remedy   string // what to do about it
}

// String says it in one line.
func (f Finding) String() string { return f.Severity.String() + ": " + f.Detail }

const (
	exportAnew  = "export the profile from its source again"
	signAnew    = "sign the unsigned profile anew: DER, SHA-256, with signed attributes, leaf and intermediates"
	signWithout = "sign the unsigned profile anew without altering its line ends (openssl: -binary)"
	renew       = "renew the signing certificate with the same key and sign the profile anew"
	setClock    = "check the clock of this machine and of the one that signed"
)

// kinds says for each kind how bad it is and what helps. Order and severity follow the requirements on calport's own profiles:
// whatever they forbid is an error also in a foreign one, even where devices are known to be lenient.
var kinds = []struct {
	kind     Kind
	severity Severity
	remedy   string
}{
	// RFC 5652 sections 3 to 5: the container
	{Malformed, Error, exportAnew},   // the structure breaks off or contradicts itself
	{NotDER, Error, signAnew},        // BER: indefinite or long lengths, split strings, unsorted attributes (X.690 section 10)
	{TrailingBytes, Error, signAnew}, // bytes follow the structure
	{WrongVersion, Error, signAnew},  // version does not fit the signer identifier (RFC 5652 sections 5.1 and 5.3)
	{Detached, Error, "sign anew with the content inside (openssl: -nodetach)"},
	{WrongContentType, Error, signAnew},   // not id-data, or the attribute of RFC 5652 section 11.1 disagrees
	{CarriageReturns, Error, signWithout}, // signed after LF became CR LF
	// RFC 5652 section 5.3: the signer
	{NoSigner, Error, signAnew},
	{SeveralSigners, Error, signAnew}, // only the first is judged
	{WeakDigest, Error, signAnew},     // SHA-1
	{WeakKey, Caution, "use an RSA key of 2048 bits or ECDSA P-256"},
	{Unsupported, Error, "sign anew with SHA-256 and an RSA or ECDSA P-256 key"}, // cannot be checked here
	{NoSignedAttributes, Error, signAnew},                                        // the signature is over the bare content
	{NoSigningTime, Error, signAnew},                                             // RFC 5652 section 11.3
	{SigningTimeOutside, Caution, setClock},                                      // outside the signer's own validity
	{Tampered, Error, exportAnew},                                                // messageDigest is not that of the content
	{LineEndsAltered, Error, "transfer the file as binary; " + exportAnew},       // it is, once LF and CR LF are exchanged
	{BadSignature, Error, exportAnew},                                            // the signer's key did not sign this
	// RFC 5280 section 6: the certificates
	{SignerNotEmbedded, Error, signAnew},
	{RootIncluded, Error, "leave self-signed certificates out; devices need the root installed beforehand"},
	{ExpiredCertificate, Error, renew},
	{NotYetValid, Error, setClock},
	{IntermediateMissing, Error, "sign anew with the intermediate certificates (openssl: -certfile)"},
	{UntrustedRoot, Error, "install the Trust profile of whoever signed, or sign with a trusted identity"},
	{BadChain, Error, "have the certificate issued anew"}, // anything else that is refused
}

// findings collects what is wrong, in the order found.
type findings []Finding

// add reports kind. Its row is always there: a test sees to it.
func (f *findings) add(kind Kind, format string, args ...any) {
	found := Finding{Kind: kind, Severity: Error, Detail: fmt.Sprintf(format, args...)}
	for _, row := range kinds {
		if row.kind == kind {
			found.Severity, found.Remedy = row.severity, row.remedy
		}
	}
	*f = append(*f, found)
}
