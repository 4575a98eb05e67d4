package signing

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAuthorityIsAsDevicesWantIt(t *testing.T) {
	for name, a := range authorities() {
		root, issuing, signer := a.Root(), a.issuing.cert, a.Signer().Leaf()
		if root.Subject.CommonName != "Example Calendars" || !root.IsCA || root.MaxPathLen != 1 || root.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign {
			t.Errorf("%s: root is wrong: %+v", name, root.Subject)
		}
		if years := root.NotAfter.Year() - time.Now().Year(); years < 19 {
			t.Errorf("%s: root lives for %d years", name, years)
		}
		if !issuing.IsCA || issuing.MaxPathLen != 0 || !issuing.MaxPathLenZero || issuing.NotAfter.Before(root.NotAfter.Add(-time.Hour)) {
			t.Errorf("%s: issuing certificate is wrong", name)
		}
		if signer.IsCA || signer.KeyUsage != x509.KeyUsageDigitalSignature || slices.Contains(signer.ExtKeyUsage, x509.ExtKeyUsageServerAuth) {
			t.Errorf("%s: signer is wrong", name)
		}
		for _, cert := range []*x509.Certificate{root, issuing, signer} {
			if cert.SerialNumber.Sign() <= 0 || cert.SerialNumber.BitLen() > 159 {
				t.Errorf("%s: serial number %v", name, cert.SerialNumber)
			}
		}
	}
	if _, ok := ecdsaAuthority().Root().PublicKey.(*ecdsa.PublicKey); !ok {
		t.Error("the default is not ECDSA")
	}
	if key, ok := rsaAuthority().Signer().Leaf().PublicKey.(*rsa.PublicKey); !ok || key.Size() != 256 {
		t.Error("RSA by configuration is not RSA-2048")
	}
}

func TestAuthorityNeedsAName(t *testing.T) {
	for _, name := range []string{"", strings.Repeat("ö", 51)} {
		if _, err := NewAuthority(AuthorityConfig{Name: name}, time.Now()); err == nil || !strings.Contains(err.Error(), "1 to 50") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestSerialNumbersComeFromTheGivenSource(t *testing.T) {
	for fill, want := range map[byte]string{0x00: "40000000000000000000000000000000", 0xff: "7fffffffffffffffffffffffffffffff"} {
		n, err := serialNumber(bytes.NewReader(bytes.Repeat([]byte{fill}, 16)))
		if err != nil || n.Text(16) != want {
			t.Errorf("got %x, %v, want %s", n, err, want)
		}
	}
	if _, err := NewAuthority(AuthorityConfig{Name: "x", Rand: strings.NewReader("short")}, time.Now()); err == nil {
		t.Error("a source that ends is no error")
	}
}

func TestRootPEMAndDERAreTheSame(t *testing.T) {
	a := ecdsaAuthority()
	if !bytes.Equal(a.RootPEM(), pemOf("CERTIFICATE", a.RootDER())) {
		t.Error("they differ")
	}
}

func TestRenewedSignerKeepsKeyAndName(t *testing.T) {
	a := mustAuthority(ECDSAP256)
	old := a.Signer()
	later := time.Now().AddDate(0, 0, 1)
	renewed, err := a.RenewSigner(later)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(renewed.Leaf().RawSubjectPublicKeyInfo, old.Leaf().RawSubjectPublicKeyInfo) || !bytes.Equal(renewed.Leaf().RawSubject, old.Leaf().RawSubject) {
		t.Error("key or name is another")
	}
	if !renewed.NotAfter().After(old.NotAfter()) || renewed.Fingerprint() == old.Fingerprint() || a.Signer() != renewed {
		t.Errorf("expires on %v, before on %v", renewed.NotAfter(), old.NotAfter())
	}
}

func TestSignerNeverOutlivesItsIssuer(t *testing.T) {
	a := mustAuthority(ECDSAP256)
	end := a.issuing.cert.NotAfter
	renewed, err := a.RenewSigner(end.AddDate(-1, 0, 0))
	if err != nil || !renewed.NotAfter().Equal(end) {
		t.Errorf("got %v, %v, want %v", renewed.NotAfter(), err, end)
	}
	if _, err := a.RenewSigner(end.AddDate(1, 0, 0)); !errors.Is(err, ErrExpired) {
		t.Errorf("got %v, want ErrExpired", err)
	}
}

func open(t *testing.T, dir string, now time.Time) (*Authority, error) {
	t.Helper()
	return OpenAuthority(dir, AuthorityConfig{Name: "Example"}, now)
}

func mustOpen(t *testing.T, dir string) *Authority {
	t.Helper()
	a, err := open(t, dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAuthorityStaysTheSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "authority")
	first := mustOpen(t, dir)
	second, err := OpenAuthority(dir, AuthorityConfig{Name: "Other name", Key: RSA2048}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !second.Root().Equal(first.Root()) || second.Signer().Fingerprint() != first.Signer().Fingerprint() {
		t.Error("another authority was opened")
	}
	if v := mustVerify(t, mustSign(t, second.Signer(), profile), first.Pool()); !v.OK() {
		t.Errorf("got %v", v.Findings)
	}
}

func TestAuthorityIsMadeInAnEmptyDirectory(t *testing.T) {
	dir := t.TempDir()
	first := mustOpen(t, dir)
	if !mustOpen(t, dir).Root().Equal(first.Root()) {
		t.Error("it was not kept")
	}
}

func TestKeysAreReadableByTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "authority")
	a := mustOpen(t, dir)
	if _, err := a.TLSLeaves([]string{"localhost"}, time.Now); err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{
		"root.pem": 0o644, "issuing.pem": 0o644, "signer.pem": 0o644,
		"root.key": 0o600, "issuing.key": 0o600, "signer.key": 0o600, "tls-ecdsa-p256.pem": 0o600,
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if mode, known := want[entry.Name()]; !known || info.Mode() != mode {
			t.Errorf("%s: mode %v, want %v", entry.Name(), info.Mode(), mode)
		}
	}
	if len(entries) != len(want) {
		t.Errorf("got %d files, want %d", len(entries), len(want))
	}
	above, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(above) != 1 {
		t.Errorf("something was left beside the authority: %v, %v", above, err)
	}
}

func TestKeyReadableByOthersIsRefused(t *testing.T) {
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620} {
		dir := filepath.Join(t.TempDir(), "authority")
		mustOpen(t, dir)
		if err := os.Chmod(filepath.Join(dir, "issuing.key"), mode); err != nil {
			t.Fatal(err)
		}
		_, err := open(t, dir, time.Now())
		if !errors.Is(err, ErrPermissions) || !strings.Contains(err.Error(), "chmod 600 "+filepath.Join(dir, "issuing.key")) {
			t.Errorf("mode %v: got %v", mode, err)
		}
	}
}

