package signing

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

func TestUploadsAreReadAndWritten(t *testing.T) {
	now := time.Now()
	a, err := NewAuthority(AuthorityConfig{Name: "Example Root"}, now)
	if err != nil {
		t.Fatal(err)
	}
	old := a.Signer()
	text, err := old.PEM()
	if err != nil {
		t.Fatal(err)
	}
	id, err := ParseUpload(now, File{"identity.pem", text}, "", nil)
	if err != nil || id.Fingerprint() != old.Fingerprint() || !id.SameKey(old) || !id.SameIssuer(old) || id.KeyWords() != "ECDSA P-256" || len(id.Chain()) != len(old.Chain()) {
		t.Fatalf("got %+v, %v", id, err)
	}
	renewed, err := a.RenewSigner(now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	certificates := append(certificatePEM(renewed.leaf), certificatePEM(renewed.intermediates[0])...)
	id, err = ParseUpload(now.Add(time.Hour), File{"renewed.pem", certificates}, "", old)
	if err != nil || id.Fingerprint() != renewed.Fingerprint() || !id.SameKey(old) {
		t.Errorf("a renewal without its key: %v", err)
	}
	other, err := NewAuthority(AuthorityConfig{Name: "Another Root", Key: RSA2048}, now)
	if err != nil {
		t.Fatal(err)
	}
	if other.Signer().SameKey(old) || other.Signer().SameIssuer(old) || other.Signer().KeyWords() != "RSA, 2048 bits" {
		t.Error("two authorities are one")
	}
	for name, c := range map[string]struct {
		data []byte
		old  *Identity
		want error
	}{
		"certificates of another key": {certificatePEM(other.Signer().leaf), old, ErrKeyMismatch},
		"certificates alone":          {certificates, nil, ErrNoKey},
		"nothing":                     {nil, old, ErrMalformed},
		"noise":                       {bytes.Repeat([]byte{0x30, 0x80}, 1000), old, ErrMalformed},
		"too much":                    {make([]byte, MaxUpload+1), old, ErrTooLarge},
		"cut off":                     {text[:len(text)/2], old, ErrMalformed},
	} {
		if _, err := ParseUpload(now, File{"x", c.data}, "", c.old); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := ParseUpload(old.NotAfter().Add(time.Hour), File{"x", text}, "", nil); !errors.Is(err, ErrExpired) {
		t.Errorf("expired: got %v", err)
	}
}

func FuzzParseUpload(f *testing.F) {
	a, err := NewAuthority(AuthorityConfig{Name: "Example Root"}, time.Now())
	if err != nil {
		f.Fatal(err)
	}
	text, err := a.Signer().PEM()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, "")
	f.Add([]byte{0x30, 0x82}, "password")
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		if id, err := ParseUpload(time.Now(), File{"x", data}, password, a.Signer()); err == nil {
			if again, err := id.PEM(); err != nil || len(again) == 0 {
				t.Errorf("read, but not written: %v", err)
			}
		}
	})
}
