package caldav_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/server/caldav"
	"calport/server/store"
)

// conformance are the scripts that pass, of those that need no more than this package: well-known is package server's.
var conformance = []struct {
	script string
	only   []string // suites; none means all
	but    []string // tests that must fail, since a standard says otherwise
	may    []string // tests that sometimes fail, for the reason given
	slow   bool     // it mostly waits, and does so beside the others, on a server of its own
}{
	{script: "propfind"},
	{script: "proppatch"},
	{script: "put"},
	{script: "delete"},
	{script: "recurrenceput"},
	{script: "vtodos"},
	{script: "mkcalendar"},
	{script: "current-user-principal"},
	{script: "ctag"},
	{script: "nonascii"},
	{script: "expandproperty"},
	{script: "quota"},
	{script: "copymove"},
	{script: "freebusy"},
	{script: "schedulepost"},
	{script: "duplicate_uids"},
	{script: "sync-report"},
	{script: "errors"},
	{script: "prefer"},
	{script: "availability"},
	{script: "add-member"},
	{script: "bulk"},
	{script: "json"},
	// The tests want a Location with a bare space. A space "has to be percent-encoded when used inside a URI reference"
	// (RFC 4918 section 8.3.1, of RFC 3986 section 2.1), which a Location is (RFC 9110 section 10.2.2).
	{script: "encodedURIs", but: []string{"calendar resource / 5: ", "calendar resource double-encoded / 5: "}},
	// The first compares bytes, prefixes of namespaces among them. XML must "use namespaces correctly" (RFC 4918 section 8.2),
	// and by those both texts say the same. The second wants reports on calendars of a collection of principals;
	// DAV:supported-report-set "identifies the reports that are supported by the resource" (RFC 3253 section 3.1.5).
	{script: "aclreports", but: []string{"principal-search-property-set REPORT / 4: ", "supported-report-set property / 2: "}},
	// The test's VTIMEZONE of Brazil has a summer time, which there is none of since 2019. Clients have "typically ignored
	// time zone definitions in data" and use "their own "built-in" definitions" (RFC 7809 section 3.1.3), with which the
	// server agrees: a meeting is busy when it is shown.
	{script: "timezones", but: []string{"Timezone cache - aliases / 4: "}},
	// The test wants what has an event without an alarm, object 6, but not 7, of which the override has none. A comp-filter
	// with is-not-defined matches if the component "does not exist in the current scope", which below another is "the
	// enclosing calendar component" (RFC 4791 section 9.7.1): that override.
	{script: "reports", but: []string{"basic query reports / 23: "}},

	{script: "caldavIOP"},
	{script: "scheduleprops"},
	{script: "implicitscenario1"},
	{script: "implicitscheduletag"},
	{script: "implicitcancels"},
	{script: "implicitrecur1"},
	{script: "implicitattendeedelete"},
	{script: "implicitdefaultcalendar"},
	{script: "implicitsecurity"},
	{script: "implicitscheduleagent"},
	{script: "implicittodo"},
	{script: "implicitpartstatchange"},
	{script: "privatecomments"},
	{script: "calendaruserproxy"},
	// Its last suite needs attachments (RFC 8607), which are not there yet.
	{script: "recurrence-splitting", but: []string{
		"Client split with managed attachment / 2: ", "Client split with managed attachment / 3: ",
		"Client split with managed attachment / 5: ", "Client split with managed attachment / 6: ",
		"Client split with managed attachment / 7: ", "Client split with managed attachment / 8: "}},
	{script: "implicitauto1", slow: true},
	// The room's two events are both changed within the second before, and Last-Modified, by which the runner looks for
	// the newer one, has no fractions (RFC 9110 section 8.8.2). Apple's server took longer.
	{script: "implicitauto3", slow: true, may: []string{"#5 Uninvite one overridden instance / 5: "}},
	{script: "implicitautomodes", slow: true},
}

