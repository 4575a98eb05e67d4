package web

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"calport/directory"
	"calport/directory/demo"
)

// signedInAs opens a page as somebody, whatever the browser was before.
func (c *chromeTab) signedInAs(t *testing.T, h *house, name, path string) {
	t.Helper()
	c.open(t, h, signInPath+"?to="+path, true)
	c.signIn(t, name, demo.Password)
	c.do(t, chromedp.WaitVisible(chromedp.CSS("nav")), chromedp.WaitReady(chromedp.CSS("footer")))
}

// An administrator changes a setting for a group; a member's profile has it.
func TestBrowserChangesASettingOfAGroup(t *testing.T) {
	c := chrome(t)
	h := build(t, plan{})
	group := h.live.Snapshot().MemberOf(h.person(t, "ada").GUID)[0]
	c.is(t, agentMac, 1280, "light")
	c.signedInAs(t, h, demo.Admin, adminPath+"groups")
	set := func(selector, value string) {
		t.Helper()
		c.do(t, chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), value))
	}
	set("#q", group.ShortName)
	c.press(t, `form[role="search"] button`)
	c.do(t, chromedp.Click(chromedp.CSS(`a[href="`+principalPath(group)+`"]`)), chromedp.WaitVisible(chromedp.CSS("#members")))
	c.do(t, chromedp.Click(chromedp.CSS(`a[href="`+settingsPath(Scope{directory.Group, group.GUID, group.ShortName})+`"]`)), chromedp.WaitVisible(chromedp.CSS("form.settings")))
	set("#port", "4443")
	set("#display_name", "Termine von %nobody%")
	c.press(t, `button[value="save"]`)
	if got := text(t, c, `.wrong [role="alert"]`); !strings.Contains(got, "the variable is unknown") {
		t.Errorf("at the field it says %q", got)
	}
	set("#display_name", "Termine von %full_name%")
	c.press(t, `button[value="preview"]`)
	if got := text(t, c, `section[aria-labelledby="preview"]`); !strings.Contains(got, "Termine von %full_name%") || !strings.Contains(got, "4443") {
		t.Errorf("the preview says %q", got)
	}
	c.press(t, `button[value="save"]`)
	if got := text(t, c, `.good`); !strings.Contains(got, "in force") {
		t.Errorf("it says %q", got)
	}
	c.quiet(t, h.URL)

	c.signedInAs(t, h, "ada", homePath)
	file := c.download(t, `a.button[href*="calendar.mobileconfig"]`)
	for _, want := range []string{"Termine von Ada Byron", "<integer>4443</integer>"} {
		if !strings.Contains(string(file.content), want) {
			t.Errorf("the profile of a member lacks %s", want)
		}
	}
}
