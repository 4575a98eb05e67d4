package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"calport/server/store/postgrestest"
)

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAcknowledgedWritesAreInTheFilesAtOnce(t *testing.T) {
	s := openTestSQLite(t)
	c := newHome(t, s, "ada").Collection("calendar")
	var last Object
	for i := range 20 {
		last = put(t, s, c, event(fmt.Sprintf("%d.ics", i), fmt.Sprint(i), "x"))
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	copyFile(t, sqliteOf(s).path, path)
	copyFile(t, sqliteOf(s).path+"-wal", path+"-wal")
	again := openAt(t, path)
	h, err := again.Home(t.Context(), "ada")
	if err != nil || h.Change != last.Change || h.Collection("calendar").Change != last.Change {
		t.Fatalf("got %+v, %v, want number %d", h, err, last.Change)
	}
	if got := listed(t, again, c); len(got) != 20 {
		t.Errorf("got %d objects, want 20", len(got))
	}
}

// writerEnv tells a copy of the test binary to write to the database of that path or DSN until it is killed.
const writerEnv = "CALPORT_STORE_TEST_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerEnv); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKilledProcessLosesNothingAcknowledged kills a process amid a storm of writes. What it said it wrote is there,
// the numbers are right, and SQLite finds nothing wrong.
func TestKilledProcessLosesNothingAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calport.db")
	acknowledged := map[string]bool{}
	for kill := range 3 {
		for _, name := range killedWriter(t, path, 50+30*kill) {
			acknowledged[name] = true
		}
		s := openAt(t, path)
		checkWritten(t, s, acknowledged)
		s.Read(t.Context(), func(tx *Tx) error {
			var verdict string
			if err := tx.row("PRAGMA integrity_check", nil, &verdict); err != nil || verdict != "ok" {
				t.Errorf("integrity check: %q, %v", verdict, err)
			}
			return nil
		})
		s.Close()
	}
	if len(acknowledged) < 100 {
		t.Errorf("only %d writes were acknowledged", len(acknowledged))
	}
}

// optionsOf tells a DSN from a path.
func optionsOf(place string) Options {
	if strings.HasPrefix(place, "host=") {
		return Options{DSN: place}
	}
	return Options{Path: place}
}

// TestCrashesOfPostgresLoseNothingAcknowledged kills the writing process, and then the server as well.
func TestCrashesOfPostgresLoseNothingAcknowledged(t *testing.T) {
	server := postgrestest.New(t)
	dsn := server.Database(t)
	acknowledged := map[string]bool{}
	for kill := range 3 {
		for _, name := range killedWriter(t, dsn, 50+30*kill) {
			acknowledged[name] = true
		}
		if kill > 0 {
			if err := errors.Join(server.Crash(), server.Start()); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(t.Context(), Options{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		checkWritten(t, s, acknowledged)
		s.Close()
	}
	if len(acknowledged) < 100 {
		t.Errorf("only %d writes were acknowledged", len(acknowledged))
	}
}

// checkWritten looks for what writeUntilKilled said it wrote, and that no number lies.
func checkWritten(t *testing.T, s *Store, acknowledged map[string]bool) {
	t.Helper()
	h, err := s.Home(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	c := h.Collection("calendar")
	s.Read(t.Context(), func(tx *Tx) error {
		for o, err := range tx.Objects(c.ID, Whole) {
			if err != nil {
				t.Fatal(err)
			}
			if o.Change > c.Change || o.Change > h.Change || string(o.Data) != o.Name {
				t.Errorf("%+v, while the collection is at %d and the home at %d", o, c.Change, h.Change)
			}
			there[o.Name] = true
		}
		return nil
	})
	for name := range acknowledged {
		if !there[name] {
			t.Errorf("%s was acknowledged and is lost", name)
		}
	}
}

// killedWriter runs a writer, reads some names that it acknowledges, kills it, and reads the rest.
func killedWriter(t *testing.T, path string, some int) (names []string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), writerEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		names = append(names, strings.TrimSuffix(line, "\n"))
		if len(names) == some {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	return names
}

// writeUntilKilled has several writers write objects and print each name once it is acknowledged.
func writeUntilKilled(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, optionsOf(path))
	if err != nil {
		return err
	}
	var calendar int64
	err = s.Write(ctx, func(tx *Tx) error {
		h, err := tx.Home("ada")
		if err == ErrNotFound {
			h, err = tx.CreateHome("ada", []NewCollection{{Name: "calendar", Kind: Calendar}})
		}
		if err == nil {
			calendar = h.Collections[0].ID
		}
		return err
	})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				err := s.Write(ctx, func(tx *Tx) error {
					_, _, err := tx.PutObject(calendar, event(name, name, name))
					return err
				})
				if err != nil {
					failed <- err
				}
				fmt.Println(name)
			}
		}()
	}
	return <-failed
}
