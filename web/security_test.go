package web

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"calport/directory/demo"
	"calport/server/store"
)

// Each route is for whom its gate says, and for nobody weaker.
func TestEveryRouteIsForWhomItsGateSays(t *testing.T) {
	w := newTown(t)
	routes := w.routes(t)
	nobody, ada, admin := w.browser(t), w.browser(t).signIn("ada"), w.browser(t).signIn(demo.Admin)
	linked := w.browser(t)
	linked.post(linkPath, url.Values{"key": {w.house.link(t, demo.Admin)}}).wants(t, http.StatusSeeOther)
	before := w.deeds(t)
	for _, r := range routes {
		switch {
		case r.isAPI():
			for _, b := range []*client{nobody, admin} { // a session opens nothing here
				if a := r.ask(b).wants(t, http.StatusUnauthorized); !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s: the challenge is %q", r.name, a.Header.Get("WWW-Authenticate"))
				}
			}
		case r.For != "":
			if a := r.ask(nobody); a.StatusCode != http.StatusSeeOther || !asksToSignIn.MatchString(a.Header.Get("Location")) {
				t.Errorf("%s without a session: got %d to %q", r.name, a.StatusCode, a.Header.Get("Location"))
			}
			r.ask(nobody, "Cookie", sessionCookie+"=guessedguessedguessedguessedguessed").wants(t, http.StatusSeeOther)
		}
		if r.For == "admin" {
			r.ask(ada).wants(t, http.StatusForbidden).says(t, "This is for administrators")
			r.ask(linked).wants(t, http.StatusForbidden).says(t, "by a one-time link")
		}
	}
	if after := w.deeds(t); after != before {
		t.Errorf("somebody has done something: there are %d deeds, and there were %d", after, before)
	}
	for _, r := range routes { // and who may is let in
		b, headers := w.who(t, r)
		if a := r.ask(b, headers...); r.For != "" && a.refused() || a.StatusCode >= 500 {
			t.Errorf("%s: %s is turned away with %d\n%s", r.name, r.For, a.StatusCode, a.body)
		}
	}
}

// What is another person's is not there, whoever it is named by.
func TestWhatIsAnotherPersonsIsNotThere(t *testing.T) {
	w := newTown(t)
	ada := w.browser(t).signIn("ada")
	for _, r := range w.routes(t) {
		at, form := r.At, r.Form
		switch {
		case r.Theirs == "":
			continue
		case r.Path() == importPath:
			ada.upload(strings.TrimPrefix(r.Theirs, "calendar="), "x.ics", []byte(sampleFile)).wants(t, http.StatusNotFound)
			continue
		case r.method == http.MethodGet:
			at = r.Path() + r.Theirs
		default:
			form = r.Theirs
		}
		ada.do(r.method, at, strings.NewReader(form), "Content-Type", formType).wants(t, http.StatusNotFound)
	}
	grace := w.browser(t).signIn("grace")
	grace.get(calendarsPath).says(t, "Secret plans", "“Former plans” has been deleted")
	grace.get(devicesPath).says(t, "Phone").silent(t, "Ended lately")
}

const sampleFile = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// Path is the address without its query.
func (r route) Path() string {
	path, _, _ := strings.Cut(r.At, "?")
	return path
}

