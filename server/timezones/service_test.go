package timezones_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/server/ical"
	"calport/server/timezones"
)

const prefix = "/stdtimezones"

// service is one for all tests: it is the same for everybody.
var service = timezones.New(prefix+"/", time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC))

func ask(t testing.TB, method, path string, head ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, prefix+path, nil)
	for _, line := range head {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	return w
}

func decode[T any](t testing.TB, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("got %d %s, want 200 and JSON: %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

type zoneList struct {
	SyncToken string
	Timezones []struct {
		TZID, ETag string
		Aliases    []string
	}
}

func (l zoneList) names() (names []string) {
	for _, z := range l.Timezones {
		names = append(names, z.TZID)
	}
	return names
}

func TestWhatIsWrongHasTheErrorOfTheTable(t *testing.T) {
	for _, c := range []struct {
		path   string
		status int
		code   string
	}{
		{"", 400, "invalid-action"},
		{"?query=true", 400, "invalid-action"},
		{"/foobar", 400, "invalid-action"},
		{"/zones/America%2FNew_York/America%2FLos_Angeles", 400, "invalid-action"},
		{"/zones/America%2FPittsburgh", 404, "tzid-not-found"},
		{"/zones/Local", 404, "tzid-not-found"},
		{"/zones/..%2F..%2Fetc%2Fpasswd", 404, "tzid-not-found"},
		{"/zones/Europe%2FBerlin?start=2008", 400, "invalid-start"},
		{"/zones/Europe%2FBerlin?start=2009-01-01T00:00:00Z&end=2008-01-01T00:00:00Z", 400, "invalid-end"},
		{"/zones?changedsince=bogus", 400, "invalid-changedsince"},
		{"/zones?pattern=", 400, "invalid-pattern"},
		{"/zones?pattern=*", 400, "invalid-pattern"},
		{"/zones?pattern=**", 400, "invalid-pattern"},
		{"/zones?pattern=a*b", 400, "invalid-pattern"},
		{"/zones?pattern=a&pattern=b", 400, "invalid-pattern"},
		{"/observances", 400, "invalid-action"},
		{"/zones/America%2FNew_York/observances", 400, "invalid-start"},
		{"/observances/America%2FPittsburgh?start=2008-01-01T00:00:00Z&end=2020-01-01T00:00:00Z", 404, "tzid-not-found"},
		{"/observances/America%2FNew_York?start=2008-01-01T00:00:00Z&start=2009-01-01T00:00:00Z", 400, "invalid-start"},
		{"/observances/America%2FNew_York?start=20070101", 400, "invalid-start"},
		{"/observances/America%2FNew_York?start=0001-01-01T00:00:00Z&end=9999-01-01T00:00:00Z", 400, "invalid-start"},
		{"/observances/America%2FNew_York?start=2008-01-01T00:00:00Z", 400, "invalid-end"},
		{"/observances/America%2FNew_York?start=2008-01-01T00:00:00Z&end=2008-01-01T00:00:00Z", 400, "invalid-end"},
		{"/observances/America%2FNew_York?start=2008-01-01T00:00:00Z&end=2009", 400, "invalid-end"},
	} {
		w := ask(t, "GET", c.path)
		var p timezones.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("%s: %v: %s", c.path, err, w.Body)
		}
		if w.Code != c.status || p.Code != c.code || p.Type != "urn:ietf:params:tzdist:error:"+c.code || p.Status != c.status {
			t.Errorf("%s: got %d %s, want %d %s", c.path, w.Code, p.Code, c.status, c.code)
		}
		if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: got Content-Type %s", c.path, got)
		}
	}
}

func TestOnlyGetAndHeadAreAnswered(t *testing.T) {
	for _, method := range []string{"PUT", "POST", "DELETE", "PROPFIND"} {
		if w := ask(t, method, "/zones"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
			t.Errorf("%s: got %d, want 405 with Allow", method, w.Code)
		}
	}
}

func TestCapabilitiesNameTheActions(t *testing.T) {
	got := decode[struct {
		Version int
		Actions []struct {
			Name     string
			Template string `json:"uri-template"`
		}
	}](t, ask(t, "GET", "/capabilities"))
	var names []string
	for _, a := range got.Actions {
		names = append(names, a.Name)
		if !strings.HasPrefix(a.Template, prefix+"/") {
			t.Errorf("the template of %s is %s, want one below %s", a.Name, a.Template, prefix)
		}
	}
	if want := []string{"capabilities", "list", "get", "expand", "find"}; got.Version != 1 || !slices.Equal(names, want) {
		t.Errorf("got version %d with %v, want 1 with %v", got.Version, names, want)
	}
}

