package web

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"calport/directory"
	"calport/directory/demo"
	"calport/directory/signin"
	"calport/server/store"
)

// shot is one page in one state. Every page that the portal has should be among those that some test hands to walk: a
// new page is a new row, here or in a file of its own, of
//
//	{name: "11-rooms", path: roomsPath, house: h}                                        a page as ada sees it
//	{name: "12-settings", path: adminPath + "settings", house: h, as: "admin"}           as somebody else does
//	{name: "6-nothing", path: "/nowhere", house: h, anonymous: true}                     as nobody
//	{name: "10-test-run", path: testPath, house: h, press: `form[action="…"] button`}    after pressing a button
//
// walk shows each in several looks, and wants of each what inspect says: that axe-core finds nothing, that nothing is wider
// than the window, that the keyboard reaches every control, that the console is silent and no other host is asked.
type shot struct {
	name, path string
	house      *house
	as         string // who looks; empty: ada
	anonymous  bool
	agent      string // in place of the usual one
	press      string // a button to press first; what its form requires is filled in
}

// looks are the sizes, colours and languages in which each page is seen.
var looks = []struct {
	width            int64
	scheme, language string
}{
	{390, "dark", "de"}, {1280, "light", "en"}, {390, "light", "en"}, {1280, "dark", "de"},
}

// walk sees each page in the first two looks, which have each size, scheme and language once. With
// CALPORT_SCREENSHOTS=FOLDER it sees all, and keeps pictures for somebody to look at.
func (c *chromeTab) walk(t *testing.T, shots []shot) {
	t.Helper()
	c.withAxe(t)
	seen := looks[:2]
	if os.Getenv("CALPORT_SCREENSHOTS") != "" {
		seen = looks
	}
	for _, look := range seen {
		c.language = look.language
		for _, shot := range shots {
			agent := shot.agent
			if agent == "" {
				agent = agentMac
				if look.width < 600 {
					agent = agentIPhone
				}
			}
			c.is(t, agent, look.width, look.scheme)
			if shot.as != c.as {
				c.leave(t)
			}
			c.as = shot.as
			c.open(t, shot.house, shot.path, shot.anonymous)
			if shot.press != "" {
				c.press(t, shot.press)
			}
			c.inspect(t, shot.name+" in "+look.language, look.width)
			c.keep(t, shot.name, look.width, look.scheme)
		}
	}
}

