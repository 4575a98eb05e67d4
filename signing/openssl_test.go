package signing

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// Strangers judge what we sign.

func TestOpenSSLVerifiesOurSignatures(t *testing.T) {
	for name, a := range authorities() {
		t.Run(name, func(t *testing.T) {
			dir := signerFiles(t, a)
			write(t, dir, "signed", mustSign(t, a.Signer(), profile))
			for _, args := range [][]string{
				{"cms", "-verify", "-purpose", "any"},
				{"smime", "-verify", "-purpose", "any"},
				{"cms", "-verify"}, // as S/MIME, by default: the extended key usage suits
			} {
				args = append(args, "-inform", "DER", "-in", "signed", "-CAfile", "root.pem", "-out", "content")
				out := run(t, dir, "openssl", args...)
				if !strings.Contains(strings.ToLower(out), "verification successful") || !bytes.Equal(read(t, dir, "content"), profile) {
					t.Errorf("%v: %s", args, out)
				}
			}
			if out := run(t, dir, "openssl", "asn1parse", "-inform", "DER", "-in", "signed"); strings.Contains(out, "l=inf") || !strings.Contains(out, ":sha256") || !strings.Contains(out, "signingTime") {
				t.Errorf("not DER, not SHA-256 or without signing time:\n%s", out)
			}
			certs := run(t, dir, "openssl", "pkcs7", "-inform", "DER", "-in", "signed", "-print_certs", "-noout")
			if strings.Count(certs, "subject=") != 2 || strings.Contains(certs, "subject=O = Example, CN = Example Calendars\n") {
				t.Errorf("not leaf and intermediate:\n%s", certs)
			}
		})
	}
}

