package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/signin"
)

var linkInPage = regexp.MustCompile(`/portal/link\?key=([a-z2-7]+)`)

// dump is all that the store has written to the disk.
func (h *house) dump(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(os.DirFS(h.folder), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(h.folder, path))
		all.Write(data)
		return err
	})
	if err != nil || all.Len() == 0 {
		t.Fatalf("%d bytes, %v", all.Len(), err)
	}
	return all.String()
}

// makeLink makes a link in the portal, and answers its key.
func (b *client) makeLink() string {
	b.t.Helper()
	b.post(anotherPath, nil).wants(b.t, http.StatusSeeOther).header(b.t, "Location", anotherPath)
	m := linkInPage.FindStringSubmatch(b.get(anotherPath).wants(b.t, http.StatusOK).body)
	if m == nil {
		b.t.Fatal("the page shows no link")
	}
	return m[1]
}

func TestALinkSignsInOnceOnAnotherDevice(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	key := b.makeLink()
	b.get(linkCodePath).wants(t, http.StatusOK).header(t, "Content-Type", "image/svg+xml").header(t, "Cache-Control", "no-store").says(t, "<svg ")
	phone := h.browser(t)
	phone.agent = agentIPhone
	for range 3 { // a messenger looks at it too
		phone.get(linkPath+"?key="+key).wants(t, http.StatusOK).says(t, "Ada Byron", "Is this iPhone yours?").header(t, "Set-Cookie", "")
	}
	phone.get(homePath).wants(t, http.StatusSeeOther)
	phone.post(linkPath, form("key", key)).wants(t, http.StatusSeeOther).header(t, "Location", homePath)
	phone.get(homePath).wants(t, http.StatusOK).says(t, "Hello Ada Byron")

	b.get(anotherPath).wants(t, http.StatusOK).says(t, "The link has been used", "a browser on an iPhone", "192.0.2.7").silent(t, key)
	thief := h.browser(t)
	thief.get(linkPath+"?key="+key).wants(t, http.StatusGone).says(t, "has been used already").silent(t, "Ada")
	thief.post(linkPath, form("key", key)).wants(t, http.StatusGone)
	thief.get(homePath).wants(t, http.StatusSeeOther)
}

func TestASessionByALinkIsShortAndMakesNoLinks(t *testing.T) {
	h := build(t, plan{change: func(o *Options) { o.Idle = 5 * time.Hour }})
	phone := h.browser(t)
	phone.post(linkPath, form("key", h.link(t, "ada"))).wants(t, http.StatusSeeOther)
	phone.get(anotherPath).wants(t, http.StatusOK).silent(t, `action="/portal/another"`)
	phone.post(anotherPath, nil).wants(t, http.StatusForbidden).says(t, "A link makes no links")
	h.clock.advance(linkedFor - time.Second)
	phone.get(homePath).wants(t, http.StatusOK)
	h.clock.advance(time.Second)
	phone.get(homePath).wants(t, http.StatusSeeOther)
	phone.signIn("ada").post(anotherPath, nil).wants(t, http.StatusSeeOther)
}

func TestALinkEndsWithItsTimeAndWithTheNextOne(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	first := b.makeLink()
	second := b.makeLink()
	h.browser(t).get(linkPath+"?key="+first).wants(t, http.StatusGone)
	h.browser(t).get(linkPath+"?key="+second).wants(t, http.StatusOK)
	h.clock.advance(linkFor)
	h.browser(t).get(linkPath+"?key="+second).wants(t, http.StatusGone)
	h.browser(t).post(linkPath, form("key", second)).wants(t, http.StatusGone)
	b.get(anotherPath).says(t, "The link is too old").silent(t, second)
	h.clock.advance(linkFor)
	b.get(anotherPath).silent(t, "The link is too old")
	b.get(linkCodePath).wants(t, http.StatusNotFound)
}

func TestGuessedLinksAreRefusedAlike(t *testing.T) {
	h := build(t, plan{})
	key := h.link(t, "ada")
	for _, guess := range []string{"", "x", strings.Repeat("a", 26), strings.ToUpper(key), key[:25], key + "a", strings.Repeat("a", 9000)} {
		h.browser(t).get(linkPath+"?key="+guess).wants(t, http.StatusGone).silent(t, "already")
		h.browser(t).post(linkPath, form("key", guess)).wants(t, http.StatusGone)
	}
	h.browser(t).post(linkPath, form("key", key), "Sec-Fetch-Site", "cross-site").wants(t, http.StatusForbidden)
	h.browser(t).get(linkPath+"?key="+key).wants(t, http.StatusOK)
}

func TestALinkIsForItsMakerWhoeverIsSignedIn(t *testing.T) {
	h := build(t, plan{})
	grace := h.browser(t).signIn("grace")
	grace.get(linkPath+"?key="+h.link(t, "ada")).wants(t, http.StatusOK).says(t, "Ada Byron", "At the moment Grace Murray is signed in")
	grace.post(linkPath, form("key", h.link(t, "ada"))).wants(t, http.StatusSeeOther)
	grace.get(homePath).says(t, "Hello Ada Byron")
	grace.get(linkPath+"?key="+h.link(t, "ada")).wants(t, http.StatusSeeOther).header(t, "Location", homePath)
}

