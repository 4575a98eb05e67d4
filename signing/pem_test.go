package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// material is an identity in the forms that people have it in.
type material struct {
	authority       *Authority
	leaf, int, root []byte // PEM
	key             []byte // PEM, PKCS #8
}

func newMaterial(t testing.TB, a *Authority) material {
	t.Helper()
	key, err := keyPEM(a.Signer().key)
	if err != nil {
		t.Fatal(err)
	}
	return material{a, certificatePEM(a.Signer().leaf), certificatePEM(a.issuing.cert), a.RootPEM(), key}
}

// selfSigned makes a certificate for a key of a kind that an Authority does not make.
func selfSigned(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, rootTemplate(AuthorityConfig{Name: "Odd"}, time.Now()), signerTemplate(AuthorityConfig{Name: "Odd"}.signerSubject(), time.Now()), key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("CERTIFICATE", der)
}

func mustPEM(t testing.TB, key any) []byte {
	t.Helper()
	data, err := keyPEM(key)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestPEMIsTakenInAnyOrderAndDistribution(t *testing.T) {
	for name, a := range authorities() {
		m := newMaterial(t, a)
		sec1 := m.key
		switch key := a.Signer().key.(type) {
		case *ecdsa.PrivateKey:
			der, err := x509.MarshalECPrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			sec1 = slices.Concat(pemOf("EC PARAMETERS", []byte("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")), pemOf("EC PRIVATE KEY", der))
		case *rsa.PrivateKey:
			sec1 = pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
		}
		for form, files := range map[string][]File{
			"one file":            {{"all.pem", slices.Concat(m.leaf, m.int, m.key)}},
			"key first":           {{"all.pem", slices.Concat(m.key, m.leaf, m.int)}},
			"chain upside down":   {{"chain.pem", slices.Concat(m.root, m.int, m.leaf)}, {"key.pem", m.key}},
			"three files":         {{"leaf.pem", m.leaf}, {"key.pem", m.key}, {"int.pem", m.int}},
			"older kind of key":   {{"chain.pem", slices.Concat(m.leaf, m.int)}, {"key.pem", sec1}},
			"text between":        {{"all.pem", slices.Concat([]byte("Bag Attributes\n"), m.key, []byte("subject=\n"), m.leaf, m.int)}},
			"CR LF":               {{"all.pem", bytes.ReplaceAll(slices.Concat(m.leaf, m.int, m.key), []byte("\n"), []byte("\r\n"))}},
			"intermediate doubly": {{"all.pem", slices.Concat(m.leaf, m.int, m.int, m.key)}},
		} {
			id, err := ParsePEM(time.Now(), files...)
			if err != nil {
				t.Errorf("%s, %s: %v", name, form, err)
				continue
			}
			if got := id.Chain(); len(got) != 2 || !got[0].Equal(a.Signer().Leaf()) || !got[1].Equal(a.issuing.cert) {
				t.Errorf("%s, %s: got a chain of %d", name, form, len(got))
			}
			if v := mustVerify(t, mustSign(t, id, profile), a.Pool()); !v.OK() {
				t.Errorf("%s, %s: got %v", name, form, v.Findings)
			}
		}
	}
}

func TestBadPEMIsRefusedWithReasonAndRemedy(t *testing.T) {
	m, other := newMaterial(t, ecdsaAuthority()), newMaterial(t, mustAuthority(ECDSAP256))
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	block := func(label string) []byte { return pemOf(label, []byte("\x30\x00")) }
	for _, test := range []struct {
		name  string
		files []File
		want  error
		text  string // in the message
	}{
		{"no files", nil, ErrNoCertificate, "no files"},
		{"no certificate", []File{{"key.pem", m.key}}, ErrNoCertificate, "key.pem"},
		{"no key", []File{{"leaf.pem", m.leaf}}, ErrNoKey, "leaf.pem"},
		{"empty file", []File{{"a.pem", nil}, {"key.pem", m.key}}, ErrMalformed, "a.pem"},
		{"DER", []File{{"root.cer", ecdsaAuthority().RootDER()}}, ErrMalformed, "openssl x509 -inform DER"},
		{"key of another", []File{{"leaf.pem", m.leaf}, {"key.pem", other.key}}, ErrKeyMismatch, "key.pem"},
		{"two keys", []File{{"leaf.pem", m.leaf}, {"key.pem", m.key}, {"key2.pem", other.key}}, ErrMalformed, "key2.pem"},
		{"intermediate of another", []File{{"leaf.pem", m.leaf}, {"int.pem", other.int}, {"key.pem", m.key}}, ErrChain, "Example Calendars Issuing"},
		{"cut off", []File{{"all.pem", slices.Concat(m.key, m.leaf[:len(m.leaf)-30])}}, ErrMalformed, "1 of 2 PEM blocks"},
		{"damaged in the middle", []File{{"all.pem", bytes.Replace(slices.Concat(m.leaf, m.int, m.key), []byte("\nMII"), []byte("\nM*I"), 1)}}, ErrMalformed, "damaged"},
		{"certificate is none", []File{{"leaf.pem", block("CERTIFICATE")}}, ErrMalformed, "leaf.pem: PEM block 1 (CERTIFICATE)"},
		{"key is none", []File{{"key.pem", block("PRIVATE KEY")}}, ErrMalformed, "key.pem"},
		{"encrypted PKCS #8", []File{{"key.pem", block("ENCRYPTED PRIVATE KEY")}}, ErrEncryptedKey, "openssl pkey -in key.pem"},
		{"encrypted RFC 1421", []File{{"key.pem", []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAAA\n-----END RSA PRIVATE KEY-----\n")}}, ErrEncryptedKey, "openssl pkey -in key.pem"},
		{"request", []File{{"leaf.csr", block("CERTIFICATE REQUEST")}}, ErrMalformed, "CERTIFICATE REQUEST"},
		{"OpenSSH key", []File{{"id", block("OPENSSH PRIVATE KEY")}}, ErrMalformed, "OPENSSH"},
		{"Ed25519", []File{{"leaf.pem", m.leaf}, {"key.pem", mustPEM(t, ed)}}, ErrUnsupportedKey, "Ed25519"},
		{"P-384", []File{{"leaf.pem", selfSigned(t, p384)}, {"key.pem", mustPEM(t, p384)}}, ErrUnsupportedKey, "P-384"},
		{"RSA 1024", []File{{"leaf.pem", m.leaf}, {"key.pem", mustPEM(t, weak)}}, ErrUnsupportedKey, "1024 bits"},
	} {
		id, err := ParsePEM(time.Now(), test.files...)
		if id != nil || !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: got %v, want %v and %q", test.name, err, test.want, test.text)
		}
	}
}

func TestIdentityOutOfDateIsRefused(t *testing.T) {
	m := newMaterial(t, ecdsaAuthority())
	file := File{"all.pem", slices.Concat(m.leaf, m.int, m.key)}
	leaf := m.authority.Signer().Leaf()
	if _, err := ParsePEM(leaf.NotAfter.Add(time.Second), file); !errors.Is(err, ErrExpired) || !strings.Contains(err.Error(), "all.pem") {
		t.Errorf("got %v, want ErrExpired", err)
	}
	if _, err := ParsePEM(leaf.NotBefore.Add(-time.Second), file); !errors.Is(err, ErrNotYetValid) {
		t.Errorf("got %v, want ErrNotYetValid", err)
	}
}

func TestFingerprintIsThatOfTheLeaf(t *testing.T) {
	id := ecdsaAuthority().Signer()
	if len(id.Fingerprint()) != 64 || id.Fingerprint() == mustAuthority(ECDSAP256).Signer().Fingerprint() {
		t.Errorf("got %q", id.Fingerprint())
	}
}

func TestChainIsACopy(t *testing.T) {
	id := ecdsaAuthority().Signer()
	clear(id.Chain())
	if id.Chain()[0] == nil || id.Chain()[1] == nil {
		t.Error("the identity was changed")
	}
}

func TestPKCS12IsRead(t *testing.T) {
	for name, a := range authorities() {
		for form, encoder := range map[string]*pkcs12.Encoder{"modern": pkcs12.Modern, "legacy": pkcs12.LegacyDES} {
			data, err := encoder.Encode(a.Signer().key, a.Signer().leaf, []*x509.Certificate{a.root.cert, a.issuing.cert}, "secret")
			if err != nil {
				t.Fatal(err)
			}
			id, err := ParsePKCS12(time.Now(), File{"id.p12", data}, "secret")
			if err != nil {
				t.Errorf("%s, %s: %v", name, form, err)
				continue
			}
			if id.Fingerprint() != a.Signer().Fingerprint() || len(id.Chain()) != 2 {
				t.Errorf("%s, %s: got another identity", name, form)
			}
			if _, err := ParsePKCS12(time.Now(), File{"id.p12", data}, "wrong"); !errors.Is(err, ErrPassword) || !strings.Contains(err.Error(), "id.p12") {
				t.Errorf("%s, %s: wrong password: got %v", name, form, err)
			}
		}
	}
}

func TestBadPKCS12IsRefused(t *testing.T) {
	a, other := ecdsaAuthority(), mustAuthority(ECDSAP256)
	swapped, err := pkcs12.Modern.Encode(other.Signer().key, a.Signer().leaf, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	good, err := pkcs12.Modern.Encode(a.Signer().key, a.Signer().leaf, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, ErrMalformed},
		{"PEM", a.RootPEM(), ErrMalformed},
		{"cut off", good[:len(good)/2], ErrMalformed},
		{"key of another", swapped, ErrKeyMismatch},
	} {
		if _, err := ParsePKCS12(time.Now(), File{"id.p12", test.data}, ""); !errors.Is(err, test.want) || !strings.Contains(err.Error(), "id.p12") {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
}

func FuzzParsePEM(f *testing.F) {
	m := newMaterial(f, ecdsaAuthority())
	f.Add(slices.Concat(m.leaf, m.int, m.key))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if id, err := ParsePEM(time.Now(), File{"fuzz", data}); (id == nil) == (err == nil) {
			t.Errorf("got %v and %v", id, err)
		}
	})
}