func TestDamagedAuthorityIsDiagnosedByFile(t *testing.T) {
	otherDir := filepath.Join(t.TempDir(), "authority")
	mustOpen(t, otherDir)
	for _, test := range []struct {
		name   string
		damage func(dir string) error
		want   error
		text   []string
	}{
		{"one file missing", func(dir string) error { return os.Remove(filepath.Join(dir, "signer.key")) }, ErrIncomplete, []string{"signer.key missing", "backup"}},
		{"two files missing", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "root.key")), os.Remove(filepath.Join(dir, "root.pem")))
		}, ErrIncomplete, []string{"root.pem, root.key missing"}},
		{"empty file", func(dir string) error { return os.Truncate(filepath.Join(dir, "root.pem"), 0) }, ErrMalformed, []string{"root.pem", "backup"}},
		{"half-written", func(dir string) error { return os.Truncate(filepath.Join(dir, "issuing.key"), 100) }, ErrMalformed, []string{"issuing.key", "cut off"}},
		{"huge", func(dir string) error { return os.Truncate(filepath.Join(dir, "root.key"), 1<<21) }, ErrTooLarge, []string{"root.key"}},
		{"certificate in the place of a key", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "root.key")), os.Link(filepath.Join(dir, "root.pem"), filepath.Join(dir, "root.key")), os.Chmod(filepath.Join(dir, "root.key"), 0o600))
		}, ErrNoKey, []string{"root.key"}},
		{"key of another", replace(otherDir, "signer.key"), ErrKeyMismatch, []string{"signer.key", "signer.pem", "backup"}},
		{"root of another", replace(otherDir, "root.pem", "root.key"), ErrChain, []string{"issuing.pem", "root.pem"}},
		{"signer of another", replace(otherDir, "signer.pem", "signer.key"), ErrChain, []string{"signer.pem", "issuing.pem"}},
		{"foreign files only", func(dir string) error {
			return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "notes"), nil, 0o600))
		}, ErrIncomplete, []string{"root.pem", "signer.key"}},
	} {
		dir := filepath.Join(t.TempDir(), "authority")
		mustOpen(t, dir)
		if err := test.damage(dir); err != nil {
			t.Fatal(err)
		}
		_, err := open(t, dir, time.Now())
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
			continue
		}
		for _, text := range append(test.text, dir) {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %q does not name %q", test.name, err, text)
			}
		}
	}
}

