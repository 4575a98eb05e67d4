package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/signin"
	"calport/signing"
)

var groupsOf4 = regexp.MustCompile(`<span>([a-z2-7]{4})</span>`)

// secretIn is the app password that a page shows.
func (a answer) secretIn(t testing.TB) string {
	t.Helper()
	secret := ""
	for _, m := range groupsOf4.FindAllStringSubmatch(a.body, -1) {
		secret += m[1]
	}
	if form, ok := signin.AppPasswordForm(secret); !ok || form != secret {
		t.Fatalf("the page shows no app password but %q", secret)
	}
	return secret
}

func form(pairs ...string) url.Values {
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

func TestAnAppPasswordGoesIntoTheProfileOfTheDevice(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	b := h.browser(t).signIn("ada")
	b.agent = agentIPhone
	const link = calendarProfilePath + "?platform=ios&password=app"
	b.get(link).wants(t, http.StatusGone).says(t, "make a new app password")
	a := b.post(passwordsPath, form("for", "this", "platform", "ios", "name", " Ada’s\n iPhone ")).wants(t, http.StatusOK).
		header(t, "Cache-Control", "no-store").says(t, "Ada’s iPhone", "password=app", "shown only now")
	secret := a.secretIn(t)
	for range 2 { // Safari may ask twice
		p := b.get(link).wants(t, http.StatusOK).header(t, "Cache-Control", "no-store").header(t, "Content-Type", "application/x-apple-aspen-config")
		v, err := signing.Verify([]byte(p.body), h.authority.Pool(), time.Now())
		if err != nil || !strings.Contains(string(v.Content), "<key>CalDAVPassword</key>\n\t\t\t\t<string>"+secret+"</string>") {
			t.Errorf("the profile: %v", err)
		}
	}
	b.get(calendarProfilePath+"?platform=ios").wants(t, http.StatusOK).silent(t, secret, "CalDAVPassword")
	b.get(devicesPath).silent(t, secret).says(t, "Ada’s iPhone", "this device", "ends on")
	b.get(homePath).silent(t, secret)
	h.browser(t).get(link).wants(t, http.StatusSeeOther)
	h.browser(t).signIn("ada").get(link).wants(t, http.StatusGone)
	h.clock.advance(installFor)
	b.get(link).wants(t, http.StatusGone)
}

func TestANewAppPasswordTakesThePlaceOfTheOldOneOfTheDevice(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	b, owner := h.browser(t).signIn("ada"), ownerOf(h.person(t, "ada"))
	for range 2 {
		b.post(passwordsPath, form("for", "this", "name", "Mac")).wants(t, http.StatusOK)
	}
	other := h.browser(t).signIn("ada")
	other.post(passwordsPath, form("for", "this", "name", "Phone")).wants(t, http.StatusOK)
	other.post(passwordsPath, form("name", "Thunderbird")).wants(t, http.StatusOK).silent(t, "password=app")
	all, err := h.options.Records.AppPasswords(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	var valid []string
	for _, p := range all {
		if p.Valid(h.clock.now()) {
			valid = append(valid, p.Name)
		}
	}
	if got := strings.Join(valid, " "); got != "Thunderbird Phone Mac" || len(all) != 4 {
		t.Errorf("valid are %s of %d", got, len(all))
	}
}

func TestRevokingIsForOnesOwn(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsRequired})
	mine, hers := h.appPassword(t, "ada", "Mac", ""), h.appPassword(t, "grace", "Phone", "")
	h.appPassword(t, "ada", "iPad", "")
	b := h.browser(t).signIn("ada")
	for _, id := range []string{strconv.FormatInt(hers, 10), "0", "-1", "x", "", "9999999999999999999999"} {
		b.post(revokePath, form("id", id)).wants(t, http.StatusNotFound).says(t, "no such app password")
	}
	b.post(revokePath, form("id", strconv.FormatInt(mine, 10))).wants(t, http.StatusSeeOther).header(t, "Location", devicesPath)
	b.get(devicesPath).says(t, "iPad", "Ended lately")
	b.post(revokePath, form("id", "all")).wants(t, http.StatusSeeOther)
	valid := func(owner string) (n int) {
		all, err := h.options.Records.AppPasswords(t.Context(), ownerOf(h.person(t, owner)))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			if p.Valid(h.clock.now()) {
				n++
			}
		}
		return n
	}
	if valid("ada") != 0 || valid("grace") != 1 {
		t.Errorf("ada has %d valid, grace %d; want 0 and 1", valid("ada"), valid("grace"))
	}
}