// No browser does anything for a foreign page, whoever has signed in.
func TestNoRouteObeysAForeignPage(t *testing.T) {
	w := newTown(t)
	b := w.browser(t).signIn(demo.Admin)
	before := w.deeds(t)
	for _, r := range w.routes(t) {
		if r.method == http.MethodGet {
			continue
		}
		for _, headers := range [][]string{
			{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
		} {
			want := "This came from another site"
			if isMachine(r.Path()) {
				want = `"reason":"cross-origin"`
			}
			r.ask(b, headers...).wants(t, http.StatusForbidden).says(t, want)
		}
	}
	if after := w.deeds(t); after != before {
		t.Errorf("there are %d deeds, and there were %d", after, before)
	}
	b.get(adminPath+"people").wants(t, http.StatusOK) // nobody has been signed out
}

// deeds counts what has been written in the record of who did what.
func (w town) deeds(t *testing.T) int {
	t.Helper()
	all, err := w.store.Audit(t.Context(), store.AuditFilter{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// Of a body no route reads more than it has to, and it says so.
func TestEveryBodyIsBounded(t *testing.T) {
	w := newTown(t)
	for _, r := range w.routes(t) {
		if r.method != http.MethodPost {
			continue
		}
		b, headers := w.who(t, r)
		body := &endless{start: "x="}
		contentType := formType
		switch r.Path() {
		case importPath, signingUploadPath:
			contentType = "multipart/form-data; boundary=x"
			body.start = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
		case "/api/v1/encrypted/ada.mobileconfig":
			contentType = string(derType)
		}
		if a := w.serve(b, r.method, r.At, body, append(headers, "Content-Type", contentType)...); (a.Code == http.StatusRequestEntityTooLarge) != (r.Most > 0) {
			t.Errorf("%s: got %d for a body without end\n%s", r.name, a.Code, a.Body)
		}
		if most := r.Most + 8<<10; r.Most > 0 && body.read > most || r.Most == 0 && body.read > 0 {
			t.Errorf("%s reads %d bytes of a body, and may read %d", r.name, body.read, r.Most)
		}
	}
}

// endless is a body that goes on for longer than anything may be.
type endless struct {
	start string
	read  int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read > 1<<30 {
		return 0, io.EOF
	}
	n := copy(p, e.start)
	e.start = e.start[n:]
	for i := n; i < len(p); i++ {
		p[i] = 'a'
	}
	e.read += int64(len(p))
	return len(p), nil
}

// serve hands a request to the site without a connection, which would hide what its headers hold, and with the session
// of a browser.
func (w town) serve(b *client, method, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	for _, c := range b.Jar.Cookies(mustURL(w.URL)) {
		r.AddCookie(c)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	w.Config.Handler.ServeHTTP(answer, r)
	return answer
}

func mustURL(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u
}

// typed are the names of all that can be typed into an address or a form.
var typed = []string{
	"action", "actor", "address", "after", "back", "before", "calendar", "color", "cursor", "days", "device", "do", "done", "everyone", "file", "fingerprint", "for",
	"format", "from", "group", "groups", "id", "key", "kind", "language", "level", "limit", "may", "minutes", "mode", "name", "object", "of", "on", "owner", "password",
	"person", "platform", "priority", "q", "revision", "saved", "scope", "signed", "since", "state", "sort", "title", "to", "until", "user", "wait", "way", "weeks", "who", "whom",
}

// What is typed never ends a header nor leads elsewhere.
func TestNothingTypedGetsIntoAHeader(t *testing.T) {
	w := newTown(t)
	for _, r := range w.routes(t) {
		b, headers := w.who(t, r)
		for _, evil := range []string{"x\r\nX-Evil: 1", "//evil.example/\x00", "https://evil.example/", "\\\\evil.example\u2028", "\"; filename=\"evil.exe"} {
			form := url.Values{}
			for _, name := range typed {
				if !(r.isAPI() || r.For == "") || name == "to" || name == "key" || name == "password" {
					form.Set(name, evil)
				}
			}
			path := r.Path()
			if i := strings.LastIndex(path, "/"); strings.Contains(r.name, "}") {
				path = path[:i+1] + url.PathEscape(evil)
			}
			if query := form.Encode(); query != "" {
				path += "?" + query
			}
			a := w.serve(b, r.method, path, strings.NewReader(form.Encode()), append(headers, "Content-Type", formType, "User-Agent", evil, "Accept-Language", evil, "X-Forwarded-Host", "evil.example", "Host", "evil.example")...)
			if a.Code >= 500 && a.Code != http.StatusServiceUnavailable {
				t.Errorf("%s: got %d for %q", r.name, a.Code, evil)
			}
			for name, values := range a.Header() {
				for _, v := range values {
					if name == "X-Evil" || strings.ContainsFunc(v, unicode.IsControl) || name != "Content-Disposition" && name != "Location" && strings.Contains(v, "evil") {
						t.Errorf("%s: header %s is %q", r.name, name, v)
					}
				}
			}
			if to := a.Header().Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || mustURL(to).Host != "") {
				t.Errorf("%s leads to %q", r.name, to)
			}
			if named := a.Header().Get("Content-Disposition"); strings.Count(named, "filename=") > 1 {
				t.Errorf("%s names two files: %s", r.name, named)
			}
		}
	}
}

// An address that is written in another way than its own leads nowhere.
func TestNoPathTrickLeadsToARoute(t *testing.T) {
	w := newTown(t)
	admin := w.browser(t).signIn(demo.Admin)
	secret, _ := w.token(t, "whole", Scopes...)
	routes := w.routes(t)
	own := func(path string) bool {
		return slices.ContainsFunc(routes, func(r route) bool { return r.Path() == path })
	}
	for _, r := range routes {
		path := r.Path()
		last := strings.LastIndex(path, "/")
		for _, trick := range []string{
			path + "/", "/" + path, "/." + path, "/x/.." + path, "/%2e%2e" + path, "/..%2f" + path, "/%2e" + path, path[:last] + "%2f" + path[last+1:], path[:last] + "%5c" + path[last+1:],
			path[:last+1] + "x%2f" + path[last+1:], path[:last+1] + "..%2f" + path[last+1:], path + "%00", path + "%0d%0a", path + ";x", path + "%20", path + "/..", path + "/%2e%2e", path + "%3fx", path + "x", strings.ToUpper(path),
		} {
			if own(trick) || !strings.HasPrefix(trick, "/") {
				continue
			}
			a := admin.do(r.method, trick, strings.NewReader(r.Form), "Content-Type", formType, "Authorization", "Bearer "+secret)
			if !slices.Contains([]int{http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed}, a.StatusCode) {
				t.Errorf("%s by %s: got %d to %q", r.name, trick, a.StatusCode, a.Header.Get("Location"))
			}
		}
	}
}

// A token that is revoked or over opens nothing any more.
func TestNoRouteTakesATokenThatIsOver(t *testing.T) {
	w := newTown(t)
	revoked, id := w.token(t, "revoked", Scopes...)
	if err := w.store.RevokeToken(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	const over = "calport_test_over"
	if _, err := w.store.CreateToken(t.Context(), store.Token{Name: "over", Hash: store.HashSecret(over), Scopes: Scopes, Expires: w.clock.now().Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(time.Hour)
	for _, r := range w.routes(t) {
		if !r.isAPI() {
			continue
		}
		for _, secret := range []string{revoked, over} {
			r.ask(w.browser(t), "Authorization", "Bearer "+secret).wants(t, http.StatusUnauthorized)
		}
	}
}

// Whatever is asked for, by whomever, the log tells no secret: neither what is typed, nor what is made, nor the session.
func TestNoRouteLogsASecret(t *testing.T) {
	w := newTown(t)
	secrets := map[string]string{"a link": w.link, "a guessed token": "calport_guessed-5ecret", "a guessed session": "guessed-session-5ecret", "a form": "-5ecret"}
	for _, r := range w.routes(t) {
		b, headers := w.who(t, r)
		for _, guess := range [][]string{{"Cookie", sessionCookie + "=guessed-session-5ecret"}, {"Authorization", "Bearer calport_guessed-5ecret"}, headers} {
			r.ask(b, guess...)
		}
		if r.Path() == signingUploadPath {
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			form.WriteField("password", "typed-for-the-key-5ecret")
			form.Close()
			b.do(http.MethodPost, r.At, &body, "Content-Type", form.FormDataContentType())
		}
		if len(headers) > 0 {
			secrets["the token for "+r.name] = strings.TrimPrefix(headers[1], "Bearer ")
		}
		for i, c := range b.Jar.Cookies(mustURL(w.URL)) {
			if c.Name == sessionCookie {
				secrets[fmt.Sprintf("session %d of %s", i, r.name)] = c.Value
			}
		}
	}
	log := w.log.String()
	if len(secrets) < 50 || !strings.Contains(log, "signed in to the portal") {
		t.Fatalf("there are %d secrets, and the log has %d bytes", len(secrets), len(log))
	}
	for what, secret := range secrets {
		if secret == "" || strings.Contains(log, secret) {
			t.Errorf("the log tells %s: %q", what, secret)
		}
	}
}
