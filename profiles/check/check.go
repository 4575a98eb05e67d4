// Package check walks a calendar account the way a device does, and explains what it finds: DNS, TLS, discovery,
// sign-in, calendars, a round trip of an event, and whether the person's profile agrees with all of it. The command
// line and the portal's connection test share it.
//
// It is a client like any other: it speaks CalDAV through go-webdav, knows nothing of the server's inside, and may
// be pointed at any server. It changes nothing there but one event of its own, which it removes.
//
// Invariants: every step that does not pass names a remedy; a step whose ground is missing is skipped, not failed;
// the password appears in no result.
package check

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"calport/profiles"
)

// Account is what is walked. Mail or Host is required; the rest narrows the walk or makes it possible.
type Account struct {
	// Mail is the address that a person types for automatic set-up; its domain is looked up in DNS. Empty skips DNS.
	Mail string
	// Host and Port are where the server should be: what profiles name. Without them DNS must say.
	Host string
	Port int

	// User and Password sign in. Without a user the walk ends before the first step that needs one.
	User, Password string

	// Profile is the unsigned profile of the person; nil skips its steps.
	Profile []byte

	// Roots are trusted beside nothing else; nil means the system's.
	Roots *x509.CertPool
	// Resolver answers DNS; nil means the system's.
	Resolver *net.Resolver
	// Timeout bounds each step; 0 means 15 seconds.
	Timeout time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// State is the outcome of a step.
type State string

// The outcomes.
const (
	Passed  State = "ok"
	Odd     State = "odd" // works, but not everywhere or not for long
	Failed  State = "FAILED"
	Skipped State = "skipped" // what it builds upon is missing
)

// Result is one step as it went.
type Result struct {
	Step   string // a stable word such as tls
	Title  string // words for a reader
	State  State
	Found  profiles.Phrase // what was seen, or why it was skipped
	Remedy profiles.Phrase // what to do; its Format is empty when passed
}

// Report is the whole walk in order.
type Report []Result

// OK reports whether no step failed.
func (r Report) OK() bool {
	for _, s := range r {
		if s.State == Failed {
			return false
		}
	}
	return true
}

// defaultTimeout is longer than what a device waits.
const defaultTimeout = 15 * time.Second

// Run walks the account. each, which may be nil, is called after every step. The error is about the account as given,
// never about what was found.
func Run(ctx context.Context, a Account, each func(Result)) (Report, error) {
	w, err := newWalk(a)
	if err != nil {
		return nil, err
	}
	defer w.close()
	var report Report
	for _, s := range steps {
		r := w.step(ctx, s)
		report = append(report, r)
		if each != nil {
			each(r)
		}
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
	}
	return report, nil
}

// step runs one row of the table, unless what it builds upon did not pass.
func (w *walk) step(ctx context.Context, s step) Result {
	r := Result{Step: s.name, Title: s.title}
	for _, ground := range s.needs {
		if !w.passed[ground] {
			r.State, r.Found = Skipped, profiles.Say("needs %s", ground)
			return r
		}
	}
	ctx, cancel := context.WithTimeout(ctx, w.account.Timeout)
	defer cancel()
	found, err := s.run(ctx, w)
	r.Found = found
	var f *finding
	switch {
	case err == nil:
		r.State, w.passed[s.name] = Passed, true
	case errors.As(err, &f):
		r.State, r.Remedy = f.state, f.remedy
		r.Found = f.found
		w.passed[s.name] = f.state == Odd
	default:
		r.State, r.Found, r.Remedy = Failed, profiles.Say("%s", err), profiles.Say(s.remedy)
	}
	return r
}

// finding is how a step says something other than "passed".
type finding struct {
	state         State
	found, remedy profiles.Phrase
}

func (f *finding) Error() string { return f.found.String() }

func skip(why profiles.Phrase) error { return &finding{state: Skipped, found: why} }

func odd(found profiles.Phrase, remedy string, args ...any) error {
	return &finding{Odd, found, profiles.Say(remedy, args...)}
}

func failed(found profiles.Phrase, remedy string, args ...any) error {
	return &finding{Failed, found, profiles.Say(remedy, args...)}
}
