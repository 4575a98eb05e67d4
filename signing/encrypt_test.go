package signing

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"
)

// device makes a certificate for a key.
func device(t testing.TB, public, private any) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "device"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func rsaDevice(t testing.TB) (*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return device(t, key.Public(), key), key
}

// The library appends to what it is given: content in a larger array keeps what stands behind it.
func TestEncryptTouchesNothingBehindTheContent(t *testing.T) {
	cert, _ := rsaDevice(t)
	array := []byte("content|behind")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := Encrypt(array[:7], cert); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if string(array) != "content|behind" {
		t.Errorf("the array is %q now", array)
	}
}

func TestOpenSSLDecryptsWhatWeEncrypt(t *testing.T) {
	cert, key := rsaDevice(t)
	dir := t.TempDir()
	write(t, dir, "cert.pem", pemOf("CERTIFICATE", cert.Raw))
	write(t, dir, "key.pem", pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)))
	for _, n := range []int{0, 1, 15, 16, 17, 5000} {
		content := bytes.Repeat([]byte("x"), n)
		sealed, err := Encrypt(content, cert)
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, "sealed", sealed)
		for _, command := range []string{"cms", "smime"} {
			run(t, dir, "openssl", command, "-decrypt", "-binary", "-inform", "DER", "-in", "sealed", "-recip", "cert.pem", "-inkey", "key.pem", "-out", "content")
			if got := read(t, dir, "content"); !bytes.Equal(got, content) {
				t.Errorf("%s of %d bytes: got %d", command, n, len(got))
			}
		}
		if again, err := Encrypt(content, cert); err != nil || bytes.Equal(again, sealed) {
			t.Errorf("twice the same key (%v)", err)
		}
	}
}

func TestRecipientsAreJudgedBeforeTheLibraryMeetsThem(t *testing.T) {
	good, _ := rsaDevice(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec := device(t, key.Public(), key)
	if _, err := Encrypt([]byte("x"), ec); !errors.Is(err, ErrUnsupportedKey) || !strings.Contains(err.Error(), "RSA certificate only") {
		t.Errorf("ECDSA: got %v", err)
	}
	asPEM := pemOf("CERTIFICATE", good.Raw)
	for what, c := range map[string]struct {
		data []byte
		when time.Duration
		want error
	}{
		"DER": {good.Raw, 0, nil}, "PEM": {asPEM, 0, nil}, "ECDSA": {ec.Raw, 0, ErrUnsupportedKey},
		"nothing": {nil, 0, ErrNoCertificate}, "blanks": {[]byte(" \n"), 0, ErrNoCertificate}, "two": {append(bytes.Clone(asPEM), asPEM...), 0, ErrMalformed},
		"a key": {pemOf("PRIVATE KEY", []byte("x")), 0, ErrMalformed}, "nonsense": {[]byte("nonsense"), 0, ErrMalformed}, "cut off": {good.Raw[:99], 0, ErrMalformed},
		"huge": {make([]byte, MaxRecipient+1), 0, ErrTooLarge}, "expired": {good.Raw, 2 * time.Hour, ErrExpired}, "of tomorrow": {good.Raw, -2 * time.Hour, ErrNotYetValid},
	} {
		cert, err := ParseRecipient(c.data, time.Now().Add(c.when))
		if !errors.Is(err, c.want) || err == nil && !cert.Equal(good) {
			t.Errorf("%s: got %v, want %v", what, err, c.want)
		}
	}
}

func FuzzRecipient(f *testing.F) {
	cert, _ := rsaDevice(f)
	f.Add(cert.Raw)
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if cert, err := ParseRecipient(data, time.Now()); err == nil {
			if _, err := Encrypt([]byte("x"), cert); err != nil {
				t.Errorf("it was accepted, and then: %v", err)
			}
		}
	})
}
