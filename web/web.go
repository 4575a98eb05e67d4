// Package web is what people and MDM servers see of calport over HTTP: the self-service portal, where one signs in with
// the directory password and installs a signed profile, and the payload source, from which MDM servers fetch profiles
// and declarations with a bearer token (RFC 6750). It is built on chi and html/template.
//
// It knows neither CalDAV nor LDAP nor the database: passwords are checked by package signin, profiles are rendered by
// package export, and what is remembered goes through the small interfaces of this file. It serves /, /portal/…,
// /api/v1/…, /v1/… (NanoCMD's shape) and /static/…, and answers every other path with a page that says so.
//
// Invariants: pages work without JavaScript and load nothing from elsewhere (Content-Security-Policy default-src
// 'none'); every route is a row of a table whose columns say who may use it; nothing changes by GET; what a reader is
// told is a problem with words of its own, never the text of an error; a redirect never leaves this origin, but to the
// configured OpenID provider; a password
// that somebody types is neither kept nor logged; an app password is shown once and kept, sealed, for minutes only; no
// secret is in a path, since paths are logged; only who is allowed by Access.Profile gets a profile.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"calport/directory"
	"calport/directory/signin"
	"calport/profiles/check"
	"calport/profiles/export"
)

// SignIn checks a name and a password; *signin.Checker does.
type SignIn interface {
	Check(ctx context.Context, a signin.Attempt) (*directory.Principal, error)
}

// Sessions keeps what is remembered of a signed-in person between two requests. A token is a secret: it should be
// stored as a hash. *store.Store is one.
type Sessions interface {
	// FindSession reads a session; found is false when there is none or it has expired.
	FindSession(ctx context.Context, token string) (data []byte, found bool, err error)
	// SaveSession writes a session, new or not. Its owner is a person's GUID in lower case; empty: nobody.
	SaveSession(ctx context.Context, token, owner string, data []byte, expires time.Time) error
	// DeleteSession removes a session, if it is there.
	DeleteSession(ctx context.Context, token string) error
	// CountSessions counts the sessions of a person that have not expired.
	CountSessions(ctx context.Context, owner string) (int64, error)
	// EndSessions removes all sessions of a person, and counts them.
	EndSessions(ctx context.Context, owner string) (int64, error)
}

// Token is a bearer token of the API, known by its hash only.
type Token struct {
	ID       int64
	Name     string   // what its maker calls it, for the log
	Scopes   []string // what it opens, of Scopes
	Groups   []string // GUIDs of the groups to whose members it is limited; none: not limited
	Created  time.Time
	Expires  time.Time // zero: never
	Revoked  time.Time // zero: not
	LastUsed time.Time // zero: never
}

// Tokens finds tokens.
type Tokens interface {
	// FindToken finds the token whose secret this is, revoked and expired ones too; found is false when there is none.
	// It looks the secret up by a hash, so that the time it takes tells nothing.
	FindToken(ctx context.Context, secret string) (t Token, found bool, err error)
	// TouchToken notes that a token was used now.
	TouchToken(ctx context.Context, id int64) error

	// AllTokens lists all, oldest first, revoked and expired ones too.
	AllTokens(ctx context.Context) ([]Token, error)
	// CreateToken makes one of Name, Scopes, Groups and Expires, and tells its secret, this one time. Errors:
	// ErrNameTaken.
	CreateToken(ctx context.Context, d Deed, t Token) (secret string, err error)
	// RevokeToken ends one at once; found is false when there is none of that ID.
	RevokeToken(ctx context.Context, d Deed, id int64) (found bool, err error)
}

// ErrNameTaken: a token that is not revoked has this name.
var ErrNameTaken = errors.New("there is a token of that name already")

