package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"calport/directory/demo"
	"calport/server/imip/imiptest"
)

// TestLinksAreSentByARunningServer hands one out in the portal, has the server send it, and installs with it.
func TestLinksAreSentByARunningServer(t *testing.T) {
	post := &imiptest.SMTP{}
	post.Start(t, "127.0.0.1:0")
	in := newSite(t, fmt.Sprintf("[access]\nadmin = [%q]\n[mail]\nhost = \"127.0.0.1\"\nport = %d\ntls = \"none\"\nfrom = \"calendar@example.com\"\n",
		demo.AdminGroup, post.Port())).serve(t)
	visit := in.portalOf(t, demo.Admin)
	if status, body := visit("POST", "/portal/admin/links", url.Values{"whom": {"ada"}, "way": {"mail"}}); status != http.StatusSeeOther {
		t.Fatalf("got %d %s", status, body)
	}
	letter := strings.ReplaceAll(string(post.Wait(t, 1)[0].Data), "=\r\n", "")
	key := regexp.MustCompile(`key=(?:3D)?([a-z2-7]{26})`).FindStringSubmatch(letter)
	if key == nil {
		t.Fatalf("no link in %s", letter)
	}
	in.client.Jar = nil
	status, _, h := in.do(t, "POST", "/portal/link", "", url.Values{"key": {key[1]}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	if status != http.StatusSeeOther || h.Get("Set-Cookie") == "" {
		t.Fatalf("the link: got %d", status)
	}
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	status, body, _ := in.do(t, "GET", "/portal/profile/calendar.mobileconfig?platform=ios", "", "", "Cookie", cookie)
	if status != http.StatusOK || !strings.Contains(body, "com.apple.caldav.account") {
		t.Errorf("the profile: got %d %s", status, body)
	}
	if strings.Contains(in.log.String(), key[1]) {
		t.Error("the log tells the link")
	}
}
