package web

import (
	"context"
	"errors"
	"strings"
	"time"

	"calport/directory"
)

// Records is what is remembered of people and their devices. An owner is a person's GUID in lower case; a secret should
// be stored as a hash and looked up by it, so that the time it takes tells nothing.
type Records interface {
	// CreateAppPassword keeps a password and revokes the one before for the same device; ID and Created are made
	// there. Errors: ErrTooMany.
	CreateAppPassword(ctx context.Context, p AppPassword, secret string) (AppPassword, error)
	// AppPasswords lists a person's, newest first, revoked and expired ones too.
	AppPasswords(ctx context.Context, owner string) ([]AppPassword, error)
	// RevokeAppPassword ends a password; found is false when the person has none of that number.
	RevokeAppPassword(ctx context.Context, owner string, id int64) (found bool, err error)
	// RevokeAppPasswords ends all of a person.
	RevokeAppPasswords(ctx context.Context, owner string) error

	// CreateLink keeps a one-time link and ends the one before.
	CreateLink(ctx context.Context, owner, secret string, expires time.Time) error
	// FindLink finds a link, spent ones too.
	FindLink(ctx context.Context, secret string) (l Link, found bool, err error)
	// UseLink spends a link; of several who try, one gets it. Errors: ErrSpent, also when there is none.
	UseLink(ctx context.Context, secret, from, client string) (Link, error)

	// NoteDownload remembers the profile that a device has got, in place of the one before.
	NoteDownload(ctx context.Context, d Download) error
	// Downloads lists what a person's devices have got, latest first.
	Downloads(ctx context.Context, owner string) ([]Download, error)
	// Clients lists the clients of a person that have tried to use the calendar server, latest first.
	Clients(ctx context.Context, owner string) ([]Client, error)
}

// What Records answers instead of a result.
var (
	ErrTooMany = errors.New("the person has as many app passwords as one may have")
	ErrSpent   = errors.New("the link has been used or is too old")
)

// AppPassword is a password for the calendar server alone, without its secret.
type AppPassword struct {
	ID         int64
	Owner      string
	Device     string // which device it is for; a new one takes its place; empty: none in particular
	Name       string // what its owner calls it
	Created    time.Time
	Expires    time.Time // zero: never
	Revoked    time.Time // zero: not
	LastUsed   time.Time // zero: never
	LastFrom   string    // the address of that use
	LastClient string    // its User-Agent
}

// Valid says whether it opens anything at that time.
func (p AppPassword) Valid(now time.Time) bool {
	return p.Revoked.IsZero() && (p.Expires.IsZero() || now.Before(p.Expires))
}

// Link lets a person sign in once on another device.
type Link struct {
	Owner      string
	Handed     bool // out by an administrator, see Enrolments
	Expires    time.Time
	Used       time.Time // zero: not yet
	UsedFrom   string    // the address of that use
	UsedClient string    // its User-Agent
}

// Download is the last Calendar profile that a device has got.
type Download struct {
	Owner    string
	Device   string
	Name     string // such as iPhone
	Platform string
	Profile  string // its UUID without any password in it, which changes with the content
	At       time.Time
}

// Client is how a calendar program fared on the calendar server, with one password.
type Client struct {
	Agent       string // its User-Agent
	AppPassword int64  // 0: the directory's password
	Succeeded   time.Time
	From        string // the address of the last success
	Failed      time.Time
	FailedFrom  string
	Reason      string // a word of signin.Reasons, account or throttled
	Failures    int64  // since the last success
}

// ownerOf is what a person's records are kept under.
func ownerOf(p *directory.Principal) string { return strings.ToLower(p.GUID) }
