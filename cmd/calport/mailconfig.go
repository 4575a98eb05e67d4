package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"strings"
	"time"

	"calport/server/imip"
)

// MailConfig is the account by which calport sends mail.
type MailConfig struct {
	Host         string   `toml:"host" comment:"Submission server, such as \"smtp.example.com\"; empty: no mail is sent, and people outside the directory hear nothing of invitations."`
	Port         int      `toml:"port" comment:"0 means 587, with tls = \"tls\" 465."`
	TLS          string   `toml:"tls" comment:"\"starttls\", \"tls\", or \"none\" for a server on this machine."`
	CAFile       string   `toml:"ca_file" comment:"PEM file with the authority of the mail servers' certificates; empty means the system's."`
	User         string   `toml:"user" comment:"The account; empty sends without authentication."`
	PasswordFile string   `toml:"password_file" comment:"File with its password on the first line; or name an environment variable in password_env."`
	PasswordEnv  string   `toml:"password_env"`
	From         string   `toml:"from" comment:"The address of calport itself, with or without a name: \"Calendar <calendar@example.com>\". Required with host."`
	OwnFrom      bool     `toml:"own_from" comment:"Send invitations from the organizer's own address instead of calport's under the organizer's name. The mail server, SPF and DKIM must allow it."`
	Organizer    string   `toml:"organizer" comment:"What invitations by mail name as the organizer: \"own\", the person's address, or \"reply\", the address that takes answers, for programs that answer to the organizer and not to Reply-To."`
	Delay        Duration `toml:"delay" comment:"For how long changes of one event are gathered before they are mailed."`
	Language     string   `toml:"language" comment:"What invitations are worded in where the directory has no preferredLanguage: \"en\" or \"de\"."`

	Incoming IncomingConfig `toml:"incoming" comment:"The mailbox of answers to invitations by mail."`
}

// IncomingConfig is the mailbox in which answers arrive.
type IncomingConfig struct {
	Host         string   `toml:"host" comment:"IMAP server; empty: answers go to the organizer's own address, and calendars do not show them."`
	Port         int      `toml:"port" comment:"0 means 993, with tls = \"starttls\" or \"none\" 143."`
	TLS          string   `toml:"tls" comment:"\"tls\", \"starttls\", or \"none\" for a server on this machine."`
	User         string   `toml:"user"`
	PasswordFile string   `toml:"password_file" comment:"File with its password on the first line; or name an environment variable in password_env."`
	PasswordEnv  string   `toml:"password_env"`
	Address      string   `toml:"address" comment:"The mailbox's address; empty means that of from. Mail to calendar+anything@example.com must arrive in it, too."`
	Mailbox      string   `toml:"mailbox" comment:"calport alone reads it: every mail is moved to one of the two folders."`
	Done         string   `toml:"done_folder" comment:"Where mails go that were acted upon."`
	Failed       string   `toml:"failed_folder" comment:"Where mails go that need a look."`
	Poll         Duration `toml:"poll" comment:"How often it is looked into, where the server cannot tell of new mail (IDLE)."`
	FromOutside  bool     `toml:"accept_from_outside" comment:"Let invitations that arrive here create events for those of the directory whom they invite, if their organizer's domain has signed them (DKIM). Else only answers are taken."`
}

func exampleMail() MailConfig {
	return MailConfig{TLS: string(imip.StartTLS), From: "Calendar <calendar@example.com>", Organizer: "own", Delay: Duration(5 * time.Second), Language: "en",
		Incoming: IncomingConfig{TLS: string(imip.TLS), Mailbox: "INBOX", Done: "calport-done", Failed: "calport-failed", Poll: Duration(30 * time.Second)}}
}

