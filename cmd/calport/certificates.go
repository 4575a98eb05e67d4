package main

import (
	"crypto/x509"
	"fmt"
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
	folder, err := h.authorityFolder()
	if err != nil {
		return err
	}
	a, err := signing.OpenAuthorityIn(folder, signing.AuthorityConfig{
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

// authorityFolder is where the authority is kept: in the data folder, or in the vault. An authority that is in the data
// folder still is not forgotten for the sake of a new one.
func (h *house) authorityFolder() (signing.Folder, error) {
	files := signing.Directory(filepath.Join(h.config.Data, "authority"))
	if h.vault == nil {
		if h.config.Database != "" {
			h.log.Info("this node has a certificate authority of its own; if several nodes serve this database, set secrets.key_file, so that they share one")
		}
		return files, nil
	}
	shared := vaultFolder{h.vault}
	none, err := shared.Empty()
	if err != nil || !none {
		return shared, err
	}
	if absent, err := files.Empty(); err == nil && !absent {
		return nil, fmt.Errorf("%s holds an authority that devices trust, and the database none; put it there with: calport keys move (or move the folder away to have a new one made)", files)
	}
	return shared, nil
}

// openSigner finds the identity that signs profiles.
func (h *house) openSigner() error {
	s := &h.config.Signing
	var id *signing.Identity
	var err error
	switch s.Source {
	case "own":
		if id = h.uploadedSigner(); id != nil {
			break
		}
		id = h.authority.Signer()
		if signing.NeedsRenewal(id.Leaf(), h.now()) {
			id, err = h.authority.RenewSigner(h.now())
		}
	case "pem":
		var files []signing.File
		if files, err = readFiles(s.Files); err == nil {
			id, err = signing.ParsePEM(h.now(), files...)
		}
	case "pkcs12":
		var files []signing.File
		if files, err = readFiles(s.Files); err == nil {
			id, err = signing.ParsePKCS12(h.now(), files[0], h.env(s.PasswordEnv))
		}
	}
	if err != nil {
		return err
	}
	h.signer.Store(id)
	return nil
}

// keepSigner takes the signer that another node has renewed, or renews it when it is due.
func (h *house) keepSigner() error {
	if h.config.Signing.Source != "own" {
		return nil
	}
	if err := h.authority.Reload(); err != nil {
		return err
	}
	return h.openSigner()
}

// warnOfExpiry says when the signing certificate is about to expire: 60, 30 and 14 days before, and each day in between.
func (h *house) warnOfExpiry() {
	if w := h.signer.Load().Warning(h.now()); w.Level != signing.Fine {
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
