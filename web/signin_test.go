package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/directory/signin"
)

func TestSignInLeadsBackToWhereThePersonWantedToGo(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t)
	const link = "/portal/profile/calendar.mobileconfig?platform=ios"
	form := b.get(link).wants(t, http.StatusSeeOther).Header.Get("Location")
	if want := "/portal/sign-in?to=" + url.QueryEscape(link); form != want {
		t.Fatalf("got %q, want %q", form, want)
	}
	b.get(form).wants(t, http.StatusOK).says(t, `value="`+strings.ReplaceAll(link, "&", "&amp;")+`"`, "download begins")
	b.post(signInPath, url.Values{"name": {"ada"}, "password": {demo.Password}, "to": {link}}).
		wants(t, http.StatusSeeOther).header(t, "Location", link)
	b.get(link).wants(t, http.StatusOK).header(t, "Content-Type", "application/x-apple-aspen-config")
}

func TestEveryNameOfAPersonSignsIn(t *testing.T) {
	h := build(t, plan{})
	for _, name := range []string{"ada", "ADA", " ada ", "ada.byron@example.org", "zoë"} {
		h.browser(t).signIn(name).get(homePath).wants(t, http.StatusOK).says(t, "Hello ")
	}
}

func TestWrongPasswordKeepsTheNameAndTheLink(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t)
	a := b.post(signInPath, url.Values{"name": {`ada"<`}, "password": {"Tr0ub4dor"}, "to": {helpPath}})
	a.wants(t, http.StatusUnprocessableEntity).says(t, "Wrong name or password", `value="ada&#34;&lt;"`, `value="/portal/help"`).silent(t, "Tr0ub4dor")
	if got := a.Header.Values("Set-Cookie"); len(got) > 0 {
		t.Errorf("a failed sign-in set %q", got)
	}
	b.get(homePath).wants(t, http.StatusSeeOther)
}

// fixed answers every attempt alike.
type fixed struct{ err error }

func (f fixed) Check(context.Context, signin.Attempt) (*directory.Principal, error) {
	return nil, f.err
}

func TestWhyNobodyIsLetInIsSaidInWords(t *testing.T) {
	for _, c := range []struct {
		err        error
		status     int
		words      string
		retryAfter string
	}{
		{&directory.AccountError{State: directory.Disabled, Detail: "AD 533"}, 403, "is switched off", ""},
		{&directory.AccountError{State: directory.Locked, Detail: "AD 775"}, 403, "is locked", ""},
		{&directory.AccountError{State: directory.Expired, Detail: "AD 532"}, 403, "has expired", ""},
		{&directory.AccountError{State: directory.MustChange, Detail: "AD 773"}, 403, "need a new password", ""},
		{&directory.AccountError{State: directory.Gone}, 403, "no longer exists", ""},
		{signin.ErrNotAllowed, 403, "has no calendar here", ""},
		{&signin.ThrottledError{RetryAfter: 90*time.Second + time.Millisecond}, 503, "Wait 2 minutes", "91"},
		{directory.ErrUnavailable, 503, "does not answer", "30"},
	} {
		h := build(t, plan{signIn: fixed{c.err}})
		a := h.browser(t).post(signInPath, url.Values{"name": {"ada"}, "password": {"x"}})
		a.wants(t, c.status).says(t, c.words, `value="ada"`, `role="alert"`).silent(t, c.err.Error(), "AD 5", "AD 7").header(t, "Retry-After", c.retryAfter)
	}
}

func TestEveryStateOfAnAccountHasWords(t *testing.T) {
	for state := directory.Active; state <= directory.Gone; state++ {
		if w := accountWords[state]; w.title == "" || w.detail == "" {
			t.Errorf("%v has no words", state)
		}
	}
}

func TestDirectoryDownIsNotAWrongPassword(t *testing.T) {
	h := build(t, plan{})
	h.sample.Close()
	h.browser(t).post(signInPath, url.Values{"name": {"ada"}, "password": {demo.Password}}).
		wants(t, http.StatusServiceUnavailable).says(t, "cannot be checked")
}

func TestWhoIsSignedInIsNotAskedAgain(t *testing.T) {
	b := build(t, plan{}).browser(t).signIn("ada")
	b.get(signInPath+"?to=/portal/help").wants(t, http.StatusSeeOther).header(t, "Location", "/portal/help")
}

