package signing

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// AuthorityConfig says how a new authority is made. An authority that exists keeps its names and keys.
type AuthorityConfig struct {
	Name         string    // common name of the root, as devices show it in the Trust profile; at most 50 characters
	SignerName   string    // common name of the signer, as devices show it as Signed By; empty: Name followed by "Profiles"
	Organization string    // may be empty
	Key          KeyType   // of root, issuing certificate and signer
	Rand         io.Reader // source of serial numbers; nil: crypto/rand
}

// Authority is calport's own certificate authority:
//
//	root (20 years, path length 1)
//	└── issuing certificate (as long, path length 0)
//	    ├── signer of profiles (3 years)
//	    └── TLS server certificates (396 days)
//
// Devices get the root in the Trust profile; everything else travels with signatures and handshakes. It is safe for concurrent use.
type Authority struct {
	root, issuing pair
	folder        Folder // where it is kept; nil: nowhere
	rand          io.Reader

	renewal sync.Mutex // held while a signer is made or read again
	signer  atomic.Pointer[Identity]
}

// pair is a certificate and its private key.
type pair struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// NewAuthority makes an authority in memory: it is gone with the process. See [OpenAuthority] for one that stays.
func NewAuthority(config AuthorityConfig, now time.Time) (*Authority, error) {
	if n := utf8.RuneCountInString(config.Name); n == 0 || n > maxName {
		return nil, fmt.Errorf("make authority: its name %q must have 1 to %d characters", config.Name, maxName)
	}
	a := &Authority{rand: config.Rand}
	var err error
	if a.root, err = a.newPair(config.Key, rootTemplate(config, now), pair{}); err != nil {
		return nil, fmt.Errorf("make root: %w", err)
	}
	if a.issuing, err = a.newPair(config.Key, issuingTemplate(config, now), a.root); err != nil {
		return nil, fmt.Errorf("make issuing certificate: %w", err)
	}
	signer, err := a.newPair(config.Key, signerTemplate(config.signerSubject(), now), a.issuing)
	if err != nil {
		return nil, fmt.Errorf("make signer: %w", err)
	}
	return a, a.setSigner(signer)
}

// newPair makes a key and its certificate. Without parent the certificate is self-signed.
func (a *Authority) newPair(kind KeyType, template *x509.Certificate, parent pair) (pair, error) {
	key, err := kind.generate()
	if err != nil {
		return pair{}, err
	}
	if parent.cert == nil {
		parent = pair{template, key}
	}
	cert, err := a.issue(template, key.Public(), parent)
	return pair{cert, key}, err
}

// issue makes a certificate. It never outlives its parent.
func (a *Authority) issue(template *x509.Certificate, public crypto.PublicKey, parent pair) (*x509.Certificate, error) {
	var err error
	if template.SerialNumber, err = serialNumber(a.rand); err != nil {
		return nil, err
	}
	if template.NotAfter.After(parent.cert.NotAfter) {
		template.NotAfter = parent.cert.NotAfter
	}
	if !template.NotAfter.After(template.NotBefore) {
		return nil, fmt.Errorf("%s: %w", name(parent.cert), ErrExpired)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.cert, public, parent.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func (a *Authority) setSigner(signer pair) error {
	id, err := newIdentity(signer.cert, []*x509.Certificate{a.issuing.cert}, signer.key)
	if err != nil {
		return err
	}
	if len(id.intermediates) == 0 {
		return fmt.Errorf("%w: %s was not issued by %s", ErrChain, name(signer.cert), name(a.issuing.cert))
	}
	a.signer.Store(id)
	return nil
}

// Root returns the root certificate.
func (a *Authority) Root() *x509.Certificate { return a.root.cert }

// RootDER returns the root certificate as the Trust profile carries it (com.apple.security.root).
func (a *Authority) RootDER() []byte { return a.root.cert.Raw }

// RootPEM returns the root certificate for a file such as ca.pem.
func (a *Authority) RootPEM() []byte { return certificatePEM(a.root.cert) }

// Pool returns a new pool that holds the root only, for [Verify] and TLS clients.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root.cert)
	return pool
}

// Signer returns the identity that signs profiles. It may have expired; [Authority.RenewSigner] helps.
func (a *Authority) Signer() *Identity { return a.signer.Load() }

// RenewSigner gives the signer a new certificate with the same name and the same key: with another key devices may
// insist that the old profile be removed first. It is kept where the authority is kept.
func (a *Authority) RenewSigner(now time.Time) (*Identity, error) {
	a.renewal.Lock()
	defer a.renewal.Unlock()
	old := a.Signer()
	template := signerTemplate(old.leaf.Subject, now)
	template.RawSubject = old.leaf.RawSubject
	cert, err := a.issue(template, old.key.Public(), a.issuing)
	if err != nil {
		return nil, fmt.Errorf("renew signer: %w", err)
	}
	if a.folder != nil {
		if err := a.folder.Write(signerCert, certificatePEM(cert)); err != nil {
			return nil, fmt.Errorf("renew signer: %w", err)
		}
	}
	if err := a.setSigner(pair{cert, old.key}); err != nil {
		return nil, fmt.Errorf("renew signer: %w", err)
	}
	return a.Signer(), nil
}

func certificatePEM(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}