func TestGnuTLSVerifiesOurSignatures(t *testing.T) {
	for name, a := range authorities() {
		dir := signerFiles(t, a)
		write(t, dir, "signed", mustSign(t, a.Signer(), profile))
		out := run(t, dir, "certtool", "--p7-verify", "--inder", "--infile", "signed", "--load-ca-certificate", "root.pem")
		if !strings.Contains(out, "Signature status: ok") {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestSharedJudgePassesOurSignatures(t *testing.T) {
	judge := sharedFile(t, "reference/check-signed-profile")
	tool(t, "openssl")
	tool(t, "python3")
	for name, a := range authorities() {
		dir := signerFiles(t, a)
		write(t, dir, "signed", mustSign(t, a.Signer(), profile))
		write(t, dir, "unsigned", profile)
		out, err := tryRun(t, dir, "bash", judge, "signed", "root.pem", "unsigned")
		if err != nil || strings.Count(out, "ok   ") != 22 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestOpenSSLVerifiesOurServerCertificate(t *testing.T) {
	for name, a := range authorities() {
		for _, key := range []KeyType{ECDSAP256, RSA2048} {
			cert, err := a.IssueTLS([]string{"calendar.example.org", "192.0.2.1"}, key, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			dir := signerFiles(t, a)
			write(t, dir, "server.pem", certificatePEM(cert.Leaf))
			run(t, dir, "openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "calendar.example.org",
				"-CAfile", "root.pem", "-untrusted", "int.pem", "server.pem")
			out, err := tryRun(t, dir, "openssl", "verify", "-purpose", "sslserver", "-CAfile", "root.pem", "-untrusted", "int.pem", "leaf.pem")
			if err == nil {
				t.Errorf("%s: the signer of profiles can pose as a server: %s", name, out)
			}
		}
	}
}

// We judge what strangers sign.

var opensslSign = []string{"cms", "-sign", "-nodetach", "-outform", "DER", "-signer", "leaf.pem", "-inkey", "leaf.key", "-in", "plain", "-out", "signed"}

func TestWeJudgeOpenSSLSignatures(t *testing.T) {
	for name, a := range authorities() {
		dir := signerFiles(t, a)
		write(t, dir, "plain", profile)
		for _, test := range []struct {
			name  string
			args  []string
			want  []Kind
			valid bool
		}{
			{"as it must be", []string{"-binary", "-md", "sha256", "-certfile", "int.pem", "-nosmimecap"}, nil, true},
			{"SHA-512", []string{"-binary", "-md", "sha512", "-certfile", "int.pem"}, nil, true},
			{"SHA-1", []string{"-binary", "-md", "sha1", "-certfile", "int.pem"}, []Kind{WeakDigest}, true},
			{"leaf only", []string{"-binary", "-md", "sha256"}, []Kind{IntermediateMissing}, true},
			{"no certificates", []string{"-binary", "-md", "sha256", "-nocerts"}, []Kind{SignerNotEmbedded}, false},
			{"BER", []string{"-binary", "-md", "sha256", "-certfile", "int.pem", "-stream"}, []Kind{NotDER}, true},
			{"CR LF", []string{"-md", "sha256", "-certfile", "int.pem"}, []Kind{CarriageReturns}, true},
			{"no attributes", []string{"-binary", "-md", "sha256", "-certfile", "int.pem", "-noattr"}, []Kind{NoSignedAttributes}, true},
		} {
			run(t, dir, "openssl", append(slices.Clone(opensslSign), test.args...)...)
			v := mustVerify(t, read(t, dir, "signed"), a.Pool())
			if !slices.Equal(kindsOf(v), test.want) || v.SignatureValid != test.valid {
				t.Errorf("%s, %s: got %v, signature valid %t", name, test.name, v.Findings, v.SignatureValid)
			}
			if want := profile; !v.Has(CarriageReturns) && !bytes.Equal(v.Content, want) {
				t.Errorf("%s, %s: got %d bytes of content, want %d", name, test.name, len(v.Content), len(want))
			}
		}
	}
}

func TestWeJudgeKeyIdentifierOfOpenSSL(t *testing.T) {
	a := ecdsaAuthority()
	dir := signerFiles(t, a)
	write(t, dir, "leaf.key", mustPEM(t, a.issuing.key))
	write(t, dir, "leaf.pem", certificatePEM(a.issuing.cert))
	write(t, dir, "plain", profile)
	run(t, dir, "openssl", append(slices.Clone(opensslSign), "-binary", "-keyid")...)
	if v := mustVerify(t, read(t, dir, "signed"), a.Pool()); len(v.Findings) > 0 || !v.SignatureValid {
		t.Errorf("got %v", v.Findings)
	}
}

func TestWeSayThatPSSAndEncryptionAreNotForUs(t *testing.T) {
	a := rsaAuthority()
	dir := signerFiles(t, a)
	write(t, dir, "plain", profile)
	run(t, dir, "openssl", append(slices.Clone(opensslSign), "-binary", "-certfile", "int.pem", "-keyopt", "rsa_padding_mode:pss")...)
	if v := mustVerify(t, read(t, dir, "signed"), a.Pool()); !slices.Equal(kindsOf(v), []Kind{Unsupported}) {
		t.Errorf("PSS: got %v", v.Findings)
	}
	run(t, dir, "openssl", "cms", "-encrypt", "-binary", "-aes-256-cbc", "-outform", "DER", "-in", "plain", "-out", "encrypted", "leaf.pem")
	if _, err := Verify(read(t, dir, "encrypted"), a.Pool(), time.Now()); !errors.Is(err, ErrNotCMS) || !strings.Contains(err.Error(), "encrypted") {
		t.Errorf("encrypted: got %v", err)
	}
}

func TestPEMAndPKCS12MadeByOpenSSLAreRead(t *testing.T) {
	for name, a := range authorities() {
		dir := signerFiles(t, a)
		run(t, dir, "openssl", "pkey", "-in", "leaf.key", "-aes256", "-passout", "pass:secret", "-out", "encrypted.key")
		_, err := ParsePEM(time.Now(), File{"leaf.pem", read(t, dir, "leaf.pem")}, File{"encrypted.key", read(t, dir, "encrypted.key")})
		if !errors.Is(err, ErrEncryptedKey) {
			t.Errorf("%s: encrypted key: got %v", name, err)
		}
		run(t, dir, "openssl", "pkey", "-in", "leaf.key", "-traditional", "-out", "traditional.key")
		if _, err := ParsePEM(time.Now(), File{"leaf.pem", read(t, dir, "leaf.pem")}, File{"traditional.key", read(t, dir, "traditional.key")}); err != nil {
			t.Errorf("%s: traditional key: %v", name, err)
		}
		run(t, dir, "openssl", "pkcs12", "-export", "-in", "leaf.pem", "-inkey", "leaf.key", "-certfile", "int.pem", "-passout", "pass:secret", "-out", "id.p12")
		id, err := ParsePKCS12(time.Now(), File{"id.p12", read(t, dir, "id.p12")}, "secret")
		if err != nil || id.Fingerprint() != a.Signer().Fingerprint() || len(id.Chain()) != 2 {
			t.Errorf("%s: PKCS#12: %v", name, err)
		}
	}
}
