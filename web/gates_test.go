package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"calport/directory"
	"calport/directory/demo"
	"calport/directory/signin"
	"calport/profiles"
	"calport/signing"
)

// gate says who may pass at one route, and how it is asked. It is written apart from the tables of the site, so that a
// row there with the wrong audience is found here.
type gate struct {
	For    string // nobody in particular: "", else person, admin, list, read or secrets
	At     string // a good address, but for the words of fill
	Form   string // what is posted there
	Theirs string // the address or form that names what is another person's; empty: nothing is named
	Most   int64  // bytes of a body that are read; 0: none
}

// gates has every route of the site, by method and path as chi reads it.
var gates = map[string]gate{
	"GET /":                                        {At: "/"},
	"GET /portal":                                  {At: "/portal"},
	"GET /portal/":                                 {For: "person", At: "/portal/"},
	"GET /portal/inside":                           {For: "person", At: "/portal/inside"},
	"GET /portal/manual":                           {For: "person", At: "/portal/manual"},
	"GET /portal/manual/davx5.svg":                 {For: "person", At: "/portal/manual/davx5.svg"},
	"GET /portal/help":                             {For: "person", At: "/portal/help"},
	"GET /portal/sign-in":                          {At: "/portal/sign-in?to=/portal/help"},
	"POST /portal/sign-in":                         {At: "/portal/sign-in", Form: "name=ada&password=typed-wrong-5ecret", Most: maxForm},
	"GET /portal/openid":                           {At: "/portal/openid"},
	"GET /portal/openid/back":                      {At: "/portal/openid/back?state=x&code=y"},
	"POST /portal/sign-out":                        {At: "/portal/sign-out"},
	"POST /portal/language":                        {At: "/portal/language", Form: "language=de&to=/portal/help", Most: maxForm},
	"GET /portal/devices":                          {For: "person", At: "/portal/devices"},
	"POST /portal/app-passwords":                   {For: "person", At: "/portal/app-passwords", Form: "for=this&name=phone", Most: maxForm},
	"POST /portal/app-passwords/revoke":            {For: "person", At: "/portal/app-passwords/revoke", Form: "id=all", Theirs: "id=PASSWORD", Most: maxForm},
	"GET /portal/another":                          {For: "person", At: "/portal/another"},
	"POST /portal/another":                         {For: "person", At: "/portal/another"},
	"GET /portal/another/code.svg":                 {For: "person", At: "/portal/another/code.svg", Theirs: "?key=LINK"},
	"GET /portal/link":                             {At: "/portal/link?key=LINK"},
	"POST /portal/link":                            {At: "/portal/link", Form: "key=LINK", Most: maxForm},
	"GET /portal/test":                             {For: "person", At: "/portal/test"},
	"POST /portal/test":                            {For: "person", At: "/portal/test", Form: "password=typed-to-test-5ecret", Most: maxForm},
	"GET /portal/profile/calendar.mobileconfig":    {For: "person", At: "/portal/profile/calendar.mobileconfig?platform=ios"},
	"GET /portal/profile/diagnostics.mobileconfig": {For: "person", At: "/portal/profile/diagnostics.mobileconfig"},
	"GET /portal/profile/trust.mobileconfig":       {At: "/portal/profile/trust.mobileconfig"},
	"GET /static/{file}":                           {At: "STATIC"},

	// Calendars, and who acts for whom
	"GET /portal/calendars":            {For: "person", At: "/portal/calendars"},
	"POST /portal/calendars":           {For: "person", At: "/portal/calendars", Form: "title=Choir", Most: maxForm},
	"GET /portal/calendars/one":        {For: "person", At: "/portal/calendars/one?name=calendar", Theirs: "?name=CALENDAR"},
	"POST /portal/calendars/one":       {For: "person", At: "/portal/calendars/one", Form: "name=calendar&title=Home", Theirs: "name=CALENDAR&title=Mine", Most: maxForm},
	"POST /portal/calendars/delete":    {For: "person", At: "/portal/calendars/delete", Form: "name=calendar", Theirs: "name=CALENDAR", Most: maxForm},
	"POST /portal/calendars/restore":   {For: "person", At: "/portal/calendars/restore", Form: "id=0", Theirs: "id=DELETED", Most: maxForm},
	"POST /portal/calendars/erase":     {For: "person", At: "/portal/calendars/erase", Form: "id=0", Theirs: "id=DELETED", Most: maxForm},
	"GET /portal/calendars/export":     {For: "person", At: "/portal/calendars/export?name=calendar", Theirs: "?name=CALENDAR"},
	"GET /portal/calendars/import":     {For: "person", At: "/portal/calendars/import"},
	"POST /portal/calendars/import":    {For: "person", At: "/portal/calendars/import", Form: "calendar=calendar", Theirs: "calendar=CALENDAR", Most: maxImport + maxForm},
	"POST /portal/calendars/free-busy": {For: "person", At: "/portal/calendars/free-busy", Form: "on=1", Most: maxForm},
	"GET /portal/delegation":           {For: "person", At: "/portal/delegation"},
	"POST /portal/delegation":          {For: "person", At: "/portal/delegation", Form: "who=GRACE&may=read", Theirs: "of=ROOM&who=GRACE&may=write", Most: maxForm},
	"POST /portal/delegation/remove":   {For: "person", At: "/portal/delegation/remove", Form: "who=GRACE", Theirs: "of=ROOM&who=GRACE", Most: maxForm},
	"GET /portal/rooms":                {For: "person", At: "/portal/rooms"},
	"GET /portal/rooms/one":            {For: "person", At: "/portal/rooms/one?id=nothing", Theirs: "?id=ROOM"},
	"POST /portal/rooms/one":           {For: "person", At: "/portal/rooms/one", Form: "id=nothing", Theirs: "id=ROOM&mode=none", Most: maxForm},

	// What administrators do
	"GET /portal/admin/people/left":                             {For: "admin", At: leftPath},
	"GET /portal/admin/people/left/{guid}":                      {For: "admin", At: leftPath + "/hedy-guid"},
	"POST /portal/admin/people/left/all/erase":                  {For: "admin", At: leftErasePath, Form: "who=hedy-guid&sure=1", Most: maxForm},
	"POST /portal/admin/people/left/all/copy":                   {For: "admin", At: leftCopyPath, Form: "who=hedy-guid&name=calendar", Most: maxForm},
	"GET /portal/admin/":                                        {For: "admin", At: "/portal/admin/"},
	"GET /portal/admin/{kind:(people|groups|places)}":           {For: "admin", At: "/portal/admin/people?q=ada"},
	"GET /portal/admin/people/{guid}":                           {For: "admin", At: "/portal/admin/people/GRACE"},
	"GET /portal/admin/people/{guid}/inside":                    {For: "admin", At: "/portal/admin/people/GRACE/inside"},
	"GET /portal/admin/people/{guid}/calendar.mobileconfig":     {For: "admin", At: "/portal/admin/people/GRACE/calendar.mobileconfig"},
	"POST /portal/admin/people/{guid}/revoke":                   {For: "admin", At: "/portal/admin/people/GRACE/revoke", Form: "id=all", Most: maxForm},
	"POST /portal/admin/people/{guid}/sign-out":                 {For: "admin", At: "/portal/admin/people/GRACE/sign-out"},
	"GET /portal/admin/groups/{guid}":                           {For: "admin", At: "/portal/admin/groups/GROUP"},
	"GET /portal/admin/places/{guid}":                           {For: "admin", At: "/portal/admin/places/ROOM"},
	"GET /portal/admin/settings":                                {For: "admin", At: "/portal/admin/settings"},
	"GET /portal/admin/settings/everyone":                       {For: "admin", At: "/portal/admin/settings/everyone"},
	"POST /portal/admin/settings/everyone":                      {For: "admin", At: "/portal/admin/settings/everyone", Form: "revision=0&do=preview&removal_password.own=1&removal_password=typed-removal-5ecret", Most: maxSettingsForm},
	"GET /portal/admin/settings/{scope:(group|person)}/{guid}":  {For: "admin", At: "/portal/admin/settings/person/GRACE"},
	"POST /portal/admin/settings/{scope:(group|person)}/{guid}": {For: "admin", At: "/portal/admin/settings/person/GRACE", Form: "revision=0&do=preview", Most: maxSettingsForm},
	"GET /portal/admin/export":                                  {For: "admin", At: "/portal/admin/export"},
	"POST /portal/admin/export":                                 {For: "admin", At: "/portal/admin/export", Form: "platform=any&format=signed", Most: maxForm},
	"GET /portal/admin/signing":                                 {For: "admin", At: "/portal/admin/signing"},
	"POST /portal/admin/signing/upload":                         {For: "admin", At: "/portal/admin/signing/upload", Form: "password=typed-for-the-key-5ecret", Most: signing.MaxUpload + maxForm},
	"POST /portal/admin/signing/use":                            {For: "admin", At: "/portal/admin/signing/use", Form: "fingerprint=x", Most: maxForm},
	"POST /portal/admin/signing/renew":                          {For: "admin", At: "/portal/admin/signing/renew"},
	"POST /portal/admin/signing/own":                            {For: "admin", At: "/portal/admin/signing/own"},
	"GET /portal/admin/signing/root.pem":                        {For: "admin", At: "/portal/admin/signing/root.pem"},
	"GET /portal/admin/signing/root.cer":                        {For: "admin", At: "/portal/admin/signing/root.cer"},
	"GET /portal/admin/health":                                  {For: "admin", At: "/portal/admin/health"},
	"GET /portal/admin/tokens":                                  {For: "admin", At: "/portal/admin/tokens"},
	"POST /portal/admin/tokens":                                 {For: "admin", At: "/portal/admin/tokens", Form: "name=made&scope=list", Most: maxForm},
	"POST /portal/admin/tokens/revoke":                          {For: "admin", At: "/portal/admin/tokens/revoke", Form: "id=1", Most: maxForm},
	"GET /portal/admin/links":                                   {For: "admin", At: "/portal/admin/links"},
	"POST /portal/admin/links":                                  {For: "admin", At: "/portal/admin/links", Form: "whom=grace&way=list", Most: maxForm},
	"GET /portal/admin/links/{id:[0-9]+}":                       {For: "admin", At: "/portal/admin/links/1"},
	"POST /portal/admin/links/change":                           {For: "admin", At: "/portal/admin/links/change", Form: "id=1&do=stop", Most: maxForm},
	"GET /portal/admin/audit":                                   {For: "admin", At: "/portal/admin/audit"},
	"POST /portal/admin/audit/export":                           {For: "admin", At: "/portal/admin/audit/export", Form: "format=csv", Most: maxForm},
	"GET /portal/admin/trace":                                   {For: "admin", At: "/portal/admin/trace"},
	"POST /portal/admin/trace":                                  {For: "admin", At: "/portal/admin/trace", Form: "person=grace", Most: maxForm},
	"GET /portal/admin/trace/of/{guid}":                         {For: "admin", At: "/portal/admin/trace/of/GRACE"},
	"POST /portal/admin/trace/stop":                             {For: "admin", At: "/portal/admin/trace/stop", Form: "owner=GRACE", Most: maxForm},
	"POST /portal/admin/trace/delete":                           {For: "admin", At: "/portal/admin/trace/delete", Form: "owner=GRACE", Most: maxForm},
	"POST /portal/admin/trace/text":                             {For: "admin", At: "/portal/admin/trace/text", Form: "owner=GRACE", Most: maxForm},

	// For machines
	"GET /api/v1/openapi.json":                         {At: "/api/v1/openapi.json"},
	"GET /api/v1/profiles":                             {For: "list", At: "/api/v1/profiles"},
	"GET /api/v1/profiles/{file}":                      {For: "read", At: "/api/v1/profiles/ada.mobileconfig"},
	"POST /api/v1/profiles/{file}":                     {For: "secrets", At: "/api/v1/profiles/ada.mobileconfig?device=x"},
	"POST /api/v1/encrypted/{file}":                    {For: "read", At: "/api/v1/encrypted/ada.mobileconfig", Form: "no certificate", Most: signing.MaxRecipient},
	"GET /api/v1/events":                               {For: "list", At: "/api/v1/events?after=0"},
	"GET /api/v1/ddm/{user}/declarations":              {For: "read", At: "/api/v1/ddm/ada/declarations"},
	"POST /api/v1/ddm/{user}/declarations":             {For: "secrets", At: "/api/v1/ddm/ada/declarations?device=y"},
	"GET /api/v1/ddm/{user}/declarations/{identifier}": {For: "read", At: "/api/v1/ddm/ada/declarations/DECLARATION"},
	"GET /api/v1/ddm/{user}/credential/{identifier}":   {For: "read", At: "/api/v1/ddm/ada/credential/CREDENTIAL"},
	"GET /v1/profiles":                                 {For: "list", At: "/v1/profiles"},
	"GET /v1/profile/{name}":                           {For: "read", At: "/v1/profile/ada"},
}

