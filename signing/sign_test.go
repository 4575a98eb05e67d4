package signing

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mozilla.org/pkcs7"
)

func TestSignedProfileVerifies(t *testing.T) {
	for name, a := range authorities() {
		t.Run(name, func(t *testing.T) {
			before := time.Now().Truncate(time.Second)
			v := mustVerify(t, mustSign(t, a.Signer(), profile), a.Pool())
			if len(v.Findings) > 0 || !v.SignatureValid {
				t.Fatalf("got %v, valid %t", v.Findings, v.SignatureValid)
			}
			if !bytes.Equal(v.Content, profile) {
				t.Error("content differs")
			}
			if v.Digest != crypto.SHA256 {
				t.Errorf("got digest %v", v.Digest)
			}
			if v.SigningTime.Before(before) || v.SigningTime.After(time.Now()) {
				t.Errorf("got signing time %v", v.SigningTime)
			}
			if !v.Signer.Equal(a.Signer().Leaf()) || len(v.Chain) != 3 || !v.Chain[2].Equal(a.Root()) {
				t.Errorf("got signer %v, chain of %d", v.Signer.Subject, len(v.Chain))
			}
		})
	}
}

func TestSignatureEmbedsLeafAndIntermediatesInDEROrderWithoutRoot(t *testing.T) {
	for name, a := range authorities() {
		v := mustVerify(t, mustSign(t, a.Signer(), profile), a.Pool())
		if len(v.Certificates) != 2 {
			t.Fatalf("%s: got %d certificates, want 2", name, len(v.Certificates))
		}
		if bytes.Compare(v.Certificates[0].Raw, v.Certificates[1].Raw) >= 0 {
			t.Errorf("%s: certificates are not sorted", name)
		}
		for _, want := range a.Signer().Chain() {
			if !slices.ContainsFunc(v.Certificates, want.Equal) {
				t.Errorf("%s: %s is missing", name, want.Subject)
			}
		}
	}
}

func TestSignTakesAnyContent(t *testing.T) {
	for name, content := range map[string][]byte{"nil": nil, "empty": {}, "one byte": {0}, "large": bytes.Repeat([]byte("a\n"), 1<<20)} {
		v := mustVerify(t, mustSign(t, ecdsaAuthority().Signer(), content), ecdsaAuthority().Pool())
		if !v.OK() || !bytes.Equal(v.Content, content) {
			t.Errorf("%s: got %d bytes, %v", name, len(v.Content), v.Findings)
		}
	}
}

func TestSignLeavesBytesBehindTheContentAlone(t *testing.T) {
	buffer := append(bytes.Clone(profile), "what follows"...)
	want := bytes.Clone(buffer)
	var wait sync.WaitGroup
	for range 4 { // the race detector sees a write too
		wait.Go(func() {
			if _, err := ecdsaAuthority().Signer().Sign(buffer[:len(profile)]); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if !bytes.Equal(buffer, want) {
		t.Error("the buffer was written to")
	}
}

func TestSignIsSafeForConcurrentUse(t *testing.T) {
	for name, a := range authorities() {
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() {
				content := append(bytes.Clone(profile), byte('0'+i))
				for range 4 {
					signed, err := a.Signer().Sign(content)
					if err != nil {
						t.Error(err)
						return
					}
					v, err := Verify(signed, a.Pool(), time.Now())
					if err != nil || !v.OK() || !bytes.Equal(v.Content, content) {
						t.Errorf("%s: got %+v, %v", name, v, err)
					}
				}
			})
		}
		wait.Wait()
	}
}

func TestExpiredIdentityDoesNotSign(t *testing.T) {
	made := time.Now().AddDate(-4, 0, 0)
	a, err := NewAuthority(AuthorityConfig{Name: "Old"}, made)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Signer().Sign(profile); !errors.Is(err, ErrExpired) {
		t.Errorf("got %v, want ErrExpired", err)
	}
}

// faulty makes what the library makes when it is used wrongly.
func faulty(t *testing.T, a *Authority, content []byte, digest []int, certs ...*x509.Certificate) []byte {
	t.Helper()
	data, err := pkcs7.NewSignedData(content)
	if err != nil {
		t.Fatal(err)
	}
	data.SetDigestAlgorithm(digest)
	if err := data.AddSigner(a.Signer().leaf, a.Signer().key, pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
	}
	for _, cert := range certs {
		data.AddCertificate(cert)
	}
	signed, err := data.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestCheckBeforeLeavingRefusesWhatIsNotAsItMustBe(t *testing.T) {
	a := ecdsaAuthority()
	id := a.Signer()
	good := mustSign(t, id, profile)
	other := mustAuthority(ECDSAP256)
	sorted := append(slices.Clone(id.before), id.after...)
	altered := func(at int) []byte {
		bad := bytes.Clone(good)
		bad[at] ^= 1
		return bad
	}
	for name, signed := range map[string][]byte{
		"empty":           nil,
		"cut off":         good[:len(good)-1],
		"trailing byte":   append(bytes.Clone(good), 0),
		"content changed": altered(bytes.Index(good, []byte("calendar.example.org"))),
		"signature":       altered(len(good) - 1),
		"other content":   mustSign(t, id, []byte("other")),
		"other signer":    mustSign(t, other.Signer(), profile),
		"SHA-1":           faulty(t, a, profile, pkcs7.OIDDigestAlgorithmSHA1, sorted...),
		"SHA-384":         faulty(t, a, profile, pkcs7.OIDDigestAlgorithmSHA384, sorted...),
		"leaf only":       faulty(t, a, profile, pkcs7.OIDDigestAlgorithmSHA256),
		"root included":   faulty(t, a, profile, pkcs7.OIDDigestAlgorithmSHA256, a.issuing.cert, a.root.cert),
		"wrong chain":     faulty(t, a, profile, pkcs7.OIDDigestAlgorithmSHA256, other.issuing.cert),
	} {
		if err := id.check(signed, profile); !errors.Is(err, ErrUnsound) {
			t.Errorf("%s: got %v, want ErrUnsound", name, err)
		}
	}
	if err := id.check(good, profile); err != nil {
		t.Errorf("good signature: %v", err)
	}
}

// Every byte that the check reads matters: no single-bit change anywhere passes.
func TestCheckBeforeLeavingSeesEveryChangedByte(t *testing.T) {
	id := ecdsaAuthority().Signer()
	good := mustSign(t, id, []byte("content"))
	for at := range good {
		bad := bytes.Clone(good)
		bad[at] ^= 0x04
		if id.check(bad, []byte("content")) == nil {
			t.Errorf("a change of byte %d of %d passes", at, len(good))
		}
	}
}
