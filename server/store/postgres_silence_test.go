package store

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// impatient has a store of which nobody has made use yet wait for no more than a second.
func impatient(t *testing.T, s *Store) *postgresEngine {
	t.Helper()
	e := postgresOf(s)
	open := func(settings string) func(context.Context) (conn, error) {
		return func(ctx context.Context) (conn, error) {
			return openPatientConn(ctx, e.db, settings, time.Second)
		}
	}
	readers, writers := s.readers, e.writers
	s.readers, e.writers = newPool(2, open(readerSettings)), newPool(2, open(writerSettings))
	t.Cleanup(func() {
		readers.close()
		writers.close()
	})
	return e
}

func TestSilentServerIsGivenUp(t *testing.T) {
	s := openTestPostgres(t)
	e := impatient(t, s)
	c := newHome(t, s, "ada").Collection("calendar")
	put(t, s, c, event("a.ics", "1", "x"))
	other, err := e.writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if err := other.begin(true); err != nil {
		t.Fatal(err)
	}
	if _, err := other.count("LOCK TABLE object IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	read := func() error {
		return s.Read(t.Context(), func(tx *Tx) error {
			_, err := tx.Object(c.ID, "a.ics", Whole)
			return err
		})
	}
	attempts := 0
	write := func() error {
		return s.Write(t.Context(), func(tx *Tx) error {
			attempts++
			_, _, err := tx.PutObject(c.ID, event("b.ics", "2", "x"))
			return err
		})
	}
	for name, do := range map[string]func() error{"read": read, "write": write} {
		var file *FileError
		if err := do(); !errors.Is(err, ErrAway) || !errors.As(err, &file) || file.Remedy == "" {
			t.Errorf("%s: got %v, want ErrAway with a remedy", name, err)
		}
	}
	if attempts != 1 {
		t.Errorf("a write that met with silence was tried %d times", attempts)
	}
	if err := other.rollback(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(read(), write()); err != nil {
		t.Errorf("when the lock is gone: %v", err)
	}
}

func TestWhatIsGivenUpEndsOnTheServerToo(t *testing.T) {
	s := openTestPostgres(t)
	impatient(t, s)
	err := s.Read(t.Context(), func(tx *Tx) error {
		_, err := tx.c.count("SELECT pg_sleep(3600)")
		return err
	})
	if !errors.Is(err, ErrAway) {
		t.Errorf("got %v, want ErrAway", err)
	}
	for running := int64(1); running > 0; {
		err := s.Read(t.Context(), func(tx *Tx) error {
			return tx.row("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(3600)' AND state = 'active'", nil, &running)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhoWaitsForALockIsToldSo(t *testing.T) {
	s := openTestPostgres(t)
	e := postgresOf(s)
	for name, open := range map[string]func(context.Context) (conn, error){"reader": e.reader, "writer": e.writer} {
		c, err := open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		var wait string
		if err := queryRow(c, "SHOW lock_timeout", nil, &wait); err != nil || wait != "15s" {
			t.Errorf("a %s waits for a lock for %q, %v", name, wait, err)
		}
		patience := c.(*postgresConn).pg.PgConn().Conn().(*patientConn).patience.Load()
		if time.Duration(patience) <= 15*time.Second {
			t.Errorf("a %s waits for the server for %v, which is less than for a lock", name, time.Duration(patience))
		}
	}
}

func TestDeadlinesOfTheDriverStand(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	c := &patientConn{Conn: near}
	setPatience(c, time.Millisecond)
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, errSilent) {
		t.Errorf("reading from somebody silent: %v", err)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, errSilent) {
		t.Errorf("writing to somebody who does not read: %v", err)
	}
	setPatience(c, time.Hour)
	c.SetDeadline(time.Unix(1, 0))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after a deadline of the driver: %v", err)
	}
}
