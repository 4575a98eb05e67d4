package web

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"calport/directory/demo"
	"calport/signing"
)

// chromeTab is a page of a real browser, and what it has done.
type chromeTab struct {
	ctx      context.Context
	language string // that it asks for; empty: English
	as       string // who signs in when a page asks for it; empty: ada
	axe      string // the source of axe-core, once it is needed

	mu   sync.Mutex
	page string // asked for last
	urls []string
	said []string
}

func (c *chromeTab) note(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		c.urls = append(c.urls, e.Request.URL)
		if e.Type == network.ResourceTypeDocument {
			c.page = e.Request.URL
		}
	case *log.EventEntryAdded:
		if strings.HasPrefix(e.Entry.Text, "Autofocus processing was blocked") { // the test was there sooner
			return
		}
		if e.Entry.URL != c.page || !strings.Contains(e.Entry.Text, "status of 4") { // the browser's own word for a page that says no
			c.said = append(c.said, "log: "+e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		c.said = append(c.said, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		c.said = append(c.said, "exception: "+e.ExceptionDetails.Text)
	}
}

// patience is how long one step of a tab may take, on a machine that does much else.
const patience = 30 * time.Second

// do runs steps, and wants each to work.
func (c *chromeTab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for i, step := range steps {
		run(t, c, fmt.Sprintf("step %d of %d", i+1, len(steps)), step)
	}
}

// run wants that a step works within patience. The error says what the page shows instead.
func run[T any](t *testing.T, c *chromeTab, what string, step chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, step)
	if err != nil {
		t.Fatalf("%s: %s: %v\n%s", c.at(), what, err, c.looks())
	}
	return v
}

// at is the address that the tab was sent to last.
func (c *chromeTab) at() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.page
}

// looks says what the tab shows.
func (c *chromeTab) looks() string {
	ctx, cancel := context.WithTimeout(c.ctx, 5*time.Second)
	defer cancel()
	const script = `location.href + " (" + document.readyState + "): " + document.title + "\n" + document.body.innerText.slice(0, 2000)`
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](script))
	if err != nil {
		return "the tab does not answer: " + err.Error()
	}
	return "the tab shows " + said
}

// is makes the tab a device.
func (c *chromeTab) is(t *testing.T, agent string, width int64, scheme string) {
	t.Helper()
	if _, err := chromedp.Call(c.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: cmp.Or(c.language, "en")}); err != nil {
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
	return run(t, c, "the text of "+selector, chromedp.Text(chromedp.CSS(selector)))
}

func evaluate[T any](t *testing.T, c *chromeTab, script string) T {
	t.Helper()
	return run(t, c, script[:min(len(script), 200)], chromedp.Evaluate[T](script))
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
	if got := text(t, c, `[data-copy="Copy the user name"] code`); got != "zoë" {
		t.Errorf("got user name %q", got)
	}
	c.quiet(t, h.URL)
}

func TestBrowserCopiesCommands(t *testing.T) {
	c := chrome(t)
	h := build(t, plan{})
	c.is(t, agentMac, 1280, "light")
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		grant := browser.SetPermissionParams{BrowserContextID: chromedp.FromContext(c.ctx).BrowserContextID, Origin: h.URL, Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted}
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

func TestBrowserNeedsNoScripts(t *testing.T) {
	c := chrome(t)
	h := build(t, plan{})
	c.is(t, agentIPhone, 390, "light")
	off := emulation.SetScriptExecutionDisabledParams{Value: true}
	if _, err := chromedp.Call(c.ctx, emulation.SetScriptExecutionDisabled, off); err != nil {
		t.Fatal(err)
	}
	c.do(t, chromedp.Navigate(h.URL+helpPath))
	c.signIn(t, "ada", demo.Password)
	c.do(t, chromedp.WaitVisible(chromedp.CSS("#read")))
	if got := evaluate[int](t, c, `document.querySelectorAll("[data-copy] button").length`); got != 0 {
		t.Errorf("there are %d buttons that do nothing", got)
	}
	if got := evaluate[string](t, c, `getComputedStyle(document.querySelector("[data-copy] code")).userSelect`); got != "all" {
		t.Errorf("commands are selected by %q", got)
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
		BrowserContextID: chromedp.FromContext(c.ctx).BrowserContextID, Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, EventsEnabled: &on,
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
