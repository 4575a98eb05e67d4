// Package imiptest has mail servers for tests: a submission server that keeps what it is given.
package imiptest

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// The account of the servers.
const (
	User     = "calport"
	Password = "correct horse"
)

// Mail is a message as a server took it.
type Mail struct {
	From string // of the envelope, as To
	To   []string
	Data []byte
}

// SMTP is a submission server. Its fields are set before Start.
type SMTP struct {
	TLS *tls.Config // with it, STARTTLS is offered and needed for AUTH; nil: without TLS and authentication
	// Refuse may refuse a recipient or a message; both funcs may be nil.
	RefuseTo   func(to string) error
	RefuseData func(m Mail) error

	listener net.Listener
	server   *smtp.Server

	mu    sync.Mutex
	mails []Mail
	came  chan struct{} // closed and made anew with each mail
}

// Start starts the server on a free port of this machine, or on the address, until the test ends.
func (s *SMTP) Start(t testing.TB, address string) {
	t.Helper()
	var err error
	if s.listener, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	s.came = make(chan struct{})
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{s: s, signedIn: s.TLS == nil}, nil
	}))
	s.server.Domain, s.server.TLSConfig = "mail.example.com", s.TLS
	s.server.MaxMessageBytes, s.server.EnableSMTPUTF8, s.server.ErrorLog = 64<<20, true, log.New(io.Discard, "", 0)
	go s.server.Serve(s.listener)
	t.Cleanup(func() { s.Stop() })
}

// Stop closes the server and its connections.
func (s *SMTP) Stop() { s.server.Close() }

// Port is where it listens.
func (s *SMTP) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Mails returns what came so far.
func (s *SMTP) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Wait waits until n mails have come, a minute at most.
func (s *SMTP) Wait(t testing.TB, n int) []Mail {
	t.Helper()
	late := time.After(time.Minute)
	for {
		s.mu.Lock()
		mails, came := append([]Mail(nil), s.mails...), s.came
		s.mu.Unlock()
		if len(mails) >= n {
			return mails
		}
		select {
		case <-came:
		case <-late:
			t.Fatalf("%d mails came, want %d", len(mails), n)
		}
	}
}

type session struct {
	s        *SMTP
	signedIn bool
	mail     Mail
}

func (x *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != User || password != Password {
			return errors.New("wrong password")
		}
		x.signedIn = true
		return nil
	}), nil
}

func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	if !x.signedIn {
		return smtp.ErrAuthRequired
	}
	x.mail = Mail{From: from}
	return nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if x.s.RefuseTo != nil {
		if err := x.s.RefuseTo(to); err != nil {
			return err
		}
	}
	x.mail.To = append(x.mail.To, to)
	return nil
}

func (x *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := x.mail
	m.Data = data
	if x.s.RefuseData != nil {
		if err := x.s.RefuseData(m); err != nil {
			return err
		}
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.mails = append(x.s.mails, m)
	close(x.s.came)
	x.s.came = make(chan struct{})
	return nil
}

func (x *session) Reset()        { x.mail = Mail{} }
func (x *session) Logout() error { return nil }

// Refusal is an SMTP reply such as 550 that a Refuse function returns.
func Refusal(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: strings.TrimSpace(text)}
}