// isAPI tells the gates that want a token.
func (g gate) isAPI() bool { return g.For == ScopeList || g.For == ScopeRead || g.For == ScopeSecrets }

// town is a house in which every route leads somewhere.
type town struct {
	*house
	fill *strings.Replacer // the words of the gates
	link string            // a one-time link
}

func newTown(t *testing.T) town {
	t.Helper()
	h := build(t, plan{
		appPasswords: signin.AppPasswordsOffered, change: withDesk,
		settings: profiles.Document{Everyone: profiles.Settings{Host: new("localhost"), Port: new(1)}}, // the connection test ends there at once
	})
	h.feed(t)
	h.left(t)
	grace := h.browser(t).signIn("grace")
	for _, title := range []string{"Secret plans", "Former plans"} {
		grace.post(calendarsPath, url.Values{"title": {title}}).wants(t, http.StatusSeeOther)
	}
	page := grace.get(calendarsPath)
	grace.post(deletePath, url.Values{"name": {page.named(t, "Former plans")}}).wants(t, http.StatusSeeOther)
	var room *directory.Principal
	for room = range h.live.Snapshot().All(directory.Room) {
		break
	}
	renderer, err := h.options.Renderer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	declarations, err := renderer.Generator.Declarations(renderer.Directory, h.person(t, "ada"))
	if err != nil {
		t.Fatal(err)
	}
	link := h.link(t, "grace")
	return town{h, strings.NewReplacer(
		"CALENDAR", page.named(t, "Secret plans"), "DELETED", grace.get(calendarsPath).number(t, "id"),
		"PASSWORD", strconv.FormatInt(h.appPassword(t, "grace", "Phone", ""), 10), "LINK", link,
		"GRACE", h.person(t, "grace").GUID, "GROUP", h.group(t, "engineering"), "ROOM", room.GUID,
		"CREDENTIAL", declarations[0].Identifier, "DECLARATION", declarations[1].Identifier, "STATIC", staticPathOf(t, grace, "css"),
	), link}
}

