package signin

import (
	"cmp"
	"log/slog"
	"net/netip"
	"time"

	"calport/directory"
)

// Options are the policy. The zero value of a field means its default.
type Options struct {
	// Access says who may come in with a right password.
	Access directory.Access

	// RightFor is how long a right password is remembered: 5 minutes. A password changed in the directory works
	// that long.
	RightFor time.Duration

	// WrongFor is how long a wrong password is remembered, hence how often a phone repeating an old one causes a
	// bind: 30 minutes, doubled with each repetition up to 8 hours or WrongFor, whichever is longer.
	WrongFor time.Duration

	// FailedBinds is how many binds of one account may fail within FailedBindsWindow: 3 in 30 minutes. Set it at
	// least two below the directory's lock-out threshold, and the window at least as long as the directory's own.
	FailedBinds       int
	FailedBindsWindow time.Duration

	// FailedNames is how many different names may fail from one address within FailedNamesWindow: 50 in 10 minutes.
	// A success from the address clears it. An IPv6 address counts as its /64.
	FailedNames       int
	FailedNamesWindow time.Duration

	// Exempt lists networks whose addresses are never throttled.
	Exempt []netip.Prefix

	// Accounts is how many accounts are remembered, the least recently used being forgotten: 65,536.
	Accounts int

	// BindTimeout is how long the directory may take for one answer: 15 seconds.
	BindTimeout time.Duration

	// Policy says what app passwords are here, and AppPasswords finds them; it is needed unless there are none.
	Policy       Policy
	AppPasswords AppPasswords

	// Journal is told who signs in on the calendar server by which client; nil: nobody is.
	Journal *Journal

	Now func() time.Time // time.Now
	Log *slog.Logger     // slog.DiscardHandler
}

func (o Options) withDefaults() Options {
	o.RightFor = cmp.Or(o.RightFor, 5*time.Minute)
	o.WrongFor = cmp.Or(o.WrongFor, 30*time.Minute)
	o.FailedBinds = cmp.Or(o.FailedBinds, 3)
	o.FailedBindsWindow = cmp.Or(o.FailedBindsWindow, 30*time.Minute)
	o.FailedNames = cmp.Or(o.FailedNames, 50)
	o.FailedNamesWindow = cmp.Or(o.FailedNamesWindow, 10*time.Minute)
	o.Accounts = cmp.Or(o.Accounts, 1<<16)
	o.BindTimeout = cmp.Or(o.BindTimeout, 15*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
