package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"calport/directory/demo"
)

// TestATraceOfARunningServer switches one on in the portal, asks as a calendar program does, and reads it.
func TestATraceOfARunningServer(t *testing.T) {
	in := newSite(t, "[access]\nadmin = ["+`"`+demo.AdminGroup+`"`+"]\n").serve(t)
	visit := in.portalOf(t, demo.Admin)
	if status, body := visit("POST", "/portal/admin/trace", url.Values{"person": {"ada"}}); status != http.StatusSeeOther {
		t.Fatalf("got %d %s", status, body)
	}
	listing := `<propfind xmlns="DAV:"><allprop/></propfind>`
	if status, _, h := in.do(t, "PROPFIND", "/calendars/users/ada/", "ada", listing, "Depth", "1", "Accept-Encoding", "gzip"); status != 207 || h.Get("Content-Encoding") != "gzip" {
		t.Fatalf("got %d, %v", status, h)
	}
	if status, _, _ := in.do(t, "PROPFIND", "/calendars/users/grace/", "grace", listing, "Depth", "1"); status != 207 {
		t.Fatalf("got %d", status)
	}
	_, list := visit("GET", "/portal/admin/trace", nil)
	_, rest, _ := strings.Cut(list, "/portal/admin/trace/of/")
	owner, _, _ := strings.Cut(rest, `"`)
	text := ""
	for range 100 { // the server keeps what it has traced a moment later
		if _, text = visit("POST", "/portal/admin/trace/text", url.Values{"owner": {owner}}); strings.Contains(text, "PROPFIND") {
			break
		}
	}
	for _, want := range []string{"PROPFIND /calendars/users/ada/ HTTP/1.1", listing, "207 Multi-Status", "Content-Encoding: gzip", "multistatus", `Authorization: Basic [redacted] for "ada"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the trace lacks %q:\n%s", want, text)
		}
	}
	for _, secret := range []string{"YWRh", "grace"} {
		if strings.Contains(text, secret) {
			t.Errorf("the trace says %q", secret)
		}
	}
}
