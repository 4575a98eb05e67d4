package store

import (
	"path/filepath"
	"testing"

	"calport/server/store/postgrestest"
)

// engines are what every test of the contract runs on.
var engines = []struct {
	name string
	open func(t testing.TB) *Store
}{
	{"SQLite", openTestSQLite},
	{"PostgreSQL", openTestPostgres},
}

// onEveryEngine runs a test on an empty store of each engine.
func onEveryEngine(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { test(t, e.open(t)) })
	}
}

func openTestSQLite(t testing.TB) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "calport.db"))
}

func openTestPostgres(t testing.TB) *Store {
	t.Helper()
	return openDSN(t, postgrestest.Database(t))
}

func openDSN(t testing.TB, dsn string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// sqliteOf is the engine beneath a store of openTestSQLite.
func sqliteOf(s *Store) *sqliteEngine { return s.engine.(*sqliteEngine) }

func postgresOf(s *Store) *postgresEngine { return s.engine.(*postgresEngine) }

func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// mustWrite runs a change that has to succeed.
func mustWrite(t testing.TB, s *Store, change func(*Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

// newHome makes a home with the usual collections.
func newHome(t testing.TB, s *Store, owner string) (h *Home) {
	t.Helper()
	mustWrite(t, s, func(tx *Tx) (err error) {
		h, err = tx.CreateHome(owner, []NewCollection{
			{Name: "tasks", Kind: Calendar, Components: []string{"VTODO"}},
			{Name: "calendar", Kind: Calendar, Components: []string{"VEVENT"}},
			{Name: "inbox", Kind: Inbox},
		})
		return err
	})
	return h
}

// event is an object of an hour's length with data that tells n apart.
func event(name, uid string, data string) NewObject {
	return NewObject{Name: name, UID: uid, Component: "VEVENT", FirstStart: 1000, LastEnd: 4600, Data: []byte(data)}
}

// put writes an object that must be accepted.
func put(t testing.TB, s *Store, c *Collection, n NewObject) (o Object) {
	t.Helper()
	mustWrite(t, s, func(tx *Tx) (err error) {
		o, _, err = tx.PutObject(c.ID, n)
		return err
	})
	return o
}