func TestSignOutEndsTheSessionInTheStoreToo(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	cookie := sessionOf(t, b)
	b.post(signOutPath, nil).wants(t, http.StatusSeeOther).header(t, "Location", signInPath)
	b.get(homePath).wants(t, http.StatusSeeOther)
	h.browser(t).get(homePath, "Cookie", cookie.String()).wants(t, http.StatusSeeOther)
}

func sessionOf(t *testing.T, b *client) *http.Cookie {
	t.Helper()
	u, err := url.Parse(b.house.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == sessionCookie {
			return c
		}
	}
	t.Fatal("there is no session cookie")
	return nil
}

func TestSessionCookieIsForThisHostAndTLSOnly(t *testing.T) {
	a := build(t, plan{}).browser(t).post(signInPath, url.Values{"name": {"ada"}, "password": {demo.Password}})
	got := a.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-calport=", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"} {
		if !strings.Contains(got, want) {
			t.Errorf("cookie %q lacks %q", got, want)
		}
	}
	if strings.Contains(got, "Domain") {
		t.Errorf("cookie %q names a domain", got)
	}
}

func TestAPlantedSessionIsWorthNothingAfterSignIn(t *testing.T) {
	h := build(t, plan{})
	attacker := h.browser(t).signIn("grace")
	planted := sessionOf(t, attacker)
	for _, value := range []string{planted.Value, "made-up-by-somebody-else"} {
		a := h.browser(t).post(signInPath, url.Values{"name": {"ada"}, "password": {demo.Password}}, "Cookie", sessionCookie+"="+value)
		a.wants(t, http.StatusSeeOther)
		for _, c := range a.Cookies() {
			if c.Name == sessionCookie && c.Value == value {
				t.Error("the session kept its token")
			}
		}
		h.browser(t).get(homePath, "Cookie", sessionCookie+"="+value).wants(t, http.StatusSeeOther)
	}
}

func TestSessionEndsWhenIdleAndAtTheLatestAfterItsLifetime(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	h.clock.advance(59 * time.Minute)
	b.get(homePath).wants(t, http.StatusOK)
	h.clock.advance(59 * time.Minute)
	b.get(homePath).wants(t, http.StatusOK)
	h.clock.advance(61 * time.Minute)
	b.get(homePath).wants(t, http.StatusSeeOther)

	b.signIn("ada")
	for range 12*2 - 1 {
		h.clock.advance(30 * time.Minute)
		b.get(homePath).wants(t, http.StatusOK)
	}
	h.clock.advance(30 * time.Minute)
	b.get(homePath).wants(t, http.StatusSeeOther)
}

func TestWhoJustLooksLeavesNoSessionBehind(t *testing.T) {
	b := build(t, plan{}).browser(t)
	for _, path := range []string{"/", homePath, signInPath, trustProfilePath, "/nowhere"} {
		if got := b.get(path).Header.Get("Set-Cookie"); got != "" {
			t.Errorf("%s set a cookie: %q", path, got)
		}
	}
}

func TestWhoHasLeftTheDirectoryIsSignedOut(t *testing.T) {
	var people *directory.Snapshot
	h := build(t, plan{change: func(o *Options) {
		live := o.People
		o.People = func() *directory.Snapshot {
			if people != nil {
				return people
			}
			return live()
		}
	}})
	b := h.browser(t).signIn("ada")
	b.get(homePath).wants(t, http.StatusOK)
	ada := *h.live.Snapshot().ByName(directory.Individual, "ada")
	ada.State = directory.Disabled
	people = directory.NewSnapshot([]*directory.Principal{&ada}, time.Now())
	b.get(homePath).wants(t, http.StatusSeeOther)
	people = directory.NewSnapshot(nil, time.Now())
	b.get(homePath).wants(t, http.StatusSeeOther)
}

