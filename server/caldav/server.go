package caldav

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"calport/directory"
	"calport/server/dav"
	"calport/server/ical"
	"calport/server/schedule"
	"calport/server/store"
)

// Options says what a Server is made of. Store and People are required.
type Options struct {
	Store  *store.Store
	People func() *directory.Snapshot // the present picture of the directory

	// IsAdmin says who may do everything everywhere. Nil is nobody.
	IsAdmin func(*directory.Principal) bool

	// Serves says who may use the server: nobody else's free-busy URL answers, and others are invited by mail. Nil is
	// everybody.
	Serves func(*directory.Principal) bool

	// Visibility says whom somebody may find by searching and see in groups, and whose free and busy time he may ask
	// for, as far as neither is the other's delegate. An administrator sees everybody.
	Visibility directory.Visibility

	// AddressBookHome is the path of somebody's address books, for CARDDAV:addressbook-home-set; nil: there are none.
	AddressBookHome func(*directory.Principal) string

	// Outside takes scheduling messages to people who are not in the directory. Nil is no service for them.
	Outside schedule.Outside

	Limits Limits
	Log    *slog.Logger // nil is slog.Default

	// Origin is the scheme and authority by which the client came, where an answer must name it. Nil takes it from the
	// request, which is right where no proxy is between.
	Origin func(*http.Request) string

	Now func() time.Time // nil is time.Now

	// RequestID is the name under which the log knows a request, and SetOperation tells whoever writes the access log
	// what a request turned out to be, such as REPORT(CalDAV:calendar-multiget). Both may be nil.
	RequestID    func(context.Context) string
	SetOperation func(ctx context.Context, operation string)
}

// Server is the calendar server. It is safe for concurrent use.
type Server struct {
	store        *store.Store
	people       func() *directory.Snapshot
	isAdmin      func(*directory.Principal) bool
	serves       func(*directory.Principal) bool
	visibility   directory.Visibility
	addressBooks func(*directory.Principal) string
	limits       Limits
	log          *slog.Logger
	origin       func(*http.Request) string
	now          func() time.Time
	requestID    func(context.Context) string
	setOperation func(context.Context, string)

	outside     schedule.Outside
	scheduler   *schedule.Scheduler
	objects     *ical.Cache // that were read for their times, by ETag
	delegations delegations
	places      places // set over the directory's

	// The tables. What runs reads them here: a row cannot refer to the table that it stands in.
	methods          []method
	posts            []post
	reports          []report
	properties       dav.Table[*resource]
	propFinds        *dav.PropFinds[*resource]
	live             map[dav.Name]live // properties, by name
	complianceHeader []string          // the DAV header that they add up to
}

