package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
)

// server is one of the servers of the directory.
type server struct {
	url              string // without credentials
	network, address string
	tls              *tls.Config // nil for no TLS
	startTLS         bool

	mu       sync.Mutex
	failures int
	until    time.Time // not asked before
	last     error
}

// The waits after failures in a row: doubled each time, and varied by a quarter.
const (
	firstAvoidance = 250 * time.Millisecond
	maxAvoidance   = 30 * time.Second
)

func newServer(text string, o Options, roots *x509.CertPool) (*server, error) {
	scheme, rest, _ := strings.Cut(text, "://")
	if strings.EqualFold(scheme, "ldapi") {
		path, err := url.PathUnescape(strings.TrimSuffix(rest, "/"))
		if err != nil || path == "" {
			return nil, fmt.Errorf("%q names no socket such as ldapi://%%2Frun%%2Fslapd%%2Fldapi", text)
		}
		return &server{url: text, network: "unix", address: path}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is no URL such as ldaps://ldap.example.com", text)
	}
	if u.User != nil {
		return nil, errors.New("the URL contains credentials; they belong into bind_dn and bind_password")
	}
	s := &server{url: u.Scheme + "://" + u.Host, network: "tcp"}
	ports := map[string]string{"ldap": "389", "ldaps": "636"}
	switch {
	case ports[u.Scheme] == "":
		return nil, fmt.Errorf("%q: the scheme is none of ldaps, ldap, ldapi", text)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "":
		return nil, fmt.Errorf("%q: what follows the host belongs into base and the filters", text)
	case u.Scheme == "ldap" && !o.StartTLS && !o.AllowPlain:
		return nil, fmt.Errorf("%q would send passwords readably; use ldaps://, set start_tls, or set allow_plain if you must", text)
	}
	s.startTLS = u.Scheme == "ldap" && o.StartTLS
	if s.startTLS || u.Scheme == "ldaps" {
		s.tls = &tls.Config{RootCAs: roots, ServerName: o.ServerName, MinVersion: tls.VersionTLS12}
		if s.tls.ServerName == "" {
			s.tls.ServerName = u.Hostname()
		}
	}
	port := u.Port()
	if port == "" {
		port = ports[u.Scheme]
	}
	s.address = net.JoinHostPort(u.Hostname(), port)
	return s, nil
}

func (s *server) String() string { return s.url }

// avoided answers the error that the server is avoided for at the moment, or nil.
func (s *server) avoided(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.until) {
		return s.last
	}
	return nil
}

// note takes down how an attempt ended; after a failure the server is avoided for a while.
func (s *server) note(err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last = err; err == nil {
		s.failures, s.until = 0, time.Time{}
		return
	}
	wait := min(maxAvoidance, firstAvoidance<<min(s.failures, 10))
	s.failures++
	s.until = now.Add(wait*3/4 + rand.N(wait/2))
}

func (s *server) forgive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = time.Time{}
}

// conn is a connection to a server. raw is closed to end what is under way.
type conn struct {
	*goldap.Conn
	server *server
	raw    net.Conn
	idle   time.Time // since when
	dead   error     // why it cannot be used any more

	patience time.Duration // with a single operation, where the library is told to have no end of it; 0 for none
}

// connect opens a connection to the first server that can be reached, bound as the bind account if asked for.
func (d *Directory) connect(ctx context.Context, bind bool) (*conn, error) {
	var errs []error
	for _, s := range d.servers {
		if err := s.avoided(d.now()); err != nil {
			errs = append(errs, err)
			continue
		}
		c, err := d.open(ctx, s, bind)
		if err == nil || ctx.Err() == nil {
			s.note(err, d.now())
		}
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// open connects to one server within the timeout.
func (d *Directory) open(ctx context.Context, s *server, bind bool) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.o.Timeout)
	defer cancel()
	raw, err := s.dial(ctx)
	if err != nil {
		return nil, unavailable(s, "connecting", err)
	}
	c := &conn{Conn: goldap.NewConn(raw, s.tls != nil), server: s, raw: raw}
	c.SetTimeout(d.o.Timeout)
	c.Start()
	if !bind || d.o.BindDN == "" {
		return c, nil
	}
	if _, err := c.bind(ctx, d.o.BindDN, d.o.BindPassword); err != nil {
		c.Close()
		return nil, unavailable(s, fmt.Sprintf("binding as %q", d.o.BindDN), err)
	}
	return c, nil
}

// dial connects and, if the server is to be spoken to so, brings TLS up.
func (s *server) dial(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, s.network, s.address)
	if err != nil || s.tls == nil {
		return raw, err
	}
	if s.startTLS {
		if err := startTLS(ctx, raw); err != nil {
			raw.Close()
			return nil, err
		}
	}
	secured := tls.Client(raw, s.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return secured, nil
}

// startTLS asks for TLS (RFC 4511 section 4.14). The library's own StartTLS has neither a deadline nor typed errors.
func startTLS(ctx context.Context, raw net.Conn) error {
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	message := ber.NewSequence("LDAPMessage")
	message.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, "messageID"))
	request := ber.Encode(ber.ClassApplication, ber.TypeConstructed, goldap.ApplicationExtendedRequest, nil, "extendedReq")
	request.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, "1.3.6.1.4.1.1466.20037", "requestName"))
	message.AppendChild(request)
	if _, err := raw.Write(message.Bytes()); err != nil {
		return err
	}
	answer, err := ber.ReadPacket(raw)
	if err != nil {
		return err
	}
	if err := goldap.GetLDAPError(answer); err != nil {
		return fmt.Errorf("the server refuses StartTLS: %w", err)
	}
	return nil
}

// do runs an operation that has no context of its own: when ctx ends, the connection is cut.
func (c *conn) do(ctx context.Context, operation func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.patience)
		defer cancel()
	}
	stop := context.AfterFunc(ctx, func() { c.raw.Close() })
	err := operation()
	if !stop() && ctx.Err() != nil {
		err = ctx.Err()
	}
	if broken(err) {
		c.dead = err
	}
	return err
}

// bind sends a simple bind and answers the controls of the response, also beside an error.
func (c *conn) bind(ctx context.Context, dn, password string) (controls []goldap.Control, err error) {
	err = c.do(ctx, func() error {
		result, err := c.SimpleBind(goldap.NewSimpleBindRequest(dn, password,
			[]goldap.Control{goldap.NewControlBeheraPasswordPolicy()}))
		if result != nil {
			controls = result.Controls
		}
		return err
	})
	return controls, err
}

// Close ends the connection at once, whatever it waits for.
func (c *conn) Close() error {
	c.raw.Close()
	return c.Conn.Close()
}
