package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// CertificateSource finds the certificate for a handshake, as tls.Config.GetCertificate does: *signing.TLSLeaves,
// *autocert.Manager and *CertificateFiles are such.
type CertificateSource interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// tlsVersions are the values of tls.min_version.
var tlsVersions = map[string]uint16{
	"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13,
}

// ParseTLSVersion reads a version such as "1.2"; empty is 1.2.
func ParseTLSVersion(s string) (uint16, error) {
	if s == "" {
		return tls.VersionTLS12, nil
	}
	if v, ok := tlsVersions[s]; ok {
		return v, nil
	}
	return 0, fmt.Errorf(`TLS version %q is unknown; use "1.0", "1.1", "1.2" or "1.3"`, s)
}

// oldSuites are offered beside Go's own choice only where the configuration admits TLS 1.0: iCal of OS X 10.6 to 10.8
// ends at that version, and the first of them know no elliptic curves.
var oldSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
	tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	tls.TLS_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA,
}

// TLSConfig is how every https listener speaks. A client that ends below min is refused, and the log says with which
// remedy.
func TLSConfig(source CertificateSource, min uint16, log *slog.Logger) *tls.Config {
	c := &tls.Config{
		MinVersion:     min,
		GetCertificate: source.GetCertificate,
		NextProtos:     []string{"h2", "http/1.1"},
	}
	if min < tls.VersionTLS12 {
		for _, suite := range tls.CipherSuites() {
			c.CipherSuites = append(c.CipherSuites, suite.ID)
		}
		c.CipherSuites = append(c.CipherSuites, oldSuites...)
	}
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if best := slices.Max(append(hello.SupportedVersions, 0)); best < min {
			log.Warn("refused a TLS handshake: the client ends at an older version than tls.min_version. OS X 10.6 to 10.8 need tls.min_version = \"1.0\"",
				"from", hello.Conn.RemoteAddr(), "client", tls.VersionName(best), "min_version", tls.VersionName(min))
		}
		return nil, nil
	}
	return c
}

// CertificateFiles serves certificates from PEM files and reads them again when they change. It is safe for
// concurrent use.
type CertificateFiles struct {
	pairs []KeyPair
	log   *slog.Logger
	now   func() time.Time

	mu      sync.Mutex
	looked  time.Time
	stamps  []time.Time
	current []*tls.Certificate
}

// KeyPair names two PEM files; a pair with an RSA key may stand beside one with an ECDSA key.
type KeyPair struct{ Certificate, Key string }

// lookEvery bounds how often handshakes look at the files' dates.
const lookEvery = 10 * time.Second

// NewCertificateFiles reads the files; an error names the file and what to do.
func NewCertificateFiles(pairs []KeyPair, log *slog.Logger, now func() time.Time) (*CertificateFiles, error) {
	if len(pairs) == 0 {
		return nil, errors.New("no certificate files are named; set tls.certificate and tls.key")
	}
	f := &CertificateFiles{pairs: pairs, log: log, now: now}
	return f, f.load()
}

func (f *CertificateFiles) load() error {
	stamps, err := f.dates()
	if err != nil {
		return err
	}
	var all []*tls.Certificate
	for _, p := range f.pairs {
		cert, err := tls.LoadX509KeyPair(p.Certificate, p.Key)
		if err != nil {
			return fmt.Errorf("certificate %s with key %s: %w; both must be PEM, the certificate followed by its intermediates", p.Certificate, p.Key, err)
		}
		if now := f.now(); now.After(cert.Leaf.NotAfter) {
			f.log.Warn("the TLS certificate has expired; replace the file, it is read again by itself", "file", p.Certificate, "expired", cert.Leaf.NotAfter)
		}
		all = append(all, &cert)
	}
	f.current, f.stamps, f.looked = all, stamps, f.now()
	return nil
}

// dates are the modification times of all files.
func (f *CertificateFiles) dates() ([]time.Time, error) {
	var out []time.Time
	for _, p := range f.pairs {
		for _, name := range []string{p.Certificate, p.Key} {
			st, err := os.Stat(name)
			if err != nil {
				return nil, fmt.Errorf("certificate file: %w", err)
			}
			out = append(out, st.ModTime())
		}
	}
	return out, nil
}

// GetCertificate serves the first certificate that the client can use. New files that cannot be read leave the old
// ones in force, and the log says why.
func (f *CertificateFiles) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.looked) >= lookEvery {
		f.looked = now
		if stamps, err := f.dates(); err != nil || !slices.Equal(stamps, f.stamps) {
			if err := f.load(); err != nil {
				f.log.Error("the changed TLS certificate cannot be used; the old one stays", "err", err)
			} else {
				f.log.Info("read the changed TLS certificate")
			}
		}
	}
	for _, c := range f.current {
		if hello.SupportsCertificate(c) == nil {
			return c, nil
		}
	}
	return f.current[0], nil
}

// Leaves are the certificates in force, for health pages.
func (f *CertificateFiles) Leaves() []*tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.current)
}