// New checks the options and makes a Server of them.
func New(o Options) (*Server, error) {
	if o.Store == nil || o.People == nil {
		return nil, errors.New("caldav: Store and People are required")
	}
	limits, err := o.Limits.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		store: o.Store, people: o.People, isAdmin: o.IsAdmin, serves: o.Serves, visibility: o.Visibility, addressBooks: o.AddressBookHome, limits: limits, log: o.Log,
		origin: o.Origin, now: o.Now, requestID: o.RequestID, setOperation: o.SetOperation,
		objects: ical.NewCache(objectsRoom), outside: o.Outside,
		methods: methods, posts: posts, reports: reports, properties: properties, live: index(properties),
	}
	s.propFinds = dav.NewPropFinds(s.properties)
	s.complianceHeader = []string{s.complianceTokens()}
	if s.serves == nil {
		s.serves = func(*directory.Principal) bool { return true }
	}
	if s.isAdmin == nil {
		s.isAdmin = func(*directory.Principal) bool { return false }
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.origin == nil {
		s.origin = originOf
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.requestID == nil {
		s.requestID = func(context.Context) string { return "" }
	}
	if s.setOperation == nil {
		s.setOperation = func(context.Context, string) {}
	}
	if s.scheduler, err = s.newScheduler(); err != nil {
		return nil, err
	}
	s.delegations.store, s.places.store = s.store, s.store
	if err := errors.Join(s.delegations.load(context.Background()), s.places.load(context.Background())); err != nil {
		return nil, err
	}
	return s, nil
}

// objectsRoom is the memory for objects that were read for their times, in octets: some thousands of events.
const objectsRoom = 12 << 20

func originOf(r *http.Request) string {
	if r.TLS == nil {
		return "http://" + r.Host
	}
	return "https://" + r.Host
}

type principalKey struct{}

// WithPrincipal returns a context whose request is made by p, who has been authenticated.
func WithPrincipal(ctx context.Context, p *directory.Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// Viewer is who makes a request, as WithPrincipal has said; nil is nobody.
func Viewer(ctx context.Context) *directory.Principal {
	p, _ := ctx.Value(principalKey{}).(*directory.Principal)
	return p
}

// visit is one request's view of the world: who asks, and the one picture of the directory that all of the answer is
// made from.
type visit struct {
	*Server
	who    *directory.Principal
	people *directory.Snapshot
	admin  bool
	finds  func(*directory.Principal) bool // whom the rules let who find; nil is everybody

	excerpt *excerpt // what the request wants to see of calendar data; nil is all
}

// visitBy is a look at the present picture of the directory by somebody who has been authenticated.
func (s *Server) visitBy(who *directory.Principal) *visit {
	v := &visit{Server: s, who: who, people: s.people(), admin: s.isAdmin(who)}
	v.finds = s.visibility.Of(v.people, who)
	return v
}

// exchange is a request on a resource, and its answer.
type exchange struct {
	*visit
	w      http.ResponseWriter
	r      *http.Request
	method *method // the row of the request
	res    *resource
}

// ServeHTTP finds the row of the method and the resource, checks the privilege and runs. It is the only place that
// answers errors.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := s.serve(w, r)
	if err == nil {
		return
	}
	if unexpected(r.Context(), err) {
		s.log.ErrorContext(r.Context(), "request failed", "id", s.requestID(r.Context()), "method", r.Method,
			"path", r.URL.Path, "err", err)
	}
	dav.WriteError(w, told(err))
}

// away is when a client is to come back to a store that does not answer.
const away = "30" // seconds

// told is an error as clients hear it: a store that is away for a while, or full, is no riddle to them.
func told(err error) error {
	var file *store.FileError
	switch {
	case errors.As(err, &file) && file.Unavailable():
		return &dav.Error{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {away}},
			Detail: "The calendars cannot be reached at the moment; try again later."}
	case errors.Is(err, store.ErrFull): // RFC 4918 section 11.5
		return &dav.Error{Status: http.StatusInsufficientStorage, Detail: "The server has no room for it."}
	}
	return err
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	who := Viewer(r.Context())
	if who == nil {
		return dav.Status(http.StatusUnauthorized)
	}
	v := s.visitBy(who)
	m := s.methodNamed(r.Method)
	if m == nil {
		return &dav.Error{Status: http.StatusNotImplemented, Detail: "The method " + r.Method + " is not known here."}
	}
	res, err := v.find(fromStore{r.Context(), s.store, m.part}, locate(r.URL.EscapedPath()))
	if err != nil {
		return err
	}
	if err := m.permit(res); err != nil {
		return err
	}
	if err := m.bears(r); err != nil {
		return err
	}
	return m.run(&exchange{visit: v, w: w, r: r, method: m, res: res})
}

// unexpected says whether an error is our fault and not the client's: those are logged.
func unexpected(ctx context.Context, err error) bool {
	var known *dav.Error
	switch {
	case errors.As(err, &known):
		return known.Status >= 500 && known.Status != http.StatusNotImplemented && known.Status != http.StatusInsufficientStorage
	case errors.Is(err, dav.ErrMalformed), errors.Is(err, dav.ErrTooLarge):
		return false
	case errors.Is(err, dav.ErrAborted), errors.Is(err, context.Canceled):
		return ctx.Err() == nil
	}
	return true
}