// TestConformance runs Apple's scripts against the handler, with people from the directory that they expect. The
// environment variable CALPORT_SCRIPTS names others to run, separated by spaces, to look at.
func TestConformance(t *testing.T) {
	kit := conformanceKit(t)
	server := serveConformance(t, kit)
	if names := os.Getenv("CALPORT_SCRIPTS"); names != "" {
		out, err := kit.run(server, strings.Fields(names)...)
		t.Logf("%s\n%v", out, err)
		return
	}
	for _, c := range conformance {
		t.Run(c.script, func(t *testing.T) {
			args := []string{c.script}
			for _, suite := range c.only {
				args = append(args, "--only", suite)
			}
			server := server
			if c.slow {
				server = serveConformance(t, kit)
				t.Parallel()
			}
			out, err := kit.run(server, args...)
			failed := slices.DeleteFunc(failures(c.script, out), func(test string) bool { return slices.Contains(c.may, test) })
			if len(c.but)+len(c.may) == 0 && err != nil || !slices.Equal(failed, c.but) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// failures are the suites and numbers of the tests that the runner names as failed.
func failures(script, out string) (all []string) {
	for line := range strings.Lines(out) {
		if _, test, ok := strings.Cut(line, "CalDAV/"+script+".xml / "); ok {
			number, _, _ := strings.Cut(test, ": ")
			all = append(all, number+": ")
		}
	}
	return all
}

// kit is the folder with the runner, its scripts and the directory.
type kit string

func conformanceKit(t *testing.T) kit {
	t.Helper()
	shared := os.Getenv("CALPORT_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	dir, err := filepath.Abs(filepath.Join(shared, "conformance"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "cdt")); err != nil {
		t.Skipf("the conformance scripts are not at %s; CALPORT_SHARED says where", dir)
	}
	if _, err := exec.LookPath("python3"); err != nil {
		if os.Getenv("CALPORT_REQUIRE_ALL") != "" {
			t.Fatal("python3 is required")
		}
		t.Skip("python3 is not installed")
	}
	return kit(dir)
}

func (k kit) run(description string, args ...string) (string, error) {
	cmd := exec.Command("python3", append([]string{filepath.Join(string(k), "cdt"),
		"--data", filepath.Join(string(k), "suite"), "--server", description}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// serveConformance starts a server and returns the file that describes it: calport.json with another port.
func serveConformance(t *testing.T, k kit) string {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "calport.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	snapshot := directory.NewSnapshot(readLDIF(t, filepath.Join(string(k), "directory.ldif")), time.Now())
	handler, err := caldav.New(caldav.Options{
		Store: s, People: func() *directory.Snapshot { return snapshot }, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		IsAdmin: func(p *directory.Principal) bool { return p.ShortName == "admin" },
	})
	if err != nil {
		t.Fatal(err)
	}
	go handler.Run(t.Context())
	// The password of everybody is his name.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		p, err := snapshot.ByLogin(user)
		if err != nil || password != user {
			w.Header().Set("WWW-Authenticate", `Basic realm="Test Realm"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r.WithContext(caldav.WithPrincipal(r.Context(), p)))
	}))
	t.Cleanup(server.Close)

	source, err := os.ReadFile(filepath.Join(string(k), "calport.json"))
	if err != nil {
		t.Fatal(err)
	}
	var description map[string]any
	if err := json.Unmarshal(source, &description); err != nil {
		t.Fatal(err)
	}
	description["port"] = server.Listener.Addr().(*net.TCPAddr).Port
	description["tls"] = false
	changed, err := json.Marshal(description)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "server.json")
	if err := os.WriteFile(file, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// readLDIF reads the principals of the conformance directory; package directory/ldap reads the same from a live one.
func readLDIF(t *testing.T, file string) []*directory.Principal {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var entries []map[string][]string
	entry := map[string][]string{}
	for lines := bufio.NewScanner(f); ; {
		more := lines.Scan()
		line := lines.Text()
		if !more || line == "" {
			entries = append(entries, entry)
			entry = map[string][]string{}
		}
		if !more {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if encoded, ok := strings.CutPrefix(value, ":"); ok {
			decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
			if err != nil {
				t.Fatal(err)
			}
			value = string(decoded)
		}
		entry[name] = append(entry[name], strings.TrimSpace(value))
	}
	return principalsOf(entries)
}

func principalsOf(entries []map[string][]string) []*directory.Principal {
	first := func(values []string) string {
		if len(values) == 0 {
			return ""
		}
		return values[0]
	}
	byDN := map[string]*directory.Principal{}
	var all []*directory.Principal
	for _, e := range entries {
		guid, dn := first(e["employeeNumber"]), first(e["dn"])
		if guid == "" {
			continue
		}
		p := &directory.Principal{
			Kind: directory.Individual, GUID: guid, ShortName: first(e["uid"]), FullName: first(e["cn"]), Mails: e["mail"],
			FirstName: first(e["givenName"]), LastName: first(e["sn"]),
		}
		switch {
		case strings.Contains(dn, "ou=groups"):
			p.Kind = directory.Group
		case strings.Contains(dn, "ou=locations"):
			p.Kind, p.Place = directory.Room, placeOf(e["description"])
		case strings.Contains(dn, "ou=resources"):
			p.Kind, p.Place = directory.Resource, placeOf(e["description"])
		}
		byDN[dn] = p
		all = append(all, p)
	}
	for _, e := range entries {
		var members []string
		for _, dn := range e["member"] {
			if p := byDN[dn]; p != nil {
				members = append(members, p.GUID)
			}
		}
		if p := byDN[first(e["dn"])]; p != nil {
			p.Members = members
		}
		if owner := byDN[first(e["owner"])]; owner != nil {
			if strings.HasSuffix(first(e["cn"]), "-write") {
				owner.Delegates.Write = members
			} else {
				owner.Delegates.Read = members
			}
		}
	}
	return all
}

// placeOf reads the modes that the directory carries in descriptions.
func placeOf(descriptions []string) *directory.Place {
	place := &directory.Place{}
	for _, d := range descriptions {
		key, value, _ := strings.Cut(d, "=")
		switch key {
		case "auto-schedule-mode":
			if mode, err := directory.ParseAutoSchedule(value); err == nil {
				place.AutoSchedule = mode
			}
		case "auto-accept-group":
			place.AutoAcceptGroup = value
		}
	}
	return place
}
