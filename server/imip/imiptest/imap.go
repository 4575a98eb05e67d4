package imiptest

import (
	"bytes"
	"io"
	"log"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// IMAP is a mailbox on a server of the test's own, or on any other that has the account.
type IMAP struct {
	Address string // host and port, without TLS

	step atomic.Pointer[func(Step)]
}

// Step is something that a reader of the mailbox asks for, where it may be cut off.
type Step string

// The steps of waiting for a mail and acting upon it.
const (
	Fetching Step = "before a mail is read"
	Moving   Step = "when it was acted upon, before it is moved away"
	Moved    Step = "when it is moved away, before the reader knows"
	Idling   Step = "when the reader asks to be told of mails, before it is heard"
)

// OnStep has a func called at each step from now on, on a server in memory; nil ends that.
func (m *IMAP) OnStep(do func(Step)) { m.step.Store(&do) }

func (m *IMAP) at(s Step) {
	if do := m.step.Load(); do != nil && *do != nil {
		(*do)(s)
	}
}

// stepping is a session that tells of the steps.
type stepping struct {
	*imapmemserver.UserSession
	m *IMAP
}

func (s stepping) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	if len(options.BodySection) > 0 {
		s.m.at(Fetching)
	}
	return s.UserSession.Fetch(w, set, options)
}

func (s stepping) Move(w *imapserver.MoveWriter, set imap.NumSet, folder string) error {
	s.m.at(Moving)
	err := s.UserSession.Move(w, set, folder)
	s.m.at(Moved)
	return err
}

// Idle does not tell of what came since the last command, as other servers do.
func (s stepping) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	s.m.at(Idling)
	return s.UserSession.Idle(w, stop)
}

// StartIMAP starts a server in memory that keeps the account's INBOX until the test ends.
func StartIMAP(t testing.TB) *IMAP {
	t.Helper()
	m := &IMAP{}
	user := imapmemserver.NewUser(User, Password)
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return stepping{imapmemserver.NewUserSession(user), m}, nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapMove: {}, imap.CapUIDPlus: {}},
		InsecureAuth: true,
		Logger:       log.New(io.Discard, "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	m.Address = l.Addr().String()
	return m
}

// Port is where it listens.
func (m *IMAP) Port(t testing.TB) string {
	t.Helper()
	_, port, err := net.SplitHostPort(m.Address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (m *IMAP) client(t testing.TB) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(m.Address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Login(User, Password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// Put puts a mail into INBOX, as delivery does.
func (m *IMAP) Put(t testing.TB, mail []byte) {
	t.Helper()
	c := m.client(t)
	defer c.Close()
	mail = bytes.ReplaceAll(bytes.ReplaceAll(mail, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	w := c.Append("INBOX", int64(len(mail)), nil)
	if _, err := w.Write(mail); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Wait(); err != nil {
		t.Fatal(err)
	}
}

// Count is how many mails are in a folder; none if there is no such folder.
func (m *IMAP) Count(t testing.TB, folder string) int {
	t.Helper()
	c := m.client(t)
	defer c.Close()
	status, err := c.Status(folder, &imap.StatusOptions{NumMessages: true}).Wait()
	if err != nil || status.NumMessages == nil {
		return 0
	}
	return int(*status.NumMessages)
}

// Await waits until a folder has n mails and INBOX none, a minute at most.
func (m *IMAP) Await(t testing.TB, folder string, n int) {
	t.Helper()
	late := time.Now().Add(time.Minute)
	for m.Count(t, folder) < n || m.Count(t, "INBOX") > 0 {
		if time.Now().After(late) {
			t.Fatalf("%s has %d mails and INBOX %d, want %d and none", folder, m.Count(t, folder), m.Count(t, "INBOX"), n)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
