package web

import (
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

// TestScreenshots takes every page at two widths in light and dark, and wants no page wider than its window and no
// control without a name. With CALPORT_SCREENSHOTS=FOLDER the pictures are kept, for somebody to look at.
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
	shots := []struct {
		name, path string
		house      *house
		anonymous  bool
		agent      string // in place of the usual one
		press      string // a button to press first
	}{
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
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1280} {
			for _, shot := range shots {
				agent := shot.agent
				if agent == "" {
					agent = agentMac
					if width < 600 {
						agent = agentIPhone
					}
				}
				c.is(t, agent, width, scheme)
				c.open(t, shot.house, shot.path, shot.anonymous)
				if shot.press != "" {
					c.press(t, shot.press)
				}
				c.inspect(t, shot.name, width)
				c.keep(t, shot.name, width, scheme)
			}
		}
	}
	c.wrongPassword(t, h)
}

// open goes to a page, as ada or as nobody.
func (c *chromeTab) open(t *testing.T, h *house, path string, anonymous bool) {
	t.Helper()
	if anonymous {
		if _, err := chromedp.Call(c.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
		c.do(t, chromedp.Navigate(h.URL+path), chromedp.WaitVisible(chromedp.CSS("h1")))
		return
	}
	c.do(t, chromedp.Navigate(h.URL+path), chromedp.WaitVisible(chromedp.CSS("h1")))
	if evaluate[bool](t, c, `!!document.getElementById("name")`) {
		c.signIn(t, "ada", demo.Password)
		c.do(t, chromedp.WaitVisible(chromedp.CSS("nav")))
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

// nameless lists controls that a screen reader could not name.
const nameless = `[...document.querySelectorAll("a,button,select,input:not([type=hidden]),summary,img")].filter(e =>
  e.tagName === "IMG" ? !e.hasAttribute("alt") :
  !(e.textContent.trim() || e.getAttribute("aria-label") || (e.labels && e.labels.length))).map(e => e.outerHTML)`

func (c *chromeTab) inspect(t *testing.T, name string, width int64) {
	t.Helper()
	if wide := evaluate[int64](t, c, `document.documentElement.scrollWidth`); wide > width {
		t.Errorf("%s is %d pixels wide in a window of %d", name, wide, width)
	}
	if got := evaluate[[]string](t, c, nameless); len(got) > 0 {
		t.Errorf("%s: controls without a name: %q", name, got)
	}
	if got := evaluate[[]string](t, c, lowContrast); len(got) > 0 {
		t.Errorf("%s: contrast below AA: %q", name, got)
	}
	if got := evaluate[int](t, c, `document.querySelectorAll("h1").length`); got != 1 {
		t.Errorf("%s has %d headings of the first level, want 1", name, got)
	}
}

// lowContrast lists texts whose contrast is below 4.5 to 1 (WCAG 2.2, 1.4.3).
const lowContrast = `(() => {
  const rgb = s => s.match(/[\d.]+/g).map(Number);
  const light = c => { const [r,g,b] = c.slice(0,3).map(v => (v/=255) <= .04045 ? v/12.92 : ((v+.055)/1.055)**2.4); return .2126*r+.7152*g+.0722*b; };
  const back = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255,255,255]; };
  const low = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; n = walk.nextNode();) {
    const e = n.parentElement;
    if (!n.textContent.trim() || !e.getClientRects().length || e.closest("svg")) continue;
    const a = light(rgb(getComputedStyle(e).color)), b = light(back(e));
    const ratio = (Math.max(a,b)+.05)/(Math.min(a,b)+.05);
    if (ratio < 4.5) low.push(ratio.toFixed(2)+" "+n.textContent.trim().slice(0,40));
  }
  return low;
})()`

// keep writes a picture of the whole page, if pictures are wanted.
func (c *chromeTab) keep(t *testing.T, name string, width int64, scheme string) {
	t.Helper()
	dir := os.Getenv("CALPORT_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(c.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	kind := "desktop"
	if width < 600 {
		kind = "phone"
	}
	if err := os.WriteFile(filepath.Join(dir, name+"-"+kind+"-"+scheme+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}
