package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// offersSyncrepl reports whether the server knows the Sync Request Control (RFC 4533 section 2.2).
func (w *watch) offersSyncrepl() bool {
	return slices.Contains(w.root.controls, goldap.ControlTypeSyncRequest)
}

// syncrepl watches by RFC 4533, refreshAndPersist: one search for each source, all on one connection. No attributes
// are asked for; the searches say which entries changed.
func (w *watch) syncrepl(ctx context.Context, c *conn, from position) error {
	running, cancel := context.WithCancel(ctx)
	s := newSync(w, from)
	var wg sync.WaitGroup
	defer func() { cancel(); wg.Wait() }()
	for _, search := range s.searches {
		wg.Go(func() { s.failed(search, search.run(running, c, s)) })
	}
	err := s.follow(ctx, c)
	if broken(err) && c.IsClosing() {
		c.dead = err
	}
	return err
}

// syncs gathers what the searches of one watch say.
type syncs struct {
	w        *watch
	searches []*syncSearch
	news     chan struct{} // holds one as long as there is something to take

	mu      sync.Mutex
	touched map[string]touch // by UUID, or by DN
	reread  bool             // it is not known what was deleted
	err     error
}

// syncSearch is one of the searches.
type syncSearch struct {
	source
	cookie    []byte
	resumed   bool            // it began with a cookie
	refreshed bool            // the refresh stage is over (RFC 4533 section 3.4)
	present   map[string]bool // UUIDs that the refresh stage named as unchanged or changed
}

func newSync(w *watch, from position) *syncs {
	s := &syncs{w: w, news: make(chan struct{}, 1), touched: make(map[string]touch)}
	for _, src := range w.sh.sources() {
		search := &syncSearch{source: src, cookie: from.Cookies[src.key], present: make(map[string]bool)}
		search.resumed = len(search.cookie) > 0
		s.searches = append(s.searches, search)
		s.reread = s.reread || !search.resumed
	}
	return s
}

// run searches until ctx ends or the server ends the search.
func (search *syncSearch) run(ctx context.Context, c *conn, s *syncs) error {
	request := goldap.NewSearchRequest(search.base, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, 0, false, search.filter, []string{"1.1"}, nil)
	response := c.Syncrepl(ctx, request, 16, goldap.SyncRequestModeRefreshAndPersist, search.cookie, false)
	for response.Next() {
		s.take(search, response)
	}
	err := response.Err()
	code, refused := answered(err)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil || !refused:
		return unavailable(c.server, "watching "+search.base, errors.Join(errEnded, err))
	case code == goldap.LDAPResultNoSuchObject && search.optional:
		return nil
	case code == goldap.LDAPResultUnavailableCriticalExtension:
		return errNotOffered
	case code == goldap.LDAPResultSyncRefreshRequired || search.resumed && code != goldap.LDAPResultBusy && code != goldap.LDAPResultUnavailable:
		return fmt.Errorf("%w: %w", errRejected, err) // RFC 4533 section 3.2
	}
	return searchError(c, search.base, search.filter, err)
}

var errEnded = errors.New("the server ended it")

// failed takes the end of a search; without error there is nothing to search.
func (s *syncs) failed(search *syncSearch, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		search.refreshed = true
	} else if s.err == nil {
		s.err = err
	}
	s.signal()
}

func (s *syncs) signal() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// take takes one message of a search.
func (s *syncs) take(search *syncSearch, m goldap.Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, control := range m.Controls() {
		switch c := control.(type) {
		case *goldap.ControlSyncState: // RFC 4533 section 2.3
			s.entry(search, m.Entry(), c)
		case *goldap.ControlSyncInfo: // RFC 4533 section 2.5
			s.info(search, c)
		}
	}
	if search.refreshed {
		s.signal()
	}
}

func (s *syncs) entry(search *syncSearch, e *goldap.Entry, c *goldap.ControlSyncState) {
	uuid := c.EntryUUID.String()
	search.follow(c.Cookie)
	if !search.refreshed {
		if !search.resumed {
			return // everything is read anyway
		}
		search.present[uuid] = c.State != goldap.SyncStateDelete
		if c.State == goldap.SyncStatePresent {
			return
		}
	}
	dn := ""
	if e != nil {
		dn = e.DN
	}
	s.touch(uuid, dn)
}

