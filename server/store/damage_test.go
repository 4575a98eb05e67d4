package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// wantFileError checks that an error is of a kind and names the file and a remedy.
func wantFileError(t *testing.T, what string, err, kind error, path string) {
	t.Helper()
	var file *FileError
	if !errors.Is(err, kind) || !errors.As(err, &file) {
		t.Errorf("%s: got %v, want %v", what, err, kind)
		return
	}
	if file.Path != path || file.Remedy == "" || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), file.Remedy) {
		t.Errorf("%s: the message does not name file and remedy: %v", what, err)
	}
}

// closedDatabase makes a database of some pages, with nothing left in the log.
func closedDatabase(t *testing.T) (path string, content []byte) {
	t.Helper()
	s := openTestSQLite(t)
	c := newHome(t, s, "ada").Collection("calendar")
	for _, name := range strings.Fields("a b c d e f g h") {
		put(t, s, c, event(name, name, strings.Repeat("x", 9000)))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(sqliteOf(s).path)
	if err != nil {
		t.Fatal(err)
	}
	return sqliteOf(s).path, content
}

func TestDamagedDatabaseIsRefusedAndLeftAlone(t *testing.T) {
	path, whole := closedDatabase(t)
	for what, content := range map[string][]byte{
		"garbage":           bytes.Repeat([]byte("garbage "), 1000),
		"short":             whole[:50],
		"one page":          whole[:4096],
		"half":              whole[:len(whole)/2],
		"last page missing": whole[:len(whole)-4096],
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), Options{Path: path})
		if err == nil {
			s.Close()
		}
		wantFileError(t, what, err, ErrCorrupt, path)
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
			t.Errorf("%s: the file was changed, %v", what, err)
		}
	}
}

func TestDamageFoundLaterIsReported(t *testing.T) {
	path, content := closedDatabase(t)
	for i := 4096; i < len(content); i++ { // all but the first page: the schema is there, the rows are not
		content[i] = 0xAA
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Path: path})
	if err == nil {
		defer s.Close()
		_, err = s.Home(t.Context(), "ada")
	}
	wantFileError(t, "overwritten", err, ErrCorrupt, path)
}

func TestUnwritablePlaces(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing", "calport.db")
	_, err := Open(t.Context(), Options{Path: missing})
	wantFileError(t, "no folder", err, ErrUnwritable, missing)
	_, err = LockDir(filepath.Dir(missing))
	wantFileError(t, "lock in no folder", err, ErrUnwritable, filepath.Join(filepath.Dir(missing), "calport.lock"))
}

func TestReadOnlyFile(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write anywhere")
	}
	path, _ := closedDatabase(t)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Options{Path: path})
	wantFileError(t, "read-only file", err, ErrUnwritable, path)
}

func TestFullDiskFailsTheWriteAndNothingElse(t *testing.T) {
	s := openTestSQLite(t)
	c := newHome(t, s, "ada").Collection("calendar")
	put(t, s, c, event("a.ics", "1", "x"))
	var pages int
	if err := queryRow(sqliteOf(s).writer, "PRAGMA page_count", nil, &pages); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) { // SQLite then answers as on a full disk
		t.Helper()
		var set int
		if err := queryRow(sqliteOf(s).writer, "PRAGMA max_page_count = "+strconv.Itoa(pages), nil, &set); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages)
	err := s.Write(t.Context(), func(tx *Tx) error {
		_, _, err := tx.PutObject(c.ID, event("b.ics", "2", strings.Repeat("x", 100_000)))
		if !errors.Is(tx.DeleteObject(c.ID, "a.ics"), err) {
			t.Error("the transaction went on after its failure")
		}
		return nil // even if the caller passes over it
	})
	wantFileError(t, "full", err, ErrFull, sqliteOf(s).path)
	if got := listed(t, s, c); len(got) != 1 || got[0] != "a.ics" {
		t.Errorf("got %v, want what was there before", got)
	}
	limit(1 << 30)
	put(t, s, c, event("b.ics", "2", strings.Repeat("x", 100_000)))
	h, err := s.Home(t.Context(), "ada")
	if err != nil || len(listed(t, s, h.Collection("calendar"))) != 2 {
		t.Errorf("after the disk has room: %v", err)
	}
}

func TestDatabaseLockedByAnotherProgram(t *testing.T) {
	s := openTestSQLite(t)
	if _, err := sqliteOf(s).writer.c.ExecContext(t.Context(), "PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	other, err := openSQLiteConn(t.Context(), sqliteOf(s).db, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if err := other.exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	err = s.Write(t.Context(), func(*Tx) error { return nil })
	wantFileError(t, "locked", err, ErrBusy, sqliteOf(s).path)
	if err := other.exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	newHome(t, s, "ada")
}

func TestFilesAreReadableToTheirOwnerAlone(t *testing.T) {
	s := openTestSQLite(t)
	newHome(t, s, "ada")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(sqliteOf(s).path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want mode 0600", suffix, info, err)
		}
	}
}

func TestPathMayHoldAnyCharacter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%41&e=ü.db")
	s := openAt(t, path)
	newHome(t, s, "ada")
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestSecondServerIsRefused(t *testing.T) {
	dir := t.TempDir()
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	_, err = LockDir(dir)
	if !errors.As(err, &locked) || locked.PID != os.Getpid() || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want a LockedError with our own pid", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.Unlock()
}

// TestCommandsMayWriteBesideTheServer opens the database twice, as token create does while serve runs.
func TestCommandsMayWriteBesideTheServer(t *testing.T) {
	server := openTestSQLite(t)
	calendar := newHome(t, server, "ada").Collection("calendar")
	command := openAt(t, sqliteOf(server).path)
	if _, err := command.CreateToken(t.Context(), Token{Name: "mdm", Hash: HashSecret("x")}); err != nil {
		t.Fatal(err)
	}
	if token, err := server.TokenByHash(t.Context(), HashSecret("x")); err != nil || token.Name != "mdm" {
		t.Errorf("got %+v, %v", token, err)
	}
	mustWrite(t, command, func(tx *Tx) error {
		_, err := tx.PutSetting(Setting{Scope: Everyone, Text: "a = 1"})
		return err
	})
	put(t, server, calendar, event("a.ics", "1", "x"))
	if all, _, err := server.Settings(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("got %v, %v", all, err)
	}
}

// FuzzHeader opens any octets as a database file: they are refused as damaged or left to SQLite.
func FuzzHeader(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("SQLite format 3\x00"))
	f.Add(append([]byte("SQLite format 3\x00"), make([]byte, 4096)...))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "fuzz.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), Options{Path: path})
		if err == nil {
			s.Close()
		} else if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnwritable) {
			t.Errorf("got %v, want ErrCorrupt", err)
		}
	})
}
