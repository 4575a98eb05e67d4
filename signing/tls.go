package signing

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// IssueTLS makes a key and a server certificate for host names and IP addresses; the issuing certificate follows it in the
// chain, the root does not. Nothing is kept.
func (a *Authority) IssueTLS(hosts []string, key KeyType, now time.Time) (*tls.Certificate, error) {
	template, err := tlsTemplate(hosts, key, now)
	if err != nil {
		return nil, err
	}
	leaf, err := a.newPair(key, template, a.issuing)
	if err != nil {
		return nil, fmt.Errorf("issue TLS certificate: %w", err)
	}
	return a.tlsCertificate(leaf), nil
}

func (a *Authority) tlsCertificate(leaf pair) *tls.Certificate {
	return &tls.Certificate{
		Certificate: [][]byte{leaf.cert.Raw, a.issuing.cert.Raw},
		PrivateKey:  leaf.key,
		Leaf:        leaf.cert,
	}
}

// TLSLeaves are the authority's own server certificates, one per key type. They are kept with the authority and renewed when
// two thirds of their life have passed or the hosts have changed. They are safe for concurrent use.
type TLSLeaves struct {
	authority *Authority
	hosts     []string
	clock     func() time.Time
	leaves    []*tlsLeaf
}

type tlsLeaf struct {
	key     KeyType
	renewal sync.Mutex // held while a certificate is made
	current atomic.Pointer[tls.Certificate]
}

// TLSLeaves reads or issues a certificate for hosts per key type; none given means ECDSAP256. clock tells the time at each
// handshake.
func (a *Authority) TLSLeaves(hosts []string, clock func() time.Time, keys ...KeyType) (*TLSLeaves, error) {
	if len(keys) == 0 {
		keys = []KeyType{ECDSAP256}
	}
	l := &TLSLeaves{authority: a, hosts: hosts, clock: clock}
	for _, key := range keys {
		cert, err := a.openTLS(hosts, key, clock())
		if err != nil {
			return nil, err
		}
		leaf := &tlsLeaf{key: key}
		leaf.current.Store(cert)
		l.leaves = append(l.leaves, leaf)
	}
	return l, nil
}

// GetCertificate is for tls.Config: the first certificate that the client supports, renewed when due. While one is being
// renewed, or when that fails, the old one serves.
func (l *TLSLeaves) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	for _, leaf := range l.leaves {
		cert := leaf.current.Load()
		if err := hello.SupportsCertificate(cert); err != nil && leaf != l.leaves[len(l.leaves)-1] {
			continue
		}
		if NeedsRenewal(cert.Leaf, l.clock()) && leaf.renewal.TryLock() {
			err := l.renew(leaf)
			leaf.renewal.Unlock()
			if err != nil && l.clock().After(cert.Leaf.NotAfter) {
				return nil, err
			}
		}
		return leaf.current.Load(), nil
	}
	return nil, errors.New("no TLS certificate")
}

// Renew renews what is due. Handshakes do so by themselves; this is for those who want to see the error.
func (l *TLSLeaves) Renew() error {
	var errs []error
	for _, leaf := range l.leaves {
		leaf.renewal.Lock()
		errs = append(errs, l.renew(leaf))
		leaf.renewal.Unlock()
	}
	return errors.Join(errs...)
}

// renew replaces the certificate if that is due. leaf.renewal is held.
func (l *TLSLeaves) renew(leaf *tlsLeaf) error {
	now := l.clock()
	if !NeedsRenewal(leaf.current.Load().Leaf, now) {
		return nil
	}
	cert, err := l.authority.openTLS(l.hosts, leaf.key, now)
	if err != nil {
		return fmt.Errorf("renew TLS certificate: %w", err)
	}
	leaf.current.Store(cert)
	return nil
}

// openTLS returns the certificate kept for the key type if it still serves, else issues and keeps another.
func (a *Authority) openTLS(hosts []string, key KeyType, now time.Time) (*tls.Certificate, error) {
	cert, err := a.readTLS(hosts, key, now)
	if cert != nil || err != nil {
		return cert, err
	}
	if cert, err = a.IssueTLS(hosts, key, now); err != nil || a.folder == nil {
		return cert, err
	}
	data, err := keyPEM(cert.PrivateKey)
	if err != nil {
		return nil, err
	}
	data = append(append(data, certificatePEM(cert.Leaf)...), certificatePEM(a.issuing.cert)...)
	return cert, a.folder.Write(tlsFile(key), data)
}

const tlsPrefix = "tls-"

// tlsFile is one file for key and certificates, so that they cannot get out of step.
func tlsFile(key KeyType) string { return tlsPrefix + key.String() + ".pem" }

// readTLS returns the certificate kept for the key type, nil if another is to be issued: there is none, it is damaged
// (nothing is lost with it), too old, for other hosts or of another issuer.
func (a *Authority) readTLS(hosts []string, key KeyType, now time.Time) (*tls.Certificate, error) {
	if a.folder == nil {
		return nil, nil
	}
	data, err := a.folder.Read(tlsFile(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var b bundle
	path := a.path(tlsFile(key))
	if b.read(File{Name: path, Data: data}) != nil {
		return nil, nil
	}
	cert, _, err := b.split(path)
	if err != nil {
		return nil, nil
	}
	signer, err := supportedKey(b.key)
	if err != nil || !issued(a.issuing.cert, cert) || NeedsRenewal(cert, now) || checkDates(cert, now) != nil || !serves(cert, hosts) {
		return nil, nil
	}
	return a.tlsCertificate(pair{cert, signer}), nil
}

// serves reports whether cert is for exactly these hosts.
func serves(cert *x509.Certificate, hosts []string) bool {
	names, addresses, err := subjectAltNames(hosts)
	return err == nil && slices.Equal(names, cert.DNSNames) &&
		slices.EqualFunc(addresses, cert.IPAddresses, net.IP.Equal)
}