func (c *Config) checkMail(v *verdict) {
	m := &c.Mail
	v.oneOf("mail.tls", m.TLS, imip.Securities...)
	v.oneOf("mail.organizer", m.Organizer, "own", "reply")
	v.oneOf("mail.language", m.Language, imip.Languages()...)
	if m.Port < 0 || m.Port > 65535 {
		v.add("mail.port", "write a port from 1 to 65535, or 0 for the usual one")
	}
	c.checkIncoming(v)
	if m.Host == "" {
		return
	}
	if strings.ContainsAny(m.Host, "/ ") || hasPortSuffix(m.Host) {
		v.add("mail.host", "write the bare host name; the port goes into mail.port")
	}
	if _, err := netmail.ParseAddress(m.From); err != nil {
		v.add("mail.from", `write an address, such as "Calendar <calendar@example.com>"`)
	}
	if m.User != "" && m.PasswordFile == "" && m.PasswordEnv == "" {
		v.add("mail.password_file", "is required with user (or mail.password_env)")
	}
}

func (c *Config) checkIncoming(v *verdict) {
	in := &c.Mail.Incoming
	v.oneOf("mail.incoming.tls", in.TLS, imip.Securities...)
	if in.Port < 0 || in.Port > 65535 {
		v.add("mail.incoming.port", "write a port from 1 to 65535, or 0 for the usual one")
	}
	if in.Host == "" {
		return
	}
	if c.Mail.Host == "" {
		v.add("mail.incoming.host", "is of no use without mail.host")
	}
	if in.PasswordFile == "" && in.PasswordEnv == "" {
		v.add("mail.incoming.password_file", "is required (or mail.incoming.password_env)")
	}
	if _, err := netmail.ParseAddress(in.Address); in.Address != "" && err != nil {
		v.add("mail.incoming.address", `write an address, such as "calendar@example.com"`)
	}
	if _, err := imip.NewMailbox(in.options()); err != nil {
		option, text, _ := strings.Cut(err.Error(), ": ")
		v.add("mail.incoming."+option, text)
	}
}

// options are those of package imip, without the secrets that files hold.
func (in *IncomingConfig) options() imip.MailboxOptions {
	return imip.MailboxOptions{
		Host: in.Host, Port: in.Port, Security: imip.Security(in.TLS), User: in.User, Name: in.Mailbox, Done: in.Done, Failed: in.Failed, Poll: time.Duration(in.Poll),
	}
}

// openMail makes the way out for mail; nil where none is configured.
func (h *house) openMail() (*imip.Submission, error) {
	m := &h.config.Mail
	if m.Host == "" {
		return nil, nil
	}
	from, err := netmail.ParseAddress(m.From)
	if err != nil {
		return nil, fmt.Errorf("mail.from: %w", err)
	}
	o := imip.SubmissionOptions{
		Host: m.Host, Port: m.Port, Security: imip.Security(m.TLS), User: m.User, From: *from, Helo: h.config.Server.PublicHost,
	}
	if o.Roots, err = readRoots("mail.ca_file", m.CAFile); err != nil {
		return nil, err
	}
	if m.User != "" {
		if o.Password, err = h.secret("mail.password", m.PasswordFile, m.PasswordEnv); err != nil {
			return nil, err
		}
	}
	s, err := imip.NewSubmission(o)
	if err != nil {
		return nil, fmt.Errorf("mail.%w", err)
	}
	return s, nil
}

// readRoots reads authorities from a PEM file; nil, which means the system's, where none is named.
func readRoots(key, file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: there is no certificate in %s", key, file)
	}
	return roots, nil
}

// secret reads a secret from the first line of a file, or from the environment. The keys of the configuration begin
// with key: directory.password is directory.password_file and directory.password_env.
func (h *house) secret(key, file, variable string) (string, error) {
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("%s_file: %w", key, err)
		}
		line, _, _ := strings.Cut(string(text), "\n")
		return strings.TrimSuffix(line, "\r"), nil
	}
	if variable == "" {
		return "", nil
	}
	value := h.env(variable)
	if value == "" {
		return "", fmt.Errorf("%s_env: the environment variable %s is empty", key, variable)
	}
	return value, nil
}

// errNoMail is what sending says where no mail is configured.
var errNoMail = errors.New("no mail is configured; set mail.host and mail.from")

// sendMail sends a letter of calport itself to one address.
func (h *house) sendMail(ctx context.Context, l imip.Letter) error {
	if h.mail == nil {
		return errNoMail
	}
	return h.mail.Send(ctx, l)
}
