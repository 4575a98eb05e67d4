package server

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calport/signing"
)

// both are our own ECDSA and RSA leaves, as an installation for old Macs has them: its authority is an RSA one.
func both(t *testing.T) (CertificateSource, *signing.Authority) {
	t.Helper()
	a, err := signing.NewAuthority(signing.AuthorityConfig{Name: "Test", Key: signing.RSA2048}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var s sources
	for _, key := range []signing.KeyType{signing.ECDSAP256, signing.RSA2048} {
		c, err := a.IssueTLS([]string{"localhost", "127.0.0.1"}, key, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		s = append(s, c)
	}
	return s, a
}

type sources []*tls.Certificate

func (s sources) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	for _, c := range s {
		if hello.SupportsCertificate(c) == nil {
			return c, nil
		}
	}
	return s[0], nil
}

func serveTLS(t *testing.T, c *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return l.Addr().String()
}

// leopard is what OS X 10.6 speaks: TLS 1.0, no elliptic curves, RSA.
func leopard(pool *signing.Authority) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10, RootCAs: pool.Pool(),
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}
}

func TestAClientThatEndsAtTLS10IsServedWhenConfigured(t *testing.T) {
	source, authority := both(t)
	addr := serveTLS(t, TLSConfig(source, tls.VersionTLS10, slog.New(slog.DiscardHandler)))
	c, err := tls.Dial("tcp", addr, leopard(authority))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.ConnectionState().PeerCertificates[0].PublicKeyAlgorithm.String(); got != "RSA" {
		t.Errorf("got a %s certificate, want RSA", got)
	}
}

func TestARefusedOldClientLeavesTheRemedyInTheLog(t *testing.T) {
	source, authority := both(t)
	log := &syncBuffer{line: make(chan string, 4)}
	addr := serveTLS(t, TLSConfig(source, tls.VersionTLS12, slog.New(slog.NewTextHandler(log, nil))))
	if c, err := tls.Dial("tcp", addr, leopard(authority)); err == nil {
		c.Close()
		t.Fatal("TLS 1.0 was accepted")
	}
	if line := <-log.line; !strings.Contains(line, `tls.min_version = \"1.0\"`) || !strings.Contains(line, "TLS 1.0") {
		t.Errorf("the log says %q", line)
	}
}

// syncBuffer hands each line that is logged to the test.
type syncBuffer struct{ line chan string }

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.line <- string(bytes.Clone(p))
	return len(p), nil
}

func TestModernClientsGetECDSA(t *testing.T) {
	source, authority := both(t)
	addr := serveTLS(t, TLSConfig(source, tls.VersionTLS10, slog.New(slog.DiscardHandler)))
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: authority.Pool()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	state := c.ConnectionState()
	if got := state.PeerCertificates[0].PublicKeyAlgorithm.String(); got != "ECDSA" || state.Version != tls.VersionTLS13 {
		t.Errorf("got %s over %s", got, tls.VersionName(state.Version))
	}
}

func TestCertificateFilesAreReadAgainWhenTheyChange(t *testing.T) {
	_, authority := both(t)
	dir := t.TempDir()
	pair := KeyPair{filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")}
	now := time.Now()
	write := func(host string, at time.Time) {
		t.Helper()
		c, err := authority.IssueTLS([]string{host}, signing.ECDSAP256, now)
		if err != nil {
			t.Fatal(err)
		}
		certPEM, keyPEM := pemOf(t, c)
		for name, data := range map[string][]byte{pair.Certificate: certPEM, pair.Key: keyPEM} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(name, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("old.example.com", now)
	f, err := NewCertificateFiles([]KeyPair{pair}, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	name := func() string {
		t.Helper()
		client, srv := net.Pipe()
		defer client.Close()
		defer srv.Close()
		c, err := f.GetCertificate(&tls.ClientHelloInfo{Conn: srv, SupportedVersions: []uint16{tls.VersionTLS13},
			SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}, SupportedCurves: []tls.CurveID{tls.CurveP256}})
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.DNSNames[0]
	}
	write("new.example.com", now.Add(time.Minute))
	if got := name(); got != "old.example.com" {
		t.Errorf("looked too early: got %s", got)
	}
	now = now.Add(lookEvery)
	if got := name(); got != "new.example.com" {
		t.Errorf("after the change: got %s", got)
	}
	if err := os.WriteFile(pair.Key, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(lookEvery)
	if got := name(); got != "new.example.com" {
		t.Errorf("with a broken file: got %s, want the last good one", got)
	}
}

func TestBrokenCertificateFilesAreNamed(t *testing.T) {
	_, err := NewCertificateFiles([]KeyPair{{"/nonexistent/c.pem", "/nonexistent/k.pem"}}, slog.New(slog.DiscardHandler), time.Now)
	if err == nil || !strings.Contains(err.Error(), "/nonexistent/c.pem") {
		t.Errorf("got %v", err)
	}
	if _, err := NewCertificateFiles(nil, slog.New(slog.DiscardHandler), time.Now); err == nil {
		t.Error("no files were accepted")
	}
}

func TestParseTLSVersion(t *testing.T) {
	for in, want := range map[string]uint16{"": tls.VersionTLS12, "1.0": tls.VersionTLS10, "1.3": tls.VersionTLS13} {
		if got, err := ParseTLSVersion(in); err != nil || got != want {
			t.Errorf("%q: got %x, %v", in, got, err)
		}
	}
	if _, err := ParseTLSVersion("SSLv3"); err == nil {
		t.Error("SSLv3 was accepted")
	}
}
