package signing

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

// certify issues a certificate as no Authority would.
func certify(t *testing.T, template *x509.Certificate, public any, parent pair) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(rand.Reader, template, parent.cert, public, parent.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func leafTemplate() *x509.Certificate {
	return signerTemplate(pkix.Name{CommonName: "Odd"}, time.Now())
}

func TestKeysThatAreWeakOrTooLargeToWorkWithAreReported(t *testing.T) {
	a := ecdsaAuthority()
	for _, test := range []struct {
		bits int
		want []Kind
	}{{1024, []Kind{WeakKey}}, {2048, nil}, {8192, nil}, {8193, []Kind{Unsupported}}} {
		modulus := new(big.Int).Lsh(big.NewInt(1), uint(test.bits-1))
		odd := certify(t, leafTemplate(), &rsa.PublicKey{N: modulus.SetBit(modulus, 0, 1), E: 65537}, a.issuing)
		p := newBuilder(a).signedData(t, profile)
		p.certificates = append(p.certificates, odd.Raw)
		v := mustVerify(t, p.encode(t), a.Pool())
		if !slices.Equal(kindsOf(v), test.want) {
			t.Errorf("%d bits: got %v, want %v", test.bits, v.Findings, test.want)
		}
		if v.OK() != !slices.Contains(test.want, Unsupported) {
			t.Errorf("%d bits: passes: %t", test.bits, v.OK())
		}
	}
}

func TestCertificateThatMayNotBeUsedIsReported(t *testing.T) {
	a := ecdsaAuthority()
	template := leafTemplate()
	template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0}}}
	id, err := newIdentity(certify(t, template, a.Signer().key.Public(), a.issuing), []*x509.Certificate{a.issuing.cert}, a.Signer().key)
	if err != nil {
		t.Fatal(err)
	}
	if v := mustVerify(t, mustSign(t, id, profile), a.Pool()); !slices.Equal(kindsOf(v), []Kind{BadChain}) || v.Chain != nil {
		t.Errorf("got %v", v.Findings)
	}
}

func TestExpiredRootIsReported(t *testing.T) {
	key := ecdsaAuthority().root.key
	old := rootTemplate(AuthorityConfig{Name: "Old"}, time.Now().AddDate(-20, 0, -2))
	root := pair{certify(t, old, key.Public(), pair{old, key}), key}
	id, err := newIdentity(certify(t, leafTemplate(), key.Public(), root), nil, key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root.cert)
	v := mustVerify(t, mustSign(t, id, profile), pool)
	if !slices.Equal(kindsOf(v), []Kind{ExpiredCertificate}) || !strings.Contains(v.Findings[0].Detail, "CN=Old") {
		t.Errorf("got %v", v.Findings)
	}
}

func TestSigningTimeOutsideTheSignersLifeIsACaution(t *testing.T) {
	a := ecdsaAuthority()
	b := newBuilder(a)
	b.edit = func(attributes [][]byte) [][]byte {
		attributes[1] = attribute(oidSigningTime, append([]byte{0x17, 13}, "190101000000Z"...))
		return attributes
	}
	v := mustVerify(t, b.signedData(t, profile).encode(t), a.Pool())
	if !slices.Equal(kindsOf(v), []Kind{SigningTimeOutside}) || !v.OK() || v.SigningTime.Year() != 2019 {
		t.Errorf("got %v", v.Findings)
	}
	if got := v.Findings[0].String(); !strings.HasPrefix(got, "caution: signed at 2019-01-01T00:00:00Z") {
		t.Errorf("got %q", got)
	}
}

func TestIdentityExpiresWithItsFirstCertificate(t *testing.T) {
	a := ecdsaAuthority()
	short := issuingTemplate(AuthorityConfig{Name: "Short"}, time.Now())
	short.NotAfter = time.Now().AddDate(0, 0, 10)
	issuer := pair{certify(t, short, a.issuing.key.Public(), a.root), a.issuing.key}
	id, err := NewIdentity(certify(t, leafTemplate(), a.Signer().key.Public(), issuer), []*x509.Certificate{issuer.cert}, a.Signer().key, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !id.NotAfter().Equal(issuer.cert.NotAfter) || id.Warning(time.Now()).Level != Urgent {
		t.Errorf("got %v", id.NotAfter())
	}
}

func TestCrossSignedIntermediateIsLeftOut(t *testing.T) {
	a := ecdsaAuthority()
	cross := issuingTemplate(AuthorityConfig{Name: "Example Calendars", Organization: "Example"}, time.Now())
	twin := certify(t, cross, a.issuing.key.Public(), rsaAuthority().root)
	id, err := NewIdentity(a.Signer().leaf, []*x509.Certificate{a.issuing.cert, twin}, a.Signer().key, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if len(id.Chain()) != 2 {
		t.Errorf("got a chain of %d", len(id.Chain()))
	}
}

func TestSerialNumbersAreEncodedAsDER(t *testing.T) {
	for _, n := range []int64{0, 1, 127, 128, 255, 256, 1 << 40} {
		want, err := asn1.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		if got := marshalInteger(big.NewInt(n)); !slices.Equal(got, want) {
			t.Errorf("%d: got %x, want %x", n, got, want)
		}
	}
}

func TestCertificateWithoutSubjectIsNamedByItsSerialNumber(t *testing.T) {
	if got := name(&x509.Certificate{SerialNumber: big.NewInt(7)}); got != "certificate with serial number 7" {
		t.Errorf("got %q", got)
	}
}
