package signing

import (
	"cmp"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Lifetimes. Apple refuses TLS certificates of more than 825 days from private authorities, 398 from public ones; ours
// keep the stricter rule.
const (
	rootYears   = 20
	signerYears = 3
	tlsLife     = 396 * day
	backdate    = time.Hour // for devices whose clock is slow
)

// maxName leaves room for what is appended to it below ub-common-name, 64 characters (RFC 5280 appendix A.1).
const maxName = 50

// serialBits is the length of serial numbers: positive, and at most 20 octets (RFC 5280 section 4.1.2.2). OpenSSL
// and Go refuse negative ones.
const serialBits = 127

// serialNumber draws a positive number; a nil source is the system's.
func serialNumber(source io.Reader) (*big.Int, error) {
	if source == nil {
		source = rand.Reader
	}
	octets := make([]byte, (serialBits+7)/8)
	if _, err := io.ReadFull(source, octets); err != nil {
		return nil, fmt.Errorf("draw serial number: %w", err)
	}
	octets[0] = octets[0]&0x7f | 0x40 // positive, and of constant length
	return new(big.Int).SetBytes(octets), nil
}

func (c AuthorityConfig) subject(commonName string) pkix.Name {
	subject := pkix.Name{CommonName: commonName}
	if c.Organization != "" {
		subject.Organization = []string{c.Organization}
	}
	return subject
}

func (c AuthorityConfig) signerSubject() pkix.Name {
	return c.subject(cmp.Or(c.SignerName, c.Name+" Profiles"))
}

// rootTemplate allows one authority below the root (RFC 5280 section 4.2.1.9).
func rootTemplate(c AuthorityConfig, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:               c.subject(c.Name),
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.AddDate(rootYears, 0, 0),
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLen:            1,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

// issuingTemplate lives as long as the root: an intermediate that expires earlier would expire every installed profile.
func issuingTemplate(c AuthorityConfig, now time.Time) *x509.Certificate {
	template := rootTemplate(c, now)
	template.Subject = c.subject(c.Name + " Issuing")
	template.MaxPathLen, template.MaxPathLenZero = 0, true
	return template
}

// signerTemplate is for the certificate that signs profiles. Devices show a profile as Verified for certificates of many
// extended key usages: published profiles signed with TLS server certificates are. Ours says codeSigning, as the
// certificates did that Profile Manager asked for, and emailProtection, which CMS verifiers (openssl, S/MIME) expect by
// default. It deliberately does not say serverAuth: it must not be able to pose as the server.
func signerTemplate(subject pkix.Name, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:               subject,
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.AddDate(signerYears, 0, 0),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageEmailProtection},
	}
}

// tlsTemplate is for a server certificate (RFC 5280 section 4.2.1.6, RFC 9525).
func tlsTemplate(hosts []string, key KeyType, now time.Time) (*x509.Certificate, error) {
	names, addresses, err := subjectAltNames(hosts)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(tlsLife),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:              names,
		IPAddresses:           addresses,
	}
	if key == RSA2048 { // the RSA key exchange of TLS 1.0
		template.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	if len(hosts[0]) <= 64 { // ub-common-name, RFC 5280 appendix A.1; old clients look at nothing else
		template.Subject.CommonName = hosts[0]
	}
	return template, nil
}

// subjectAltNames sorts hosts into DNS names and IP addresses.
func subjectAltNames(hosts []string) (names []string, addresses []net.IP, err error) {
	if len(hosts) == 0 {
		return nil, nil, fmt.Errorf("a TLS certificate needs a host name or address")
	}
	for _, host := range hosts {
		if address, err := netip.ParseAddr(host); err == nil {
			addresses = append(addresses, net.IP(address.Unmap().AsSlice()))
			continue
		}
		if !isHostName(host) {
			return nil, nil, fmt.Errorf("%q is neither a host name nor an IP address; give it without scheme, port and brackets, and international names in their xn-- form", host)
		}
		names = append(names, host)
	}
	return names, addresses, nil
}

// isHostName accepts names of letters, digits, hyphens and underscores (the last for intranets), and a leading wildcard label.
func isHostName(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimPrefix(host, "*."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return false
		}
	}
	return true
}
