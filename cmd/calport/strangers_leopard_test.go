package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// leopard makes an instance's client speak as OS X 10.6 does: TLS 1.0 with RSA and without elliptic curves.
func (in *instance) leopard(t *testing.T) {
	t.Helper()
	transport := in.client.Transport.(*http.Transport)
	transport.CloseIdleConnections()
	old := &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: transport.TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA},
	}}
	t.Cleanup(old.CloseIdleConnections)
	in.client.Transport = old
}

// forOldMacs is what the log advises: TLS 1.0, and an authority whose signatures those Macs can check.
const forOldMacs = "[tls]\nmin_version = \"1.0\"\n[signing]\nkey = \"rsa\"\n"

func TestAMacOfTLS10SignsInWhereConfigured(t *testing.T) {
	in := newSite(t, forOldMacs).serve(t)
	t.Run("Go's client", func(t *testing.T) {
		in.leopard(t)
		status, _, _ := in.do(t, "PROPFIND", "/principals/", "ada", "", "Depth", "0")
		if status != http.StatusMultiStatus {
			t.Errorf("got %d, want 207", status)
		}
	})
	t.Run("openssl", func(t *testing.T) {
		_, port, _ := net.SplitHostPort(strings.TrimPrefix(in.origin, "https://"))
		client := exec.Command(stranger(t, "openssl"), "s_client", "-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0", "-connect", "127.0.0.1:"+port,
			"-servername", "localhost", "-verify_hostname", "localhost", "-CAfile", filepath.Join(in.dir, "ca.pem"), "-verify_return_error", "-ign_eof")
		client.Stdin = strings.NewReader("GET /healthz HTTP/1.1\r\nHost: localhost:" + port + "\r\nConnection: close\r\n\r\n")
		out, err := client.CombinedOutput()
		for _, want := range []string{"Protocol  : TLSv1\n", "Verification: OK", "Server public key is 2048 bit", "HTTP/1.1 200 OK"} {
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%q is missing (%v) in:\n%s", want, err, out)
			}
		}
	})
	t.Run("a new Mac gets ECDSA over TLS 1.3 all the same", func(t *testing.T) {
		roots := in.client.Transport.(*http.Transport).TLSClientConfig.RootCAs
		c, err := tls.Dial("tcp", strings.TrimPrefix(in.origin, "https://"), &tls.Config{RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if state := c.ConnectionState(); state.Version != tls.VersionTLS13 || state.PeerCertificates[0].PublicKeyAlgorithm != x509.ECDSA {
			t.Errorf("got %v over %s", state.PeerCertificates[0].PublicKeyAlgorithm, tls.VersionName(state.Version))
		}
	})
}

func TestAMacOfTLS10IsRefusedWithTheRemedyInTheLog(t *testing.T) {
	in := newSite(t, "").serve(t)
	told := in.log.await(`tls.min_version = \"1.0\"`)
	in.leopard(t)
	if resp, err := in.client.Get(in.origin + "/healthz"); err == nil {
		resp.Body.Close()
		t.Fatal("TLS 1.0 was accepted")
	}
	<-told
	if said := line(in.log.String(), "refused a TLS handshake"); !strings.Contains(said, `client="TLS 1.0"`) {
		t.Errorf("the log says %q", said)
	}
}
