package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// arrows is which of our packages each may import: arrows point down only. A trailing "/…" stands for everything below.
// What is not named may be imported by nobody and import nothing.
var arrows = map[string][]string{
	"cmd/calport": {"…"},

	// web and server do not know each other; cmd joins them.
	"web":    {"directory", "directory/signin", "profiles", "profiles/export", "profiles/check", "signing"},
	"server": {"directory", "directory/signin", "server/…"},

	// The server knows directory.Directory, never LDAP.
	"server/caldav":   {"directory", "server/dav", "server/ical", "server/itip", "server/push", "server/schedule", "server/store"},
	"server/schedule": {"directory", "server/dav", "server/ical", "server/itip", "server/store"},
	"server/imip":     {"directory", "server/dav", "server/ical", "server/itip", "server/store"},
	"server/push":     {"directory", "server/dav", "server/ical", "server/itip", "server/store"},
	"server/contacts": {"directory", "server/dav", "server/ical", "server/itip", "server/store"},

	// Profiles do not know how they are signed; exporting and checking do.
	"profiles/export": {"directory", "profiles", "signing"},
	"profiles/check":  {"directory", "profiles", "signing"},
	"profiles":        {"directory"},

	"directory/ldap":          {"directory"},
	"directory/demo":          {"directory"},
	"directory/signin":        {"directory"},
	"directory/directorytest": {"directory"},
	"server/itip":             {"server/ical"}, // RFC 5546 has no input or output
	"server/timezones":        {"server/ical"},

	// Ground floors.
	"directory":    {},
	"signing":      {},
	"server/dav":   {},
	"server/ical":  {},
	"server/store": {}, // knows neither HTTP nor XML nor iCalendar

	"server/imip/imiptest": {}, // mail servers for tests

	// What tests of the store and of those above it stand on.
	"server/store/postgrestest": {},
	"server/store/storetest":    {"server/store", "server/store/postgrestest"},
}

// banned are imports of others that would break what a package promises.
var banned = map[string][]string{
	"server/store": {"net/http", "encoding/xml"},
	"server/itip":  {"net", "net/http", "database/sql", "os"},
	"profiles":     {"net/http", "os", "go.mozilla.org/pkcs7"},
	"server/ical":  {"net/http", "os", "github.com/emersion/go-ical"},
}

func TestArrowsPointDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "calport/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, "calport/")
		allowed, known := arrows[name]
		if !known {
			t.Errorf("package %s is not in the table of arrows", name)
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, "calport/")
			if isOurs && !slices.ContainsFunc(allowed, func(a string) bool { return covers(a, ours) }) {
				t.Errorf("%s must not import %s", name, ours)
			}
			if slices.Contains(banned[name], imported) {
				t.Errorf("%s must not import %s", name, imported)
			}
		}
	}
}

func covers(pattern, name string) bool {
	prefix, wild := strings.CutSuffix(pattern, "…")
	return name == pattern || wild && strings.HasPrefix(name, prefix)
}

// The owner fixed what stands at the top; dot-folders and LICENSE may stand beside it.
func TestTheTopLevelIsAsTheOwnerFixedIt(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"cmd", "profiles", "signing", "web", "directory", "server", "go.mod", "go.sum", "README.md", "LICENSE"}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s must not stand at the top level", e.Name())
		}
	}
}
