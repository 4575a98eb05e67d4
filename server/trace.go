package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"calport/directory"
	"calport/server/store"
)

// TraceOptions says what Traces are made of; all are required.
type TraceOptions struct {
	Store  *store.Store
	People func() *directory.Snapshot // tells whose a refused sign-in is
	Limit  int64                      // bytes that are kept of one person; of more, the newest
	Now    func() time.Time
	Log    *slog.Logger
}

// Traces write down what the clients of single people and the server say to each other, while an administrator looks
// for a fault: every DAV request and its answer, with headers and bodies as they were before compression, and without
// credentials. Whose, and until when, the store says, so that all nodes know; of all others a request costs one atomic
// load.
type Traces struct {
	o       TraceOptions
	running atomic.Pointer[map[string]time.Time] // until when, by GUID in lower case; nil: nobody's
	pending chan page
	lost    atomic.Int64
}

// page is one exchange on its way to the store.
type page struct{ owner, text string }

// pendingPages bounds how many exchanges wait to be kept: a slow store must not hold up people's answers.
const pendingPages = 256

// NewTraces makes Traces; Run keeps them.
func NewTraces(o TraceOptions) *Traces {
	return &Traces{o: o, pending: make(chan page, pendingPages)}
}

// tracePoll is within what time a node takes up what was switched on or off at another.
const tracePoll = 5 * time.Second

// Run keeps what is traced, and looks whose traces run, until ctx ends.
func (t *Traces) Run(ctx context.Context) {
	tick := time.NewTicker(tracePoll)
	defer tick.Stop()
	whole := context.WithoutCancel(ctx) // what was taken up is kept when the server stops, too
	for {
		if err := t.Reload(ctx); err != nil && ctx.Err() == nil {
			t.o.Log.WarnContext(ctx, "it is not known whose protocol is to be traced", "err", err)
		}
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				t.keepPending(whole)
				return
			case p := <-t.pending:
				t.keep(whole, p)
			case <-tick.C:
				waiting = false
			}
		}
	}
}

// Reload takes up at once what was switched on or off here.
func (t *Traces) Reload(ctx context.Context) error {
	running, err := t.o.Store.RunningTraces(ctx)
	if err != nil {
		return err
	}
	if len(running) == 0 {
		t.running.Store(nil)
		return nil
	}
	t.running.Store(&running)
	return nil
}

// Running tells until when a person, named by the GUID in lower case, is traced; the zero time if that is not so.
func (t *Traces) Running(owner string) time.Time {
	if running := t.running.Load(); running != nil && t.o.Now().Before((*running)[owner]) {
		return (*running)[owner]
	}
	return time.Time{}
}

func (t *Traces) keepPending(ctx context.Context) {
	for {
		select {
		case p := <-t.pending:
			t.keep(ctx, p)
		default:
			return
		}
	}
}

func (t *Traces) keep(ctx context.Context, p page) {
	if err := t.o.Store.AppendTrace(ctx, p.owner, []byte(p.text), t.o.Limit); err != nil {
		t.o.Log.WarnContext(ctx, "an exchange of a protocol trace is lost", "err", err)
	}
}

// add hands an exchange over to be kept.
func (t *Traces) add(p page) {
	select {
	case t.pending <- p:
	default:
		t.o.Log.Warn("exchanges of a protocol trace are lost: the store is slower than the client", "lost", t.lost.Add(1))
	}
}

// begin starts to write down a request if its person is traced; nil if not, as for nearly everybody. p is nil where
// the sign-in was refused.
func (t *Traces) begin(r *http.Request, p *directory.Principal) *exchange {
	if t == nil || t.running.Load() == nil {
		return nil
	}
	if p == nil {
		login, _, err := basic(r)
		if err != nil {
			return nil
		}
		if p, err = t.o.People().ByLogin(login); err != nil {
			return nil
		}
	}
	owner := strings.ToLower(p.GUID)
	if t.Running(owner).IsZero() {
		return nil
	}
	return newExchange(t, owner, t.o.Now(), r)
}

// refusalWords says why a sign-in was refused, for a trace.
func refusalWords(err error) string {
	var account *directory.AccountError
	switch {
	case errors.Is(err, directory.ErrCredentials):
		return "the password is wrong, or does not open the calendar server"
	case errors.As(err, &account):
		return "the account is " + account.State.String()
	}
	return err.Error()
}
