package web

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"calport/directory/demo"
	"calport/directory/signin"
	"calport/signing"
)

func TestBrowserInstallsAProfileWithAnAppPassword(t *testing.T) {
	c := chrome(t)
	h := build(t, plan{appPasswords: signin.AppPasswordsRequired})
	c.is(t, agentIPhone, 390, "light")
	c.do(t, chromedp.Navigate(h.URL+"/"))
	c.signIn(t, "ada", demo.Password)
	c.do(t, chromedp.WaitVisible(chromedp.CSS("#device-name")))
	c.press(t, `form[action="/portal/app-passwords"] button`)
	shown := evaluate[string](t, c, `document.querySelector(".secret").textContent`)
	file := c.download(t, `a.button[href*="password=app"]`)
	v, err := signing.Verify(file.content, h.authority.Pool(), time.Now())
	if err != nil || len(shown) != 28 || !strings.Contains(string(v.Content), "<string>"+shown+"</string>") {
		t.Errorf("shown %q, in the profile: %v", shown, err)
	}
	c.do(t, chromedp.Navigate(h.URL+devicesPath), chromedp.WaitVisible(chromedp.CSS(".tag")))
	c.press(t, `form[action="/portal/app-passwords/revoke"] button`)
	if got := text(t, c, "main"); !strings.Contains(got, "Ended lately") {
		t.Error("it was not revoked")
	}
	c.quiet(t, h.URL)
}

func TestBrowserGoesToAnotherDeviceByALink(t *testing.T) {
	c := chrome(t)
	h := build(t, plan{})
	c.is(t, agentMac, 1280, "light")
	c.do(t, chromedp.Navigate(h.URL+anotherPath))
	c.signIn(t, "ada", demo.Password)
	c.do(t, chromedp.WaitVisible(chromedp.CSS(`form[action="/portal/another"]`)))
	c.press(t, `form[action="/portal/another"] button`)
	c.do(t, chromedp.WaitVisible(chromedp.CSS("img.code")))
	if got := evaluate[int](t, c, `document.querySelector("img.code").naturalWidth`); got == 0 {
		t.Error("the QR code is not shown")
	}
	link := evaluate[string](t, c, `document.querySelector("[data-copy] code").textContent`)
	if _, err := chromedp.Call(c.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	c.is(t, agentIPhone, 390, "dark")
	c.do(t, chromedp.Navigate(link), chromedp.WaitVisible(chromedp.CSS("h1")))
	c.press(t, `form[action="/portal/link"] button`)
	if got := text(t, c, "h1"); got != "Calendars on this iPhone" {
		t.Errorf("got heading %q", got)
	}
	c.quiet(t, h.URL)
}
