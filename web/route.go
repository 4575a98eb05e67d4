package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// handler serves one route. What it returns is answered by site.answer, and by nothing else.
type handler func(s *site, w http.ResponseWriter, r *http.Request) error

// audience says who may use a page.
type audience uint8

const (
	signedIn audience = iota // people with a session; others are asked to sign in, and the link survives that
	anybody
	admin // who administers calport, with a session that did not begin by a one-time link
)

// pageRoute is one page or download of the portal. A row for GET answers HEAD as well.
type pageRoute struct {
	Method string
	Path   string // as chi reads it
	For    audience
	Serve  handler
}

// pages lists the portal.
var pages = []pageRoute{
	{http.MethodGet, "/", anybody, (*site).toHome},
	{http.MethodGet, "/portal", anybody, (*site).toHome},
	{http.MethodGet, homePath, signedIn, (*site).home},
	{http.MethodGet, insidePath, signedIn, (*site).inside},
	{http.MethodGet, manualPath, signedIn, (*site).manual},
	{http.MethodGet, helpPath, signedIn, (*site).help},
	{http.MethodGet, signInPath, anybody, (*site).askName},
	{http.MethodPost, signInPath, anybody, (*site).signIn},
	{http.MethodGet, openIDPath, anybody, (*site).goToProvider},
	{http.MethodGet, openIDBackPath, anybody, (*site).backFromProvider},
	{http.MethodPost, signOutPath, anybody, (*site).signOut},
	{http.MethodPost, languagePath, anybody, (*site).chooseLanguage},
	{http.MethodGet, devicesPath, signedIn, (*site).devices},
	{http.MethodPost, passwordsPath, signedIn, (*site).makePassword},
	{http.MethodPost, revokePath, signedIn, (*site).revokePassword},
	{http.MethodGet, anotherPath, signedIn, (*site).another},
	{http.MethodPost, anotherPath, signedIn, (*site).makeLink},
	{http.MethodGet, linkCodePath, signedIn, (*site).linkCode},
	{http.MethodGet, linkPath, anybody, (*site).openLink},
	{http.MethodPost, linkPath, anybody, (*site).useLink},
	// Calendars, and who acts for whom
	{http.MethodGet, calendarsPath, signedIn, (*site).calendars},
	{http.MethodPost, calendarsPath, signedIn, (*site).makeCalendar},
	{http.MethodGet, calendarPath, signedIn, (*site).calendar},
	{http.MethodPost, calendarPath, signedIn, (*site).changeCalendar},
	{http.MethodPost, deletePath, signedIn, (*site).deleteCalendar},
	{http.MethodPost, restorePath, signedIn, (*site).restoreCalendar},
	{http.MethodPost, erasePath, signedIn, (*site).eraseCalendar},
	{http.MethodGet, exportPath, signedIn, (*site).downloadCalendar},
	{http.MethodGet, importPath, signedIn, (*site).imported},
	{http.MethodPost, importPath, signedIn, (*site).importFile},
	{http.MethodPost, busyPath, signedIn, (*site).setBusyLink},
	{http.MethodGet, delegationPath, signedIn, (*site).delegation},
	{http.MethodPost, delegationPath, signedIn, (*site).addDelegate},
	{http.MethodPost, undelegatePath, signedIn, (*site).removeDelegate},
	{http.MethodGet, roomsPath, signedIn, (*site).rooms},
	{http.MethodGet, roomPath, signedIn, (*site).room},
	{http.MethodPost, roomPath, signedIn, (*site).setRoom},
	{http.MethodGet, testPath, signedIn, (*site).askTest},
	{http.MethodPost, testPath, signedIn, (*site).runTest},
	{http.MethodGet, androidCodePath, signedIn, (*site).androidCode},
	{http.MethodGet, calendarProfilePath, signedIn, (*site).calendarProfile},
	{http.MethodGet, diagnosticsProfilePath, signedIn, (*site).diagnosticsProfile},
	// The roots are public, and the same for everybody.
	{http.MethodGet, trustProfilePath, anybody, (*site).trustProfile},
}

