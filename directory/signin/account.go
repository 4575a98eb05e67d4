package signin

import (
	"context"
	"errors"
	"slices"
	"time"

	"calport/directory"
)

const (
	// maxRefused is how many different refused passwords are remembered of one account.
	maxRefused = 8
	// maxWrongFor is the longest that a wrong password is remembered, if WrongFor is not longer still.
	maxWrongFor = 8 * time.Hour
	// stateFor is how long it is remembered that an account may not sign in with some password: an administrator may
	// be putting it right this moment.
	stateFor = time.Minute
	// busyFor is what an attempt is told to wait while others try all that may be tried at a time.
	busyFor = 2 * time.Second
)

// account is what is remembered of one account.
type account struct {
	// right was the right password at the last bind, if hasRight. Until rightUntil it is taken as right without a bind;
	// after that it still may be tried when nothing else may.
	right      digest
	hasRight   bool
	rightUntil time.Time

	refused  []refusal
	failures []time.Time // of the binds that failed within the window, the oldest first
	flights  map[digest]*flight
}

// refusal remembers what a password led to.
type refusal struct {
	password digest
	err      error
	until    time.Time
	held     time.Duration // for how long, to double it when the password comes again
}

// flight is a bind under way, for all who wait for its outcome.
type flight struct {
	done   chan struct{}
	person *directory.Principal
	err    error
}

// knows says whether the password may pass without a bind.
func (a *account) knows(password digest, now time.Time) bool {
	return a.hasRight && now.Before(a.rightUntil) && a.right.equal(password)
}

// refusal answers what the password led to lately, nil if that is not known.
func (a *account) refusal(password digest, now time.Time) error {
	for _, r := range a.refused {
		if r.password.equal(password) && now.Before(r.until) {
			return r.err
		}
	}
	return nil
}

// mayBind says how long to wait before the password may be tried, 0 for not at all. Binds under way count as failed:
// they may all be.
func (a *account) mayBind(password digest, now time.Time, o *Options) time.Duration {
	a.failures = slices.DeleteFunc(a.failures, func(t time.Time) bool { return now.Sub(t) >= o.FailedBindsWindow })
	switch {
	case a.hasRight && a.right.equal(password):
		return 0
	case len(a.failures) >= o.FailedBinds:
		return a.failures[len(a.failures)-o.FailedBinds].Add(o.FailedBindsWindow).Sub(now)
	case len(a.failures)+len(a.flights) >= o.FailedBinds:
		return busyFor
	}
	return 0
}

// learn takes in the outcome of a bind. Anything but a verdict of the directory teaches nothing.
func (a *account) learn(password digest, err error, now time.Time, o *Options) {
	var state *directory.AccountError
	switch {
	case err == nil:
		a.right, a.hasRight, a.rightUntil = password, true, now.Add(o.RightFor)
		a.failures = nil // the directory has forgotten them too
		a.refused = slices.DeleteFunc(a.refused, func(r refusal) bool { return r.password.equal(password) })
	case errors.As(err, &state):
		a.rightUntil = time.Time{}
		a.refuse(refusal{password, err, now.Add(stateFor), 0})
	case errors.Is(err, directory.ErrCredentials):
		if a.right.equal(password) {
			a.hasRight = false
		}
		a.failures = append(a.failures, now)
		held := o.WrongFor
		if i := a.indexOf(password); i >= 0 && a.refused[i].held > 0 {
			held = max(held, min(2*a.refused[i].held, maxWrongFor))
		}
		a.refuse(refusal{password, directory.ErrCredentials, now.Add(held), held})
	}
}

// refuse remembers a refusal, in place of an earlier one of the same password, or of the one that ends first.
func (a *account) refuse(r refusal) {
	i := a.indexOf(r.password)
	switch {
	case i >= 0:
		a.refused[i] = r
	case len(a.refused) < maxRefused:
		a.refused = append(a.refused, r)
	default:
		first := slices.MinFunc(a.refused, func(x, y refusal) int { return x.until.Compare(y.until) })
		a.refused[a.indexOf(first.password)] = r
	}
}

func (a *account) indexOf(password digest) int {
	return slices.IndexFunc(a.refused, func(r refusal) bool { return r.password.equal(password) })
}

// wait answers the outcome, or the end of ctx.
func (f *flight) wait(ctx context.Context) (*directory.Principal, error) {
	select {
	case <-f.done:
		return f.person, f.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
