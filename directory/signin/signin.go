// Package signin checks a password once, for the portal and for every DAV request alike: the directory's, or one of
// those that people make for a single device (app passwords).
//
// Calendar clients send the password with each request, repeat an old one for days, and sit by the thousand behind one
// address. So right passwords are remembered for a short while, wrong ones for longer, both under a key made at start;
// a directory is asked by a bind no more often than its lock-out allows; and an address is held back only for many
// different failing names, see Options.
//
// It knows neither HTTP nor LDAP nor the database: a login name is resolved in the snapshot, a password is tried by
// directory.Directory, and app passwords are found through a small interface. The first request of a client, the one
// without credentials, never comes here.
//
// Invariants: a password is kept nowhere, not even hashed without the key; an account not active in the snapshot
// never passes by memory; no more than FailedBinds+1 binds of an account fail within a FailedBindsWindow without a
// right one between them; an unreachable directory is never a wrong password; what has the form of an app password
// opens the calendar server only, and never reaches the directory.
package signin

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"calport/directory"
)

// Purpose is what a person signs in for; it decides which access rule applies.
type Purpose uint8

// The purposes.
const (
	Portal Purpose = iota + 1 // the web portal: whoever gets a profile, uses the server or is an administrator
	DAV                       // the CalDAV server: whoever may use it, and administrators
)

// Attempt is one try to sign in.
type Attempt struct {
	Login    string // as typed: short name, mail address, user principal name or DOMAIN\name
	Password string
	From     netip.Addr // the client's address; the zero Addr is never throttled
	Client   string     // what the client calls itself, for the Journal; may be empty
	For      Purpose
}

// Check answers, besides a principal, with directory.ErrCredentials, *directory.AccountError,
// directory.ErrUnavailable, and these.
var (
	// ErrNotAllowed: the password was right, but no access rule lets the person in.
	ErrNotAllowed = errors.New("the account has no access")
)

// ThrottledError says that the password was not tried, to keep the account from being locked by its directory or
// because an address tried too many names. Answer it with 503 and Retry-After, never with 401: phones throw passwords
// away at a 401.
type ThrottledError struct{ RetryAfter time.Duration }

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many wrong passwords; try again in %v", e.RetryAfter.Round(time.Second))
}

// People is the current picture of the directory; *directory.Live is one.
type People interface {
	Snapshot() *directory.Snapshot
	// Include adds a person who signed in before the next refresh.
	Include(*directory.Principal)
}
