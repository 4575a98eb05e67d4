package web

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/directory/signin"
	"calport/profiles"
	"calport/profiles/export"
	"calport/signing"
)

func TestListNamesEveryProfileOnceOverPages(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", "list")
	b := h.browser(t)
	var names []string
	path := "/api/v1/profiles?limit=7&platform=ios"
	for pages := 0; ; pages++ {
		a := b.get(path, "Authorization", "Bearer "+secret).wants(t, http.StatusOK).header(t, "Content-Type", "application/json")
		var p listPage
		a.decode(t, &p)
		for _, i := range p.Items {
			names = append(names, i.Person)
			if i.Platform != "ios" || len(i.SHA256) != 64 || len(i.UUID) != 36 || !strings.HasPrefix(i.Identifier, "org.example.calport.calendar.") {
				t.Errorf("got %+v", i)
			}
		}
		if p.Next == nil {
			break
		}
		if len(p.Items) != 7 || pages > 10 {
			t.Fatalf("page %d has %d items", pages, len(p.Items))
		}
		path = "/api/v1/profiles?limit=7&platform=ios&cursor=" + *p.Next
	}
	var want []string
	for p := range h.live.Snapshot().All(directory.Individual) {
		want = append(want, p.ShortName)
	}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestListAgreesWithTheProfiles(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", "list", "read")
	b := h.browser(t)
	var p listPage
	b.get("/api/v1/profiles?limit=3", "Authorization", "Bearer "+secret).decode(t, &p)
	for _, i := range p.Items {
		a := b.get(i.Href, "Authorization", "Bearer "+secret).wants(t, http.StatusOK).header(t, "ETag", `"`+i.SHA256+`"`)
		if sum := sha256.Sum256([]byte(a.body)); hex.EncodeToString(sum[:]) != i.SHA256 {
			t.Errorf("%s: the body has another digest than the list says", i.Person)
		}
		a.says(t, "<string>"+i.UUID+"</string>", "<string>"+i.Identifier+"</string>")
	}
}

func TestListLeavesOutWhoIsNotMeantToHaveAProfileAndNamesWhoCannot(t *testing.T) {
	h := build(t, plan{
		access: &directory.Access{Profile: directory.Rule{Groups: []string{"engineering"}}},
		settings: profiles.Document{
			Everyone: profiles.Settings{Description: new("Call %mobile_phone%")},
			People:   []profiles.PersonSettings{{Name: "ada", Settings: profiles.Settings{Deny: new(true)}}},
		},
	})
	secret, _ := h.token(t, "mdm", "list", "read")
	b := h.browser(t)
	var p listPage
	b.get("/api/v1/profiles", "Authorization", "Bearer "+secret).decode(t, &p)
	people := h.live.Snapshot()
	engineering := people.ByName(directory.Group, "engineering")
	for _, i := range p.Items {
		if !people.IsMember(i.GUID, engineering.GUID) || i.Person == "ada" {
			t.Errorf("%s is listed", i.Person)
		}
	}
	if len(p.Skipped) != 1 || p.Skipped[0].Person != "dmitri" || p.Skipped[0].Reason != "missing-value" || !strings.Contains(p.Skipped[0].Detail, "mobile phone") {
		t.Errorf("got skipped %+v", p.Skipped)
	}
	for name, reason := range map[string]string{"ada": "denied", "dmitri": "missing-value", "karen": "not-allowed"} {
		a := b.get("/api/v1/profiles/"+name+".mobileconfig", "Authorization", "Bearer "+secret)
		a.wants(t, http.StatusNotFound).says(t, `"reason":"`+reason+`"`)
	}
}

func TestListIsWholeWhenAllAreLeftOut(t *testing.T) {
	h := build(t, plan{access: &directory.Access{}})
	secret, _ := h.token(t, "mdm", "list")
	a := h.browser(t).get("/api/v1/profiles", "Authorization", "Bearer "+secret).wants(t, http.StatusOK)
	var p listPage
	a.decode(t, &p)
	if len(p.Items) != 0 || p.Next != nil || p.Items == nil || p.Skipped == nil {
		t.Errorf("got %s", a.body)
	}
}

func TestProfileOfTheAPIIsThatOfTheExport(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", "read")
	renderer, err := h.options.Renderer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, err = export.Run(t.Context(), export.Options{
		Dir: dir, Format: export.Unsigned, People: h.live.Snapshot().All(directory.Individual), Directory: h.live.Snapshot(), Generator: renderer.Generator,
	})
	if err != nil {
		t.Fatal(err)
	}
	b := h.browser(t)
	for p := range h.live.Snapshot().All(directory.Individual) {
		want, err := os.ReadFile(filepath.Join(dir, export.FileName(p)+".unsigned.mobileconfig"))
		if err != nil {
			t.Fatal(err)
		}
		if a := b.get("/api/v1/profiles/guid:"+p.GUID+".mobileconfig", "Authorization", "Bearer "+secret).wants(t, http.StatusOK); a.body != string(want) {
			t.Errorf("%s: the API's bytes differ from the export's", p.ShortName)
		}
	}
}

func TestProfileIsFoundByShortNameGUIDAndMail(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", "read")
	b := h.browser(t)
	zoë := h.live.Snapshot().ByName(directory.Individual, "zoë")
	for _, name := range []string{
		"zo%C3%AB", "zo%c3%ab", "ZO%C3%8B", "guid:" + zoë.GUID, "guid%3A" + strings.ToUpper(zoë.GUID), "mail:zoe.vermeulen@example.org", "mail%3Azoe.vermeulen%40example.org",
	} {
		b.get("/api/v1/profiles/"+name+".mobileconfig", "Authorization", "Bearer "+secret).wants(t, http.StatusOK).says(t, "<string>zoë</string>")
	}
	for _, name := range []string{
		"nobody.mobileconfig", "guid:.mobileconfig", "guid:0.mobileconfig", "mail:.mobileconfig", "room-turing.mobileconfig", "guid:" + roomGUID(t, h) + ".mobileconfig",
		".mobileconfig", "ada", "ada.mobileconfig.gz", "ada.MOBILECONFIG", "..%2Fada.mobileconfig", "ada%00.mobileconfig", "%2e%2e.mobileconfig", "a%2Fb.mobileconfig",
	} {
		b.get("/api/v1/profiles/"+name, "Authorization", "Bearer "+secret).wants(t, http.StatusNotFound).header(t, "Content-Type", "application/problem+json")
	}
}

func roomGUID(t *testing.T, h *house) string {
	t.Helper()
	for p := range h.live.Snapshot().All(directory.Room) {
		return p.GUID
	}
	t.Fatal("there is no room")
	return ""
}

func TestUnsignedProfileIsRevalidated(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", "read")
	b := h.browser(t)
	const path = "/api/v1/profiles/ada.mobileconfig"
	a := b.get(path, "Authorization", "Bearer "+secret).wants(t, http.StatusOK).
		header(t, "Content-Type", "application/x-apple-aspen-config").header(t, "Cache-Control", "private, no-cache")
	etag := a.Header.Get("ETag")
	if sum := sha256.Sum256([]byte(a.body)); etag != `"`+hex.EncodeToString(sum[:])+`"` {
		t.Errorf("got ETag %s", etag)
	}
	for _, value := range []string{etag, `"x", ` + etag, "W/" + etag, "*"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			got := b.do(method, path, nil, "Authorization", "Bearer "+secret, "If-None-Match", value).wants(t, http.StatusNotModified)
			if got.header(t, "ETag", etag); got.body != "" {
				t.Errorf("304 has a body")
			}
		}
	}
	b.get(path, "Authorization", "Bearer "+secret, "If-None-Match", `"x"`).wants(t, http.StatusOK)
	b.get(path+"?platform=ios", "Authorization", "Bearer "+secret, "If-None-Match", etag).wants(t, http.StatusOK)
}

