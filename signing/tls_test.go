package signing

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// handshake lets a client connect to a server with these leaves and returns what the client saw.
func handshake(t *testing.T, leaves *TLSLeaves, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	near, far := net.Pipe()
	server := tls.Server(far, &tls.Config{GetCertificate: leaves.GetCertificate, MinVersion: tls.VersionTLS10, CipherSuites: allSuites()})
	go func() {
		_ = server.Handshake() // the client reports a failure
		far.Close()
	}()
	conn := tls.Client(near, client)
	defer near.Close()
	err := conn.Handshake()
	return conn.ConnectionState(), err
}

func allSuites() (ids []uint16) {
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, suite.ID)
	}
	return ids
}

func mustLeaves(t *testing.T, a *Authority, clock func() time.Time, hosts []string, keys ...KeyType) *TLSLeaves {
	t.Helper()
	leaves, err := a.TLSLeaves(hosts, clock, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return leaves
}

func TestClientsTrustTheServerCertificate(t *testing.T) {
	a := ecdsaAuthority()
	leaves := mustLeaves(t, a, time.Now, []string{"calendar.example.org", "mac.local", "127.0.0.1", "::1"})
	for _, host := range []string{"calendar.example.org", "mac.local", "127.0.0.1", "::1"} {
		state, err := handshake(t, leaves, &tls.Config{RootCAs: a.Pool(), ServerName: host})
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		if got := state.PeerCertificates; len(got) != 2 || !got[1].Equal(a.issuing.cert) {
			t.Errorf("%s: got %d certificates", host, len(got))
		}
	}
	_, err := handshake(t, leaves, &tls.Config{RootCAs: a.Pool(), ServerName: "elsewhere.example.org"})
	var wrongName x509.HostnameError
	if !errors.As(err, &wrongName) {
		t.Errorf("another host: got %v", err)
	}
}

func TestServerCertificateKeepsApplesRules(t *testing.T) {
	for name, key := range map[string]KeyType{"ECDSA": ECDSAP256, "RSA": RSA2048} {
		cert, err := ecdsaAuthority().IssueTLS([]string{"calendar.example.org", "192.0.2.1"}, key, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		leaf := cert.Leaf
		if life := leaf.NotAfter.Sub(leaf.NotBefore); life > 397*day {
			t.Errorf("%s: lives for %v", name, life)
		}
		if !slices.Equal(leaf.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) || leaf.IsCA || leaf.SerialNumber.Sign() <= 0 {
			t.Errorf("%s: got usage %v, serial number %v", name, leaf.ExtKeyUsage, leaf.SerialNumber)
		}
		if !slices.Equal(leaf.DNSNames, []string{"calendar.example.org"}) || len(leaf.IPAddresses) != 1 || leaf.Subject.CommonName != "calendar.example.org" {
			t.Errorf("%s: got names %v, addresses %v", name, leaf.DNSNames, leaf.IPAddresses)
		}
	}
}

func TestOldClientsGetTheRSACertificate(t *testing.T) {
	a := rsaAuthority()
	leaves := mustLeaves(t, a, time.Now, []string{"localhost"}, ECDSAP256, RSA2048)
	state, err := handshake(t, leaves, &tls.Config{RootCAs: a.Pool(), ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := state.PeerCertificates[0].PublicKey.(*ecdsa.PublicKey); !ok {
		t.Error("a modern client does not get ECDSA")
	}
	state, err = handshake(t, leaves, &tls.Config{
		RootCAs: a.Pool(), ServerName: "localhost", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10,
		CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := state.PeerCertificates[0].PublicKey.(*rsa.PublicKey); !ok || state.Version != tls.VersionTLS10 {
		t.Errorf("an old client gets %T over %x", state.PeerCertificates[0].PublicKey, state.Version)
	}
}

func TestBadHostsAreRefused(t *testing.T) {
	for name, hosts := range map[string][]string{
		"none": nil, "empty": {""}, "port": {"host:8443"}, "scheme": {"https://host"}, "brackets": {"[::1]"},
		"space": {"a b"}, "not ASCII": {"kalender.büro.example"}, "empty label": {"a..b"}, "long label": {strings.Repeat("a", 64)},
		"hyphen": {"-a"}, "second is bad": {"a", "b/c"}, "long": {strings.Repeat("a.", 130)},
	} {
		if _, err := ecdsaAuthority().IssueTLS(hosts, ECDSAP256, time.Now()); err == nil {
			t.Errorf("%s: %q passes", name, hosts)
		}
	}
	for _, host := range []string{"a", "*.example.org", "my_host.local", "xn--bro-hoa.example", "fe80::1", "::ffff:192.0.2.1", strings.Repeat("a.", 60) + "b"} {
		if _, err := ecdsaAuthority().IssueTLS([]string{host}, ECDSAP256, time.Now()); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestServerCertificateIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "authority")
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	first := mustLeaves(t, mustOpen(t, dir), time.Now, hosts, ECDSAP256, RSA2048)
	second := mustLeaves(t, mustOpen(t, dir), time.Now, hosts, ECDSAP256, RSA2048)
	for i := range first.leaves {
		if !first.leaves[i].current.Load().Leaf.Equal(second.leaves[i].current.Load().Leaf) {
			t.Errorf("%v: another was issued", first.leaves[i].key)
		}
	}
}

func TestServerCertificateIsReplacedWhenItNoLongerServes(t *testing.T) {
	hosts := []string{"localhost"}
	for name, test := range map[string]struct {
		hosts  []string
		later  time.Duration
		damage func(path string) error
	}{
		"other hosts":   {[]string{"localhost", "127.0.0.1"}, 0, nil},
		"two thirds":    {hosts, 270 * day, nil},
		"expired":       {hosts, 500 * day, nil},
		"damaged":       {hosts, 0, func(path string) error { return os.Truncate(path, 300) }},
		"empty":         {hosts, 0, func(path string) error { return os.Truncate(path, 0) }},
		"other issuer":  {hosts, 0, func(path string) error { return os.WriteFile(path, foreignTLS(t), 0o600) }},
		"key is absent": {hosts, 0, func(path string) error { return os.WriteFile(path, ecdsaAuthority().RootPEM(), 0o600) }},
	} {
		dir := filepath.Join(t.TempDir(), "authority")
		a := mustOpen(t, dir)
		first := mustLeaves(t, a, time.Now, hosts)
		if test.damage != nil {
			if err := test.damage(a.path(tlsFile(ECDSAP256))); err != nil {
				t.Fatal(err)
			}
		}
		clock := func() time.Time { return time.Now().Add(test.later) }
		second := mustLeaves(t, mustOpen(t, dir), clock, test.hosts)
		got := second.leaves[0].current.Load().Leaf
		if got.Equal(first.leaves[0].current.Load().Leaf) || !got.NotAfter.After(clock()) || !issued(a.issuing.cert, got) {
			t.Errorf("%s: it was not replaced", name)
		}
		third := mustLeaves(t, mustOpen(t, dir), clock, test.hosts)
		if !third.leaves[0].current.Load().Leaf.Equal(got) {
			t.Errorf("%s: the new one was not kept", name)
		}
	}
}

func foreignTLS(t *testing.T) []byte {
	t.Helper()
	cert, err := ecdsaAuthority().IssueTLS([]string{"localhost"}, ECDSAP256, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return append(mustPEM(t, cert.PrivateKey), certificatePEM(cert.Leaf)...)
}

func TestServerKeyReadableByOthersIsRefused(t *testing.T) {
	a := mustOpen(t, filepath.Join(t.TempDir(), "authority"))
	mustLeaves(t, a, time.Now, []string{"localhost"})
	if err := os.Chmod(a.path(tlsFile(ECDSAP256)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := a.TLSLeaves([]string{"localhost"}, time.Now); !errors.Is(err, ErrPermissions) || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("got %v", err)
	}
}

// adjustable is a clock that a test sets.
type adjustable struct {
	mu  sync.Mutex
	now time.Time
}

func (c *adjustable) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *adjustable) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestServerCertificateRenewsItselfAtHandshakes(t *testing.T) {
	clock := &adjustable{now: time.Now()}
	a := mustOpen(t, filepath.Join(t.TempDir(), "authority"))
	leaves := mustLeaves(t, a, clock.Now, []string{"localhost"})
	first := leaves.leaves[0].current.Load()
	for _, test := range []struct {
		later   time.Duration
		renewed bool
	}{{260 * day, false}, {10 * day, true}} {
		clock.advance(test.later)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if _, err := handshake(t, leaves, &tls.Config{RootCAs: a.Pool(), ServerName: "localhost", Time: clock.Now}); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if renewed := leaves.leaves[0].current.Load() != first; renewed != test.renewed {
			t.Errorf("%v later: renewed %t, want %t", test.later, renewed, test.renewed)
		}
	}
}

func TestFailedRenewalIsReportedAndTheOldCertificateServes(t *testing.T) {
	clock := &adjustable{now: time.Now()}
	dir := filepath.Join(t.TempDir(), "authority")
	a := mustOpen(t, dir)
	leaves := mustLeaves(t, a, clock.Now, []string{"localhost"})
	if err := os.Rename(dir, dir+".gone"); err != nil {
		t.Fatal(err)
	}
	clock.advance(300 * day)
	if err := leaves.Renew(); err == nil || !strings.Contains(err.Error(), "renew TLS certificate") {
		t.Errorf("got %v", err)
	}
	client := &tls.Config{RootCAs: a.Pool(), ServerName: "localhost", Time: clock.Now}
	if _, err := handshake(t, leaves, client); err != nil {
		t.Errorf("not yet expired: %v", err)
	}
	clock.advance(100 * day)
	if _, err := handshake(t, leaves, client); err == nil {
		t.Error("an expired certificate serves")
	}
	if err := os.Rename(dir+".gone", dir); err != nil {
		t.Fatal(err)
	}
	if err := leaves.Renew(); err != nil {
		t.Errorf("once the directory is back: %v", err)
	}
	if _, err := handshake(t, leaves, client); err != nil {
		t.Errorf("renewed: %v", err)
	}
}
