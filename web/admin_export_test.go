package web

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/signing"
)

// archive opens the zip that an answer is: the content of each file by its name.
func archive(t *testing.T, a answer) map[string]string {
	t.Helper()
	r, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range r.File {
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	return files
}

func TestProfilesOfAGroupAreExported(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	admins := h.scope(t, directory.Group, demo.AdminGroup)
	b.get(principalPath(h.live.Snapshot().ByGUID(admins.GUID))).says(t, "/portal/admin/export?group="+admins.GUID)
	b.get(profilesExportPath+"?group="+admins.GUID).wants(t, http.StatusOK).says(t, "Profiles of 1 person", "Administrators of calport")
	a := b.post(profilesExportPath, url.Values{"group": {admins.GUID}, "platform": {"ios"}, "format": {"both"}}).wants(t, http.StatusOK).
		header(t, "Content-Type", "application/zip").header(t, "Cache-Control", "no-store")
	var signed, plain int
	files := archive(t, a)
	for name, content := range files {
		switch {
		case strings.HasPrefix(content, "<?xml"):
			plain++
		case strings.HasSuffix(name, ".mobileconfig"):
			signed++
			v, err := signing.Verify([]byte(content), h.authority.Pool(), time.Now())
			if err != nil || !bytes.Contains(v.Content, []byte("<string>"+demo.Admin+"</string>")) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if signed != 1 || plain != 1 || !strings.Contains(files["manifest.json"], demo.Admin) {
		t.Errorf("got %d signed and %d plain profiles of %d files", signed, plain, len(files))
	}
	if d := h.audited(t, "profiles.export"); d.Object != "group "+demo.AdminGroup || d.Detail != "platform ios, both" {
		t.Errorf("the record says %+v", d)
	}
}

func TestExportsAreNarrowedBySearchAndByAccess(t *testing.T) {
	access := everybody
	access.Profile = directory.Rule{People: []string{"ada", "grace"}}
	h := build(t, plan{access: &access})
	b := h.browser(t).signIn(demo.Admin)
	b.get(profilesExportPath).says(t, "Profiles of 2 people")
	files := archive(t, b.post(profilesExportPath, url.Values{"q": {"byron"}, "platform": {"any"}, "format": {"unsigned"}}).wants(t, http.StatusOK))
	if m := files["manifest.json"]; !strings.Contains(m, `"ada"`) || strings.Contains(m, `"grace"`) {
		t.Errorf("got %s", m)
	}
	for _, form := range []url.Values{
		{"platform": {"os9"}, "format": {"signed"}}, {"platform": {"any"}, "format": {"pdf"}}, {"platform": {"any"}, "format": {"signed"}, "group": {"../.."}},
	} {
		b.post(profilesExportPath, form).wants(t, http.StatusBadRequest)
	}
}
