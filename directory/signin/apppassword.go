package signin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"calport/directory"
)

// Policy is what app passwords are to a site: passwords for the calendar server alone, one for each device.
type Policy uint8

// The policies.
const (
	NoAppPasswords       Policy = iota // there are none
	AppPasswordsOffered                // beside the directory's password
	AppPasswordsRequired               // the directory's password opens the portal only
)

var policyNames = []string{"off", "offered", "required"}

func (p Policy) String() string { return policyNames[p] }

// ParsePolicy reads a policy by its name: off, offered or required.
func ParsePolicy(name string) (Policy, error) {
	for i, n := range policyNames {
		if n == name {
			return Policy(i), nil
		}
	}
	return 0, fmt.Errorf("policy %q is unknown; known are %q", name, policyNames)
}

// AppPassword is what is known of an app password.
type AppPassword struct {
	ID      int64
	Owner   string    // GUID, without regard to letter case
	Expires time.Time // zero: never
	Revoked time.Time // zero: not
}

// AppPasswords finds app passwords.
type AppPasswords interface {
	// FindAppPassword finds the password, revoked and expired ones too; found is false when there is none. It looks it
	// up by a hash, so that the time it takes tells nothing. It is asked at each use, so that what is revoked by whatever
	// process ends at once everywhere.
	FindAppPassword(ctx context.Context, secret string) (p AppPassword, found bool, err error)
}

// Why an app password, or the lack of one, was refused. All of them are directory.ErrCredentials, and no more than that
// is told to a device.
var (
	// ErrAppPasswordNeeded: the directory's password does not open the calendar server here. It was not tried.
	ErrAppPasswordNeeded = fmt.Errorf("%w: an app password is needed", directory.ErrCredentials)
	ErrAppPasswordEnded  = fmt.Errorf("%w: the app password has been revoked or has expired", directory.ErrCredentials)
)

// appPassword finds out whether the secret is who's, without the directory.
func (c *Checker) appPassword(ctx context.Context, who identity, secret string, a Attempt) (used int64, err error) {
	if a.For != DAV || c.o.Policy == NoAppPasswords || who.person == nil {
		return 0, c.guessed(a, who)
	}
	key := c.digests.of("", secret)
	now := c.o.Now()
	c.mu.Lock()
	wait := c.throttled(a.From, now)
	if c.apps.get(key) != nil {
		wait = 0 // no guess: it was one when it was looked up last
	}
	c.mu.Unlock()
	if wait > 0 {
		return 0, &ThrottledError{RetryAfter: wait}
	}
	p, found, err := c.o.AppPasswords.FindAppPassword(ctx, secret)
	if err != nil {
		return 0, fmt.Errorf("app password: %w", err)
	}
	if !found {
		return 0, c.guessed(a, who)
	}
	c.mu.Lock()
	c.apps.add(key)
	c.mu.Unlock()
	switch {
	case !strings.EqualFold(p.Owner, who.person.GUID):
		return 0, c.guessed(a, who)
	case !p.Revoked.IsZero(), !p.Expires.IsZero() && !now.Before(p.Expires):
		return p.ID, ErrAppPasswordEnded // a device that repeats it is nobody who guesses
	case who.person.State != directory.Active:
		return p.ID, &directory.AccountError{State: who.person.State, Detail: "so it is in the directory"}
	}
	c.mu.Lock()
	c.succeeded(a.From)
	c.mu.Unlock()
	return p.ID, nil
}

// guessed counts a guess.
func (c *Checker) guessed(a Attempt, who identity) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed(a.From, who.key, c.o.Now())
	return directory.ErrCredentials
}