func TestReturnToStaysInThePortal(t *testing.T) {
	for _, link := range []string{
		"", "/", "/portal", "//evil.example", "//evil.example/portal/", "https://evil.example/portal/", `/\evil.example`, `/portal/\evil.example`,
		"/portal/../../evil", "/portal/%2e%2e/x", "/portal//evil.example", "/portal/\tx", "/portal/\r\nSet-Cookie:a=b", "/portal/%0d%0aX:y",
		"javascript:alert(1)", "portal/", "/portal/sign-in", "/portal/sign-out", "/portal/sign-in?to=/portal/sign-in", "/PORTAL/", "/portal/%5c", "\x00/portal/",
		"/portal/" + strings.Repeat("a", 2000), "/api/v1/profiles", "http:/portal/", "/portal/%zz",
	} {
		if got := returnTo(link); got != homePath {
			t.Errorf("returnTo(%q) = %q, want home", link, got)
		}
	}
	for link, want := range map[string]string{
		"/portal/help": "/portal/help", "/portal/inside?platform=ios#x": "/portal/inside?platform=ios",
		"/portal/profile/calendar.mobileconfig?platform=macos": "/portal/profile/calendar.mobileconfig?platform=macos",
	} {
		if got := returnTo(link); got != want {
			t.Errorf("returnTo(%q) = %q, want %q", link, got, want)
		}
	}
}

func FuzzReturnTo(f *testing.F) {
	for _, seed := range []string{"/portal/", "//x", "/portal/a?b=c", "/portal/%2f/..", "/portal/;@x:y", `/portal/\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, link string) {
		to := returnTo(link)
		base := &url.URL{Scheme: "https", Host: "cal.example.org"}
		u, err := base.Parse(to)
		if err != nil || u.Host != base.Host || u.Scheme != "https" || !strings.HasPrefix(u.Path, homePath) {
			t.Errorf("returnTo(%q) = %q leads to %v (%v)", link, to, u, err)
		}
		if strings.ContainsAny(to, "\r\n\t\\ ") {
			t.Errorf("returnTo(%q) = %q", link, to)
		}
	})
}

func TestOpenRedirectIsNotPossible(t *testing.T) {
	h := build(t, plan{})
	for _, to := range []string{"//evil.example/", "https://evil.example/", `/\evil.example/`} {
		h.browser(t).post(signInPath, url.Values{"name": {"ada"}, "password": {demo.Password}, "to": {to}}).
			wants(t, http.StatusSeeOther).header(t, "Location", homePath)
	}
}

func TestForeignPagesCannotMakeABrowserPost(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	form := url.Values{"name": {"grace"}, "password": {demo.Password}}
	for _, headers := range [][]string{
		{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "null"},
	} {
		b.post(signOutPath, nil, headers...).wants(t, http.StatusForbidden).says(t, "another site")
		b.post(signInPath, form, headers...).wants(t, http.StatusForbidden)
	}
	b.get(homePath).wants(t, http.StatusOK)
	b.post(signOutPath, nil, "Origin", h.URL, "Sec-Fetch-Site", "same-origin").wants(t, http.StatusSeeOther)
}

func TestFormsHaveALimit(t *testing.T) {
	b := build(t, plan{}).browser(t)
	b.post(signInPath, url.Values{"name": {strings.Repeat("a", maxForm)}}).wants(t, http.StatusRequestEntityTooLarge)
	b.do(http.MethodPost, signInPath, strings.NewReader("name=%zz"), "Content-Type", "application/x-www-form-urlencoded").wants(t, http.StatusBadRequest)
}

func TestNoSecretIsLogged(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t)
	b.post(signInPath, url.Values{"name": {"wrong-name-typed"}, "password": {"s3cret-wrong"}})
	b.post(signInPath, url.Values{"name": {"p4ssword-in-the-name-field"}, "password": {""}})
	b.signIn("ada")
	session := sessionOf(t, b).Value
	b.get(homePath)
	secret, _ := h.token(t, "mdm", "list", "read")
	b.get("/api/v1/profiles", "Authorization", "Bearer "+secret).wants(t, http.StatusOK)
	b.get("/api/v1/profiles", "Authorization", "Bearer wrong-token-value").wants(t, http.StatusUnauthorized)
	log := h.log.String()
	if !strings.Contains(log, "signed in to the portal") {
		t.Fatalf("nothing was logged: %q", log)
	}
	for _, word := range []string{"s3cret-wrong", "p4ssword-in-the-name-field", "password=" + demo.Password, session, secret, "wrong-token-value"} {
		if strings.Contains(log, word) {
			t.Errorf("the log holds %q", word)
		}
	}
}
