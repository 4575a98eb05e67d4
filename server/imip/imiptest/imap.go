package imiptest

import (
	"bytes"
	"io"
	"log"
	"net"
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
}

// StartIMAP starts a server in memory that keeps the account's INBOX until the test ends.
func StartIMAP(t testing.TB) *IMAP {
	t.Helper()
	users := imapmemserver.New()
	user := imapmemserver.NewUser(User, Password)
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	users.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return users.NewSession(), nil, nil
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
	return &IMAP{Address: l.Addr().String()}
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
