package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/directory/signin"
	"calport/profiles"
	"calport/signing"
)

func TestAPersonIsShownWithAllThatIsTheirs(t *testing.T) {
	h := furnished(t, signin.AppPasswordsOffered)
	b := h.browser(t).signIn(demo.Admin)
	path := principalPath(h.person(t, "ada"))
	b.get(path).wants(t, http.StatusOK).says(t, "Ada Byron", "where each comes from", "built in", "the configuration", "Thunderbird at home", "DAVx", "iPad", "Signed in with no browser.")
	b.get(adminPath+"people?q=ada").says(t, `href="`+path+`"`)
	b.get(adminPath+"people/nobody").wants(t, http.StatusNotFound).says(t, "not in the directory")
	b.get(principalPath(h.live.Snapshot().ByName(directory.Group, demo.AdminGroup))).wants(t, http.StatusOK).says(t, "1 person, through groups in it too")
	for p := range h.live.Snapshot().All(directory.Room, directory.Resource) {
		b.get(principalPath(p)).wants(t, http.StatusOK).says(t, p.GUID)
	}
}

func TestAdministratorsSignSomebodyOutEverywhere(t *testing.T) {
	h := build(t, plan{})
	ada, other, b := h.browser(t).signIn("ada"), h.browser(t).signIn("ada"), h.browser(t).signIn(demo.Admin)
	path := principalPath(h.person(t, "ada"))
	b.get(path).says(t, "Signed in with 2 browsers")
	b.post(path+"/sign-out", nil).wants(t, http.StatusSeeOther).header(t, "Location", path+"?done=signed-out")
	for _, gone := range []*client{ada, other} {
		if a := gone.get(homePath); a.StatusCode != http.StatusSeeOther {
			t.Errorf("still signed in: status %d", a.StatusCode)
		}
	}
	if d := h.audited(t, "admin.sign-out"); d.Object != "person ada" || d.Detail != "2 sessions" {
		t.Errorf("the record says %+v", d)
	}
	b.get(path+"?done=signed-out").wants(t, http.StatusOK).says(t, "signed out of the portal everywhere")
}

func TestAdministratorsRevokeAppPasswords(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	b := h.browser(t).signIn(demo.Admin)
	id, graces := h.appPassword(t, "ada", "Lost phone", ""), h.appPassword(t, "grace", "Phone", "")
	path := principalPath(h.person(t, "ada"))
	b.get(path).says(t, "Lost phone")
	b.post(path+"/revoke", url.Values{"id": {strconv.FormatInt(graces, 10)}}).wants(t, http.StatusNotFound)
	b.post(path+"/revoke", url.Values{"id": {"x"}}).wants(t, http.StatusBadRequest)
	b.post(path+"/revoke", url.Values{"id": {strconv.FormatInt(id, 10)}}).wants(t, http.StatusSeeOther)
	h.audited(t, "admin.app-password.revoke")
	b.get(path).silent(t, "Lost phone")
	h.appPassword(t, "ada", "Another", "")
	b.post(path+"/revoke", url.Values{"id": {"all"}}).wants(t, http.StatusSeeOther)
	b.get(path).says(t, "There is none that works")
}

func TestAdministratorsDownloadAnybodysProfile(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	path := principalPath(h.person(t, "zoë")) + "/calendar.mobileconfig"
	a := b.get(path+"?platform=macos").wants(t, http.StatusOK).header(t, "Content-Type", profiles.MediaType).header(t, "Cache-Control", "no-store")
	v, err := signing.Verify([]byte(a.body), h.authority.Pool(), time.Now())
	if err != nil || !strings.Contains(string(v.Content), "<string>zoë</string>") || !strings.Contains(string(v.Content), "PayloadScope") {
		t.Errorf("got %v", err)
	}
	if a := b.get(path+"?signed=0").wants(t, http.StatusOK); !strings.HasPrefix(a.body, "<?xml") {
		t.Errorf("unsigned it begins with %q", a.body[:10])
	}
	b.get(path+"?signed=2").wants(t, http.StatusBadRequest)
	b.get(path+"?platform=os9").wants(t, http.StatusBadRequest)
	b.get(principalPath(h.person(t, "zoë"))+"/inside?platform=ios").wants(t, http.StatusOK).says(t, "Calendar account", "iPhone and iPad")
}

func TestListsAreNarrowed(t *testing.T) {
	h := build(t, plan{settings: profiles.Document{Everyone: profiles.Settings{Description: new("Call %mobile_phone%")}, People: []profiles.PersonSettings{{GUID: h0(t, "ada"), Settings: profiles.Settings{Port: new(1)}}}}})
	b := h.browser(t).signIn(demo.Admin)
	b.get(adminPath+"people?only=problem").wants(t, http.StatusOK).says(t, "needs %mobile_phone%, which the directory does not have", "dmitri").silent(t, "Ada Byron")
	b.get(adminPath+"people?only=settings").says(t, "Ada Byron", "1–1").silent(t, "dmitri")
	b.get(adminPath+"people?only=inactive").wants(t, http.StatusOK).silent(t, "Ada Byron")
	b.get(adminPath+"people?only=nonsense").wants(t, http.StatusBadRequest)
	admins := h.scope(t, directory.Group, demo.AdminGroup)
	b.get(adminPath+"people?group="+admins.GUID).says(t, "Members of Administrators of calport", "1–1").silent(t, "Ada Byron")
	b.get(adminPath+"people?group="+h.person(t, "ada").GUID).wants(t, http.StatusBadRequest)
	b.get(principalPath(h.person(t, "dmitri"))).says(t, "There is no profile for this account", "needs %mobile_phone%")
}

// h0 is the GUID that the sample organisation gives somebody, the same in every house.
func h0(t *testing.T, name string) string { return build(t, plan{}).person(t, name).GUID }