func (s *syncs) info(search *syncSearch, c *goldap.ControlSyncInfo) {
	switch {
	case c.NewCookie != nil:
		search.follow(c.NewCookie.Cookie)
	case c.RefreshDelete != nil:
		search.refresh(c.RefreshDelete.RefreshDone, c.RefreshDelete.Cookie)
	case c.RefreshPresent != nil:
		s.missing(search)
		search.refresh(c.RefreshPresent.RefreshDone, c.RefreshPresent.Cookie)
	case c.SyncIdSet != nil:
		for _, id := range c.SyncIdSet.SyncUUIDs {
			if c.SyncIdSet.RefreshDeletes {
				s.touch(id.String(), "")
			} else if !search.refreshed {
				search.present[id.String()] = true
			}
		}
		search.follow(c.SyncIdSet.Cookie)
	}
}

// follow takes a cookie. One of the refresh stage stands for a part of it only.
func (search *syncSearch) follow(cookie []byte) {
	if search.refreshed && len(cookie) > 0 {
		search.cookie = cookie
	}
}

// refresh ends a phase of the refresh stage, or with done the stage.
func (search *syncSearch) refresh(done bool, cookie []byte) {
	if done {
		search.refreshed, search.present = true, nil
	}
	search.follow(cookie)
}

// missing looks at the end of a present phase for those whom it did not name: they are gone (RFC 4533 section 3.3.1).
func (s *syncs) missing(search *syncSearch) {
	if !search.resumed || search.refreshed {
		return
	}
	if !s.w.sh.entryUUIDs() {
		s.reread = true
		return
	}
	for p := range s.w.people().All() {
		if uuid := strings.ToLower(p.GUID); !search.present[uuid] && within(dnKey(p.DN), search.key) {
			s.touch(uuid, p.DN)
		}
	}
}

// entryUUIDs reports whether GUIDs are those of RFC 4530, which RFC 4533 speaks of too.
func (sh *shape) entryUUIDs() bool {
	return len(sh.attributes.GUID) == 1 && strings.EqualFold(sh.attributes.GUID[0], "entryUUID")
}

// touch notes an entry. Without the DN only a GUID that is the UUID leads to who it was.
func (s *syncs) touch(uuid, dn string) {
	t := touch{dn: dn}
	switch {
	case s.w.sh.entryUUIDs():
		t.guid, t.filter = uuid, "(entryUUID="+uuid+")"
	case dn == "":
		s.reread = true
		return
	case s.w.root.defines("entryUUID"):
		t.filter = "(entryUUID=" + uuid + ")"
	}
	key := uuid
	if former, again := s.touched[uuid]; again && dnKey(former.dn) != dnKey(dn) && t.guid == "" {
		key = uuid + " " + dnKey(dn) // renamed: who it was is found by the former DN
	}
	s.touched[key] = t
}

// batch is what has come since the last one.
type batch struct {
	touched  []touch
	reread   bool
	position position
}

// next answers what has come; false as long as the refresh stage is not over everywhere.
func (s *syncs) next() (b batch, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return b, false, s.err
	}
	b = batch{reread: s.reread, position: s.w.position}
	b.position.Cookies = make(map[string][]byte)
	for _, search := range s.searches {
		if !search.refreshed {
			return b, false, nil
		}
		b.position.Cookies[search.key] = search.cookie
	}
	for _, t := range s.touched {
		b.touched = append(b.touched, t)
	}
	clear(s.touched)
	s.reread = false
	return b, true, nil
}

// follow waits for what the searches say, and tells it.
func (s *syncs) follow(ctx context.Context, c *conn) error {
	beat := time.NewTicker(s.w.d.beat)
	defer beat.Stop()
	begun := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.news:
		case <-beat.C:
			if begun {
				if err := s.w.alive(ctx, c); err != nil {
					return err
				}
			}
			continue
		}
		if begun && !wait(ctx, gather) {
			return ctx.Err()
		}
		b, ok, err := s.next()
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		s.w.position = b.position
		if !begun {
			begun = true
			err = s.w.begin(ctx, c, b.reread, b.touched)
		} else {
			err = s.w.follow(ctx, c, b)
		}
		if err != nil {
			return err
		}
	}
}

// follow tells of a batch.
func (w *watch) follow(ctx context.Context, c *conn, b batch) error {
	if b.reread {
		return w.begin(ctx, c, true, nil)
	}
	return w.tell(ctx, c, b.touched)
}

// wait waits; false means that ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
