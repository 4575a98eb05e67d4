package web

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

func TestMain(m *testing.M) {
	code := m.Run()
	browserOfAll.stop()
	os.Exit(code)
}

// theBrowser is a Chromium that runs as long as the tests do. To start one takes longer than most of what is done with it.
type theBrowser struct {
	once sync.Once
	ctx  context.Context
	err  error
	end  []func()
}

var browserOfAll theBrowser

func chromiumPath() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	return ""
}

func (b *theBrowser) start(path string) {
	folder, err := os.MkdirTemp("", "calport-chromium")
	if err != nil {
		b.err = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.IgnoreCertErrors, chromedp.UserDataDir(folder), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-GB"))
	allocator, release := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	b.end = []func(){func() { b.err = errors.Join(b.err, chromedp.Cancel(ctx)) }, cancel, release, func() { os.RemoveAll(folder) }}
	b.ctx, b.err = ctx, chromedp.Do(ctx)
}

func (b *theBrowser) stop() {
	for _, end := range b.end {
		end()
	}
}

// chrome opens a tab for the test, with cookies of its own.
func chrome(t *testing.T) *chromeTab {
	t.Helper()
	path := chromiumPath()
	stranger(t, "chromium", path != "")
	browserOfAll.once.Do(func() { browserOfAll.start(path) })
	if browserOfAll.err != nil {
		t.Fatal(browserOfAll.err)
	}
	ctx, cancel := chromedp.NewContext(browserOfAll.ctx, chromedp.WithNewBrowserContext())
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
