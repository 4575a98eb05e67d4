package signing

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

// judgeChain judges the certificates above the signer (RFC 5280 section 6). Expiry is told apart from trust: a chain that
// was good while it was valid is returned with the finding that it has expired.
func (v *Verification) judgeChain(roots *x509.CertPool, now time.Time, found *findings) {
	path := pathFrom(v.Signer, v.Certificates)
	at := now
	for _, cert := range path {
		if judgeDates(cert, now, found) {
			at = lastNotBefore(path)
		}
	}
	intermediates := x509.NewCertPool()
	for _, cert := range v.Certificates {
		if selfIssued(cert) {
			found.add(RootIncluded, "self-signed %s is embedded", name(cert))
			continue
		}
		intermediates.AddCert(cert)
	}
	chains, err := v.Signer.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: intermediates,
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // devices accept TLS, mail and code signing certificates
	})
	if err != nil {
		judgeRefusal(err, path, found)
		return
	}
	v.Chain = chains[0]
}

// judgeDates reports whether cert is out of date.
func judgeDates(cert *x509.Certificate, now time.Time, found *findings) bool {
	switch {
	case now.After(cert.NotAfter):
		found.add(ExpiredCertificate, "%s expired on %s", name(cert), cert.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(cert.NotBefore):
		found.add(NotYetValid, "%s is valid from %s only", name(cert), cert.NotBefore.UTC().Format(time.RFC3339))
	default:
		return false
	}
	return true
}

// judgeRefusal says why the chain was refused.
func judgeRefusal(err error, path []*x509.Certificate, found *findings) {
	last := path[len(path)-1]
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown) && len(path) == 1 && !selfIssued(last):
		found.add(IntermediateMissing, "leaf only: the issuer %q of %s is neither embedded nor a trusted root", last.Issuer.String(), name(last))
	case errors.As(err, &unknown) && selfIssued(last):
		found.add(UntrustedRoot, "the chain ends in self-signed %s, which is not trusted", name(last))
	case errors.As(err, &unknown):
		found.add(UntrustedRoot, "the issuer %q of %s is neither embedded nor a trusted root", last.Issuer.String(), name(last))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		found.add(ExpiredCertificate, "%s: %v", name(invalid.Cert), err)
	default:
		found.add(BadChain, "%v", err)
	}
}

// pathFrom follows the issuers of leaf as far as others hold them: leaf first.
func pathFrom(leaf *x509.Certificate, others []*x509.Certificate) []*x509.Certificate {
	path := []*x509.Certificate{leaf}
	for {
		last := path[len(path)-1]
		i := slices.IndexFunc(others, func(other *x509.Certificate) bool {
			return !slices.ContainsFunc(path, other.Equal) && issued(other, last)
		})
		if i < 0 || selfIssued(last) {
			return path
		}
		path = append(path, others[i])
	}
}

func issued(issuer, cert *x509.Certificate) bool {
	return bytes.Equal(issuer.RawSubject, cert.RawIssuer) && cert.CheckSignatureFrom(issuer) == nil
}

// selfIssued reports whether subject and issuer are the same (RFC 5280 section 6.1): a root, for our purposes.
func selfIssued(cert *x509.Certificate) bool { return bytes.Equal(cert.RawSubject, cert.RawIssuer) }

// lastNotBefore returns the first moment at which all of path was valid.
func lastNotBefore(path []*x509.Certificate) time.Time {
	var last time.Time
	for _, cert := range path {
		if cert.NotBefore.After(last) {
			last = cert.NotBefore
		}
	}
	return last
}