func TestALinkOfAClosedAccountOpensNothing(t *testing.T) {
	h := build(t, plan{change: func(o *Options) { o.Access = directory.Access{Profile: directory.Rule{People: []string{"grace"}}} }})
	key := h.link(t, "ada")
	h.browser(t).get(linkPath+"?key="+key).wants(t, http.StatusForbidden).says(t, "may not sign in any more").silent(t, "Ada")
	b := h.browser(t)
	b.post(linkPath, form("key", key)).wants(t, http.StatusForbidden)
	b.get(homePath).wants(t, http.StatusSeeOther)
}

func TestCodesOfOthersAreNotServed(t *testing.T) {
	h := build(t, plan{})
	h.browser(t).signIn("ada").makeLink()
	h.browser(t).get(linkCodePath).wants(t, http.StatusSeeOther)
	h.browser(t).signIn("ada").get(linkCodePath).wants(t, http.StatusNotFound)
}

func TestSealedSecretsOpenWithTheirSessionOnly(t *testing.T) {
	one, err := sealer("token", "name")
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, one.NonceSize())
	sealed := one.Seal(nil, nonce, []byte("secret"), nil)
	for _, c := range []struct {
		token, name string
		opens       bool
	}{{"token", "name", true}, {"other", "name", false}, {"token", "other", false}, {"", "", false}} {
		seal, err := sealer(c.token, c.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := seal.Open(nil, nonce, sealed, nil); (err == nil) != c.opens {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

// A link is seen by whoever sees the screen: a session by one leaves one app password behind, that of its device, and
// takes none away.
func TestALinkMakesTheAppPasswordOfOneDeviceOnly(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	other := h.appPassword(t, "ada", "Mac", "mac")
	phone := h.browser(t)
	phone.agent = agentIPhone
	phone.post(linkPath, form("key", h.link(t, "ada"))).wants(t, http.StatusSeeOther)
	phone.post(passwordsPath, form("name", "Thunderbird")).wants(t, http.StatusForbidden).says(t, "A link sets up one device")
	for range 2 { // the second takes the place of the first
		phone.post(passwordsPath, form("for", "this", "name", "iPhone")).wants(t, http.StatusOK)
		phone.get(calendarProfilePath+"?password=app").wants(t, http.StatusOK)
	}
	phone.get(devicesPath).wants(t, http.StatusOK).says(t, "iPhone", "You came here by a one-time link").silent(t, revokePath, `action="/portal/app-passwords"`)
	phone.post(revokePath, form("id", strconv.FormatInt(other, 10))).wants(t, http.StatusForbidden)
	phone.post(revokePath, form("id", "all")).wants(t, http.StatusForbidden)

	phone.forget(deviceCookie) // and it says that it is another device
	phone.post(passwordsPath, form("for", "this", "name", "iPad")).wants(t, http.StatusForbidden)
	all, err := h.options.Records.AppPasswords(t.Context(), ownerOf(h.person(t, "ada")))
	if err != nil {
		t.Fatal(err)
	}
	valid := 0
	for _, p := range all {
		if p.Valid(h.clock.now()) {
			valid++
		}
	}
	if valid != 2 {
		t.Errorf("ada has %d app passwords, want those of the Mac and of the phone", valid)
	}
}

// forget removes a cookie.
func (b *client) forget(name string) {
	b.t.Helper()
	at, err := url.Parse(b.house.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Jar.SetCookies(at, []*http.Cookie{{Name: name, Path: "/", Secure: true, MaxAge: -1}})
}

func TestClientsAndReasonsHaveWords(t *testing.T) {
	for agent, want := range map[string]string{
		"iOS/18.1 (22B83) dataaccessd/1.0": "Calendar on iPhone or iPad (iOS 18.1)", "iOS/17.5.1 (21F90) remindd/1.0": "Reminders on iPhone or iPad (iOS 17.5.1)",
		"macOS/15.1 (24B83) dataaccessd/1.0": "Calendar on Mac (macOS 15.1)", "Mac+OS+X/10.8.5 (12F45) CalendarAgent/57": "Calendar on Mac (OS X 10.8.5)",
		"Mac_OS_X/10.9.5 (13F34) CalendarAgent/176.2":                     "Calendar on Mac (OS X 10.9.5)",
		"DAVx5/4.4.3-ose (2024/10/19; dav4jvm; okhttp/4.12.0) Android/14": "DAVx⁵ 4.4.3 on Android 14", "Evolution/3.46.4": "Evolution 3.46.4",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0": "Thunderbird 128.4.0", "": "A program that does not say its name",
		"curl/8.1": "curl/8.1", strings.Repeat("é", 99): strings.Repeat("é", 60) + "…",
	} {
		if got := clientWords(agent).String(); got != want {
			t.Errorf("%q: got %q, want %q", agent, got, want)
		}
	}
	words := []string{"account", "throttled"}
	for _, r := range signin.Reasons {
		words = append(words, r.Word)
	}
	for _, word := range words {
		if reasons[word] == "" {
			t.Errorf("the reason %s has no words", word)
		}
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		-time.Hour: "just now", 59 * time.Second: "just now", time.Minute: "1 minute ago", 59 * time.Minute: "59 minutes ago", time.Hour: "1 hour ago",
		24 * time.Hour: "1 day ago", 13 * 24 * time.Hour: "13 days ago", 14 * 24 * time.Hour: "on 8 November 2026",
	} {
		if got := inEnglish.ago(now, now.Add(-d)); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestTheDevicesPageTellsWhatWentWrong(t *testing.T) {
	h := furnished(t, signin.AppPasswordsOffered)
	b := h.browser(t).signIn("ada")
	b.get(devicesPath).wants(t, http.StatusOK).says(t, "Calendar on iPhone or iPad (iOS 18.1)", "Signed in 3 minutes ago from 192.0.2.17. With the app password “iPhone”.",
		"Its app password has been revoked", "31 times in a row", "It sends a wrong password", "With your password.", "There is a newer version")
	h.browser(t).signIn("grace").get(devicesPath).silent(t, "iPhone", "31 times", "iPad")
}

func TestADeviceIsToldOfANewerProfile(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	b.agent = agentIPhone
	b.do(http.MethodHead, calendarProfilePath+"?platform=ios", nil)
	b.get(homePath).silent(t, "newest version", "newer version")
	b.get(calendarProfilePath+"?platform=ios").wants(t, http.StatusOK)
	h.clock.advance(3 * time.Minute)
	b.get(homePath).says(t, "got the newest version of your profile 3 minutes ago")
	b.get(devicesPath).says(t, "iPhone", "this device", "It is the newest version")
	all, err := h.store.Downloads(t.Context(), ownerOf(h.person(t, "ada")))
	if err != nil || len(all) != 1 {
		t.Fatalf("got %+v, %v", all, err)
	}
	all[0].Profile = "another"
	if err := h.store.NoteDownload(t.Context(), all[0]); err != nil {
		t.Fatal(err)
	}
	b.get(homePath).says(t, "A newer version is available")
	h.browser(t).signIn("ada").get(homePath).silent(t, "newer version")
}

func TestADownloadThatCannotBeNotedIsADownload(t *testing.T) {
	h := build(t, plan{change: func(o *Options) { o.Records = brokenRecords{o.Records} }})
	h.browser(t).signIn("ada").get(calendarProfilePath).wants(t, http.StatusOK)
	if !strings.Contains(h.log.String(), errBroken.Error()) {
		t.Error("the log does not say so")
	}
}

func TestManualSetUpHasTheOwnValuesForOtherSystems(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("zoë")
	b.get(manualPath).says(t, "https://cal.example.org:8443/", `href="davx5://zo%C3%AB@cal.example.org:8443/"`, "Thunderbird", "Evolution")
	b.get(androidCodePath).wants(t, http.StatusOK).header(t, "Content-Type", "image/svg+xml")
}

func TestTheConnectionTestSaysWhereTheWayEnds(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	b.get(testPath).wants(t, http.StatusOK).says(t, `id="password"`)
	b.post(testPath, form("password", "")).wants(t, http.StatusUnprocessableEntity).says(t, "Type your password")
	b.post(testPath, form("password", "x-secret-x")).wants(t, http.StatusOK).says(t, "cannot be found", "For the administrator").silent(t, "x-secret-x")
}

func TestConnectionTestsAreFewAtATime(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	s, err := newSite(h.options)
	if err != nil {
		t.Fatal(err)
	}
	for range testsAtATime {
		s.tests <- struct{}{}
	}
	r := httptest.NewRequest(http.MethodPost, testPath, strings.NewReader("password=x"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	u, _ := url.Parse(h.URL)
	for _, c := range b.Jar.Cookies(u) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	s.routes().ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("got status %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
}

func TestOfTwoConnectionTestsNeitherEndsTheOthersPassword(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	b := h.browser(t).signIn("ada")
	for range 2 {
		b.post(testPath, form()).wants(t, http.StatusOK)
	}
	b.get(devicesPath).wants(t, http.StatusOK).silent(t, "Connection test")
	made, err := h.store.AppPasswords(t.Context(), ownerOf(h.live.Snapshot().ByName(directory.Individual, "ada")))
	if err != nil || len(made) != 2 {
		t.Fatalf("%d app passwords, %v; want 2", len(made), err)
	}
	if made[0].Device == made[1].Device {
		t.Errorf("both are of the device %q: the later one revokes the earlier", made[0].Device)
	}
}
