package ldap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// way is one of the ways to learn of changes. Each tells which entries may have changed, no more: they are then read
// once more by part, as a reading of everything reads them.
type way struct {
	name    string
	offered func(*watch) bool
	run     func(w *watch, ctx context.Context, c *conn, from position) error
}

// ways are tried in this order.
var ways = []way{
	{"DirSync", (*watch).offersDirSync, (*watch).dirSync},
	{"syncrepl", (*watch).offersSyncrepl, (*watch).syncrepl},
	{"modifyTimestamp", (*watch).offersTimestamps, (*watch).timestamps},
}

// errNotOffered says that a server does not do what its root DSE promised.
var errNotOffered = fmt.Errorf("%w by this server", errors.ErrUnsupported)

// errRejected says that a server does not go on from a cookie.
var errRejected = errors.New("the server does not go on from where the last watch ended")

// gather is how long changes are waited for that come with a first one, so that they are read together.
const gather = 50 * time.Millisecond

// heartbeat is the time between two signs of life that a server is asked for, which may have nothing to tell for long.
const heartbeat = 30 * time.Second

var _ directory.Watcher = (*Directory)(nil)

// watch is one watching of the directory by one server.
type watch struct {
	d      *Directory
	sh     *shape
	root   *rootDSE
	people func() *directory.Snapshot
	apply  func(directory.Delta) error

	position position // but for what the way adds
	known    knowledge
	joins    map[string][]string // by folded GUID: the groups that somebody's own entry named last
}

// position is where a watch is, and what it would not make sense without. Its JSON is the cookie of a Delta.
type position struct {
	Way    string `json:"way"`
	Server string `json:"server"`
	Shape  string `json:"shape"` // fingerprint of what is read
	// Cookies are those of the server, by the base of a search.
	Cookies map[string][]byte `json:"cookies,omitempty"`
	// Stamp is the newest modifyTimestamp seen.
	Stamp string `json:"stamp,omitempty"`
}

func (p position) cookie() []byte {
	text, err := json.Marshal(p)
	if err != nil { // a struct of texts
		return nil
	}
	return text
}

// Watch implements directory.Watcher, by the first of the ways that the server offers. A cookie of another server, of
// another way, or from before the configuration said otherwise what to read, counts as none.
func (d *Directory) Watch(ctx context.Context, cookie []byte, people func() *directory.Snapshot, apply func(directory.Delta) error) error {
	var from position
	_ = json.Unmarshal(cookie, &from) // what is no position is none
	tried := 0
	for i := 0; i < len(ways); {
		err := d.watch(ctx, &ways[i], from, people, apply)
		switch {
		case errors.Is(err, errRejected) && tried == 0:
			d.log.Warn("the directory is read once more", "reason", err)
			from, tried = position{}, 1
		case errors.Is(err, errNotOffered) && ctx.Err() == nil:
			i, tried = i+1, 0
		default:
			return err
		}
	}
	return fmt.Errorf("watching is %w: the directory has neither %s nor %s nor %s", errors.ErrUnsupported, ways[0].name, ways[1].name, ways[2].name)
}

func (d *Directory) watch(ctx context.Context, by *way, from position, people func() *directory.Snapshot, apply func(directory.Delta) error) error {
	c, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetTimeout(0) // a persistent search has none, and a response that is not taken in time would be dropped
	c.patience = d.o.Timeout
	err = func() error {
		w, err := d.newWatch(ctx, c, people, apply)
		if err != nil {
			return err
		}
		if !by.offered(w) {
			return errNotOffered
		}
		w.position.Way = by.name
		if from.Way != by.name || from.Server != w.position.Server || from.Shape != w.position.Shape {
			from = position{}
		}
		return by.run(w, ctx, c, from)
	}()
	if c.dead != nil && ctx.Err() == nil {
		c.server.note(err, d.now())
	}
	return err
}

func (d *Directory) newWatch(ctx context.Context, c *conn, people func() *directory.Snapshot, apply func(directory.Delta) error) (*watch, error) {
	root, err := readRootDSE(ctx, c)
	if err != nil {
		return nil, err
	}
	sh, err := d.shapeOf(ctx, c)
	if err != nil {
		return nil, err
	}
	wanted := func(delta directory.Delta) error {
		if !d.shapeIs(sh) {
			return errReshaped
		}
		return apply(delta)
	}
	w := &watch{d: d, sh: sh, root: root, people: people, apply: wanted, joins: make(map[string][]string)}
	w.position.Server, w.position.Shape = c.server.String(), sh.fingerprint(d.o)
	return w, nil
}

