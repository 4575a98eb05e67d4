package main

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"calport/directory/demo"
	"calport/signing"
)

const administered = "[access]\nadmin = [\"" + demo.AdminGroup + "\"]\n"

var (
	groupPage  = regexp.MustCompile(`href="/portal/admin/groups/([0-9a-f-]+)">Engineering<`)
	revisionOf = regexp.MustCompile(`name="revision" value="(\d+)"`)
)

// The settings that an administrator saves are those of the store: rows, revisions and the record together.
func TestAdministratorsChangeTheSettingsOfAGroup(t *testing.T) {
	s := newSite(t, administered)
	in := s.serve(t)
	visit := in.portalOf(t, demo.Admin)
	_, body := visit("GET", "/portal/admin/groups", nil)
	found := groupPage.FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("no group Engineering in %s", body)
	}
	path := "/portal/admin/settings/group/" + found[1]
	revision := func() string {
		t.Helper()
		status, body := visit("GET", path, nil)
		m := revisionOf.FindStringSubmatch(body)
		if status != http.StatusOK || m == nil {
			t.Fatalf("got %d %s", status, body)
		}
		return m[1]
	}
	first := revision()
	if first != "0" {
		t.Errorf("a group without settings has revision %s", first)
	}
	save := func(revision, port string) int {
		t.Helper()
		status, _ := visit("POST", path, url.Values{"revision": {revision}, "port": {port}, "priority": {"3"}, "do": {"save"}})
		return status
	}
	if status := save(first, "4443"); status != http.StatusSeeOther {
		t.Fatalf("saving: got %d", status)
	}
	if status := save(first, "5555"); status != http.StatusConflict {
		t.Errorf("saving what was read before: got %d, want 409", status)
	}
	if status := save(revision(), "4444"); status != http.StatusSeeOther {
		t.Errorf("saving again: got %d", status)
	}
	if _, out, _ := in.calport(t, "settings", "export", "--config", s.config); !strings.Contains(out, "port = 4444") || !strings.Contains(out, "priority = 3") {
		t.Errorf("settings export says %s", out)
	}
	if _, out, _ := in.calport(t, "audit", "--config", s.config); !strings.Contains(out, "settings.change") {
		t.Errorf("the record says %s", out)
	}
	ada := in.portalOf(t, "ada")
	if status, body := ada("GET", "/portal/profile/calendar.mobileconfig", nil); status != http.StatusOK || !strings.Contains(body, "<integer>4444</integer>") {
		t.Errorf("the profile of a member: got %d", status)
	}
	if status, _ := ada("GET", path, nil); status != http.StatusForbidden {
		t.Errorf("a member sees the settings: %d", status)
	}
	visit = in.portalOf(t, demo.Admin)
	if status, _ := visit("POST", path, url.Values{"revision": {revision()}, "do": {"reset"}}); status != http.StatusSeeOther {
		t.Errorf("inheriting everything: got %d", status)
	}
	if got := revision(); got != "0" {
		t.Errorf("a group that inherits everything has revision %s", got)
	}
}

// A signer that is handed in signs at once and after a restart, and its key is readable by its owner only.
func TestAdministratorsHandASignerIn(t *testing.T) {
	s := newSite(t, administered)
	in := s.serve(t)
	visit := in.portalOf(t, demo.Admin)
	other, err := signing.NewAuthority(signing.AuthorityConfig{Name: "Another Root"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text, err := other.Signer().PEM()
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := visit("GET", "/portal/profile/calendar.mobileconfig", nil); status != http.StatusOK {
		t.Fatalf("the first profile: got %d", status)
	}
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	file, err := parts.CreateFormFile("file", "signer.pem")
	if err != nil {
		t.Fatal(err)
	}
	file.Write(text)
	parts.Close()
	status, body, _ := in.do(t, "POST", "/portal/admin/signing/upload", "", form.String(), "Content-Type", parts.FormDataContentType())
	if status != http.StatusOK || !strings.Contains(body, "It has another key") || !strings.Contains(body, "1 kept profile is signed anew") {
		t.Fatalf("handing it in: got %d %s", status, body)
	}
	if status, body := visit("POST", "/portal/admin/signing/use", url.Values{"fingerprint": {other.Signer().Fingerprint()}}); status != http.StatusSeeOther {
		t.Fatalf("putting it into force: got %d %s", status, body)
	}
	signedBy := func(a *signing.Authority) {
		t.Helper()
		visit := in.portalOf(t, demo.Admin)
		_, body := visit("GET", "/portal/profile/calendar.mobileconfig", nil)
		if _, err := signing.Verify([]byte(body), a.Pool(), time.Now()); err != nil {
			t.Errorf("profiles are signed by another: %v", err)
		}
	}
	signedBy(other)
	if info, err := os.Stat(filepath.Join(s.dir, uploadedFolder, uploadedFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is kept with %v, %v", info, err)
	}
	if status, body := in.portalOf(t, demo.Admin)("GET", "/portal/admin/signing", nil); status != http.StatusOK || !strings.Contains(body, other.Signer().Fingerprint()) {
		t.Errorf("the page says %d %s", status, body)
	}
	in.stop()
	for _, want := range []string{" written, ", ": 0 written, "} { // everybody's but the one that was asked for, then none
		if status, said := s.command(t, "profile", "resign", "--progress", "json"); status != 0 || !strings.Contains(said, "Signed by "+other.Signer().Fingerprint()) || !strings.Contains(said, want) {
			t.Errorf("signing anew: %d %s", status, said)
		}
	}
	own, err := signing.OpenAuthority(filepath.Join(s.dir, "authority"), signing.AuthorityConfig{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.shareKeys(t)
	if status, said := s.command(t, "keys", "move"); status != 0 {
		t.Fatalf("keys move: %d %s", status, said)
	}
	for _, folder := range []string{"authority", uploadedFolder} {
		if err := os.RemoveAll(filepath.Join(s.dir, folder)); err != nil {
			t.Fatal(err)
		}
	}
	in = s.serve(t)
	signedBy(other)
	if status, _ := in.portalOf(t, demo.Admin)("POST", "/portal/admin/signing/own", nil); status != http.StatusSeeOther {
		t.Errorf("back to our own authority: got %d", status)
	}
	signedBy(own)
	if strings.Contains(in.log.String(), "PRIVATE KEY") {
		t.Error("a key is in the log")
	}
}
