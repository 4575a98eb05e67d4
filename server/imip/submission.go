package imip

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// Security is how a connection to a mail server is protected.
type Security string

// The ways of RFC 8314 and, for a mail server on the same machine, none.
const (
	StartTLS Security = "starttls" // refused where the server does not offer it
	TLS      Security = "tls"
	Plain    Security = "none"
)

// Securities are all there are.
var Securities = []string{string(StartTLS), string(TLS), string(Plain)}

// SubmissionOptions says which server takes mail and in whose name. Host and From are required.
type SubmissionOptions struct {
	Host     string
	Port     int // 0: 587, of TLS 465 (RFC 8314 section 3.3)
	Security Security
	User     string // empty: without authentication
	Password string
	Roots    *x509.CertPool  // nil: the system's
	From     netmail.Address // of the server itself
	Helo     string          // the name that the server greets with; empty: this machine's
	Timeout  time.Duration   // of connecting and of each answer; 0: 30 seconds
}

// Submission hands mail to a submission server (RFC 6409). It is safe for concurrent use; each letter goes over a
// connection of its own.
type Submission struct {
	o       SubmissionOptions
	options []mail.Option
}

const defaultTimeout = 30 * time.Second

// NewSubmission checks the options. It does not connect.
func NewSubmission(o SubmissionOptions) (*Submission, error) {
	if o.Host == "" {
		return nil, errors.New("host: is required")
	}
	if _, err := netmail.ParseAddress(o.From.String()); err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	s := &Submission{o: o, options: []mail.Option{
		mail.WithTimeout(o.Timeout), mail.WithTLSConfig(&tls.Config{ServerName: o.Host, RootCAs: o.Roots, MinVersion: tls.VersionTLS12}),
	}}
	switch o.Security {
	case StartTLS:
		s.add(mail.WithTLSPolicy(mail.TLSMandatory))
	case TLS:
		s.add(mail.WithSSL())
		if o.Port == 0 {
			s.add(mail.WithPort(mail.DefaultPortSSL))
		}
	case Plain:
		s.add(mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("tls: %q is not known; write one of %s", o.Security, strings.Join(Securities, ", "))
	}
	switch {
	case o.Port != 0:
		s.add(mail.WithPort(o.Port))
	case o.Security != TLS:
		s.add(mail.WithPort(mail.DefaultPortTLS))
	}
	if o.Helo != "" {
		s.add(mail.WithHELO(o.Helo))
	}
	if o.User != "" {
		s.add(mail.WithSMTPAuth(authentication(o.Security)), mail.WithUsername(o.User), mail.WithPassword(o.Password))
	}
	_, err := mail.NewClient(o.Host, s.options...)
	return s, err
}

// authentication: a password goes readably over a protected connection only.
func authentication(s Security) mail.SMTPAuthType {
	if s == Plain {
		return mail.SMTPAuthCramMD5
	}
	return mail.SMTPAuthAutoDiscover
}

func (s *Submission) add(options ...mail.Option) { s.options = append(s.options, options...) }

// Letter is a mail of the server itself.
type Letter struct {
	To      string // one address
	Subject string
	Text    string
	HTML    string // may be empty
}

// Send hands over a letter, which no machine should answer. The error is one that Submit returns, or about the address.
func (s *Submission) Send(ctx context.Context, l Letter) error {
	m, err := s.letter(l)
	if err != nil {
		return err
	}
	return s.submit(ctx, m)
}

func (s *Submission) letter(l Letter) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	m.FromMailAddress(&s.o.From)
	if err := m.To(l.To); err != nil {
		return nil, err
	}
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(s.messageID(rand.Text()))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 section 5
	m.SetBodyString(mail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, l.HTML)
	}
	return m, nil
}

// messageID makes a Message-ID of something that is unique here.
func (s *Submission) messageID(unique string) string {
	_, domain, _ := strings.Cut(s.o.From.Address, "@")
	return unique + "@" + domain
}

// RefusedError is a mail server's final no to a letter: to send it again is useless.
type RefusedError struct{ Reply error }

func (e *RefusedError) Error() string { return "the mail server refuses: " + e.Reply.Error() }
func (e *RefusedError) Unwrap() error { return e.Reply }

// submit hands over a message. A *RefusedError is final; after any other error it may be tried again, and is the same
// message to its recipient if it arrived all the same: where a connection breaks after the last octet, nobody knows.
func (s *Submission) submit(ctx context.Context, m *mail.Msg) error {
	client, err := mail.NewClient(s.o.Host, s.options...)
	if err != nil {
		return err
	}
	err = client.DialAndSendWithContext(ctx, m)
	var failed *mail.SendError
	switch {
	case err == nil, m.IsDelivered(): // a server that is rude after that has taken it
		return nil
	case errors.As(err, &failed) && failed.ErrorCode() >= 500 && slices.Contains(aboutTheLetter, failed.Reason):
		return &RefusedError{err}
	}
	return err
}

// aboutTheLetter are the steps at which a refusal is about the recipient or the content, not about the account.
var aboutTheLetter = []mail.SendErrReason{mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose}
