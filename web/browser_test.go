package web

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"calport/directory"
	"calport/directory/demo"
	"calport/signing"
)

// chromeTab is a page of a real browser, and what it has done.
type chromeTab struct {
	ctx  context.Context
	mu   sync.Mutex
	urls []string
	said []string
}

// chrome starts a Chromium for the test, one tab of it.
func chrome(t *testing.T) *chromeTab {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	stranger(t, "chromium", path != "")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.IgnoreCertErrors, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-GB"))
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() { chromedp.Cancel(ctx); cancel() })
	tab := &chromeTab{ctx: ctx}
	if err := chromedp.Listen(ctx, tab.note); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return tab
}

func (c *chromeTab) note(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		c.urls = append(c.urls, e.Request.URL)
	case *log.EventEntryAdded:
		if !strings.Contains(e.Entry.Text, "status of 422") { // the browser's own word for a refused form
			c.said = append(c.said, "log: "+e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		c.said = append(c.said, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		c.said = append(c.said, "exception: "+e.ExceptionDetails.Text)
	}
}

// do runs steps, and wants each to work.
func (c *chromeTab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(c.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// is makes the tab a device.
func (c *chromeTab) is(t *testing.T, agent string, width int64, scheme string) {
	t.Helper()
	if _, err := chromedp.Call(c.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent}); err != nil {
		t.Fatal(err)
	}
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	if _, err := chromedp.Call(c.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		t.Fatal(err)
	}
	height, scale := int64(900), 1.0
	options := []chromedp.EmulateViewportOption{chromedp.EmulateScale(scale)}
	if width < 600 {
		height = 844
		options = []chromedp.EmulateViewportOption{chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulatePortrait}
	}
	c.do(t, chromedp.EmulateViewport(width, height, options...))
}

func text(t *testing.T, c *chromeTab, selector string) string {
	t.Helper()
	s, err := chromedp.Run(c.ctx, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func evaluate[T any](t *testing.T, c *chromeTab, script string) T {
	t.Helper()
	v, err := chromedp.Run(c.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}

func (c *chromeTab) signIn(t *testing.T, name, password string) {
	t.Helper()
	c.do(t, chromedp.WaitVisible(chromedp.CSS("#name")), chromedp.SetValue(chromedp.CSS("#name"), name),
		chromedp.SendKeys(chromedp.CSS("#password"), password), chromedp.Click(chromedp.CSS("main button")))
}

// quiet wants that the tab has asked nobody but the site, and complained about nothing.
func (c *chromeTab) quiet(t *testing.T, origin string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, u := range c.urls {
		if !strings.HasPrefix(u, origin+"/") && u != "about:blank" {
			t.Errorf("the page asked for %s", u)
		}
	}
	if len(c.said) > 0 {
		t.Errorf("the console says %q", c.said)
	}
}

func TestBrowserSignsInAndDownloads(t *testing.T) {
	c := chrome(t)
	h := build(t, plan{})
	c.is(t, agentMac, 1280, "light")
	c.do(t, chromedp.Navigate(h.URL+"/"))
	c.signIn(t, "ada", "not this one")
	c.do(t, chromedp.WaitVisible(chromedp.CSS("#trouble")))
	if got := text(t, c, "#trouble"); !strings.Contains(got, "Wrong name or password") {
		t.Errorf("got %q", got)
	}
	if got := evaluate[string](t, c, `document.activeElement.id`); got != "password" {
		t.Errorf("the focus is on %q, want the password", got)
	}
	c.signIn(t, "ada", demo.Password)
	c.do(t, chromedp.WaitVisible(chromedp.CSS(".steps")))
	if got := text(t, c, "h1"); got != "Calendars on this Mac" {
		t.Errorf("got heading %q", got)
	}
	file := c.download(t, `a.button[href*="calendar.mobileconfig"]`)
	if file.name != "calendar-ada.mobileconfig" {
		t.Errorf("got file %q", file.name)
	}
	if v, err := signing.Verify(file.content, h.authority.Pool(), time.Now()); err != nil || !strings.Contains(string(v.Content), "<string>ada</string>") {
		t.Errorf("the downloaded profile: %v", err)
	}
	c.do(t, chromedp.Click(chromedp.CSS(".who button")), chromedp.WaitVisible(chromedp.CSS("#name")))
	c.quiet(t, h.URL)
}

func TestBrowserFindsTheLinkAgainAfterSigningIn(t *testing.T) {
	c := chrome(t)
	h := build(t, plan{})
	c.is(t, agentIPhone, 390, "light")
	c.do(t, chromedp.Navigate(h.URL+manualPath))
	c.signIn(t, "zoë", demo.Password)
	c.do(t, chromedp.WaitVisible(chromedp.CSS("#values")))
	if got := evaluate[string](t, c, `location.pathname`); got != manualPath {
		t.Errorf("got page %q, want %q", got, manualPath)
	}
	if got := text(t, c, `[data-copy="the user name"] code`); got != "zoë" {
		t.Errorf("got user name %q", got)
	}
	c.quiet(t, h.URL)
}

func TestBrowserCopiesCommands(t *testing.T) {
	c := chrome(t)
	h := build(t, plan{})
	c.is(t, agentMac, 1280, "light")
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		grant := browser.SetPermissionParams{Origin: h.URL, Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted}
		if _, err := chromedp.CallBrowser(c.ctx, browser.SetPermission, grant); err != nil {
			t.Fatal(err)
		}
	}
	c.do(t, chromedp.Navigate(h.URL+helpPath))
	c.signIn(t, "ada", demo.Password)
	c.do(t, chromedp.WaitVisible(chromedp.CSS("#read")), chromedp.Click(chromedp.CSS(`section[aria-labelledby="read"] [data-copy] button`)),
		chromedp.WaitVisible(chromedp.Search(`//button[text()="Copied"]`)))
	got, err := chromedp.Run(c.ctx, chromedp.Evaluate[string](`navigator.clipboard.readText()`, chromedp.EvalAwaitPromise))
	if err != nil || got != commands["show"] {
		t.Errorf("copied %q, %v, want %q", got, err, commands["show"])
	}
	c.quiet(t, h.URL)
}

// downloaded is a file that the browser has saved.
type downloaded struct {
	name    string
	content []byte
}

func (c *chromeTab) download(t *testing.T, selector string) downloaded {
	t.Helper()
	dir := t.TempDir()
	on := true
	_, err := chromedp.CallBrowser(c.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, EventsEnabled: &on,
	})
	if err != nil {
		t.Fatal(err)
	}
	begun := chromedp.BrowserEvents(c.ctx, browser.DownloadWillBegin)
	progress := chromedp.BrowserEvents(c.ctx, browser.DownloadProgress)
	c.do(t, chromedp.Click(chromedp.CSS(selector)))
	var file downloaded
	for e, err := range begun {
		if err != nil {
			t.Fatal(err)
		}
		file.name = e.SuggestedFilename
		break
	}
	for e, err := range progress {
		if err != nil || e.State == browser.DownloadProgressStateCanceled {
			t.Fatalf("the download failed: %v", err)
		}
		if e.State == browser.DownloadProgressStateCompleted {
			break
		}
	}
	if file.content, err = os.ReadFile(filepath.Join(dir, file.name)); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestScreenshots takes every page at two widths in light and dark, and wants no page wider than its window and no
// control without a name. With CALPORT_SCREENSHOTS=FOLDER the pictures are kept, for somebody to look at.
func TestScreenshots(t *testing.T) {
	c := chrome(t)
	h := build(t, plan{})
	known := build(t, plan{noTrust: true})
	denied := build(t, plan{access: &directory.Access{Server: directory.Rule{Everyone: true}}})
	shots := []struct {
		name, path string
		house      *house
		anonymous  bool
		agent      string // in place of the usual one
	}{
		{name: "1-sign-in", path: signInPath, house: h, anonymous: true},
		{name: "1-sign-in-download", path: signInPath + "?to=/portal/profile/calendar.mobileconfig", house: h, anonymous: true},
		{name: "2-home", path: homePath, house: h},
		{name: "2-home-known", path: homePath, house: known},
		{name: "2-home-denied", path: homePath, house: denied},
		{name: "2-home-firefox", path: homePath, house: h, agent: agentFirefox},
		{name: "2-home-linux", path: homePath, house: h, agent: agentLinux},
		{name: "3-inside", path: insidePath, house: h},
		{name: "4-manual", path: manualPath, house: h},
		{name: "5-help", path: helpPath, house: h},
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
	if evaluate[bool](t, c, `!!document.getElementById("password")`) {
		c.signIn(t, "ada", demo.Password)
		c.do(t, chromedp.WaitVisible(chromedp.CSS("nav")))
	}
	c.do(t, chromedp.WaitReady(chromedp.CSS("footer")))
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
const nameless = `[...document.querySelectorAll("a,button,input:not([type=hidden]),summary,img")].filter(e =>
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
