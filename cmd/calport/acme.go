package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"calport/server/store"
)

// acmeCertificates gets certificates by ACME (RFC 8555) during the first handshake that needs one, answering
// TLS-ALPN-01 challenges (RFC 8737) on the https listeners themselves. It is safe for concurrent use.
type acmeCertificates struct {
	manager *autocert.Manager
	host    string // whose certificate a client gets that names no host
	log     *slog.Logger
	now     func() time.Time

	mu   sync.Mutex
	said time.Time // when a failure was last logged
}

// errForeignName: a client asks for a host that is not ours, as port scanners do.
var errForeignName = errors.New("not a name of this server")

// acmeCertificates makes the source of tls.source = "acme".
func (h *house) acmeCertificates() (*acmeCertificates, error) {
	t, s := &h.config.TLS, &h.config.Server
	ours := autocert.HostWhitelist(append([]string{s.PublicHost}, s.Aliases...)...)
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, Email: t.ACMEEmail, Cache: h.acmeCache(),
		HostPolicy: func(ctx context.Context, host string) error {
			if ours(ctx, host) != nil {
				return fmt.Errorf("%q is %w", host, errForeignName)
			}
			return nil
		},
		Client: &acme.Client{DirectoryURL: cmp.Or(t.ACMEDirectory, autocert.DefaultACMEDirectory)},
	}
	if t.ACMECAFile != "" {
		client, err := clientTrusting(t.ACMECAFile)
		if err != nil {
			return nil, fmt.Errorf("tls.acme_ca_file: %w", err)
		}
		m.Client.HTTPClient = client
	}
	return &acmeCertificates{manager: m, host: s.PublicHost, log: h.log, now: h.now}, nil
}

// clientTrusting is an HTTP client that trusts the authorities in a PEM file and no others.
func clientTrusting(file string) (*http.Client, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate in PEM form; name the root of the ACME server's own certificate", file)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	return &http.Client{Transport: transport}, nil
}

// GetCertificate answers from the store, or asks the ACME server. Clients without server name indication
// (RFC 6066 section 3) get the certificate of the public host.
func (a *acmeCertificates) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello.ServerName == "" {
		named := *hello
		named.ServerName = a.host
		hello = &named
	}
	c, err := a.manager.GetCertificate(hello)
	if err != nil {
		a.report(hello.ServerName, err)
	}
	return c, err
}

// failureEvery bounds how often a failure is logged: as often as one is tried again.
const failureEvery = time.Minute

func (a *acmeCertificates) report(host string, err error) {
	if errors.Is(err, errForeignName) {
		a.log.Debug("refused a TLS handshake", "err", err)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.now(); a.said.IsZero() || now.Sub(a.said) >= failureEvery {
		a.said = now
		a.log.Error("no certificate by ACME, so nobody can connect by https; port 443 of the host must lead here for the ACME server too, and tls.acme_directory must answer",
			"host", host, "directory", a.manager.Client.DirectoryURL, "err", strings.TrimPrefix(err.Error(), "acme/autocert: "))
	}
}

// acmeCache is the store, or the vault where there is one.
func (h *house) acmeCache() autocert.Cache {
	if h.vault != nil {
		return vaultCache{h.vault}
	}
	return acmeCache{h.store}
}

// acmeCache keeps ACME's account and certificates in the store, where every node finds them.
type acmeCache struct{ store *store.Store }

const acmeBucket = "acme"

func (c acmeCache) Get(ctx context.Context, key string) ([]byte, error) {
	data, err := c.store.Value(ctx, acmeBucket, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, autocert.ErrCacheMiss
	}
	return data, err
}

func (c acmeCache) Put(ctx context.Context, key string, data []byte) error {
	return c.store.SetValue(ctx, acmeBucket, key, data)
}

func (c acmeCache) Delete(ctx context.Context, key string) error {
	return c.store.DeleteValue(ctx, acmeBucket, key)
}
