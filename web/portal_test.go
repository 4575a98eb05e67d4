package web

import (
	"bytes"
	"context"
	"errors"
	"html"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/profiles"
	"calport/profiles/export"
	"calport/signing"
)

// text is what a reader of a page sees, more or less.
func (a answer) text() string { return html.UnescapeString(a.body) }

func TestHomeLeadsThroughThreeStepsWhenTheAuthorityIsOurs(t *testing.T) {
	b := build(t, plan{}).browser(t).signIn("ada")
	b.agent = agentIPhone
	a := b.get(homePath).wants(t, http.StatusOK).header(t, "Cache-Control", "no-store")
	a.says(t, "Calendars on this iPhone", "/portal/profile/trust.mobileconfig?platform=ios", "Certificate Trust Settings", "If you skip this step",
		"/portal/profile/calendar.mobileconfig?platform=ios", "Profile Downloaded", "8 minutes", "cal.example.org", "Calendars of Ada Byron")
	if i, j, k := strings.Index(a.body, "trust.mobileconfig"), strings.Index(a.body, "Certificate Trust"), strings.Index(a.body, "calendar.mobileconfig"); i > j || j > k {
		t.Error("the steps are in another order")
	}
	b.agent = agentMac
	b.get(homePath).says(t, "Calendars on this Mac", "Not needed on a Mac", "calendar.mobileconfig?platform=macos", "System Settings")
}

func TestHomeTellsWhenTheProfileRemovesItself(t *testing.T) {
	b := build(t, plan{settings: profiles.Document{Everyone: profiles.Settings{Removal: new("30d")}}}).browser(t).signIn("ada")
	b.get(homePath).says(t, "Removes itself after", "30 days")
}

func TestHomeHasOneStepWhenDevicesKnowTheAuthority(t *testing.T) {
	h := build(t, plan{noTrust: true})
	b := h.browser(t).signIn("ada")
	b.get(homePath).says(t, "calendar.mobileconfig").silent(t, "trust.mobileconfig", "Certificate Trust Settings")
	b.get(trustProfilePath).wants(t, http.StatusNotFound).says(t, "nothing to trust")
	b.get(manualPath).silent(t, "Trust profile")
}

func TestBrowsersThatCannotInstallAreToldSo(t *testing.T) {
	b := build(t, plan{}).browser(t).signIn("ada")
	inApp := strings.ReplaceAll(agentIPhone, " Safari/604.1", " [FBAN/FBIOS]")
	for agent, words := range map[string]string{
		agentFirefox: "Firefox saves a profile as a file", inApp: "The app that shows this page saves", agentLinux: "Profiles are for Apple devices",
	} {
		b.agent = agent
		b.get(homePath).says(t, words, b.house.URL+"/portal/")
	}
	b.agent = agentIPhone
	b.get(homePath).silent(t, "Please open this page in Safari")
}

func TestWhyThereIsNoProfileIsSaidInWords(t *testing.T) {
	deny := profiles.Document{People: []profiles.PersonSettings{{Name: "ada", Settings: profiles.Settings{Deny: new(true)}}}}
	missing := profiles.Document{Everyone: profiles.Settings{UserName: new("%mobile_phone%")}}
	nobody := directory.Access{Server: directory.Rule{Everyone: true}}
	for _, c := range []struct {
		plan  plan
		who   string
		words string
	}{
		{plan{settings: deny}, "ada", "switched the calendar profile off"},
		{plan{settings: missing}, "dmitri", "the mobile phone number, which the directory does not have"},
		{plan{access: &nobody}, "ada", "not among those that get a calendar profile"},
	} {
		b := build(t, c.plan).browser(t).signIn(c.who)
		b.get(homePath).wants(t, http.StatusOK).says(t, "There is no profile for this account", c.words, "Set up by hand").silent(t, "calendar.mobileconfig")
		b.get(insidePath).wants(t, http.StatusOK).says(t, c.words)
		b.get(calendarProfilePath).wants(t, http.StatusNotFound).says(t, c.words)
	}
}

