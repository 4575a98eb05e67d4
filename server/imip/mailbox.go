package imip

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// MailboxOptions says where answers arrive: a mailbox on an IMAP server that takes mail to its address with "+anything".
// Host and User are required.
type MailboxOptions struct {
	Host     string
	Port     int // 0: 993, unless Security is StartTLS or Plain: 143
	Security Security
	User     string
	Password string
	Roots    *x509.CertPool // nil: the system's
	Name     string         // of the mailbox; empty: INBOX
	Done     string         // where mails go that were acted upon, made if it is not there
	Failed   string         // where those go that need a look
	Poll     time.Duration  // how often it is looked into where the server cannot tell of new mail; 0: 30 seconds
	Timeout  time.Duration  // of connecting and of each answer; 0: 30 seconds
}

// Mailbox reads answers. It is not safe for concurrent use.
type Mailbox struct {
	o        MailboxOptions
	troubled map[string]int // how often acting upon a mail failed, by its name
}

// maxTroubles is how often acting upon a mail may fail, by no fault of its own as far as is known, before it is set aside.
const maxTroubles = 5

// NewMailbox checks the options. It does not connect.
func NewMailbox(o MailboxOptions) (*Mailbox, error) {
	switch {
	case o.Host == "":
		return nil, errors.New("host: is required")
	case o.User == "":
		return nil, errors.New("user: is required")
	case o.Done == "" || o.Failed == "" || o.Done == o.Failed:
		return nil, errors.New("done_folder: name two different folders in done_folder and failed_folder")
	}
	if o.Name == "" {
		o.Name = "INBOX"
	}
	if o.Poll == 0 {
		o.Poll = poll
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Port == 0 {
		o.Port = 143
		if o.Security == TLS {
			o.Port = 993
		}
	}
	return &Mailbox{o, map[string]int{}}, nil
}

// longestIdle is when IDLE is said anew (RFC 2177), and everything looked at.
const longestIdle = 10 * time.Minute

// Read acts upon what arrives in a mailbox, until ctx ends. A lost connection is made anew.
func (g *Gateway) Read(ctx context.Context, b *Mailbox, calendars Calendars) {
	for wait := time.Second; ctx.Err() == nil; {
		began := time.Now()
		err := b.visit(ctx, func(name string, data []byte) (verdict, error) {
			return g.receiveOrSetAside(ctx, b, calendars, name, data)
		}, g)
		if ctx.Err() != nil {
			return
		}
		g.counts.setMailbox(err)
		g.Log.Warn("the mailbox of answers cannot be read; it is tried again", "host", b.o.Host, "in", wait, "err", err)
		if time.Since(began) > longestIdle {
			wait = time.Second
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, 5*time.Minute)
	}
}

// receiveOrSetAside acts upon a mail. One with which that fails again and again does not keep those behind it waiting.
func (g *Gateway) receiveOrSetAside(ctx context.Context, b *Mailbox, calendars Calendars, name string, data []byte) (verdict, error) {
	v, err := g.receive(ctx, calendars, name, data)
	if err == nil || ctx.Err() != nil {
		delete(b.troubled, name)
		return v, err
	}
	if b.troubled[name]++; b.troubled[name] < maxTroubles {
		return v, err
	}
	delete(b.troubled, name)
	return verdict{true, err.Error()}, nil
}

// Check connects to the mailbox and makes its folders, and counts the mails that wait there.
func (b *Mailbox) Check(ctx context.Context) (waiting int, err error) {
	s := &session{o: &b.o, news: make(chan struct{}, 1)}
	if err := s.connect(ctx); err != nil {
		return 0, err
	}
	defer s.Close()
	if err := s.open(); err != nil {
		return 0, err
	}
	return int(s.Mailbox().NumMessages), s.Logout().Wait()
}

// session is a connection to the mailbox.
type session struct {
	*imapclient.Client
	o        *MailboxOptions
	log      *slog.Logger
	counts   *counts
	validity uint32
	news     chan struct{} // of capacity 1
	receive  func(name string, data []byte) (verdict, error)
}

// visit connects and acts upon mails, until ctx ends or something fails.
func (b *Mailbox) visit(ctx context.Context, receive func(string, []byte) (verdict, error), g *Gateway) error {
	s := &session{o: &b.o, log: g.Log, counts: &g.counts, news: make(chan struct{}, 1), receive: receive}
	if err := s.connect(ctx); err != nil {
		return err
	}
	defer s.Close()
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	if err := s.open(); err != nil {
		return err
	}
	for again := true; ; again = false {
		found, err := s.empty()
		if err != nil {
			return err
		}
		g.counts.setMailbox(nil)
		if err := s.await(ctx, again || found); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

func (s *session) connect(ctx context.Context) error {
	address := net.JoinHostPort(s.o.Host, strconv.Itoa(s.o.Port))
	dialer := &net.Dialer{Timeout: s.o.Timeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	config := &tls.Config{ServerName: s.o.Host, RootCAs: s.o.Roots, MinVersion: tls.VersionTLS12}
	options := &imapclient.Options{TLSConfig: config, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				select {
				case s.news <- struct{}{}:
				default:
				}
			}
		},
	}}
	limit := time.AfterFunc(s.o.Timeout, func() { conn.Close() }) // of a server that says nothing
	defer limit.Stop()
	switch s.o.Security {
	case TLS:
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return err
		}
		s.Client = imapclient.New(secure, options)
	case StartTLS:
		if s.Client, err = imapclient.NewStartTLS(conn, options); err != nil {
			conn.Close()
			return err
		}
	default:
		s.Client = imapclient.New(conn, options)
	}
	if err := s.Login(s.o.User, s.o.Password).Wait(); err != nil {
		s.Close()
		return fmt.Errorf("signing in as %s: %w", s.o.User, err)
	}
	return nil
}

