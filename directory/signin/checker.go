package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"

	"calport/directory"
)

// Checker checks passwords. It is safe for concurrent use.
type Checker struct {
	people  People
	dir     directory.Directory
	o       Options
	digests *digester

	mu        sync.Mutex // guards what follows
	accounts  *lru[string, *account]
	strangers *lru[string, *account] // apart, so that invented names push nobody out
	addresses *lru[netip.Addr, address]
	apps      *lru[digest, struct{}] // secrets that were found to be app passwords
}

// New checks against dir the passwords of people.
func New(people People, dir directory.Directory, o Options) *Checker {
	o = o.withDefaults()
	return &Checker{
		people: people, dir: dir, o: o, digests: newDigester(),
		accounts:  newLRU[string, *account](o.Accounts),
		strangers: newLRU[string, *account](maxStrangers),
		addresses: newLRU[netip.Addr, address](maxAddresses),
		apps:      newLRU[digest, struct{}](o.Accounts),
	}
}

// Check answers who signed in. Its errors are directory.ErrCredentials, *directory.AccountError,
// directory.ErrUnavailable, *ThrottledError, ErrNotAllowed, what the finding of an app password failed with, and the
// context's own.
func (c *Checker) Check(ctx context.Context, a Attempt) (*directory.Principal, error) {
	if a.Login == "" || a.Password == "" || max(len(a.Login), len(a.Password)) > maxLength {
		return nil, directory.ErrCredentials
	}
	who, err := resolve(c.people.Snapshot(), a.Login)
	if err != nil {
		return nil, c.guessed(a, who)
	}
	person, used, err := c.authenticate(ctx, who, a)
	if err == nil && !c.o.allows(c.people.Snapshot(), person, a.For) {
		err = ErrNotAllowed
	}
	if known := cmp.Or(person, who.person); c.o.Journal != nil && a.For == DAV && known != nil {
		c.o.Journal.note(known, used, a, err, c.o.Now())
	}
	if err != nil {
		return nil, err
	}
	return person, nil
}

// allows applies the access rule of a purpose.
func (o *Options) allows(s *directory.Snapshot, p *directory.Principal, purpose Purpose) bool {
	switch purpose {
	case Portal:
		return o.Access.Profile.Allows(s, p) || o.Access.Server.Allows(s, p) || o.Access.Admin.Allows(s, p)
	case DAV:
		return o.Access.Server.Allows(s, p) || o.Access.Admin.Allows(s, p)
	}
	return false
}

// authenticate finds out whose password it is, and which app password, if it is one: by looking that up, from memory,
// from a bind that is under way, or by a bind.
func (c *Checker) authenticate(ctx context.Context, who identity, a Attempt) (person *directory.Principal, app int64, err error) {
	if secret, is := AppPasswordForm(a.Password); is {
		app, err = c.appPassword(ctx, who, secret, a)
		return who.person, app, err
	}
	if a.For == DAV && c.o.Policy == AppPasswordsRequired {
		return nil, 0, ErrAppPasswordNeeded
	}
	person, err = c.directoryPassword(ctx, who, a)
	return person, 0, err
}

func (c *Checker) directoryPassword(ctx context.Context, who identity, a Attempt) (*directory.Principal, error) {
	password := c.digests.of(who.key, a.Password)
	f, err := c.recall(ctx, who, password, a)
	if f == nil {
		return who.person, err
	}
	person, err := f.wait(ctx)
	c.note(a, who.key, err)
	return person, err
}

// recall answers from memory: no flight and perhaps an error. Else it answers a flight to wait for.
func (c *Checker) recall(ctx context.Context, who identity, password digest, a Attempt) (*flight, error) {
	now := c.o.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	acc := c.account(who.key)
	active := who.person != nil && who.person.State == directory.Active
	if active && acc.knows(password, now) {
		c.succeeded(a.From)
		return nil, nil
	}
	if err := acc.refusal(password, now); err != nil {
		if errors.Is(err, directory.ErrCredentials) {
			c.failed(a.From, who.key, now)
		}
		return nil, err
	}
	if f := acc.flights[password]; f != nil {
		return f, nil
	}
	if wait := max(c.throttled(a.From, now), acc.mayBind(password, now, &c.o)); wait > 0 {
		return nil, &ThrottledError{RetryAfter: wait}
	}
	f := &flight{done: make(chan struct{})}
	acc.flights[password] = f
	go c.fly(context.WithoutCancel(ctx), f, acc, who, password, a.Password)
	return f, nil
}

// account answers what is remembered of an account, if only from now on.
func (c *Checker) account(key string) *account {
	of := c.accounts
	if strings.HasPrefix(key, stranger) {
		of = c.strangers
	}
	acc := of.add(key)
	if *acc == nil {
		*acc = &account{flights: make(map[digest]*flight)}
	}
	return *acc
}

// fly asks the directory, whoever still waits, and remembers what it says.
func (c *Checker) fly(ctx context.Context, f *flight, acc *account, who identity, password digest, text string) {
	f.person, f.err = c.bind(ctx, who, text)
	now := c.o.Now()
	c.mu.Lock()
	delete(acc.flights, password)
	if f.err == nil && f.person.GUID != who.key { // a stranger no more, or the name has passed to somebody else
		c.account(f.person.GUID).learn(c.digests.of(f.person.GUID, text), nil, now, &c.o)
	} else {
		acc.learn(password, f.err, now, &c.o)
	}
	held := len(acc.failures) == c.o.FailedBinds && errors.Is(f.err, directory.ErrCredentials)
	c.mu.Unlock()
	if held {
		c.o.Log.Warn("so many wrong passwords that further ones are not tried for a while, lest the directory locks the account",
			who.attr(), slog.Duration("while", c.o.FailedBindsWindow))
	}
	close(f.done)
}

// bind asks the directory for each of the logins until one is known and the password right.
func (c *Checker) bind(ctx context.Context, who identity, password string) (*directory.Principal, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.BindTimeout)
	defer cancel()
	for i, login := range who.logins {
		person, err := c.dir.Authenticate(ctx, login, password)
		switch {
		case err == nil:
			return c.include(person), nil
		case errors.Is(err, context.DeadlineExceeded):
			return nil, fmt.Errorf("%w: no answer within %v", directory.ErrUnavailable, c.o.BindTimeout)
		case !errors.Is(err, directory.ErrCredentials) || i == len(who.logins)-1:
			return nil, err
		}
	}
	return nil, directory.ErrCredentials
}

// include puts a person who signed in into the snapshot and answers them as they are there.
func (c *Checker) include(person *directory.Principal) *directory.Principal {
	c.people.Include(person)
	if known := c.people.Snapshot().ByGUID(person.GUID); known != nil {
		return known
	}
	return person
}

// note counts the outcome of a bind for the address that caused it.
func (c *Checker) note(a Attempt, account string, err error) {
	now := c.o.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.succeeded(a.From)
	case errors.Is(err, directory.ErrCredentials):
		c.failed(a.From, account, now)
	}
}
