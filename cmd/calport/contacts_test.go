package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-webdav"
	"github.com/emersion/go-webdav/carddav"
)

func TestAContactsClientFindsTheDirectoryByItself(t *testing.T) {
	in := newSite(t, "[access]\nvisibility = [{for = [\"layla\"], finds = [\"design\", \"ada\"]}]\n").serve(t)
	login := webdav.HTTPClientWithBasicAuth(in.client, "layla", "calport")
	if status, _, h := in.do(t, "PROPFIND", "/.well-known/carddav", "", ""); status != http.StatusMovedPermanently || h.Get("Location") != in.origin+"/principals/" {
		t.Fatalf("well-known: got %d to %s", status, h.Get("Location"))
	}
	client, err := carddav.NewClient(login, in.origin+"/principals/")
	if err != nil {
		t.Fatal(err)
	}
	principal, err := client.FindCurrentUserPrincipal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := client.HasSupport(t.Context()); err != nil {
		t.Errorf("the DAV header: %v", err)
	}
	home, err := client.FindAddressBookHomeSet(t.Context(), principal)
	if err != nil {
		t.Fatal(err)
	}
	books, err := client.FindAddressBooks(t.Context(), home)
	if err != nil || len(books) != 1 {
		t.Fatalf("address books: %v, %v", books, err)
	}
	cards, err := client.QueryAddressBook(t.Context(), books[0].Path, &carddav.AddressBookQuery{
		PropFilters: []carddav.PropFilter{{Name: "FN", TextMatches: []carddav.TextMatch{{Text: "byron"}, {Text: "stein"}}}},
	})
	if err != nil || len(cards) != 1 || cards[0].Card.PreferredValue("FN") != "Ada Byron" {
		t.Errorf("a pupil of design finds %v, %v; want Ada Byron, and not Radia Stein", cards, err)
	}
	if _, body, _ := in.do(t, "PROPFIND", "/principals/users/ada/", "layla", `<D:propfind xmlns:D="DAV:"><D:prop><C:addressbook-home-set xmlns:C="urn:ietf:params:xml:ns:carddav"/></D:prop></D:propfind>`, "Depth", "0"); strings.Contains(body, "/addressbooks/") {
		t.Errorf("another's address books are told: %s", body)
	}
	if status, _, h := in.do(t, "PROPFIND", home, "", "", "Depth", "0"); status != http.StatusUnauthorized || h.Get("WWW-Authenticate") == "" {
		t.Errorf("without a password: got %d", status)
	}
}

func TestWithoutContactsThereAreNone(t *testing.T) {
	in := newSite(t, "[contacts]\noff = true\n").serve(t)
	status, body, h := in.do(t, "PROPFIND", "/principals/users/ada/", "ada", `<D:propfind xmlns:D="DAV:"><D:prop><C:addressbook-home-set xmlns:C="urn:ietf:params:xml:ns:carddav"/></D:prop></D:propfind>`, "Depth", "0")
	if status != http.StatusMultiStatus || strings.Contains(body, "/addressbooks/") || strings.Contains(h.Get("DAV"), "addressbook") {
		t.Errorf("got %d %s %v", status, body, h.Get("DAV"))
	}
	if status, _, _ := in.do(t, "PROPFIND", "/addressbooks/", "ada", "", "Depth", "0"); status < 400 {
		t.Errorf("/addressbooks/: got %d", status)
	}
}

func TestVdirsyncerCopiesTheDirectory(t *testing.T) {
	vdirsyncer := stranger(t, "vdirsyncer")
	in := startDemo(t, t.TempDir())
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config"), `[general]
status_path = "`+dir+`/status/"
[pair book]
a = "here"
b = "there"
collections = ["from b"]
[storage here]
type = "filesystem"
path = "`+dir+`/cards/"
fileext = ".vcf"
[storage there]
type = "carddav"
url = "`+in.origin+`/"
username = "grace"
password = "calport"
verify = "`+in.dir+`/ca.pem"
read_only = true
`)
	for _, command := range []string{"discover", "sync"} {
		c := exec.Command(vdirsyncer, "-c", filepath.Join(dir, "config"), command)
		c.Stdin = strings.NewReader(strings.Repeat("y\n", 5))
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	cards, err := os.ReadDir(filepath.Join(dir, "cards", "directory"))
	if err != nil || len(cards) < 30 {
		t.Fatalf("got %d cards, %v; want all of the demo's people, groups and rooms", len(cards), err)
	}
	ada := 0
	for _, c := range cards {
		data, err := os.ReadFile(filepath.Join(dir, "cards", "directory", c.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "FN:Ada Byron") && strings.Contains(string(data), "TEL;TYPE=CELL;TYPE=VOICE:+44 20 7946 0101") {
			ada++
		}
	}
	if ada != 1 {
		t.Errorf("%d cards are Ada's, want 1", ada)
	}
}
