package signin

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"calport/directory"
)

// Use is how one client of a person, with one password, fared since it was last written down.
type Use struct {
	Owner       string // GUID
	Client      string // what the client calls itself
	AppPassword int64  // 0: the directory's password
	Succeeded   time.Time
	From        netip.Addr // of the last success
	Failed      time.Time
	FailedFrom  netip.Addr
	Reason      string // of the last failure, see Reasons
	Failures    int64  // since the last success
}

// Reasons are the words for why a sign-in failed, with the error that each stands for.
var Reasons = []struct {
	Word string
	Err  error
}{
	{"app-password-needed", ErrAppPasswordNeeded},
	{"app-password-ended", ErrAppPasswordEnded},
	{"wrong-password", directory.ErrCredentials},
	{"not-allowed", ErrNotAllowed},
}

// reasonOf is the word for an error; empty for what says nothing about the person's device.
func reasonOf(err error) string {
	for _, r := range Reasons {
		if errors.Is(err, r.Err) {
			return r.Word
		}
	}
	var account *directory.AccountError
	var throttled *ThrottledError
	switch {
	case errors.As(err, &account):
		return "account"
	case errors.As(err, &throttled):
		return "throttled"
	}
	return ""
}

// A Journal gathers who signed in on the calendar server by which client, so that people can see it. Clients sign in
// with every request: it is written down every 20 seconds at most, and a client that goes on as before once in 10
// minutes. What has not been written down when the process ends is lost.
type Journal struct {
	keep func(context.Context, []Use) error
	log  *slog.Logger

	mu      sync.Mutex
	entries *lru[clientKey, journalEntry]
	waiting []clientKey // of the entries that are to be written down
}

// How often is written.
const (
	journalInterval = 20 * time.Second
	journalQuiet    = 10 * time.Minute
)

// Bounds of what is remembered.
const (
	maxClients    = 1 << 14
	maxClientName = 160 // bytes
)

// clientKey tells clients apart. The name is as sent: it is cut only when it is written down.
type clientKey struct {
	owner, client string
	appPassword   int64
}

type journalEntry struct {
	Use
	kept    time.Time // when a success was last written down
	waiting bool
}

// NewJournal makes a journal that is written down by keep. Run must run.
func NewJournal(keep func(context.Context, []Use) error, log *slog.Logger) *Journal {
	return &Journal{keep: keep, log: log, entries: newLRU[clientKey, journalEntry](maxClients)}
}

// note takes in one sign-in.
func (j *Journal) note(person *directory.Principal, appPassword int64, a Attempt, err error, now time.Time) {
	reason := ""
	if err != nil {
		if reason = reasonOf(err); reason == "" {
			return
		}
	}
	client := a.Client
	if len(client) > 2*maxClientName {
		client = client[:2*maxClientName]
	}
	key := clientKey{person.GUID, client, appPassword}
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.entries.add(key)
	if err == nil {
		if e.From == a.From && e.Failures == 0 && now.Sub(e.kept) < journalQuiet && !e.kept.IsZero() {
			return
		}
		e.Succeeded, e.From, e.Failures = now, a.From, 0
	} else {
		e.Failed, e.FailedFrom, e.Reason = now, a.From, reason
		e.Failures++
		e.kept = time.Time{} // the next success is worth writing down
	}
	if !e.waiting && len(j.waiting) < maxClients {
		e.waiting = true
		j.waiting = append(j.waiting, key)
	}
}

// Run writes down until ctx ends, and what is left then.
func (j *Journal) Run(ctx context.Context) {
	tick := time.NewTicker(journalInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			j.Flush(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			j.Flush(ctx)
		}
	}
}

// Flush writes down what has been gathered. What cannot be written is lost, with a line in the log.
func (j *Journal) Flush(ctx context.Context) {
	uses := j.take()
	if len(uses) == 0 {
		return
	}
	if err := j.keep(ctx, uses); err != nil {
		j.log.WarnContext(ctx, "who signed in by which client could not be written down", slog.Int("clients", len(uses)), slog.Any("err", err))
	}
}

func (j *Journal) take() []Use {
	j.mu.Lock()
	defer j.mu.Unlock()
	var uses []Use
	for _, key := range j.waiting {
		e := j.entries.get(key)
		if e == nil || !e.waiting { // pushed out by others
			continue
		}
		u := e.Use
		u.Owner, u.Client, u.AppPassword = key.owner, clientName(key.client), key.appPassword
		uses = append(uses, u)
		kept := e.kept
		if !e.Succeeded.IsZero() && e.Failures == 0 {
			kept = e.Succeeded
		}
		*e = journalEntry{Use: Use{From: e.From}, kept: kept}
	}
	j.waiting = j.waiting[:0]
	return uses
}

// clientName is what a client calls itself as text of one line and no great length.
func clientName(client string) string {
	client = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(client, ""))
	if len(client) > maxClientName {
		client = strings.ToValidUTF8(client[:maxClientName], "")
	}
	return client
}
