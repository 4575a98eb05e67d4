package ldap

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// broken reports whether an error leaves the connection unusable: it came from the network, not from the server.
func broken(err error) bool {
	if err == nil {
		return false
	}
	var answered *goldap.Error
	return !errors.As(err, &answered) || answered.ResultCode >= goldap.ErrorNetwork
}

// timedOut reports whether the server was too slow. The library has no type for it, only this word.
func timedOut(err error) bool {
	var answered *goldap.Error
	return errors.As(err, &answered) && answered.ResultCode == goldap.ErrorNetwork && answered.Err != nil &&
		strings.Contains(answered.Err.Error(), "timed out")
}

// unavailable says that a server could not be asked, why, and what to look at.
func unavailable(s *server, doing string, err error) error {
	return fmt.Errorf("%w: %s of %s failed: %w; %s", directory.ErrUnavailable, doing, s, err, remedy(err))
}

// remedy says what to look at after a failure.
func remedy(err error) string {
	var (
		unknownAuthority x509.UnknownAuthorityError
		wrongName        x509.HostnameError
		invalid          x509.CertificateInvalidError
		verification     *tls.CertificateVerificationError
		notTLS           tls.RecordHeaderError
		dns              *net.DNSError
		answered         *goldap.Error
	)
	switch {
	case errors.As(err, &unknownAuthority):
		return "set ca_file to the certificate of the authority that issued the server's"
	case errors.As(err, &wrongName):
		return "use the host name that the certificate carries, or set server_name to it"
	case errors.As(err, &invalid), errors.As(err, &verification):
		return "the server needs a valid certificate"
	case errors.As(err, &notTLS):
		return "the port does not speak TLS: use ldaps:// with port 636, or ldap:// and start_tls with port 389"
	case errors.As(err, &dns):
		return "check the host name in the URL"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "check that the server runs and the port in the URL"
	case errors.Is(err, os.ErrDeadlineExceeded), timedOut(err), isTimeout(err):
		return "the server is too slow or a firewall drops packets: check both, or raise timeout"
	case errors.As(err, &answered):
		return remedyOf(answered.ResultCode)
	}
	return "check the server and the network"
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

func remedyOf(code uint16) string {
	switch code {
	case goldap.LDAPResultInvalidCredentials, goldap.LDAPResultNoSuchObject, goldap.LDAPResultInappropriateAuthentication:
		return "check bind_dn and its password"
	case goldap.LDAPResultConfidentialityRequired, goldap.LDAPResultStrongAuthRequired:
		return "the server demands encryption: use ldaps:// or start_tls"
	case goldap.LDAPResultInsufficientAccessRights:
		return "give the bind account the right to read, or set bind_dn"
	case goldap.LDAPResultUnwillingToPerform:
		return "the server refuses: see its log, and whether it allows anonymous access"
	case goldap.LDAPResultBusy, goldap.LDAPResultUnavailable:
		return "the server is busy or shutting down; this is tried again"
	}
	return "see the log of the server"
}

// searchError turns the failure of a search into what a Directory answers.
func searchError(c *conn, base, filter string, err error) error {
	var answered *goldap.Error
	if !errors.As(err, &answered) || broken(err) {
		return unavailable(c.server, fmt.Sprintf("a search in %q", base), err)
	}
	switch answered.ResultCode {
	case goldap.LDAPResultSizeLimitExceeded, goldap.LDAPResultTimeLimitExceeded, goldap.LDAPResultAdminLimitExceeded:
		return fmt.Errorf("%w: %s cut a search in %q for %s short (%w); raise the limits of the bind account", directory.ErrIncomplete,
			c.server, base, filter, err)
	case goldap.LDAPResultNoSuchObject:
		return &NoBaseError{Base: base, Server: c.server.String()}
	}
	return unavailable(c.server, fmt.Sprintf("a search in %q for %s", base, filter), err)
}

// NoBaseError says that a configured base is not there, or not to be seen by the bind account. It is an
// ErrUnavailable too: nobody's password is wrong because of it.
type NoBaseError struct{ Base, Server string }

func (e *NoBaseError) Error() string {
	return fmt.Sprintf("there is no %q on %s, or the bind account may not see it; check the base in the configuration", e.Base, e.Server)
}

// Unwrap makes it an ErrUnavailable.
func (e *NoBaseError) Unwrap() error { return directory.ErrUnavailable }
