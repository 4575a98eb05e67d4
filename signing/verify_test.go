package signing

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mozilla.org/pkcs7"
)

func kindsOf(v *Verification) (kinds []Kind) {
	for _, found := range v.Findings {
		kinds = append(kinds, found.Kind)
	}
	return kinds
}

func TestVerifyTakesProfilesBuiltByHand(t *testing.T) {
	b := newBuilder(ecdsaAuthority())
	v := mustVerify(t, b.signedData(t, profile).encode(t), ecdsaAuthority().Pool())
	if len(v.Findings) > 0 || !v.SignatureValid {
		t.Errorf("got %v", v.Findings)
	}
}

// Each fault is reported as itself and as nothing else.
func TestVerifyReportsEachFaultForItsOwnReason(t *testing.T) {
	a := ecdsaAuthority()
	crlf := bytes.ReplaceAll(profile, []byte("\n"), []byte("\r\n"))
	edited := func(edit func([][]byte) [][]byte) []byte {
		b := newBuilder(a)
		b.edit = edit
		return b.signedData(t, profile).encode(t)
	}
	with := func(change func(*parts)) []byte {
		p := newBuilder(a).signedData(t, profile)
		change(p)
		return p.encode(t)
	}
	hashed := func(change func(*builder)) []byte {
		b := newBuilder(a)
		change(b)
		return b.signedData(t, profile).encode(t)
	}
	good := mustSign(t, a.Signer(), profile)
	for _, test := range []struct {
		name   string
		signed []byte
		want   []Kind
		valid  bool   // the signature itself
		detail string // named in the finding
	}{
		{"tampered", bytes.Replace(good, []byte("8443"), []byte("8444"), 1), []Kind{Tampered}, false, "messageDigest"},
		{"CR LF in transit", with(func(p *parts) { p.content = crlf }), []Kind{CarriageReturns, LineEndsAltered}, false, "carriage returns"},
		{"signed with CR LF", mustSign(t, a.Signer(), crlf), []Kind{CarriageReturns}, true, "carriage returns"},
		{"leaf only", faulty(t, a, profile, pkcs7.OIDDigestAlgorithmSHA256), []Kind{IntermediateMissing}, true, "Example Calendars Issuing"},
		{"root included", faulty(t, a, profile, pkcs7.OIDDigestAlgorithmSHA256, a.issuing.cert, a.root.cert), []Kind{RootIncluded}, true, "CN=Example Calendars,"},
		{"SHA-1", faulty(t, a, profile, pkcs7.OIDDigestAlgorithmSHA1, a.issuing.cert), []Kind{WeakDigest}, true, "SHA-1"},
		{"BER", toBER(good, 1000), []Kind{NotDER}, true, "indefinite length at byte 0"},
		{"trailing bytes", append(bytes.Clone(good), "\n\n"...), []Kind{TrailingBytes}, true, "2 bytes"},
		{"cut off", good[:len(good)-20], []Kind{Malformed}, false, "past the end at byte 0"},
		{"signature bit", func() []byte { b := bytes.Clone(good); b[len(b)-1] ^= 1; return b }(), []Kind{BadSignature}, false, "signer's key"},
		{"no signed attributes", edited(func([][]byte) [][]byte { return nil }), []Kind{NoSignedAttributes}, true, "no signed attributes"},
		{"no signing time", edited(func(a [][]byte) [][]byte { return slices.Delete(a, 1, 2) }), []Kind{NoSigningTime}, true, "signingTime"},
		{"no content type", edited(func(a [][]byte) [][]byte { return a[1:] }), []Kind{WrongContentType}, false, "absent"},
		{"other content type", edited(func(a [][]byte) [][]byte { a[0] = attribute(oidContentType, object(oidSignedData)); return a }), []Kind{WrongContentType}, false, "1.2.840.113549.1.7.2"},
		{"no message digest", edited(func(a [][]byte) [][]byte { return a[:2] }), []Kind{Malformed}, false, "messageDigest is absent"},
		{"two message digests", edited(func(a [][]byte) [][]byte { return append(a, a[2]) }), []Kind{Malformed}, false, "messageDigest"},
		{"unsorted attributes", edited(func(a [][]byte) [][]byte { slices.Reverse(a); return a }), []Kind{NotDER}, true, "order"},
		{"unreadable time", edited(func(a [][]byte) [][]byte {
			a[1] = attribute(oidSigningTime, octets(nil))
			slices.SortFunc(a, bytes.Compare)
			return a
		}), []Kind{Malformed}, false, "signingTime"},
		{"detached", with(func(p *parts) { p.detached = true }), []Kind{Detached}, false, "not inside"},
		{"type of content", with(func(p *parts) { p.contentType = oidSignedData }), []Kind{WrongContentType, WrongContentType}, false, "1.2.840.113549.1.7.2"},
		{"no signer", with(func(p *parts) { p.signers = nil }), []Kind{NoSigner}, false, "no signer"},
		{"two signers", with(func(p *parts) { p.signers = append(p.signers, p.signers[0]) }), []Kind{SeveralSigners}, true, "2 signers"},
		{"version", with(func(p *parts) { p.version = 3 }), []Kind{WrongVersion}, true, "must be 1"},
		{"signer not embedded", with(func(p *parts) { p.certificates = [][]byte{a.issuing.cert.Raw} }), []Kind{SignerNotEmbedded}, false, "not embedded"},
		{"damaged certificate", with(func(p *parts) { p.certificates = append(p.certificates, []byte{0x30, 0}) }), []Kind{Malformed}, true, "certificate 3 of 3"},
		{"unknown digest", hashed(func(b *builder) { b.digest = oidData }), []Kind{Unsupported}, false, "1.2.840.113549.1.7.1"},
		{"unknown signature algorithm", hashed(func(b *builder) { b.algorithm = oidData }), []Kind{Unsupported}, false, "1.2.840.113549.1.7.1"},
		{"algorithm of another key", hashed(func(b *builder) { b.algorithm = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b" }), []Kind{BadSignature}, false, "signer's key"},
		{"algorithm of another digest", hashed(func(b *builder) { b.algorithm = "\x2a\x86\x48\xce\x3d\x04\x03\x03" }), []Kind{BadSignature}, false, "SHA-384"},
		{"empty revocation lists", with(func(p *parts) { p.crls = true }), nil, true, ""},
	} {
		v, err := Verify(test.signed, a.Pool(), time.Now())
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := kindsOf(v); !slices.Equal(got, test.want) || v.SignatureValid != test.valid {
			t.Errorf("%s: got %v, signature valid %t; want %v, %t", test.name, v.Findings, v.SignatureValid, test.want, test.valid)
			continue
		}
		if len(test.want) == 0 {
			continue
		}
		if !strings.Contains(v.Findings[0].Detail, test.detail) || v.Findings[0].Remedy == "" {
			t.Errorf("%s: got %q, remedy %q; want %q named", test.name, v.Findings[0].Detail, v.Findings[0].Remedy, test.detail)
		}
		if v.OK() {
			t.Errorf("%s: passes", test.name)
		}
	}
}

func TestVerifyExtractsContentOfBER(t *testing.T) {
	a := rsaAuthority()
	signed := mustSign(t, a.Signer(), profile)
	for _, size := range []int{1, 7, 1000, 1 << 20} {
		v := mustVerify(t, toBER(signed, size), a.Pool())
		if !bytes.Equal(v.Content, profile) || !v.SignatureValid || !v.Has(NotDER) || len(v.Chain) != 3 {
			t.Errorf("segments of %d: got %d of %d bytes, %v", size, len(v.Content), len(profile), v.Findings)
		}
	}
}

func TestVerifyExtractsContentOfTamperedProfile(t *testing.T) {
	signed := bytes.Replace(mustSign(t, ecdsaAuthority().Signer(), profile), []byte("8443"), []byte("8444"), 1)
	v := mustVerify(t, signed, ecdsaAuthority().Pool())
	if want := bytes.Replace(profile, []byte("8443"), []byte("8444"), 1); !bytes.Equal(v.Content, want) {
		t.Errorf("got %d bytes, want the altered content", len(v.Content))
	}
	if v.Signer == nil || v.Chain == nil || v.SigningTime.IsZero() {
		t.Error("signer, chain or signing time is missing")
	}
}

func TestVerifyAcceptsSignerNamedByKeyIdentifier(t *testing.T) {
	a := ecdsaAuthority()
	b := newBuilder(a)
	b.keyID, b.version = a.issuing.cert.SubjectKeyId, 3
	b.id, _ = newIdentity(a.issuing.cert, nil, a.issuing.key)
	v := mustVerify(t, b.signedData(t, profile).encode(t), a.Pool())
	if len(v.Findings) > 0 || !v.Signer.Equal(a.issuing.cert) {
		t.Errorf("got %v", v.Findings)
	}
}

func TestVerifyTellsDatesFromTrust(t *testing.T) {
	a := ecdsaAuthority()
	signed := mustSign(t, a.Signer(), profile)
	leaf := a.Signer().Leaf()
	for _, test := range []struct {
		name  string
		now   time.Time
		want  []Kind
		count int // certificates named
	}{
		{"in date", leaf.NotAfter, nil, 0},
		{"leaf expired", leaf.NotAfter.Add(time.Second), []Kind{ExpiredCertificate}, 1},
		{"all expired", leaf.NotAfter.AddDate(30, 0, 0), []Kind{ExpiredCertificate, ExpiredCertificate}, 2},
		{"too early", leaf.NotBefore.Add(-time.Second), []Kind{NotYetValid, NotYetValid}, 2},
	} {
		v, err := Verify(signed, a.Pool(), test.now)
		if err != nil || !slices.Equal(kindsOf(v), test.want) || len(v.Chain) != 3 {
			t.Errorf("%s: got %+v, chain of %d, %v", test.name, v.Findings, len(v.Chain), err)
		}
	}
}

func TestVerifyNamesUntrustedRoot(t *testing.T) {
	signed := mustSign(t, ecdsaAuthority().Signer(), profile)
	v := mustVerify(t, signed, rsaAuthority().Pool())
	if !slices.Equal(kindsOf(v), []Kind{UntrustedRoot}) || v.Chain != nil || !v.SignatureValid {
		t.Errorf("got %v", v.Findings)
	}
	v = mustVerify(t, signed, x509.NewCertPool())
	if !v.Has(UntrustedRoot) {
		t.Errorf("no roots at all: got %v", v.Findings)
	}
}

func TestSelfSignedSignerIsReportedUnlessItIsARoot(t *testing.T) {
	root := ecdsaAuthority().root
	id, err := NewIdentity(root.cert, nil, root.key, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	signed := mustSign(t, id, profile)
	if v := mustVerify(t, signed, ecdsaAuthority().Pool()); !slices.Equal(kindsOf(v), []Kind{RootIncluded}) {
		t.Errorf("trusted: got %v", v.Findings)
	}
	if v := mustVerify(t, signed, rsaAuthority().Pool()); !slices.Equal(kindsOf(v), []Kind{RootIncluded, UntrustedRoot}) {
		t.Errorf("not trusted: got %v", v.Findings)
	}
}

func TestVerifySaysWhatIsNoSignedProfile(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"empty", "", "empty"},
		{"unsigned", string(profile), "unsigned XML"},
		{"binary", "bplist00\xd1", "unsigned binary"},
		{"PEM", "-----BEGIN PKCS7-----\n", "openssl cms -cmsout"},
		{"S/MIME", "MIME-Version: 1.0\n", "openssl cms -cmsout"},
		{"text", "0 is where text may begin", "not a CMS"},
		{"encrypted", "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", "encrypted"},
		{"certificate", string(ecdsaAuthority().RootDER()), "not a CMS"},
		{"cut off in the identifier", "\x30\x82\x10\x00\x06\x09\x2a", "not a CMS"},
	} {
		v, err := Verify([]byte(test.in), nil, time.Now())
		if v != nil || !errors.Is(err, ErrNotCMS) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, %v; want %q", test.name, v, err, test.want)
		}
	}
}

func TestVerifyRefusesWhatIsTooLarge(t *testing.T) {
	_, err := Verify(make([]byte, MaxSize+1), nil, time.Now())
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "5242880") {
		t.Errorf("got %v, want ErrTooLarge and the limit", err)
	}
}

