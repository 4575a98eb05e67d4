package web

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"calport/directory"
	"calport/directory/signin"
)

// oneToken is a Tokens with one token that any secret opens; the real one is the store's, see storeTokens.
type oneToken struct {
	Tokens
	mu sync.Mutex
	Token
	clock   *clock
	touched int
}

func (o *oneToken) FindToken(context.Context, string) (Token, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Token, true, nil
}

func (o *oneToken) TouchToken(context.Context, int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.touched++
	if o.clock != nil {
		o.LastUsed = o.clock.now()
	}
	return nil
}

var errBroken = errors.New("SQL logic error near secret_column")

// brokenTokens and brokenSessions are a store that has failed.
type brokenTokens struct{ Tokens }

func (brokenTokens) FindToken(context.Context, string) (Token, bool, error) {
	return Token{}, false, errBroken
}
func (brokenTokens) TouchToken(context.Context, int64) error { return errBroken }

type brokenSessions struct{ Sessions }

func (brokenSessions) FindSession(context.Context, string) ([]byte, bool, error) {
	return nil, false, errBroken
}
func (brokenSessions) SaveSession(context.Context, string, string, []byte, time.Time) error {
	return errBroken
}
func (brokenSessions) DeleteSession(context.Context, string) error { return errBroken }

// awaySessions and awayTokens are a store that does not answer for a while.
type (
	awaySessions struct{ brokenSessions }
	awayTokens   struct{ brokenTokens }
	errAway      struct{}
)

func (errAway) Error() string     { return "no answer from secret.host" }
func (errAway) Unavailable() bool { return true }

func (awaySessions) FindSession(context.Context, string) ([]byte, bool, error) {
	return nil, false, fmt.Errorf("sessions: %w", errAway{})
}

func (awayTokens) FindToken(context.Context, string) (Token, bool, error) {
	return Token{}, false, errAway{}
}

// admits lets everybody in as one person.
type admits struct{ person *directory.Principal }

func (a admits) Check(context.Context, signin.Attempt) (*directory.Principal, error) {
	return a.person, nil
}

// brokenRecords cannot write.
type brokenRecords struct{ Records }

func (brokenRecords) NoteDownload(context.Context, Download) error { return errBroken }