func replace(from string, files ...string) func(string) error {
	return func(dir string) error {
		for _, file := range files {
			data, err := os.ReadFile(filepath.Join(from, file))
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestAuthorityInAnImpossiblePlaceSaysSo(t *testing.T) {
	file := write(t, t.TempDir(), "file", nil)
	if _, err := open(t, file, time.Now()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file in its place: got %v", err)
	}
	if _, err := open(t, filepath.Join(file, "authority"), time.Now()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file above: got %v", err)
	}
}

func TestExpiredSignerOpensAndIsRenewedOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "authority")
	if _, err := open(t, dir, time.Now().AddDate(-4, 0, 0)); err != nil {
		t.Fatal(err)
	}
	a := mustOpen(t, dir)
	if w := a.Signer().Warning(time.Now()); w.Level != Expired {
		t.Fatalf("got %v", w)
	}
	if _, err := a.RenewSigner(time.Now()); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, dir)
	if again.Signer().Fingerprint() != a.Signer().Fingerprint() {
		t.Error("the renewed signer was not kept")
	}
	if v := mustVerify(t, mustSign(t, again.Signer(), profile), a.Pool()); !v.OK() {
		t.Errorf("got %v", v.Findings)
	}
}

func TestExpiredRootDoesNotOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "authority")
	mustOpen(t, dir)
	if _, err := open(t, dir, time.Now().AddDate(21, 0, 0)); !errors.Is(err, ErrExpired) || !strings.Contains(err.Error(), "Trust profile") {
		t.Errorf("got %v", err)
	}
}

func TestAuthoritiesMadeAtOnceAreOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "authority")
	roots := make([]*x509.Certificate, 8)
	var wait sync.WaitGroup
	for i := range roots {
		wait.Go(func() {
			a, err := OpenAuthority(dir, AuthorityConfig{Name: "Example"}, time.Now())
			if err != nil {
				t.Error(err)
				return
			}
			roots[i] = a.Root()
		})
	}
	wait.Wait()
	for _, root := range roots[1:] {
		if !root.Equal(roots[0]) {
			t.Error("two authorities were made")
		}
	}
}

func TestSignerIsRenewedWhileOthersSign(t *testing.T) {
	a := mustOpen(t, filepath.Join(t.TempDir(), "authority"))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := a.Signer().Sign(profile); err != nil {
				t.Error(err)
			}
			if _, err := a.RenewSigner(time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

func TestKeyTypesAreWrittenAndRead(t *testing.T) {
	for _, key := range []KeyType{ECDSAP256, RSA2048} {
		text, err := key.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got KeyType
		if err := got.UnmarshalText(text); err != nil || got != key {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	var key KeyType
	if err := key.UnmarshalText([]byte("ed25519")); !errors.Is(err, ErrUnsupportedKey) || !strings.Contains(err.Error(), "ecdsa-p256") {
		t.Errorf("got %v", err)
	}
	if _, err := NewAuthority(AuthorityConfig{Name: "x", Key: 7}, time.Now()); !errors.Is(err, ErrUnsupportedKey) {
		t.Errorf("got %v", err)
	}
}

func TestReloadTakesWhatAnotherProcessHasRenewed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "authority")
	one, two := mustOpen(t, dir), mustOpen(t, dir)
	renewed, err := one.RenewSigner(time.Now().AddDate(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := two.Reload(); err != nil || two.Signer().Fingerprint() != renewed.Fingerprint() {
		t.Errorf("got %v and another signer", err)
	}
	before := two.Signer()
	if err := two.Reload(); err != nil || two.Signer() != before {
		t.Errorf("read again without a change: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "signer.key")); err != nil {
		t.Fatal(err)
	}
	if err := two.Reload(); err == nil || two.Signer() != before {
		t.Errorf("got %v, want an error and the signer as before", err)
	}
}