func TestCalendarProfileIsSignedAndNamedForThePerson(t *testing.T) {
	h := build(t, plan{})
	for _, c := range []struct{ who, disposition string }{
		{"ada", `attachment; filename="calendar-ada.mobileconfig"; filename*=UTF-8''calendar-ada.mobileconfig`},
		{"zoë", `attachment; filename="calendar-zo_.mobileconfig"; filename*=UTF-8''calendar-zo%C3%AB.mobileconfig`},
	} {
		b := h.browser(t).signIn(c.who)
		a := b.get(calendarProfilePath).wants(t, http.StatusOK).header(t, "Content-Type", "application/x-apple-aspen-config").
			header(t, "Content-Disposition", c.disposition).header(t, "Cache-Control", "no-store").header(t, "X-Content-Type-Options", "nosniff")
		if a.ContentLength != int64(len(a.body)) {
			t.Errorf("got Content-Length %d for %d bytes", a.ContentLength, len(a.body))
		}
		v, err := signing.Verify([]byte(a.body), h.authority.Pool(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(v.Content, []byte("<string>"+c.who+"</string>")) {
			t.Errorf("the profile of %s has another user name", c.who)
		}
	}
}

// TestUserNameOfTheProfileSignsIn is about the account that a profile sets up.
func TestUserNameOfTheProfileSignsIn(t *testing.T) {
	h := build(t, plan{})
	renderer, err := h.options.Renderer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"ada", "zoë", "tanaka"} {
		p, err := renderer.Calendar(t.Context(), h.live.Snapshot().ByName(directory.Individual, who), profiles.Any, false)
		if err != nil {
			t.Fatal(err)
		}
		h.browser(t).signIn(p.Profile.UserName)
	}
}

func TestVariantFollowsTheDeviceUnlessChosen(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	for _, c := range []struct{ agent, query, has, lacks string }{
		{agentMac, "", "<key>PayloadScope</key>", "<integer>0</integer>"},
		{agentIPhone, "", "<integer>1</integer>", "PayloadScope"},
		{agentLinux, "", "<integer>0</integer>", "PayloadScope"},
		{agentIPhone, "?platform=macos", "<key>PayloadScope</key>", "<integer>0</integer>"},
		{agentMac, "?platform=any", "<integer>0</integer>", "PayloadScope"},
	} {
		b.agent = c.agent
		a := b.get(calendarProfilePath+c.query).wants(t, http.StatusOK)
		if !strings.Contains(a.body, c.has) || strings.Contains(a.body, c.lacks) {
			t.Errorf("%s with %q is another variant", c.query, c.agent)
		}
	}
	b.get(calendarProfilePath+"?platform=watch").wants(t, http.StatusBadRequest).says(t, "any, ios or macos")
	b.get(insidePath+"?platform=%3Cscript%3E").wants(t, http.StatusBadRequest).silent(t, "<script>")
}

func TestTrustProfileIsForEverybody(t *testing.T) {
	h := build(t, plan{})
	a := h.browser(t).get(trustProfilePath+"?platform=ios").wants(t, http.StatusOK).
		header(t, "Content-Disposition", `attachment; filename="trust.mobileconfig"; filename*=UTF-8''trust.mobileconfig`)
	if _, err := signing.Verify([]byte(a.body), h.authority.Pool(), time.Now()); err != nil {
		t.Error(err)
	}
}

func TestDiagnosticsProfileRemovesItself(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn("ada")
	until := h.clock.now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 8)
	for level, want := range map[string]string{"": "com.apple.calendar.store.log.caldav.http", "?level=http": "com.apple.calendar.store.log.caldav.http", "?level=all": "com.apple.calendar"} {
		a := b.get(diagnosticsProfilePath+level).wants(t, http.StatusOK).says(t, "<string>"+want+"</string>", "<date>"+until.Format(time.RFC3339)+"</date>")
		if again := b.get(diagnosticsProfilePath + level); again.body != a.body {
			t.Error("the same profile was signed twice")
		}
	}
	b.get(diagnosticsProfilePath+"?level=some").wants(t, http.StatusBadRequest)
	b.get(helpPath).says(t, until.Format("2 January 2006"))
}