// route is one that chi knows, with its gate.
type route struct {
	gate
	name, method string
}

// routes walks what chi knows of the site. A route without a gate, or a gate without a route, fails the test.
func (w town) routes(t *testing.T) (all []route) {
	t.Helper()
	s, err := newSite(w.options)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	err = chi.Walk(s.routes().(chi.Routes), func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		seen[method+" "+path] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range seen {
		method, path, _ := strings.Cut(name, " ")
		if method == http.MethodHead && seen["GET "+path] { // is that of GET, whose gate it shares
			continue
		}
		g, known := gates[name]
		if !known {
			t.Errorf("%s has no gate: say in the table of gates who may use it", name)
			continue
		}
		g.At, g.Form, g.Theirs = w.fill.Replace(g.At), w.fill.Replace(g.Form), w.fill.Replace(g.Theirs)
		all = append(all, route{g, name, method})
	}
	for name := range gates {
		if !seen[name] {
			t.Errorf("there is no route %s any more", name)
		}
	}
	slices.SortFunc(all, func(a, b route) int { return strings.Compare(a.name, b.name) })
	return all
}

const formType = "application/x-www-form-urlencoded"

// ask asks at a route, as its gate says.
func (r route) ask(b *client, headers ...string) answer {
	b.t.Helper()
	return b.do(r.method, r.At, strings.NewReader(r.Form), append(headers, "Content-Type", formType)...)
}

// who is the visitor of the weakest right that the route is for; a token is a header of its own.
func (w town) who(t *testing.T, r route) (b *client, headers []string) {
	t.Helper()
	b = w.browser(t)
	switch {
	case r.isAPI():
		secret, _ := w.token(t, r.name, r.For)
		headers = []string{"Authorization", "Bearer " + secret}
	case r.For == "person":
		b.signIn("ada")
	case r.For == "admin":
		b.signIn(demo.Admin)
	}
	return b, headers
}

// refused reports whether somebody was turned away.
func (a answer) refused() bool {
	return slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed}, a.StatusCode) ||
		a.StatusCode == http.StatusSeeOther && asksToSignIn.MatchString(a.Header.Get("Location"))
}

var asksToSignIn = regexp.MustCompile(`^/portal/sign-in(\?to=[^&]*)?$`)
