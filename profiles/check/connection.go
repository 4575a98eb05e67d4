package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"calport/profiles"
)

// The steps to the server, up to its question for the password.

func lookUpHost(ctx context.Context, w *walk) (profiles.Phrase, error) {
	if w.host == "" {
		w.host, w.port = w.domain, 8443 // what Calendar falls back to
	}
	addrs, err := w.account.Resolver.LookupHost(ctx, w.host)
	if dns, is := errors.AsType[*net.DNSError](err); is {
		return none, failed(profiles.Say("%s has no address: %s", w.host, dns.Err), "give the host an A or AAAA record, or correct server.public_host")
	}
	if err != nil {
		return none, failed(profiles.Say("%s has no address: %s", w.host, err), "give the host an A or AAAA record, or correct server.public_host")
	}
	return profiles.Say("%s is %s", w.host, strings.Join(addrs, ", ")), nil
}

func connect(ctx context.Context, w *walk) (profiles.Phrase, error) {
	c, err := (&net.Dialer{Resolver: w.account.Resolver}).DialContext(ctx, "tcp", w.authority())
	if err != nil {
		return none, err
	}
	defer c.Close()
	return profiles.Say("connected to %s", c.RemoteAddr()), nil
}

// soon is how near its end a TLS certificate is called odd.
const soon = 7 * 24 * time.Hour

func handshake(ctx context.Context, w *walk) (profiles.Phrase, error) {
	d := &tls.Dialer{NetDialer: &net.Dialer{Resolver: w.account.Resolver}, Config: &tls.Config{RootCAs: w.account.Roots, ServerName: w.host, Time: w.account.Now}}
	c, err := d.DialContext(ctx, "tcp", w.authority())
	if err != nil {
		return none, explainTLS(w, err)
	}
	defer c.Close()
	state := c.(*tls.Conn).ConnectionState()
	leaf := state.PeerCertificates[0]
	found := profiles.Say("%s, certificate of %q valid until %s", tls.VersionName(state.Version), leaf.Subject.CommonName, leaf.NotAfter)
	if leaf.NotAfter.Sub(w.account.Now()) < soon {
		return none, odd(found, "renew the certificate")
	}
	return found, nil
}

// explainTLS puts the remedy beside the ways in which a certificate is refused.
func explainTLS(w *walk, err error) error {
	var (
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unknown):
		return failed(profiles.Say("%s", err), "give devices the Trust profile of our own authority, or send the intermediates with the certificate; on iPhone and iPad switch the root on in Settings > General > About > Certificate Trust Settings")
	case errors.As(err, &host):
		return failed(profiles.Say("%s", err), "get a certificate for %s, or correct server.public_host", w.host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return failed(profiles.Say("%s", err), "renew the certificate; check the clock of this machine too")
	case errors.As(err, &record):
		return failed(profiles.Say("the port does not speak TLS"), "correct server.public_port: it must be an https port")
	}
	return failed(profiles.Say("%s", err), "see tls in the configuration")
}

// classicPorts tries what iCal and Calendar try in every mode: https 8443, then http 8008.
func classicPorts(ctx context.Context, w *walk) (profiles.Phrase, error) {
	dialer := &net.Dialer{Resolver: w.account.Resolver, Timeout: 3 * time.Second}
	open := func(port string) bool {
		c, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(w.host, port))
		if err != nil {
			return false
		}
		c.Close()
		return true
	}
	return judgePorts(open("8443"), open("8008"), w.port)
}

// judgePorts says what it means that 8443 or 8008 answers, on a server whose own port is given.
func judgePorts(secure, plain bool, port int) (profiles.Phrase, error) {
	switch {
	case secure && plain:
		return profiles.Say("8443 and 8008 answer"), nil
	case secure:
		return profiles.Say("8443 answers (8008 does not, and need not)"), nil
	case port == 443:
		return none, odd(profiles.Say("8443 does not answer; 443 does"), "Calendar of OS X 10.6 to 10.8 tries only 8443 and 8008 without a profile or an SRV record")
	}
	found := profiles.Say("neither 8443 nor 8008 answers")
	if plain {
		found = profiles.Say("8008 answers, 8443 does not")
	}
	return none, odd(found, "people who type only the server's name into Calendar will not find it: listen on 8443")
}

func wellKnown(ctx context.Context, w *walk) (profiles.Phrase, error) {
	r, err := w.ask(ctx, w.url("/.well-known/caldav"))
	if err != nil {
		return none, err
	}
	defer r.Body.Close()
	if r.StatusCode/100 != 3 {
		return none, failed(profiles.Say("it answers %s, not a redirect", r.Status), "let /.well-known/caldav reach calport: a proxy may answer it by itself")
	}
	location, err := r.Request.URL.Parse(r.Header.Get("Location"))
	if err != nil || r.Header.Get("Location") == "" {
		return none, failed(profiles.Say("its Location is %q", r.Header.Get("Location")), "let the Location header through unchanged")
	}
	if !sameOrigin(location, r.Request.URL) {
		return none, failed(profiles.Say("it leads to another origin, %s: devices lose the password on the way", location),
			"make server.public_host and server.public_port what devices use, and let the proxy pass Host or X-Forwarded-Host and X-Forwarded-Proto (server.trusted_proxies)")
	}
	w.context = location.EscapedPath()
	return profiles.Say("it leads to %s", w.context), nil
}

func sameOrigin(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if p := u.Port(); p != "" {
			return p
		}
		return map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func challenged(ctx context.Context, w *walk) (profiles.Phrase, error) {
	if w.context == "" {
		w.context = "/principals/" // what devices try next
	}
	r, err := w.ask(ctx, w.url(w.context))
	if err != nil {
		return none, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusUnauthorized {
		return none, failed(profiles.Say("%s answers %s to a request without a password, not 401", w.context, r.Status), "let the path reach calport")
	}
	for _, c := range r.Header.Values("WWW-Authenticate") {
		if strings.HasPrefix(strings.ToLower(c), "basic") {
			return profiles.Say("%s", c), nil
		}
	}
	return none, failed(profiles.Say("401 offers %q, not Basic", r.Header.Values("WWW-Authenticate")), "let the WWW-Authenticate header through")
}
