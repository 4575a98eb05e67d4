package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"calport/directory"
)

// sessionCookie has a prefix that makes browsers refuse it from another host, another path or without TLS
// (RFC 6265bis section 4.1.3.2).
const sessionCookie = "__Host-calport"

// What is kept in a session.
const (
	guidKey  = "guid"  // string: who it is
	sinceKey = "since" // int64, Unix seconds: when the person signed in
	seenKey  = "seen"  // int64, Unix seconds: when the session was last used, not to the second
	linkKey  = "link"  // bool: it was begun by a one-time link
	madeKey  = "made"  // string: the device that a session by a link has made its app password for
)

// sessions remembers who has signed in. Only signing in makes a session: whoever just looks leaves none behind.
type sessions struct {
	scs            *scs.SessionManager
	idle, lifetime time.Duration
	now            func() time.Time
}

func newSessions(o Options) *sessions {
	m := scs.New()
	m.Store = scsStore{o.Sessions}
	m.Lifetime = o.Lifetime // the idle time is ours to watch: scs would write to the store at every request
	m.Cookie.Name = sessionCookie
	m.Cookie.Secure = true
	m.Cookie.Persist = false
	return &sessions{m, o.Idle, o.Lifetime, o.Now}
}

// load reads the session of a request into the context: an empty one, not kept, if the request has none.
func (s *sessions) load(r *http.Request) (*http.Request, error) {
	token := ""
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		token = cookie.Value
	}
	ctx, err := s.scs.Load(r.Context(), token)
	if err != nil {
		return nil, err
	}
	return r.WithContext(ctx), nil
}

// guid tells whose session is loaded; empty if nobody's, or if it has run out.
func (s *sessions) guid(ctx context.Context) string {
	now := s.now()
	lifetime := s.lifetime
	if s.linked(ctx) {
		lifetime = min(lifetime, linkedFor)
	}
	since, seen := time.Unix(s.scs.GetInt64(ctx, sinceKey), 0), time.Unix(s.scs.GetInt64(ctx, seenKey), 0)
	if now.Sub(since) >= lifetime || now.Sub(seen) >= s.idle {
		return ""
	}
	return s.scs.GetString(ctx, guidKey)
}

// touch notes that the session is in use, each tenth part of the idle time at most: it is a durable write.
func (s *sessions) touch(ctx context.Context) error {
	now := s.now()
	if now.Sub(time.Unix(s.scs.GetInt64(ctx, seenKey), 0)) < s.idle/10 {
		return nil
	}
	s.scs.Put(ctx, seenKey, now.Unix())
	_, _, err := s.scs.Commit(ctx)
	return err
}

// entrance is how somebody has signed in.
type entrance uint8

const (
	byPassword entrance = iota
	byProvider
	byLink // for an hour at most, to set one device up
)

// linkedFor is how long a session by a link lasts.
const linkedFor = time.Hour

// linked reports whether the session was begun by a one-time link.
func (s *sessions) linked(ctx context.Context) bool { return s.scs.GetBool(ctx, linkKey) }

// madeFor notes that a session by a link makes the app password of a device; false if it has made that of another.
func (s *sessions) madeFor(ctx context.Context, device string) (first bool, err error) {
	if made := s.scs.GetString(ctx, madeKey); made != "" {
		return made == device, nil
	}
	s.scs.Put(ctx, madeKey, device)
	_, _, err = s.scs.Commit(ctx)
	return true, err
}

// start makes the session p's, under a new token: one that somebody planted before is worth nothing.
func (s *sessions) start(ctx context.Context, w http.ResponseWriter, p *directory.Principal, how entrance) error {
	if err := s.scs.Clear(ctx); err != nil {
		return err
	}
	if err := s.scs.RenewToken(ctx); err != nil {
		return err
	}
	s.scs.SetDeadline(ctx, s.now().Add(s.lifetime))
	now := s.now().Unix()
	s.scs.Put(ctx, guidKey, p.GUID)
	s.scs.Put(ctx, sinceKey, now)
	s.scs.Put(ctx, linkKey, how == byLink)
	s.scs.Put(ctx, seenKey, now)
	token, expires, err := s.scs.Commit(ctx)
	if err != nil {
		return err
	}
	s.scs.WriteSessionCookie(ctx, w, token, expires)
	return nil
}

// end forgets the session, here and in the browser.
func (s *sessions) end(ctx context.Context, w http.ResponseWriter) error {
	if err := s.scs.Destroy(ctx); err != nil {
		return err
	}
	s.scs.WriteSessionCookie(ctx, w, "", time.Time{})
	return nil
}

// scsStore is Sessions as scs wants it.
type scsStore struct{ Sessions }

var errNoContext = errors.New("web: sessions are kept with a context only")

func (s scsStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return s.FindSession(ctx, token)
}

func (s scsStore) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return err
	}
	guid, _ := values[guidKey].(string)
	return s.SaveSession(ctx, token, strings.ToLower(guid), data, expires)
}

// DeleteCtx is called by scs for sessions that were never kept as well.
func (s scsStore) DeleteCtx(ctx context.Context, token string) error {
	if token == "" {
		return nil
	}
	return s.DeleteSession(ctx, token)
}

// scs never calls these where it finds the others.
func (scsStore) Find(string) ([]byte, bool, error)      { return nil, false, errNoContext }
func (scsStore) Commit(string, []byte, time.Time) error { return errNoContext }
func (scsStore) Delete(string) error                    { return errNoContext }
