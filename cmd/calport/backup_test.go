package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"calport/server/store"
)

const syncReport = `<sync-collection xmlns="DAV:"><sync-token>%s</sync-token><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>`

// syncToken is the token after everything that is in ada's calendar.
func (in *instance) syncToken(t *testing.T) string {
	t.Helper()
	status, body, _ := in.do(t, "REPORT", adaCalendar, "ada", fmt.Sprintf(syncReport, ""))
	_, rest, found := strings.Cut(body, "sync-token>")
	token, _, _ := strings.Cut(rest, "<")
	if status != 207 || !found || token == "" {
		t.Fatalf("synchronisation: %d %s", status, body)
	}
	return token
}

const adaCalendar = "/calendars/users/ada/calendar/"

func (in *instance) put(t *testing.T, name string) {
	t.Helper()
	if status, body, _ := in.do(t, "PUT", adaCalendar+name+".ics", "ada", fmt.Sprintf(benchEvent, name, ""), "Content-Type", "text/calendar"); status != 201 {
		t.Fatalf("PUT %s: %d %s", name, status, body)
	}
}

func TestBackupIsRestoredElsewhere(t *testing.T) {
	old := newSite(t, "")
	in := old.serve(t)
	in.put(t, "before")
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	if status, said := old.command(t, "backup", file); status != 0 {
		t.Fatalf("backup beside the server: %d %s", status, said)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v, want it to be its owner's alone", info.Mode(), err)
	}
	in.put(t, "after")
	token := in.syncToken(t)
	if status, said := old.command(t, "restore", file); status == 0 || !strings.Contains(said, "calport") {
		t.Errorf("restore under a server: %d %s", status, said)
	}
	in.stop()
	if status, said := old.command(t, "restore", file); status == 0 || !strings.Contains(said, "move everything in that folder away") {
		t.Errorf("restore over what is there: %d %s", status, said)
	}

	fresh := old.node(t)
	if status, said := fresh.command(t, "restore", file); status != 0 {
		t.Fatalf("restore: %d %s", status, said)
	}
	keys, err := filepath.Glob(filepath.Join(old.dir, "authority", "*"))
	if err != nil || len(keys) == 0 {
		t.Fatalf("the authority: %q, %v", keys, err)
	}
	for _, path := range append(keys, filepath.Join(old.dir, "ca.pem")) {
		name, _ := filepath.Rel(old.dir, path)
		was, err := os.ReadFile(path)
		if is, other := os.ReadFile(filepath.Join(fresh.dir, name)); err != nil || other != nil || !bytes.Equal(was, is) {
			t.Errorf("%s: %v, %v, %d octets, want the %d of before", name, err, other, len(is), len(was))
		}
	}
	in = fresh.serve(t)
	for name, want := range map[string]int{"before": 200, "after": 404} {
		if status, _, _ := in.do(t, "GET", adaCalendar+name+".ics", "ada", ""); status != want {
			t.Errorf("GET of what was written %s: %d, want %d", name, status, want)
		}
	}
	if status, body, _ := in.do(t, "REPORT", adaCalendar, "ada", fmt.Sprintf(syncReport, token)); status != 403 || !strings.Contains(body, "valid-sync-token") {
		t.Errorf("a token of changes that were lost: %d %s", status, body)
	}
}

// Who restores by other means says so, and clients begin anew.
func TestRestoreOfNothingMakesTokensInvalid(t *testing.T) {
	s := newSite(t, "")
	if status, said := s.command(t, "restore"); status == 0 || !strings.Contains(said, "there is no database") {
		t.Errorf("without a database: %d %s", status, said)
	}
	in := s.serve(t)
	token := in.syncToken(t)
	in.stop()
	if status, said := s.command(t, "restore"); status != 0 {
		t.Errorf("%d %s", status, said)
	}
	in = s.serve(t)
	if status, body, _ := in.do(t, "REPORT", adaCalendar, "ada", fmt.Sprintf(syncReport, token)); status != 403 {
		t.Errorf("the token of before: %d %s", status, body)
	}
}

func TestRestoreRefusesWhatIsNoWholeBackup(t *testing.T) {
	s := newSite(t, "")
	s.serve(t).stop()
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	if status, said := s.command(t, "backup", good); status != 0 {
		t.Fatal(said)
	}
	if status, said := s.command(t, "backup", filepath.Join(s.dir, "inside")); status != 2 || !strings.Contains(said, "somewhere else") {
		t.Errorf("into the data folder: %d %s", status, said)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 0x10
	foreign := filepath.Join(dir, "foreign")
	edit(t, s.config, `data = "."`, "data = \".\"\ndatabase = \"postgres://nobody@127.0.0.1:1/none\"")
	if status, said := s.command(t, "backup", foreign); status != 0 || !strings.Contains(said, "pg_dump") {
		t.Errorf("beside PostgreSQL: %d %s", status, said)
	}
	edit(t, s.config, "database = \"postgres://nobody@127.0.0.1:1/none\"", "")
	postgres, err := os.ReadFile(foreign)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"text", []byte("hello"), "no backup"},
		{"empty", nil, "no backup"},
		{"cut", whole[:len(whole)/2], "damaged"},
		{"cut at the end", whole[:len(whole)-4], "damaged"},
		{"flipped", flipped, "damaged"},
		{"of another engine", postgres, "PostgreSQL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(dir, "file")
			if err := os.WriteFile(file, test.data, 0o600); err != nil {
				t.Fatal(err)
			}
			fresh := s.node(t)
			status, said := fresh.command(t, "restore", file)
			if status != 1 || !strings.Contains(said, test.want) {
				t.Errorf("%d %s, want %q", status, said, test.want)
			}
			entries, err := os.ReadDir(fresh.dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if !slices.Contains([]string{"calport.toml", store.LockName}, e.Name()) {
					t.Errorf("%s is left", e.Name())
				}
			}
		})
	}
}