func TestTheListHasEveryZoneOnceAndItsOtherNames(t *testing.T) {
	l := decode[zoneList](t, ask(t, "GET", "/zones"))
	if len(l.Timezones) < 300 {
		t.Errorf("got %d zones, want over 300", len(l.Timezones))
	}
	seen := map[string]bool{}
	for _, z := range l.Timezones {
		for _, name := range append(z.Aliases, z.TZID) {
			if _, ok := ical.LookupZone(name); !ok || seen[name] {
				t.Errorf("%s: known %v, there before %v", name, ok, seen[name])
			}
			seen[name] = true
		}
		if z.TZID == "Europe/London" && !slices.Contains(z.Aliases, "GB") {
			t.Errorf("got aliases %v of Europe/London, want GB among them", z.Aliases)
		}
	}
	if again := decode[zoneList](t, ask(t, "GET", "/zones?changedsince="+l.SyncToken)); len(again.Timezones) != 0 || again.SyncToken != l.SyncToken {
		t.Errorf("got %d zones that have changed since now", len(again.Timezones))
	}
}

func TestZonesAreFoundByPattern(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{"America/New_York", "America/New_York"},
		{"america/new%20york", "America/New_York"},
		{"America/New_*", "America/New_York"},
		{"*/New_York", "America/New_York"},
		{"*/New_Y*", "America/New_York"},
		{"GB", "Europe/London"},
		{"nowhere", ""},
	} {
		got := strings.Join(decode[zoneList](t, ask(t, "GET", "/zones?pattern="+c.pattern)).names(), " ")
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.pattern, got, c.want)
		}
	}
}

func TestADefinitionIsACalendar(t *testing.T) {
	for _, c := range []struct{ path, tzid, alias, until string }{
		{"/zones/America%2FNew_York", "America/New_York", "", ""},
		{"/zones/Europe%2FLondon/", "Europe/London", "", ""},
		{"/zones/GB", "GB", "Europe/London", ""},
		{"/zones/Europe%2FBerlin?start=2020-01-01T00:00:00Z&end=2021-01-01T00:00:00Z", "Europe/Berlin", "", "20210101T000000Z"},
	} {
		w := ask(t, "GET", c.path)
		cal, err := ical.Parse(w.Body.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		def := cal.Child("VTIMEZONE")
		if def == nil || def.Text("TZID") != c.tzid || def.Text("TZID-ALIAS-OF") != c.alias || def.Value("TZUNTIL") != c.until {
			t.Errorf("%s: got %s", c.path, def)
		}
		if got := w.Header().Get("Content-Type"); got != "text/calendar; charset=utf-8" {
			t.Errorf("%s: got Content-Type %s", c.path, got)
		}
		if again := ask(t, "GET", c.path, "If-None-Match: "+w.Header().Get("ETag")); again.Code != http.StatusNotModified {
			t.Errorf("%s: got %d for the entity tag it has, want 304", c.path, again.Code)
		}
	}
	if w := ask(t, "GET", "/zones/GB", "Accept: application/calendar+xml"); w.Code != http.StatusNotAcceptable {
		t.Errorf("xCal: got %d, want 406", w.Code)
	}
}

func TestObservancesAreTheChangesOfTheClock(t *testing.T) {
	type observance struct {
		Onset string
		From  int `json:"utc-offset-from"`
		To    int `json:"utc-offset-to"`
	}
	type expansion struct{ Observances []observance }
	const span = "?start=2008-01-01T00:00:00Z&end=2009-01-01T00:00:00Z"
	want := []observance{
		{"2008-01-01T00:00:00Z", -18000, -18000}, {"2008-03-09T07:00:00Z", -18000, -14400}, {"2008-11-02T06:00:00Z", -14400, -18000},
	}
	for _, path := range []string{"/zones/America%2FNew_York/observances", "/observances/America%2FNew_York", "/observances/America%2FNew_York/"} {
		if got := decode[expansion](t, ask(t, "GET", path+span)).Observances; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if got := decode[expansion](t, ask(t, "GET", "/zones/America%2FPhoenix/observances"+span)).Observances; len(got) != 1 {
		t.Errorf("Phoenix: got %v, want what holds at the start and nothing more", got)
	}
}

func TestFarFutureEnds(t *testing.T) {
	type expansion struct{ Observances []struct{ Onset string } }
	got := decode[expansion](t, ask(t, "GET", "/zones/Europe%2FLondon/observances?start=2040-01-01T00:00:00Z&end=2042-01-01T00:00:00Z")).Observances
	if len(got) != 5 {
		t.Errorf("got %v, want what holds at the start and four changes", got)
	}
}

func FuzzServe(f *testing.F) {
	for _, path := range []string{"/zones", "/zones/GB?start=2008-01-01T00:00:00Z", "/observances/GB?start=1800-01-01T00:00:00Z&end=2200-01-01T00:00:00Z", "/zones?pattern=*a*"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r, err := http.NewRequest("GET", "http://h"+prefix+path, nil)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		service.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%s: %d", path, w.Code)
		}
	})
}