// open makes the folders and selects the mailbox.
func (s *session) open() error {
	for _, folder := range []string{s.o.Done, s.o.Failed} {
		listed, err := s.List("", folder, nil).Collect()
		if err != nil {
			return err
		}
		if len(listed) == 0 {
			if err := s.Create(folder, nil).Wait(); err != nil {
				return fmt.Errorf("making the folder %s: %w", folder, err)
			}
		}
	}
	selected, err := s.Select(s.o.Name, nil).Wait()
	if err != nil {
		return fmt.Errorf("mailbox %s: %w", s.o.Name, err)
	}
	s.validity = selected.UIDValidity
	return nil
}

// empty acts upon all that is in the mailbox, oldest first, and moves it away. It says whether there was anything.
func (s *session) empty() (found bool, err error) {
	answer, err := s.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}, nil).Wait()
	if err != nil {
		return false, err
	}
	uids := answer.AllUIDs()
	slices.Sort(uids)
	for _, uid := range uids {
		v, err := s.read(uid)
		if err != nil {
			return true, err
		}
		s.counts.setRead(v.aside)
		folder := s.o.Done
		if v.aside {
			folder = s.o.Failed
			s.log.Warn("a mail is set aside", "folder", folder, "uid", uid, "because", v.why)
		} else {
			s.log.Info("a mail was read", "uid", uid, "as", v.why)
		}
		if _, err := s.Move(imap.UIDSetNum(uid), folder).Wait(); err != nil {
			return true, fmt.Errorf("moving a mail to %s: %w", folder, err)
		}
	}
	return len(uids) > 0, nil
}

// read fetches a mail, if it is not too big, and acts upon it.
func (s *session) read(uid imap.UID) (verdict, error) {
	set := imap.UIDSetNum(uid)
	sizes, err := s.Fetch(set, &imap.FetchOptions{UID: true, RFC822Size: true}).Collect()
	switch {
	case err != nil:
		return verdict{}, err
	case len(sizes) == 0:
		return verdict{why: "it is gone"}, nil
	case sizes[0].RFC822Size > maxMail:
		return verdict{true, fmt.Sprintf("it has %d octets; %d are the most", sizes[0].RFC822Size, maxMail)}, nil
	}
	data, err := s.fetch(set)
	if err != nil {
		return verdict{}, err
	}
	if len(data) > maxMail {
		return verdict{true, "it is bigger than the mail server says"}, nil
	}
	return s.receive(fmt.Sprintf("%s@%s/%s/%d/%d", s.o.User, s.o.Host, s.o.Name, s.validity, uid), data)
}

// fetch reads a mail's octets, at most one more than are allowed.
func (s *session) fetch(set imap.UIDSet) (data []byte, err error) {
	fetch := s.Fetch(set, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	for message := fetch.Next(); message != nil; message = fetch.Next() {
		for item := message.Next(); item != nil; item = message.Next() {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || body.Literal == nil || data != nil {
				continue
			}
			data, err = io.ReadAll(io.LimitReader(body.Literal, maxMail+1))
		}
	}
	return data, errors.Join(err, fetch.Close())
}

// await waits until there may be something new. Where mails come one after the other it looks again soon: not every server
// tells of one that came just before IDLE.
func (s *session) await(ctx context.Context, again bool) error {
	if !s.Caps().Has(imap.CapIdle) {
		if !s.sleep(ctx, s.o.Poll) {
			return ctx.Err()
		}
		return s.Noop().Wait()
	}
	idle, err := s.Idle()
	if err != nil {
		return err
	}
	longest := longestIdle
	if again {
		longest = min(longest, s.o.Poll)
	}
	s.sleep(ctx, longest)
	return errors.Join(idle.Close(), idle.Wait())
}

// sleep waits for news, so long at most. It says whether ctx still lives.
func (s *session) sleep(ctx context.Context, longest time.Duration) bool {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-s.news:
	case <-s.Closed():
	case <-timer.C:
	}
	return ctx.Err() == nil
}
