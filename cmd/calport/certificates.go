package main

import (
	"crypto/x509"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"calport/server"
	"calport/signing"
)

// openAuthority opens our own certificate authority, or makes it on first start, and puts its root where people find
// it. It is nil where neither TLS nor signing uses it.
func (h *house) openAuthority() error {
	c := h.config
	if c.TLS.Source != "own" && c.Signing.Source != "own" {
		return nil
	}
	key := signing.ECDSAP256
	if c.Signing.Key == "rsa" {
		key = signing.RSA2048
	}
	a, err := signing.OpenAuthority(filepath.Join(c.Data, "authority"), signing.AuthorityConfig{
		Name: c.Profiles.Organization + " Calendar Authority", Organization: c.Profiles.Organization, Key: key,
	}, h.now())
	if err != nil {
		return err
	}
	h.authority = a
	file := filepath.Join(c.Data, "ca.pem")
	if old, err := os.ReadFile(file); err == nil && string(old) == string(a.RootPEM()) {
		return nil
	}
	return os.WriteFile(file, a.RootPEM(), 0o644)
}

// openSigner finds the identity that signs profiles.
func (h *house) openSigner() error {
	s := &h.config.Signing
	var err error
	switch s.Source {
	case "own":
		h.signer = h.authority.Signer()
		if signing.NeedsRenewal(h.signer.Leaf(), h.now()) {
			h.signer, err = h.authority.RenewSigner(h.now())
		}
	case "pem":
		var files []signing.File
		if files, err = readFiles(s.Files); err == nil {
			h.signer, err = signing.ParsePEM(h.now(), files...)
		}
	case "pkcs12":
		var files []signing.File
		if files, err = readFiles(s.Files); err == nil {
			h.signer, err = signing.ParsePKCS12(h.now(), files[0], h.env(s.PasswordEnv))
		}
	}
	if err != nil {
		return err
	}
	return nil
}

// warnOfExpiry says when the signing certificate is about to expire: 60, 30 and 14 days before, and each day in between.
func (h *house) warnOfExpiry() {
	if w := h.signer.Warning(h.now()); w.Level != signing.Fine {
		h.log.Warn("the signing certificate "+w.String()+"; renew it with the same key, so that devices take new profiles in place of old ones", "level", w.Level.String())
	}
}

func readFiles(names []string) ([]signing.File, error) {
	var out []signing.File
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out = append(out, signing.File{Name: name, Data: data})
	}
	return out, nil
}

// certificates is where https gets its certificates from.
func (h *house) certificates() (server.CertificateSource, error) {
	t := &h.config.TLS
	switch t.Source {
	case "files":
		pairs := []server.KeyPair{{Certificate: t.Certificate, Key: t.Key}}
		if t.RSACertificate != "" {
			pairs = append(pairs, server.KeyPair{Certificate: t.RSACertificate, Key: t.RSAKey})
		}
		return server.NewCertificateFiles(pairs, h.log, h.now)
	case "acme":
		return h.acmeCertificates()
	}
	var err error
	h.leaves, err = h.authority.TLSLeaves(h.config.certificateNames(), h.now, signing.ECDSAP256, signing.RSA2048)
	return h.leaves, err
}

// certificateNames are the names of our own TLS certificate: the public host, its aliases, loopback, and the
// addresses that are listened on by number.
func (c *Config) certificateNames() []string {
	names := append([]string{c.Server.PublicHost}, c.Server.Aliases...)
	names = append(names, "localhost", "127.0.0.1", "::1")
	for _, a := range c.Server.HTTPS {
		if host, _, err := net.SplitHostPort(a); err == nil {
			if addr, err := netip.ParseAddr(host); err == nil && !addr.IsUnspecified() {
				names = append(names, addr.String())
			}
		}
	}
	slices.Sort(names[1:])
	return slices.Compact(names)
}

// trustedRoots are the roots that devices must be given: our own authority's.
func (h *house) trustedRoots() [][]byte {
	if h.authority == nil {
		return nil
	}
	return [][]byte{h.authority.RootDER()}
}

// pool is what calport's own clients trust: the system's roots and our own.
func (h *house) pool() *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if h.authority != nil {
		pool.AddCert(h.authority.Root())
	}
	return pool
}