func TestVerifySurvivesDeepNesting(t *testing.T) {
	start := append([]byte{0x30, 0x80}, object(oidSignedData)...)
	for name, level := range map[string][]byte{"indefinite": {0x30, 0x80}, "octets": {0x24, 0x80}} {
		v, err := Verify(append(bytes.Clone(start), bytes.Repeat(level, MaxSize/2-20)...), nil, time.Now())
		if err != nil || !slices.Contains(kindsOf(v), Malformed) {
			t.Errorf("%s: got %+v, %v", name, v, err)
		}
	}
}

func TestVerifyReadsOtherDigests(t *testing.T) {
	b := newBuilder(ecdsaAuthority())
	b.hash, b.digest, b.algorithm = crypto.SHA512, oidSHA512, "\x2a\x86\x48\xce\x3d\x04\x03\x04"
	v := mustVerify(t, b.signedData(t, profile).encode(t), ecdsaAuthority().Pool())
	if len(v.Findings) > 0 || v.Digest != crypto.SHA512 {
		t.Errorf("got %v, %v", v.Digest, v.Findings)
	}
}

func TestEveryFindingHasRemedyAndSeverity(t *testing.T) {
	seen := map[Kind]bool{}
	for _, row := range kinds {
		if row.remedy == "" || seen[row.kind] {
			t.Errorf("%s: no remedy, or twice in the table", row.kind)
		}
		seen[row.kind] = true
	}
	if len(seen) != 25 {
		t.Errorf("the table has %d kinds, 25 are declared", len(seen))
	}
}
