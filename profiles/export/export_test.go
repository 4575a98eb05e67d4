package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calport/directory"
	"calport/profiles"
	"calport/signing"
)

// newSigner makes an authority in memory and returns what it signs with.
func newSigner(t testing.TB, key signing.KeyType) (*signing.Authority, *signing.Identity) {
	t.Helper()
	a, err := signing.NewAuthority(signing.AuthorityConfig{Name: "Test Authority", Key: key}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return a, a.Signer()
}

func newGenerator(t testing.TB, settings string) *profiles.Generator {
	t.Helper()
	d, err := profiles.ParseDocument("settings.toml", []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	g, err := profiles.NewGenerator(profiles.ServerConfig{Host: "calendar.example.com", Port: 8443, Organization: "Example", Prefix: "com.example.calport"}, d)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func person(n int) *directory.Principal {
	return &directory.Principal{
		Kind: directory.Individual, GUID: fmt.Sprintf("%08x-0000-4000-8000-%012x", n*7919, n), ShortName: fmt.Sprintf("user%05d", n),
		FullName: fmt.Sprintf("Person Number %d", n), Mails: []string{fmt.Sprintf("user%d@example.com", n)},
	}
}

func people(n int) []*directory.Principal {
	list := make([]*directory.Principal, n)
	for i := range list {
		list[i] = person(i)
	}
	return list
}

func options(t testing.TB, dir string, list []*directory.Principal, signer Signer) Options {
	return Options{Dir: dir, Everyone: true, People: seq(list), Directory: snapshot(list), Generator: newGenerator(t, ""), Signer: signer}
}

func snapshot(list []*directory.Principal) *directory.Snapshot {
	return directory.NewSnapshot(slices.Clone(list), time.Time{})
}

func seq(list []*directory.Principal) iter.Seq[*directory.Principal] { return slices.Values(list) }

// mustRun exports and compares the summary.
func mustRun(t *testing.T, o Options, want Summary) {
	t.Helper()
	got, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Fatalf("summary %+v, want %+v", got, want)
	}
}

// state describes every file of a folder: name, size, modification time.
func state(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprint(e.Name(), " ", info.Size(), " ", info.ModTime().UnixNano()))
	}
	return list
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	for _, s := range state(t, dir) {
		list = append(list, strings.Fields(s)[0])
	}
	return list
}

// manifest reads the rows of a folder's manifest.
func manifest(t *testing.T, dir string) []*Entry {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reader := rowReader{decoder: json.NewDecoder(f)}
	var rows []*Entry
	for {
		e, err := reader.next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, e)
	}
}

func statuses(rows []*Entry) (list []string) {
	for _, e := range rows {
		list = append(list, e.Name+" "+string(e.Status))
	}
	return list
}