func TestAppPasswordsAreMadeByPostFromHereOnly(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	b := h.browser(t).signIn("ada")
	b.get(passwordsPath+"?name=x").wants(t, http.StatusMethodNotAllowed).header(t, "Allow", "POST")
	b.post(passwordsPath, form("name", "x"), "Sec-Fetch-Site", "cross-site").wants(t, http.StatusForbidden)
	b.post(revokePath, form("id", "all"), "Origin", "https://evil.example").wants(t, http.StatusForbidden)
	h.browser(t).post(passwordsPath, form("name", "x")).wants(t, http.StatusSeeOther)
	if all, err := h.options.Records.AppPasswords(t.Context(), ownerOf(h.person(t, "ada"))); err != nil || len(all) != 0 {
		t.Errorf("got %+v, %v", all, err)
	}
}

func TestWhoGetsNoAppPasswordIsToldWhy(t *testing.T) {
	off := build(t, plan{})
	off.browser(t).signIn("ada").post(passwordsPath, form("name", "x")).wants(t, http.StatusForbidden).says(t, "switched them off")
	off.browser(t).signIn("ada").get(devicesPath).silent(t, "app password", "App password")
	shut := build(t, plan{appPasswords: signin.AppPasswordsOffered, access: &directory.Access{Profile: directory.Rule{Everyone: true}}})
	shut.browser(t).signIn("ada").post(passwordsPath, form("name", "x")).wants(t, http.StatusForbidden).says(t, "would open nothing")
	full := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	for range 100 {
		full.appPassword(t, "ada", "x", "")
	}
	full.browser(t).signIn("ada").post(passwordsPath, form("name", "x")).wants(t, http.StatusConflict).says(t, "too many app passwords")
}

func TestNamesOfAppPasswordsAreOneShortLine(t *testing.T) {
	for typed, want := range map[string]string{
		"  Ada’s \t iPhone\r\n": "Ada’s iPhone", "\u202eevil\x00": "evil", "": "", "\xff": "", strings.Repeat("ä", 99): strings.Repeat("ä", maxPasswordName),
	} {
		if got := passwordName(typed); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	h.browser(t).signIn("ada").post(passwordsPath, form("name", "<script>alert(1)</script>")).wants(t, http.StatusOK).silent(t, "<script>alert")
}

func TestPagesSayWhichPasswordADeviceTakes(t *testing.T) {
	for policy, words := range map[signin.Policy][]string{
		signin.NoAppPasswords:       {"the one that you have signed in with here</dd>", "It is the password of this portal."},
		signin.AppPasswordsOffered:  {"signed in with here, or an app password", "or the app password that you made"},
		signin.AppPasswordsRequired: {"an app password; make one below", "Calendars take app passwords only"},
	} {
		b := build(t, plan{appPasswords: policy}).browser(t).signIn("ada")
		b.get(manualPath).says(t, words[0])
		b.get(helpPath).says(t, words[1])
		home := b.get(homePath)
		if got := strings.Contains(home.body, passwordsPath); got != (policy != signin.NoAppPasswords) {
			t.Errorf("%v: the home page offers an app password: %v", policy, got)
		}
		if got := strings.Contains(home.body, `class="button" href="/portal/profile/calendar`); got != (policy != signin.AppPasswordsRequired) {
			t.Errorf("%v: the home page offers a profile without a password: %v", policy, got)
		}
	}
}

// TestNoSecretIsLoggedOrStored does everything that has to do with secrets, and looks for them.
func TestNoSecretIsLoggedOrStored(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	b := h.browser(t).signIn("ada")
	secret := b.post(passwordsPath, form("for", "this", "name", "Mac")).secretIn(t)
	b.get(calendarProfilePath + "?password=app")
	b.post(anotherPath, nil).wants(t, http.StatusSeeOther)
	key := linkInPage.FindStringSubmatch(b.get(anotherPath).body)[1]
	b.get(linkCodePath).wants(t, http.StatusOK)
	phone := h.browser(t)
	phone.get(linkPath+"?key="+key).wants(t, http.StatusOK)
	phone.post(linkPath, form("key", key)).wants(t, http.StatusSeeOther)
	phone.post(linkPath, form("key", key)).wants(t, http.StatusGone)
	b.post(testPath, form("password", "typed-into-the-test"))
	cookies := map[string]bool{}
	u, _ := url.Parse(h.URL)
	for _, c := range append(b.Jar.Cookies(u), phone.Jar.Cookies(u)...) {
		cookies[c.Value] = true
	}
	dump := h.dump(t)
	secrets := []string{secret, key, "typed-into-the-test"}
	for c := range cookies {
		secrets = append(secrets, c)
	}
	if len(secrets) != 6 {
		t.Fatalf("%d secrets, want 6: is one cookie missing?", len(secrets))
	}
	for _, s := range secrets {
		for _, written := range []string{s, base64.StdEncoding.EncodeToString([]byte(s)), strings.ToUpper(s)} {
			if strings.Contains(h.log.String(), written) {
				t.Errorf("the log has %q", written)
			}
			if strings.Contains(dump, written) {
				t.Errorf("the database has %q", written)
			}
		}
	}
}