func TestInsideListsEveryValueInWords(t *testing.T) {
	b := build(t, plan{}).browser(t).signIn("ada")
	b.get(insidePath+"?platform=macos").wants(t, http.StatusOK).
		says(t, "Calendars of Ada Byron", "the signed-in user", "Secure connection", "8443", "org.example.calport.calendar.", "Sample Organisation Root", "SHA-256", `aria-current="true">Mac`)
}

func TestManualSetUpHasThePersonsOwnValuesAndEveryPath(t *testing.T) {
	h := build(t, plan{settings: profiles.Document{People: []profiles.PersonSettings{{Name: "zoë", Settings: profiles.Settings{Port: new(443), Host: new("other.example.org"), UserName: new("%email%")}}}}})
	a := h.browser(t).signIn("ada").get(manualPath).wants(t, http.StatusOK)
	for _, words := range []string{
		"<code>ada</code>", "<code>cal.example.org</code>", "<code>8443</code>", "<code>cal.example.org:8443</code>", "Calendar finds the port by itself",
		"System Preferences > Mail, Contacts & Calendars", "Add Other Account", "Add a CalDAV account", "Create…",
		"Calendar > Preferences… > Accounts", "CalDAV", "Automatic",
		"System Settings > Internet Accounts > Add Account > Add Other Account > CalDAV",
		"Settings > Apps > Calendar > Calendar Accounts > Add Account > Other > Add CalDAV Account",
	} {
		if !strings.Contains(a.text(), words) {
			t.Errorf("manual set-up does not say %q", words)
		}
	}
	h.browser(t).signIn("zoë").get(manualPath).
		says(t, "<code>zoe.vermeulen@example.org</code>", "<code>other.example.org</code>", "<code>443</code>").silent(t, "finds the port by itself")
}

func TestManualSetUpWarnsWhoMayNotUseTheServer(t *testing.T) {
	b := build(t, plan{access: &directory.Access{Profile: directory.Rule{Everyone: true}}}).browser(t).signIn("ada")
	b.get(manualPath).says(t, "may not use the calendar server")
}

func TestManualSetUpSaysWhyThereIsNoUserName(t *testing.T) {
	h := build(t, plan{settings: profiles.Document{Everyone: profiles.Settings{UserName: new("%mobile_phone%")}}})
	h.browser(t).signIn("dmitri").get(manualPath).wants(t, http.StatusOK).says(t, "There is no user name for this account", "the mobile phone number")
}

func TestUnusableValuesAreNamedWithTheProblem(t *testing.T) {
	var p *problem
	err := explain(&profiles.ValueError{Setting: "user_name", Value: "a:b", Problem: profiles.Say("a colon ends the user name")})
	if !errors.As(err, &p) || p.Reason != "unusable-value" || !strings.Contains(p.Said().String(), "user_name: a colon ends") {
		t.Errorf("got %v", err)
	}
	if err := explain(errBroken); err != errBroken {
		t.Errorf("got %v, want the error as it was", err)
	}
}

func TestFailuresOfTheRendererTellNothing(t *testing.T) {
	h := build(t, plan{change: func(o *Options) {
		o.Renderer = func(context.Context) (*export.Renderer, error) { return nil, errBroken }
	}})
	secret, _ := h.token(t, "mdm", "list", "read")
	b := h.browser(t).signIn("ada")
	for _, path := range []string{
		homePath, insidePath, manualPath, helpPath, calendarProfilePath, trustProfilePath, diagnosticsProfilePath, "/api/v1/profiles", "/api/v1/profiles/ada.mobileconfig",
	} {
		b.get(path, "Authorization", "Bearer "+secret).wants(t, http.StatusInternalServerError).says(t, "REQUEST42").silent(t, errBroken.Error())
	}
}

func TestHelpHasEveryCommandToTheLetter(t *testing.T) {
	a := build(t, plan{}).browser(t).signIn("ada").get(helpPath).wants(t, http.StatusOK)
	for _, command := range []string{
		"<code>defaults write -g CalLogSimpleConfiguration -array com.apple.calendar.store.log.caldav.http</code>",
		"<code>defaults write -g CalLogSimpleConfiguration -array com.apple.calendar</code>",
		"<code>notifyutil -p com.apple.calendar.foundation.notification.logConfigUpdated</code>",
		"<code>defaults delete -g CalLogSimpleConfiguration</code>",
		"<code>syslog -k Sender CalendarAgent -o -k Sender Calendar</code>",
		`log show --predicate 'eventMessage contains "com.apple.calendar.store.log.caldav.http"'`,
		// CalendarAgent up to macOS 12; since 13 the framework of iOS does its work.
		`process IN {"CalendarAgent", "Calendar", "accountsd", "dataaccessd", "remindd"}`,
	} {
		if !strings.Contains(a.text(), command) {
			t.Errorf("help does not have %s", command)
		}
	}
	a.says(t, "discovery", "Console", "CalendarAgent")
}