func TestSignedProfileIsVerifiableAndKeepsItsETag(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", "read")
	b := h.browser(t)
	plain := b.get("/api/v1/profiles/ada.mobileconfig?platform=macos&signed=0", "Authorization", "Bearer "+secret)
	signed := b.get("/api/v1/profiles/ada.mobileconfig?platform=macos&signed=1", "Authorization", "Bearer "+secret).wants(t, http.StatusOK)
	v, err := signing.Verify([]byte(signed.body), h.authority.Pool(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if string(v.Content) != plain.body {
		t.Error("the signed content differs from the unsigned profile")
	}
	b.get("/api/v1/profiles/ada.mobileconfig?platform=macos&signed=1", "Authorization", "Bearer "+secret, "If-None-Match", signed.Header.Get("ETag")).wants(t, http.StatusNotModified)
}

func TestAPIWantsATokenOfTheScope(t *testing.T) {
	h := build(t, plan{})
	list, _ := h.token(t, "list", "list")
	read, _ := h.token(t, "read", "read")
	revoked, id := h.token(t, "revoked", "list", "read")
	if err := h.store.RevokeToken(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b := h.browser(t).signIn("admin") // a session opens nothing here
	const all, one = "/api/v1/profiles", "/api/v1/profiles/ada.mobileconfig"
	for _, c := range []struct {
		path, authorization string
		status              int
		challenge, reason   string
	}{
		{all, "", 401, `Bearer realm="calport"`, "token-missing"},
		{all, "Digest x", 401, `Bearer realm="calport"`, "token-missing"},
		{all, "Basic YWRhOmNhbHBvcnQ=", 401, `Bearer realm="calport", error="invalid_token"`, "token-unknown"}, // ada's own password
		{all, "Basic " + base64.StdEncoding.EncodeToString([]byte("calport:"+list)), 200, "", ""},
		{all, "Bearer ", 401, `Bearer realm="calport"`, "token-missing"},
		{all, "Bearer " + list + "x", 401, `Bearer realm="calport", error="invalid_token"`, "token-unknown"},
		{all, "Bearer " + revoked, 401, `Bearer realm="calport", error="invalid_token"`, "token-revoked"},
		{all, "Bearer " + read, 403, `Bearer realm="calport", error="insufficient_scope", scope="list"`, "scope"},
		{one, "Bearer " + list, 403, `Bearer realm="calport", error="insufficient_scope", scope="read"`, "scope"},
		{all, "bearer " + list, 200, "", ""},
		{one, "BEARER  " + read, 200, "", ""},
	} {
		a := b.get(c.path, "Authorization", c.authorization).wants(t, c.status).header(t, "Www-Authenticate", c.challenge)
		if c.reason != "" {
			a.header(t, "Content-Type", "application/problem+json").header(t, "Cache-Control", "no-store").says(t, `"reason":"`+c.reason+`"`, `"request_id":"REQUEST42"`)
		}
	}
	b.get(all+"?access_token="+list).wants(t, http.StatusUnauthorized) // never in the address
}

func TestTokenOfAGroupReachesItsMembersOnly(t *testing.T) {
	h := build(t, plan{appPasswords: signin.AppPasswordsOffered})
	people := h.live.Snapshot()
	group := people.ByName(directory.Group, "engineering")
	var want []string
	for p := range people.All(directory.Individual) {
		if people.IsMember(p.GUID, group.GUID) {
			want = append(want, p.ShortName)
		}
	}
	secret := h.groupToken(t, group.GUID, ScopeList, ScopeRead, ScopeSecrets)
	b := h.browser(t)
	var names []string
	path := "/api/v1/profiles?limit=2"
	for range len(want) + 1 {
		var page listPage
		b.get(path, "Authorization", "Bearer "+secret).wants(t, http.StatusOK).decode(t, &page)
		for _, i := range page.Items {
			names = append(names, i.Person)
		}
		if page.Next == nil {
			break
		}
		path = "/api/v1/profiles?limit=2&cursor=" + *page.Next
	}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	outside := h.person(t, "karen")
	if people.IsMember(outside.GUID, group.GUID) {
		t.Fatal("karen is in the group")
	}
	for _, name := range []string{"karen", "guid:" + outside.GUID, "nobody"} { // one answer, so that it tells nothing
		b.get("/api/v1/profiles/"+name+".mobileconfig", "Authorization", "Bearer "+secret).wants(t, http.StatusNotFound).says(t, `"reason":"no-such-person"`)
		b.post("/api/v1/profiles/"+name+".mobileconfig?device=x", nil, "Authorization", "Bearer "+secret).wants(t, http.StatusNotFound)
	}
	b.get("/api/v1/profiles/"+want[0]+".mobileconfig", "Authorization", "Bearer "+secret).wants(t, http.StatusOK)
	gone := h.groupToken(t, "no-such-group", ScopeList, ScopeRead)
	b.get("/api/v1/profiles/"+want[0]+".mobileconfig", "Authorization", "Bearer "+gone).wants(t, http.StatusNotFound)
}

func TestExpiredTokenIsRefused(t *testing.T) {
	tokens := &oneToken{Token: Token{ID: 1, Name: "mdm", Scopes: []string{"list"}}}
	h := build(t, plan{change: func(o *Options) { o.Tokens = tokens }})
	tokens.Expires = h.clock.now().Add(time.Minute)
	b := h.browser(t)
	b.get("/api/v1/profiles", "Authorization", "Bearer x").wants(t, http.StatusOK)
	h.clock.advance(time.Minute)
	b.get("/api/v1/profiles", "Authorization", "Bearer x").wants(t, http.StatusUnauthorized).says(t, "token-expired")
}

func TestUseOfATokenIsNotedNowAndThen(t *testing.T) {
	tokens := &oneToken{Token: Token{ID: 7, Name: "mdm", Scopes: []string{"list"}}}
	h := build(t, plan{change: func(o *Options) { o.Tokens = tokens }})
	tokens.clock = h.clock
	b := h.browser(t)
	for range 3 {
		b.get("/api/v1/profiles?limit=1", "Authorization", "Bearer x").wants(t, http.StatusOK)
	}
	if tokens.touched != 1 {
		t.Errorf("noted %d times, want once", tokens.touched)
	}
	h.clock.advance(time.Minute)
	b.get("/api/v1/profiles?limit=1", "Authorization", "Bearer x").wants(t, http.StatusOK)
	if tokens.touched != 2 {
		t.Errorf("noted %d times, want twice", tokens.touched)
	}
}

func TestAPIRefusesParametersThatItDoesNotKnow(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", "list", "read")
	b := h.browser(t)
	for _, path := range []string{
		"/api/v1/profiles?plattform=ios", "/api/v1/profiles?platform=tvos", "/api/v1/profiles?limit=0", "/api/v1/profiles?limit=x", "/api/v1/profiles?limit=100001",
		"/api/v1/profiles?cursor=!", "/api/v1/profiles?cursor=YQ", "/api/v1/profiles/ada.mobileconfig?signed=yes", "/api/v1/profiles/ada.mobileconfig?limit=3",
	} {
		a := b.get(path, "Authorization", "Bearer "+secret).wants(t, http.StatusBadRequest).header(t, "Content-Type", "application/problem+json")
		var p map[string]any
		a.decode(t, &p)
		if p["type"] != "about:blank" || p["title"] != "Bad Request" || p["status"] != 400.0 || p["detail"] == "" || p["reason"] != "parameter" {
			t.Errorf("%s: got %v", path, p)
		}
	}
}

func TestAPIFailureTellsNothing(t *testing.T) {
	h := build(t, plan{change: func(o *Options) { o.Tokens = brokenTokens{} }})
	h.browser(t).get("/api/v1/profiles", "Authorization", "Bearer x").
		wants(t, http.StatusInternalServerError).header(t, "Content-Type", "application/problem+json").silent(t, errBroken.Error())
	if !strings.Contains(h.log.String(), errBroken.Error()) {
		t.Error("the reason is not in the log")
	}
}

// TestFileNamesOfTheAPI uses the person whose name is not ASCII.
func TestFileNamesOfTheAPI(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", "read")
	guid := strings.ToLower(h.live.Snapshot().ByName(directory.Individual, "zoë").GUID)[:8]
	b := h.browser(t)
	b.get("/api/v1/profiles/zo%C3%AB.mobileconfig", "Authorization", "Bearer "+secret).header(t, "Content-Disposition",
		`attachment; filename="zo__`+guid+`.unsigned.mobileconfig"; filename*=UTF-8''zo%C3%AB_`+guid+`.unsigned.mobileconfig`)
	b.get("/api/v1/profiles/zo%C3%AB.mobileconfig?signed=1", "Authorization", "Bearer "+secret).header(t, "Content-Disposition",
		`attachment; filename="zo__`+guid+`.mobileconfig"; filename*=UTF-8''zo%C3%AB_`+guid+`.mobileconfig`)
}

func TestCursorsSurviveAnyName(t *testing.T) {
	for _, name := range []string{"ada", "zoë", "o'neill\x01", "a/b+c", ""} {
		want := position{directory.Fold(name), "G-1"}
		if got, err := parseCursor(want.String()); err != nil || got != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add(position{"ada", "0"}.String())
	f.Add("AA")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parseCursor(text); err == nil {
			if again, err := parseCursor(p.String()); err != nil || again != p {
				t.Errorf("%q: got %v, then %v (%v)", text, p, again, err)
			}
		}
	})
}

func TestListHoldsOnlyWhatItSays(t *testing.T) {
	h := build(t, plan{})
	secret, _ := h.token(t, "mdm", "list")
	var p struct{ Items []map[string]json.RawMessage }
	h.browser(t).get("/api/v1/profiles?limit=1", "Authorization", "Bearer "+secret).decode(t, &p)
	for key := range p.Items[0] {
		if !slices.Contains([]string{"person", "guid", "groups", "platform", "identifier", "uuid", "sha256", "href", "signed_href"}, key) {
			t.Errorf("the list tells %s", key)
		}
	}
}