// fingerprint differs if anything else would be read, or be read otherwise.
func (sh *shape) fingerprint(o Options) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %q %q %q %q %q %q", sh.flavour.name, sh.attributes, sh.keep, sh.domain, sh.dnsDomain, o.Delegates, o.BindDN)
	for _, kind := range directory.Kinds() {
		if a := sh.areas[kind]; a != nil {
			fmt.Fprintf(h, " %v %q %q", kind, a.base, a.filter)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// source is a subtree to watch and a filter for what in it may be a principal.
type source struct {
	base, key, filter string
	optional          bool
}

// sources are as few subtrees as have every area in them.
func (sh *shape) sources() []source {
	areas := make([]*area, 0, len(sh.areas)+1)
	for _, kind := range directory.Kinds() {
		if a := sh.areas[kind]; a != nil {
			areas = append(areas, a)
		}
	}
	if sh.delegates != nil {
		areas = append(areas, sh.delegates)
	}
	slices.SortStableFunc(areas, func(a, b *area) int { return len(a.key) - len(b.key) })
	var all []source
	for _, a := range areas {
		i := slices.IndexFunc(all, func(s source) bool { return within(a.key, s.key) })
		if i < 0 {
			all = append(all, source{a.base, a.key, a.filter, a.optional})
			continue
		}
		all[i].filter = "(|" + all[i].filter + a.filter + ")"
		all[i].optional = all[i].optional && a.optional
	}
	return all
}

// begin makes ready for changes and tells that none is missed from now on. reread says that some were.
func (w *watch) begin(ctx context.Context, c *conn, reread bool, touched []touch) error {
	if reread || w.tooMany(touched) {
		if err := w.apply(w.delta(true)); err != nil {
			return err
		}
		touched = nil
	}
	if err := w.learn(ctx, c); err != nil {
		return err
	}
	if reread {
		return nil
	}
	return w.tell(ctx, c, touched)
}

func (w *watch) delta(reread bool) directory.Delta {
	return directory.Delta{Way: w.position.Way, Reread: reread, Cookie: w.position.cookie()}
}

// tooMany says whether reading everything costs less than reading so many entries.
func (w *watch) tooMany(touched []touch) bool {
	return len(touched) > 1000+w.people().Count(directory.Individual)/10
}

// tell reads the entries that may have changed and tells what has. The position is that after these changes.
func (w *watch) tell(ctx context.Context, c *conn, touched []touch) error {
	if len(touched) == 0 {
		return w.apply(w.delta(false))
	}
	if w.tooMany(touched) {
		if err := w.apply(w.delta(true)); err != nil {
			return err
		}
		return w.learn(ctx, c)
	}
	before := w.people()
	switch known := w.known.of; {
	case known == before:
	case known != nil && known.Taken().Equal(before.Taken()): // somebody signed in who was not known so
		w.known.learnNames(before)
	default: // everything was read meanwhile
		if err := w.learn(ctx, c); err != nil {
			return err
		}
	}
	delta, err := w.part(ctx, c, before, touched)
	if err != nil {
		return err
	}
	delta.Way, delta.Cookie = w.position.Way, w.position.cookie()
	if err := w.apply(delta); err != nil {
		return err
	}
	if w.known.of = w.people(); !w.known.of.Taken().Equal(before.Taken()) {
		w.known.of = nil
	}
	return nil
}

// alive asks for a sign of life, and tells of it.
func (w *watch) alive(ctx context.Context, c *conn) error {
	if _, err := c.read(ctx, "", "(objectClass=*)", []string{"1.1"}); err != nil {
		return err
	}
	return w.apply(w.delta(false))
}

// answered says whether the server itself refused something, and by which code.
func answered(err error) (code uint16, ok bool) {
	var refused *goldap.Error
	if !errors.As(err, &refused) {
		return 0, false
	}
	code = refused.ResultCode
	return code, code < goldap.ErrorNetwork || code == goldap.LDAPResultSyncRefreshRequired
}