func TestNamesArriveOnPagesEscaped(t *testing.T) {
	mallory := &directory.Principal{Kind: directory.Individual, GUID: "0A", ShortName: "mallory", FullName: `<script>alert(1)</script>`, State: directory.Active}
	people := directory.NewSnapshot([]*directory.Principal{mallory}, time.Now())
	h := build(t, plan{signIn: admits{mallory}, change: func(o *Options) { o.People = func() *directory.Snapshot { return people } }})
	b := h.browser(t).signIn("mallory")
	for _, path := range []string{homePath, insidePath, manualPath, helpPath} {
		b.get(path).wants(t, http.StatusOK).silent(t, "<script>alert")
	}
}

func TestShortNamesCannotInjectHeaders(t *testing.T) {
	for _, short := range []string{"a\r\nSet-Cookie: x=y", `a"; filename=b.exe; x="`, "../../etc/passwd", `..\x`, "a\x00b", "zoë\u202egpj.exe", "陽子", strings.Repeat("é", 300), "50%25", "\xff\xfe", "a'b"} {
		header := attachment("calendar-" + short + ".mobileconfig")
		if strings.ContainsAny(header, "\r\n\x00") || strings.Count(header, `"`) != 2 || strings.Count(header, "''") != 1 {
			t.Errorf("%q: got %q", short, header)
		}
		disposition, parameters, err := mime.ParseMediaType(header)
		if err != nil || disposition != "attachment" {
			t.Errorf("%q: got %q: %v", short, header, err)
		}
		if name := parameters["filename"]; strings.ContainsAny(name, `/\"`) || !strings.HasSuffix(name, ".mobileconfig") {
			t.Errorf("%q: got name %q", short, name)
		}
	}
}

func FuzzAttachment(f *testing.F) {
	for _, seed := range []string{"ada", "zoë", "a\r\nb", `"`, "'", "%", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		header := attachment(name)
		for i := range len(header) {
			if header[i] < ' ' || header[i] > '~' {
				t.Fatalf("%q: got %q", name, header)
			}
		}
		if _, _, err := mime.ParseMediaType(header); err != nil {
			t.Errorf("%q: got %q: %v", name, header, err)
		}
	})
}

func TestDevicesAreKnownByTheirBrowser(t *testing.T) {
	iPad := "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1"
	chrome := strings.ReplaceAll(agentIPhone, "Version/18.1", "CriOS/130.0.6723.90")
	duck := agentIPhone + " Ddg/18.1"
	for agent, want := range map[string]device{
		agentMac:    {profiles.MacOS, "Mac", ""},
		agentIPhone: {profiles.IOS, "iPhone", ""},
		iPad:        {profiles.IOS, "iPad", ""},
		chrome:      {profiles.IOS, "iPhone", ""},
		duck:        {profiles.IOS, "iPhone", "DuckDuckGo"},
		agentLinux:  {},
		"":          {},
	} {
		if got := deviceOf(agent); got != want {
			t.Errorf("%q: got %+v, want %+v", agent, got, want)
		}
	}
}

func TestWaitsAreRoundedUp(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "a minute", time.Minute: "a minute", 61 * time.Second: "2 minutes", 119 * time.Minute: "119 minutes", 121 * time.Minute: "3 hours", 8 * time.Hour: "8 hours",
	} {
		if got := waitWords(d).String(); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestSignInPageTellsThatADownloadFollows(t *testing.T) {
	b := build(t, plan{}).browser(t)
	b.get(signInPath+"?to="+url.QueryEscape(calendarProfilePath)).says(t, "Your download begins")
	b.get(signInPath).silent(t, "Your download begins")
}
