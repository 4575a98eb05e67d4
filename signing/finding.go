package signing

// Kind names what is wrong with a signed profile.
type Kind string

const (
	Malformed           Kind = "malformed"            // the structure breaks off or contradicts itself
	NotDER              Kind = "not-der"              // BER: indefinite lengths, split strings, lengths not minimal
	TrailingBytes       Kind = "trailing-bytes"       // bytes follow the structure
	Detached            Kind = "detached"             // no content inside
	NoSigner            Kind = "no-signer"            // no SignerInfo
	SeveralSigners      Kind = "several-signers"      // more than one; only the first is judged
	WeakDigest          Kind = "weak-digest"          // SHA-1
	WeakKey             Kind = "weak-key"             // RSA below 2048 bits
	Unsupported         Kind = "unsupported"          // an algorithm that this package cannot check
	NoSignedAttributes  Kind = "no-signed-attributes" // the signature is over the bare content
	WrongContentType    Kind = "wrong-content-type"   // the contentType attribute is absent or not that of the content
	NoSigningTime       Kind = "no-signing-time"
	SigningTimeOutside  Kind = "signing-time-outside" // before or after the signer's own validity
	Tampered            Kind = "tampered"             // messageDigest does not match the content
	LineEndsAltered     Kind = "line-ends-altered"    // messageDigest matches once LF and CRLF are exchanged
	CRLF                Kind = "crlf"                 // the content was signed with CR LF line ends
	BadSignature        Kind = "bad-signature"        // the signer's key did not sign these attributes
	SignerNotEmbedded   Kind = "signer-not-embedded"
	IntermediateMissing Kind = "intermediate-missing" // leaf only, or a gap
	UntrustedRoot       Kind = "untrusted-root"       // the chain ends in none of the roots
	ExpiredCertificate  Kind = "expired"
	NotYetValid         Kind = "not-yet-valid"
	RootIncluded        Kind = "root-included"
	BadChain            Kind = "bad-chain" // anything else that RFC 5280 section 6 refuses
)

// Severity grades a finding.
type Severity int

const (
	Caution Severity = iota // odd, but devices take it
	Error                   // calport never makes such a profile; a device may refuse it or show Not Verified
)

// Finding is one thing wrong, with a reason that names the place.
type Finding struct {
	Kind     Kind
	Severity Severity
	Detail   string // what was found and where
	Remedy   string // what to do about it
}