// leave forgets who has signed in.
func (c *chromeTab) leave(t *testing.T) {
	t.Helper()
	if _, err := chromedp.Call(c.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
}

// TestScreenshots walks the pages for everybody.
func TestScreenshots(t *testing.T) {
	c := chrome(t)
	h := build(t, plan{})
	known := build(t, plan{noTrust: true})
	offered := furnished(t, signin.AppPasswordsOffered)
	required := furnished(t, signin.AppPasswordsRequired)
	provided := build(t, plan{change: func(o *Options) {
		o.OpenID = &OpenID{Issuer: "https://sso.example.org", ClientID: "x", Name: "Example SSO"}
	}})
	denied := build(t, plan{access: &directory.Access{Server: directory.Rule{Everyone: true}}})
	c.walk(t, []shot{
		{name: "1-sign-in", path: signInPath, house: h, anonymous: true},
		{name: "1-sign-in-download", path: signInPath + "?to=/portal/profile/calendar.mobileconfig", house: h, anonymous: true},
		{name: "1-sign-in-provider", path: signInPath, house: provided, anonymous: true},
		{name: "2-home", path: homePath, house: h},
		{name: "2-home-known", path: homePath, house: known},
		{name: "2-home-denied", path: homePath, house: denied},
		{name: "2-home-firefox", path: homePath, house: h, agent: agentFirefox},
		{name: "2-home-linux", path: homePath, house: h, agent: agentLinux},
		{name: "3-inside", path: insidePath, house: h},
		{name: "4-manual", path: manualPath, house: h},
		{name: "5-help", path: helpPath, house: h},
		{name: "2-home-offered", path: homePath, house: offered},
		{name: "2-home-required", path: homePath, house: required},
		{name: "4-manual-required", path: manualPath, house: required},
		{name: "7-password-install", path: homePath, house: required, press: `form[action="/portal/app-passwords"] button`},
		{name: "7-password-other", path: devicesPath + "?", house: offered, press: `form[action="/portal/app-passwords"] button`},
		{name: "8-devices", path: devicesPath, house: offered},
		{name: "8-devices-none", path: devicesPath, house: h},
		{name: "9-another", path: anotherPath, house: h},
		{name: "9-another-link", path: anotherPath, house: offered, press: `form[action="/portal/another"] button`},
		{name: "9-link", path: linkPath + "?key=" + offered.link(t, "grace"), house: offered, anonymous: true},
		{name: "9-link-spent", path: linkPath + "?key=guessed", house: offered, anonymous: true},
		{name: "10-test", path: testPath, house: offered},
		{name: "10-test-off", path: testPath, house: h},
		{name: "10-test-run", path: testPath, house: offered, press: `form[action="/portal/test"] button`},
		{name: "6-nothing", path: "/nowhere", house: h, anonymous: true},
	})
	c.wrongPassword(t, h)
}

// open goes to a page, as ada, as whom c.as names, or as nobody.
func (c *chromeTab) open(t *testing.T, h *house, path string, anonymous bool) {
	t.Helper()
	if anonymous {
		c.leave(t)
		c.do(t, chromedp.Navigate(h.URL+path), chromedp.WaitVisible(chromedp.CSS("h1")))
		return
	}
	c.do(t, chromedp.Navigate(h.URL+path), chromedp.WaitVisible(chromedp.CSS("h1")))
	if evaluate[bool](t, c, `!!document.querySelector("body:has(#name):has(#password)")`) {
		c.signIn(t, cmp.Or(c.as, "ada"), demo.Password)
		c.do(t, chromedp.WaitVisible(chromedp.CSS("body:not(:has(#name):has(#password)) h1"))) // a page that says no has no navigation
	}
	c.do(t, chromedp.WaitReady(chromedp.CSS("footer")))
}

// press fills in what must be filled in, presses a button and waits for the page that comes.
func (c *chromeTab) press(t *testing.T, selector string) {
	t.Helper()
	evaluate[bool](t, c, `(() => {
  const button = document.querySelector(`+strconv.Quote(selector)+`);
  for (const input of button.form.querySelectorAll("input[required]")) input.value ||= "Thunderbird at work";
  document.body.dataset.old = "yes";
  button.click();
  return true;
})()`)
	c.do(t, chromedp.WaitVisible(chromedp.CSS("body:not([data-old]) h1")), chromedp.WaitReady(chromedp.CSS("footer")))
}

// furnished is a house where ada has devices of all kinds.
func furnished(t *testing.T, policy signin.Policy) *house {
	t.Helper()
	h := build(t, plan{appPasswords: policy})
	now, owner := h.clock.now(), ownerOf(h.person(t, "ada"))
	phone := h.appPassword(t, "ada", "iPhone", "phone")
	h.appPassword(t, "ada", "Thunderbird at home", "")
	old := h.appPassword(t, "ada", "The iPad that was lost", "")
	const agent = "iOS/18.1 (22B83) dataaccessd/1.0"
	signIns := []store.SignIn{
		{Owner: owner, Client: agent, AppPassword: phone, Succeeded: now.Add(-3 * time.Minute), From: "192.0.2.17"},
		{Owner: owner, Client: "macOS/15.1 (24B83) dataaccessd/1.0", Succeeded: now.Add(-26 * time.Hour), From: "2001:db8::17"},
		{Owner: owner, Client: agent, AppPassword: old, Failed: now.Add(-time.Hour), FailedFrom: "198.51.100.4", Reason: "app-password-ended", Failures: 31},
		{Owner: owner, Client: "DAVx5/4.4.3-ose (2024/10/19; dav4jvm; okhttp/4.12.0) Android/14", Failed: now.Add(-2 * time.Hour), FailedFrom: "192.0.2.17", Reason: "wrong-password", Failures: 1},
	}
	err := errors.Join(h.store.NoteSignIns(t.Context(), signIns), h.store.RevokeAppPassword(t.Context(), owner, old),
		h.store.NoteDownload(t.Context(), store.Download{Owner: owner, Device: "other", Name: "iPad", Platform: "ios", Profile: "old"}))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (c *chromeTab) wrongPassword(t *testing.T, h *house) {
	t.Helper()
	for _, width := range []int64{390, 1280} {
		c.is(t, agentIPhone, width, "light")
		c.open(t, h, signInPath, true)
		c.signIn(t, "ada", "wrong")
		c.do(t, chromedp.WaitVisible(chromedp.CSS("#trouble")))
		c.inspect(t, "wrong password", width)
		c.keep(t, "1-sign-in-wrong", width, "light")
	}
}

func (c *chromeTab) inspect(t *testing.T, name string, width int64) {
	t.Helper()
	if wide := evaluate[int64](t, c, `document.documentElement.scrollWidth`); wide > width {
		t.Errorf("%s is %d pixels wide in a window of %d", name, wide, width)
	}
	if got := evaluate[[]string](t, c, unreachable); len(got) > 0 {
		t.Errorf("%s: the keyboard does not reach %q", name, got)
	}
	if got := evaluate[int](t, c, `document.querySelectorAll("h1").length`); got != 1 {
		t.Errorf("%s has %d headings of the first level, want 1", name, got)
	}
	c.audit(t, name)
	c.quietly(t, name)
}

// unreachable lists controls that Tab passes by, or that are taken out of their order.
const unreachable = `[...document.querySelectorAll("a,button,select,textarea,input:not([type=hidden]),summary")].filter(e =>
  e.checkVisibility() && (e.tabIndex !== 0 || e.tagName === "A" && !e.href)).map(e => e.outerHTML)`

// keep writes a picture of the whole page, if pictures are wanted.
func (c *chromeTab) keep(t *testing.T, name string, width int64, scheme string) {
	t.Helper()
	dir := os.Getenv("CALPORT_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture := run(t, c, "a picture", chromedp.FullScreenshot(100))
	kind := "desktop"
	if width < 600 {
		kind = "phone"
	}
	if err := os.WriteFile(filepath.Join(dir, name+"-"+kind+"-"+scheme+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}