// Where things are.
const (
	homePath               = "/portal/"
	insidePath             = "/portal/inside"
	manualPath             = "/portal/manual"
	helpPath               = "/portal/help"
	signInPath             = "/portal/sign-in"
	openIDPath             = "/portal/openid"
	openIDBackPath         = "/portal/openid/back"
	signOutPath            = "/portal/sign-out"
	languagePath           = "/portal/language"
	devicesPath            = "/portal/devices"
	passwordsPath          = "/portal/app-passwords"
	revokePath             = "/portal/app-passwords/revoke"
	anotherPath            = "/portal/another"
	linkCodePath           = "/portal/another/code.svg"
	linkPath               = "/portal/link"
	calendarsPath          = "/portal/calendars"
	calendarPath           = "/portal/calendars/one"
	deletePath             = "/portal/calendars/delete"
	restorePath            = "/portal/calendars/restore"
	erasePath              = "/portal/calendars/erase"
	exportPath             = "/portal/calendars/export"
	importPath             = "/portal/calendars/import"
	busyPath               = "/portal/calendars/free-busy"
	delegationPath         = "/portal/delegation"
	undelegatePath         = "/portal/delegation/remove"
	roomsPath              = "/portal/rooms"
	roomPath               = "/portal/rooms/one"
	testPath               = "/portal/test"
	androidCodePath        = "/portal/manual/davx5.svg"
	profilesPath           = "/portal/profile/"
	calendarProfilePath    = profilesPath + "calendar.mobileconfig"
	trustProfilePath       = profilesPath + "trust.mobileconfig"
	diagnosticsProfilePath = profilesPath + "diagnostics.mobileconfig"
	staticPath             = "/static/"
)

// routes joins the tables to their paths.
func (s *site) routes() http.Handler {
	mux := chi.NewRouter()
	mux.Use(s.guard)
	add := func(method, path string, h http.Handler) {
		mux.Method(method, path, h)
		if method == http.MethodGet { // chi answers HEAD of a GET route with 405 otherwise
			mux.Method(http.MethodHead, path, h)
		}
	}
	for _, table := range [...][]pageRoute{pages, adminPages} {
		for _, p := range table {
			add(p.Method, p.Path, s.handle(p.serve))
		}
	}
	for _, a := range api {
		add(a.Method, a.Path, s.handle(a.serve))
	}
	add(http.MethodGet, staticPath+"{file}", s.handle((*site).file))
	mux.NotFound(s.handle((*site).nothingHere))
	mux.MethodNotAllowed(s.handle(func(s *site, _ http.ResponseWriter, r *http.Request) error { return notAllowed(mux, r) }))
	return mux
}

// handle makes an http.Handler of a handler.
func (s *site) handle(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(s, w, r); err != nil {
			s.answer(w, r, err)
		}
	}
}

// guard sets what every answer has, and refuses what a foreign page made a browser send.
func (s *site) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		if err := s.foreign.Check(r); err != nil {
			s.answer(w, r, &problem{
				Status: http.StatusForbidden, Title: "This came from another site", Reason: "cross-origin",
				Detail: "Your browser says that another web site sent this request, so nothing was done. Go back to the portal and try it there.",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// secure sets the headers that narrow what a browser does with any answer.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

func (s *site) nothingHere(http.ResponseWriter, *http.Request) error { return noSuchPath }

// noSuchPath is the answer to every path that no table has.
var noSuchPath = &problem{
	Status: http.StatusNotFound, Title: "There is nothing here", Reason: "no-such-path",
	Detail: "The address may have been mistyped, or the page has moved.",
}

// methods are those that appear in the tables, in the order of an Allow header.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost}

// notAllowed says which methods the tables have for the path, if any.
func notAllowed(mux *chi.Mux, r *http.Request) error {
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.Path
	}
	var allow []string
	for _, m := range methods {
		if mux.Match(chi.NewRouteContext(), m, path) {
			allow = append(allow, m)
		}
	}
	if len(allow) == 0 {
		return noSuchPath
	}
	return &problem{
		Status: http.StatusMethodNotAllowed, Title: "That cannot be done here", Reason: "method",
		Detail: "This address answers %s only.", Args: []any{strings.Join(allow, ", ")},
		Header: http.Header{"Allow": {strings.Join(allow, ", ")}}, // RFC 9110 section 15.5.6
	}
}
