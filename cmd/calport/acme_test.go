package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"calport/directory/directorytest"
)

// pebble is the ACME server that Let's Encrypt tests clients with. It is built outside this module.
const pebble = "github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.1"

// acmeServer is a running pebble.
type acmeServer struct {
	directory, caFile string // its URL, and the authority of its own certificate
	roots             *x509.CertPool
	stop              func()
	log               *buffer
}

// startACME starts pebble, which validates at a port of the hosts that a name server knows. It speaks TLS-ALPN-01
// there; nothing answers where it would try HTTP-01.
func startACME(t *testing.T, resolver, tlsPort string) *acmeServer {
	t.Helper()
	program := buildStranger(t, pebble)
	dir := t.TempDir()
	authority := directorytest.NewAuthority(t)
	certificate, key := authority.Issue(t, "127.0.0.1")
	for name, data := range map[string][]byte{"ca.pem": authority.PEM, "cert.pem": certificate, "key.pem": key} {
		write(t, filepath.Join(dir, name), string(data))
	}
	port, err := strconv.Atoi(tlsPort)
	if err != nil {
		t.Fatal(err)
	}
	listen, manage := directorytest.FreeAddress(t), directorytest.FreeAddress(t)
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": manage, "certificate": "cert.pem", "privateKey": "key.pem",
		"tlsPort": port, "httpPort": 1, "keyAlgorithm": "ecdsa", "retryAfter": map[string]int{"authz": 1, "order": 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "config.json"), string(config))

	a := &acmeServer{directory: "https://" + listen + "/dir", caFile: filepath.Join(dir, "ca.pem"), roots: x509.NewCertPool(), log: &buffer{}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	run := exec.CommandContext(ctx, program, "-config", "config.json", "-dnsserver", resolver)
	run.Dir, run.Stdout, run.Stderr = dir, a.log, a.log
	run.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { run.Wait(); close(ended) }()
	a.stop = func() { cancel(); <-ended }
	t.Cleanup(a.stop)

	client, err := clientTrusting(a.caFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	fetch(t, client, a.directory, ended)
	a.roots.AppendCertsFromPEM(fetch(t, client, "https://"+manage+"/roots/0", ended))
	return a
}

// fetch gets a page as soon as the server answers.
func fetch(t *testing.T, client *http.Client, url string, ended <-chan struct{}) []byte {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(time.Minute)
	for {
		resp, err := client.Get(url)
		if err == nil {
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return body
		}
		select {
		case <-again.C:
		case <-ended:
			t.Fatalf("it ended before it answered at %s", url)
		case <-deadline:
			t.Fatal(err)
		}
	}
}

// useACME makes a site get its certificates from a server.
func (s *site) useACME(t *testing.T, directory, caFile string) {
	t.Helper()
	edit(t, s.config, `public_host = "localhost"`, `public_host = "calendar.example.org"`)
	edit(t, s.config, "[directory]\n", fmt.Sprintf("[tls]\nsource = \"acme\"\nacme_directory = %q\nacme_ca_file = %q\nacme_email = \"admin@example.org\"\n[directory]\n", directory, caFile))
}

// handshake connects as a client that asks for a name, and returns the certificate that it is shown.
func handshake(t *testing.T, address, name string, roots *x509.CertPool) (*x509.Certificate, error) {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{ServerName: name, RootCAs: roots})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0], nil
}

func TestACMEGivesACertificateThatOutlivesARestart(t *testing.T) {
	const name = "calendar.example.org"
	resolver := nameServer(t, name+".\t3600\tIN\tA\t127.0.0.1\n")
	s := newSite(t, "")
	_, port, _ := net.SplitHostPort(s.https)
	authority := startACME(t, resolver, port)
	s.useACME(t, authority.directory, authority.caFile)

	in := s.serve(t)
	first, err := handshake(t, s.https, name, authority.roots)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, in.log, authority.log)
	}
	if first.DNSNames[0] != name {
		t.Errorf("the certificate names %q", first.DNSNames)
	}
	if _, err := handshake(t, s.https, "elsewhere.example.org", authority.roots); err == nil {
		t.Error("a name that is not ours got a certificate")
	}
	in.stop()
	authority.stop()

	in = s.serve(t) // the ACME server is gone: what the store keeps must do
	again, err := handshake(t, s.https, name, authority.roots)
	if err != nil {
		t.Fatalf("after a restart: %v\n%s", err, in.log)
	}
	if again.SerialNumber.Cmp(first.SerialNumber) != 0 {
		t.Errorf("after a restart another certificate is served: %v, it was %v", again.SerialNumber, first.SerialNumber)
	}
	c, err := tls.Dial("tcp", s.https, &tls.Config{InsecureSkipVerify: true}) // to an address, hence without a name
	if err != nil {
		t.Fatalf("without a server name: %v", err)
	}
	defer c.Close()
	if err := c.ConnectionState().PeerCertificates[0].VerifyHostname(name); err != nil {
		t.Errorf("without a server name: %v", err)
	}
}

func TestAnACMEServerThatDoesNotAnswerIsLoggedWithTheRemedy(t *testing.T) {
	authority := directorytest.NewAuthority(t)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	write(t, caFile, string(authority.PEM))
	s := newSite(t, "")
	s.useACME(t, "https://"+directorytest.FreeAddress(t)+"/dir", caFile)
	in := s.serve(t)
	for range 3 {
		if _, err := handshake(t, s.https, "calendar.example.org", nil); err == nil {
			t.Fatal("a certificate came from nowhere")
		}
	}
	if said := in.log.String(); !strings.Contains(said, "port 443") || strings.Count(said, "no certificate by ACME") != 1 {
		t.Errorf("want the remedy once in:\n%s", said)
	}
}

func TestAWrongACMEAuthorityFileIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	write(t, file, "nonsense")
	s := newSite(t, "")
	s.useACME(t, "https://127.0.0.1/dir", file)
	if said := s.refused(t); !strings.Contains(said, "tls.acme_ca_file") || !strings.Contains(said, file) {
		t.Errorf("got %s", said)
	}
}
