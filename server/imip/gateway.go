package imip

import (
	"context"
	"errors"
	"log/slog"
	netmail "net/mail"
	"sync"
	"time"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// Calendars are the copies that messages change; package schedule's Scheduler has them.
type Calendars interface {
	// Receive lets a message act on the copy of its recipient; a status of 3.x or 5.x says that nothing came of it.
	Receive(tx *store.Tx, to *directory.Principal, m *itip.Message) (status string, err error)
	// NoteStatuses writes SCHEDULE-STATUS codes, by the calendar user addresses of recipients, into the owner's copy.
	NoteStatuses(tx *store.Tx, owner *directory.Principal, uid string, codes map[string]string) error
	// Zone is where the owner's times are.
	Zone(tx *store.Tx, owner *directory.Principal) (*time.Location, error)
}

// Options says what a Gateway is made of. Store, People and Submission are required.
type Options struct {
	Store      *store.Store
	People     func() *directory.Snapshot
	Submission *Submission

	// Departed is who had a GUID and has left the directory, as far as known; nil: nobody. What they said is sent still.
	Departed func(ctx context.Context, guid string) (*directory.Principal, error)

	// ReplyTo is the mailbox of answers, whose address takes a "+token" before the @; empty: nobody reads answers, and they
	// go to the organizer's own address.
	ReplyTo string
	// OwnFrom sends in the organizer's own address, which the mail server has to allow, and the domain's SPF and DKIM too;
	// else From is the server's address under the organizer's name.
	OwnFrom bool
	// TokenOrganizer names the address of answers as the ORGANIZER of mailed events, too, for programs that answer to that.
	TokenOrganizer bool
	// Language is what somebody's mails are worded in, a BCP 47 tag; nil, or a language without words, is English.
	Language func(*directory.Principal) string

	// AcceptFromOutside lets invitations that nobody in the directory made create events, if they carry a DKIM signature of
	// their organizer's domain. LookupTXT asks the DNS for that; nil is net.LookupTXT.
	AcceptFromOutside bool
	LookupTXT         func(domain string) ([]string, error)

	Alone bool // no other process sends from this store, so claims found at the start are an earlier process's

	Delay time.Duration // how long changes are gathered; 0: 5 seconds
	Log   *slog.Logger  // nil is slog.Default
	Now   func() time.Time
}

// Gateway carries messages to the outside and back. It is safe for concurrent use.
type Gateway struct {
	Options
	replyTo *address // nil: nobody reads answers
	wake    chan struct{}

	counts counts

	mu      sync.Mutex
	view    *ical.Component // the last calendar posted, which many recipients may share, and its octets
	octets  []byte
	lastEnd int64
}

const defaultDelay = 5 * time.Second

// New checks the options and makes a Gateway of them.
func New(o Options) (*Gateway, error) {
	if o.Store == nil || o.People == nil || o.Submission == nil {
		return nil, errors.New("imip: Store, People and Submission are required")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Delay == 0 {
		o.Delay = defaultDelay
	}
	if o.Language == nil {
		o.Language = func(*directory.Principal) string { return "" }
	}
	g := &Gateway{Options: o, wake: make(chan struct{}, 1)}
	if o.ReplyTo != "" {
		parsed, err := netmail.ParseAddress(o.ReplyTo)
		if err != nil {
			return nil, err
		}
		if g.replyTo, err = splitAddress(parsed.Address); err != nil {
			return nil, err
		}
	}
	return g, nil
}