// Options says what the site is made of. Organization, ClientAddr, RequestID, Idle, Lifetime, Now and Log may be left
// out.
type Options struct {
	// Origin is the public https origin without a trailing slash, such as https://cal.example.com:8443.
	Origin string
	// Organization is shown on every page; empty is "calport".
	Organization string

	SignIn SignIn
	People func() *directory.Snapshot // never nil
	Access directory.Access
	// Renderer renders by the settings of this moment. It must have a signer.
	Renderer func(ctx context.Context) (*export.Renderer, error)
	Sessions Sessions
	Tokens   Tokens
	News     News            // whose profiles have changed; nil: the payload source does not tell
	Ending   <-chan struct{} // closed when the server stops: nobody waits for news any more; may be nil
	Records  Records
	Audit    Audit // of what administrators do, and of what people open to others
	Traces   Traces
	// Desk is what a person does with calendars; nil: there are no pages for that.
	Desk     func(who *directory.Principal) Desk
	Left     Left
	Settings Settings
	Signing  Signing

	Health     func(ctx context.Context) []HealthFact
	Enrolments Enrolments
	Mailer     *Mailer // sends their letters; nil: links are handed out as lists only

	// AppPasswords says whether people make passwords for single devices; AppPasswordLifetime is how long one lasts, 0
	// for ever.
	AppPasswords        signin.Policy
	AppPasswordLifetime time.Duration

	// OpenID is a provider to sign in with, beside the directory's password; nil: none.
	OpenID *OpenID

	// Walk is what the connection test needs beside the person's account: Roots and Resolver, both of which may be nil.
	Walk check.Account

	// ClientAddr is the address of the client of a request, proxies seen through; nil knows none.
	ClientAddr func(ctx context.Context) netip.Addr
	// RequestID is the name under which the log knows a request; nil knows none.
	RequestID func(ctx context.Context) string

	Idle     time.Duration // how long a session lasts without being used: 1 hour
	Lifetime time.Duration // how long a session lasts at all: 12 hours

	Now func() time.Time // time.Now
	Log *slog.Logger     // slog.Default
}

// site is the portal and the payload source. It never changes once made, but for what its fields guard themselves.
type site struct {
	o        Options
	sessions *sessions
	pages    templates
	static   *static
	roster   roster
	etags    etags
	document []byte        // of the payload source, as OpenAPI
	openID   *provider     // nil: none
	tests    chan struct{} // holds one for each connection test that runs
	imports  chan struct{} // holds one for each import that runs
	waits    chan struct{} // holds one for each request that waits for news
	foreign  *http.CrossOriginProtection
}

// New checks the options and makes the site of them. The handler is safe for concurrent use.
func New(o Options) (http.Handler, error) {
	s, err := newSite(o)
	if err != nil {
		return nil, err
	}
	return s.routes(), nil
}

func newSite(o Options) (*site, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	s := &site{o: o, sessions: newSessions(o), openID: newProvider(o), foreign: http.NewCrossOriginProtection(), tests: make(chan struct{}, testsAtATime), imports: make(chan struct{}, importsAtATime), waits: make(chan struct{}, waitsAtATime)}
	if err := s.foreign.AddTrustedOrigin(o.Origin); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	var err error
	if s.static, err = newStatic(); err != nil {
		return nil, err
	}
	if s.pages, err = parseTemplates(s.static); err != nil {
		return nil, err
	}
	if s.document, err = apiDocument(o.Origin, api); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return s, nil
}

func (o Options) check() error {
	switch {
	case o.SignIn == nil || o.People == nil || o.Renderer == nil || o.Sessions == nil || o.Tokens == nil || o.Records == nil || o.Audit == nil || o.Traces == nil || o.Left == nil || o.Settings == nil || o.Enrolments == nil || o.Health == nil:
		return errors.New("web: SignIn, People, Renderer, Sessions, Tokens, Records, Audit, Traces, Left, Settings, Enrolments and Health are all required")
	case o.Signing == nil:
		return errors.New("web: Signing is required")
	case o.Idle < 0 || o.Lifetime < 0 || o.AppPasswordLifetime < 0:
		return errors.New("web: Idle, Lifetime and AppPasswordLifetime must not be negative")
	}
	if u, err := url.Parse(o.Origin); err != nil || u.Scheme != "https" || u.Host == "" || "https://"+u.Host != o.Origin {
		return fmt.Errorf("web: %q is no https origin; write for example https://cal.example.com:8443", o.Origin)
	}
	return o.OpenID.check()
}

func (o Options) withDefaults() Options {
	if o.Organization == "" {
		o.Organization = "calport"
	}
	if o.ClientAddr == nil {
		o.ClientAddr = func(context.Context) netip.Addr { return netip.Addr{} }
	}
	if o.RequestID == nil {
		o.RequestID = func(context.Context) string { return "" }
	}
	if o.Idle == 0 {
		o.Idle = time.Hour
	}
	if o.Lifetime == 0 {
		o.Lifetime = 12 * time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}
