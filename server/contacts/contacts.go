// Package contacts is the directory as an address book: the people, groups, rooms and resources that somebody may find,
// read-only, over CardDAV (RFC 6352). It answers from the directory's snapshot; nothing is stored.
//
// Cards and the reports addressbook-query and addressbook-multiget go through go-webdav's CardDAV handler. What that
// lacks stands before it: paths, methods and privileges; PROPFIND by a table of properties, with Depth, streamed; bounds
// on what is read; conditional requests; and errors as a DAV client wants them. The package does not authenticate, and
// does not know calendars.
//
// The tree is /addressbooks/__uids__/GUID/directory/CARD.vcf: everybody has an address book home of his own, with one
// address book, and sees nobody else's.
//
// Invariants: what Visibility hides appears in no listing, report or group card; nothing can be changed; text from the
// directory never becomes a line of a card of its own.
//
// # Divergences
//
//   - Cards are vCard 3.0 (RFC 2426) only, which every client reads.
//   - Texts are compared without regard to letter case and accents' encoding, whatever collation is asked for.
//   - There is no sync-collection report; clients compare CS:getctag and entity tags.
package contacts

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"

	"calport/directory"
	"calport/server/dav"
)

// Options says what a Handler is made of. People, Viewer and PrincipalHref are required.
type Options struct {
	People     func() *directory.Snapshot
	Visibility directory.Visibility
	// IsAdmin says who finds everybody in spite of Visibility; nil is nobody.
	IsAdmin func(*directory.Principal) bool
	// Viewer is who has signed in for a request.
	Viewer func(context.Context) *directory.Principal
	// PrincipalHref is the URL path of a principal.
	PrincipalHref func(*directory.Principal) string

	Name         string // of the address book; empty is "Directory"
	Organization string // of everybody in it; empty is none
	Photos       bool   // cards have the photos that the directory keeps

	MaxHits int // matches that one query may have, and hrefs that one multiget may name; 0 is 5000
	Log     *slog.Logger
	// RequestID is the name under which the log knows a request; it may be nil.
	RequestID func(context.Context) string
}

// Handler serves everything below Root. It is safe for concurrent use.
type Handler struct {
	o         Options
	methods   []method // a row cannot refer to the table that it stands in, but to this
	propFinds *dav.PropFinds[*resource]
	state     atomic.Pointer[state]
}

// Root is the path below which everything is.
const Root = "/addressbooks/"

const (
	byGUID      = "__uids__"
	bookName    = "directory"
	defaultName = "Directory"
	defaultHits = 5000
	maxBody     = 1 << 20 // of a request, in octets: some thousands of hrefs
)

// New checks the options and makes a Handler of them.
func New(o Options) (*Handler, error) {
	if o.People == nil || o.Viewer == nil || o.PrincipalHref == nil {
		return nil, errors.New("contacts: People, Viewer and PrincipalHref are all required")
	}
	if o.IsAdmin == nil {
		o.IsAdmin = func(*directory.Principal) bool { return false }
	}
	if o.Name == "" {
		o.Name = defaultName
	}
	if o.MaxHits == 0 {
		o.MaxHits = defaultHits
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.RequestID == nil {
		o.RequestID = func(context.Context) string { return "" }
	}
	return &Handler{o: o, methods: methods, propFinds: dav.NewPropFinds(properties)}, nil
}

// Home is the path of somebody's address book home, for CARDDAV:addressbook-home-set (RFC 6352 section 7.1.1).
func Home(p *directory.Principal) string { return dav.EncodePath(true, "addressbooks", byGUID, p.GUID) }

// visit is one request's view of the world.
type visit struct {
	*Handler
	who    *directory.Principal
	people *directory.Snapshot
	finds  func(*directory.Principal) bool // nil is everybody

	room []byte // for tags
}

func (v *visit) sees(p *directory.Principal) bool { return v.finds == nil || v.finds(p) }

// exchange is a request on a resource, and its answer.
type exchange struct {
	*visit
	w   http.ResponseWriter
	r   *http.Request
	res *resource
}

// ServeHTTP finds the resource and the row of the method. It is the only place that answers errors.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h.serve(w, r)
	if err == nil {
		return
	}
	if unexpected(r.Context(), err) {
		h.o.Log.ErrorContext(r.Context(), "request failed", "id", h.o.RequestID(r.Context()), "method", r.Method, "path", r.URL.Path, "err", err)
	}
	dav.WriteError(w, err)
}

func unexpected(ctx context.Context, err error) bool {
	var known *dav.Error
	return !errors.As(err, &known) && !errors.Is(err, dav.ErrMalformed) && !errors.Is(err, dav.ErrTooLarge) && ctx.Err() == nil
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	who := h.o.Viewer(r.Context())
	if who == nil {
		return dav.Status(http.StatusUnauthorized)
	}
	v := &visit{Handler: h, who: who, people: h.o.People()}
	if !h.o.IsAdmin(who) {
		v.finds = h.o.Visibility.Of(v.people, who)
	}
	res, err := v.find(r.URL.EscapedPath())
	if err != nil {
		return err
	}
	m := h.methodNamed(r.Method)
	if m == nil || m.on&res.kind == 0 {
		return notAllowed(res)
	}
	if m.needs != dav.Read {
		return dav.NeedPrivilege(res.href, m.needs)
	}
	w.Header().Set("DAV", "1, 3, access-control, addressbook") // RFC 6352 section 6.1
	return m.run(&exchange{visit: v, w: w, r: r, res: res})
}
