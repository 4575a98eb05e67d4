package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calport/directory/signin"
	"calport/profiles"
	"calport/signing"
)

// newDevice makes a device's certificate and its key, PEM. kind is rsa, weak or ecdsa.
func newDevice(t testing.TB, kind string) (*x509.Certificate, []byte) {
	t.Helper()
	var public, private any
	switch kind {
	case "ecdsa":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		public, private = key.Public(), key
	default:
		key, err := rsa.GenerateKey(rand.Reader, map[string]int{"rsa": 2048, "weak": 1024}[kind])
		if err != nil {
			t.Fatal(err)
		}
		public, private = key.Public(), key
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "device"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return cert, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
}

// decrypted has plistlib take the encrypted payloads out of a profile, and openssl decrypt them.
func decrypted(t *testing.T, profile string, cert *x509.Certificate, key []byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"p.mobileconfig": []byte(profile), "cert.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), "key.pem": key,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) string {
		c := exec.Command(name, args...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	run("python3", "-c", `import plistlib
top = plistlib.load(open("p.mobileconfig", "rb"))
assert "PayloadContent" not in top and top["PayloadType"] == "Configuration", top
open("sealed", "wb").write(top["EncryptedPayloadContent"])`)
	run("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "sealed", "-recip", "cert.pem", "-inkey", "key.pem", "-out", "payloads")
	if form := run("openssl", "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "sealed"); !strings.Contains(form, "aes-256-cbc") || strings.Count(form, "d.ktri") != 1 {
		t.Errorf("it is enveloped as\n%s", form)
	}
	return run("python3", "-c", `import plistlib
for p in plistlib.load(open("payloads", "rb")):
    print(p["PayloadType"], p["PayloadUUID"], p.get("CalDAVUsername"), p.get("CalDAVPassword"))`)
}

func TestProfilesAreEncryptedForOneDevice(t *testing.T) {
	for _, name := range []string{"openssl", "python3"} {
		_, err := exec.LookPath(name)
		stranger(t, name, err == nil)
	}
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	reader, _ := h.token(t, "reader", ScopeRead)
	whole, _ := h.token(t, "whole", ScopeRead, ScopeSecrets)
	b := h.browser(t)
	cert, key := newDevice(t, "rsa")
	asPEM := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	const path = "/api/v1/encrypted/ada.mobileconfig"
	post := func(path, token, kind, body string) answer {
		return b.do(http.MethodPost, path, strings.NewReader(body), "Authorization", "Bearer "+token, "Content-Type", kind)
	}
	plain := b.get("/api/v1/profiles/ada.mobileconfig?platform=ios", "Authorization", "Bearer "+reader)
	for kind, body := range map[string]string{string(derType): string(cert.Raw), string(pemType): asPEM} {
		a := post(path+"?platform=ios", reader, kind, body).wants(t, http.StatusOK).header(t, "Cache-Control", "no-store").
			header(t, "Content-Type", "application/x-apple-aspen-config").silent(t, "CalDAV", "cal.example.org")
		if said := decrypted(t, a.body, cert, key); !strings.HasPrefix(said, "com.apple.caldav.account ") || !strings.Contains(said, " ada None") {
			t.Errorf("inside is %s", said)
		}
		if found := profiles.Verify([]byte(a.body)); len(found) > 0 {
			t.Errorf("our own judge says %v", found)
		}
		for _, key := range []string{"PayloadUUID", "PayloadIdentifier"} { // as without encryption: nothing else has changed
			_, line, _ := strings.Cut(a.body, "\n\t\t<key>"+key+"</key>\n")
			line, _, _ = strings.Cut(line, "\n")
			if line == "" || !strings.Contains(plain.body, line) {
				t.Errorf("%s is %q", key, line)
			}
		}
	}

	signed := post(path+"?signed=1", reader, string(derType), string(cert.Raw)).wants(t, http.StatusOK)
	v, err := signing.Verify([]byte(signed.body), h.authority.Pool(), time.Now())
	if err != nil || len(v.Findings) > 0 {
		t.Fatalf("signed around it: %v, %v", err, v)
	}
	decrypted(t, string(v.Content), cert, key)

	post(path+"?device=C02", reader, string(derType), string(cert.Raw)).wants(t, http.StatusForbidden).says(t, "secrets")
	with := post(path+"?device=C02", whole, string(derType), string(cert.Raw)).wants(t, http.StatusOK)
	fields := strings.Fields(decrypted(t, with.body, cert, key))
	if p, err := h.store.AppPasswordByHash(t.Context(), hashOf(fields[3])); err != nil || !p.Valid(h.clock.now()) {
		t.Errorf("the password inside opens nothing: %v", err)
	}
}

func TestCertificatesThatCannotBeEncryptedForAreRefused(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	secret, _ := h.token(t, "mdm", Scopes...)
	b := h.browser(t)
	good, _ := newDevice(t, "rsa")
	ec, _ := newDevice(t, "ecdsa")
	weak, _ := newDevice(t, "weak")
	for what, c := range map[string]struct {
		kind, body   string
		status       int
		reason, word string
	}{
		"ECDSA":            {string(derType), string(ec.Raw), 422, "certificate-key", "RSA certificate only"},
		"weak":             {string(derType), string(weak.Raw), 422, "certificate-key", "1024 bits"},
		"none":             {string(derType), "", 422, "certificate", "PEM or DER"},
		"nonsense":         {string(derType), "x", 422, "certificate", "neither PEM nor DER"},
		"cut off":          {string(derType), string(good.Raw[:200]), 422, "certificate", "neither"},
		"a key":            {string(pemType), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 422, "certificate", "CERTIFICATE and nothing else"},
		"too large":        {string(derType), strings.Repeat("x", signing.MaxRecipient+1), 413, "too-large", ""},
		"another type":     {"application/json", string(good.Raw), 415, "media-type", "application/pkix-cert"},
		"a broken type":    {"x; y", string(good.Raw), 415, "media-type", ""},
		"a type of a form": {"application/x-www-form-urlencoded", string(good.Raw), 415, "media-type", ""},
	} {
		a := b.do(http.MethodPost, "/api/v1/encrypted/ada.mobileconfig?device=d", strings.NewReader(c.body), "Authorization", "Bearer "+secret, "Content-Type", c.kind)
		if a.StatusCode != c.status || !strings.Contains(a.body, `"reason":"`+c.reason+`"`) || !strings.Contains(a.body, c.word) {
			t.Errorf("%s: got %d %s", what, a.StatusCode, a.body)
		}
	}
	h.clock.advance(2 * time.Hour)
	b.do(http.MethodPost, "/api/v1/encrypted/ada.mobileconfig", strings.NewReader(string(good.Raw)), "Authorization", "Bearer "+secret, "Content-Type", string(derType)).
		wants(t, http.StatusUnprocessableEntity).says(t, "expired")
	if all, err := h.options.Records.AppPasswords(t.Context(), ownerOf(h.person(t, "ada"))); err != nil || len(all) != 0 {
		t.Errorf("a password was made in vain: %+v, %v", all, err)
	}
}
