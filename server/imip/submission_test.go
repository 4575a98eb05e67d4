package imip

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"calport/server/imip/imiptest"
)

var calendarAddress = netmail.Address{Name: "Calendar", Address: "calendar@example.com"}

// localhost makes a certificate for 127.0.0.1 and what trusts it.
func localhost(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

func submission(t *testing.T, o SubmissionOptions) *Submission {
	t.Helper()
	o.Host, o.From = "127.0.0.1", calendarAddress
	s, err := NewSubmission(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestALetterGoesOverStartTLSWithThePassword(t *testing.T) {
	config, roots := localhost(t)
	server := imiptest.SMTP{TLS: config}
	server.Start(t, "127.0.0.1:0")
	s := submission(t, SubmissionOptions{Port: server.Port(), Security: StartTLS, Roots: roots, User: imiptest.User, Password: imiptest.Password})
	err := s.Send(t.Context(), Letter{To: "zoë@example.org", Subject: "Grüße\r\nBcc: all@example.org", Text: "Hallo Zoë\n", HTML: "<p>Hallo Zoë"})
	if err != nil {
		t.Fatal(err)
	}
	got := server.Wait(t, 1)[0]
	if got.From != "calendar@example.com" || len(got.To) != 1 || got.To[0] != "zoë@example.org" {
		t.Errorf("envelope %q %q", got.From, got.To)
	}
	m, err := netmail.ReadMessage(strings.NewReader(string(got.Data)))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Bcc") != "" || m.Header.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(m.Header.Get("Message-ID"), "@example.com>") {
		t.Errorf("header %v", m.Header)
	}
}

func TestAPasswordIsNotSentReadably(t *testing.T) {
	server := imiptest.SMTP{}
	server.Start(t, "127.0.0.1:0")
	s := submission(t, SubmissionOptions{Port: server.Port(), Security: StartTLS, User: imiptest.User, Password: imiptest.Password})
	err := s.Send(t.Context(), Letter{To: "a@example.org", Text: "x"})
	if err == nil || len(server.Mails()) != 0 {
		t.Errorf("a server without STARTTLS got %d mails, error %v", len(server.Mails()), err)
	}
	if err != nil && strings.Contains(err.Error(), imiptest.Password) {
		t.Errorf("the error tells the password: %v", err)
	}
}

func TestARefusalOfTheRecipientIsFinalAndAnotherIsNot(t *testing.T) {
	code := 550
	server := imiptest.SMTP{RefuseTo: func(string) error { return imiptest.Refusal(code, "no such user") }}
	server.Start(t, "127.0.0.1:0")
	s := submission(t, SubmissionOptions{Port: server.Port(), Security: Plain})
	var refused *RefusedError
	if err := s.Send(t.Context(), Letter{To: "a@example.org", Text: "x"}); !errors.As(err, &refused) {
		t.Errorf("after 550 got %v, want a RefusedError", err)
	}
	code = 451
	if err := s.Send(t.Context(), Letter{To: "a@example.org", Text: "x"}); err == nil || errors.As(err, &refused) {
		t.Errorf("after 451 got %v, want an error that is not final", err)
	}
	server.Stop()
	if err := s.Send(t.Context(), Letter{To: "a@example.org", Text: "x"}); err == nil || errors.As(err, &refused) {
		t.Errorf("without a server got %v, want an error that is not final", err)
	}
}
