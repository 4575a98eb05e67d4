// Package storetest has other packages' tests run on every engine that a store stands on.
package storetest

import (
	"path/filepath"
	"testing"

	"calport/server/store"
	"calport/server/store/postgrestest"
)

// Engine is one kind of database.
type Engine struct {
	Name string // SQLite or PostgreSQL

	// Options says where an empty database is that lasts as long as the test. A test of an engine that is not
	// installed is skipped, or fails when the environment has CALPORT_REQUIRE_ALL=1.
	Options func(testing.TB) store.Options
}

// Engines lists them all.
func Engines() []Engine {
	return []Engine{
		{"SQLite", func(t testing.TB) store.Options {
			t.Helper()
			return store.Options{Path: filepath.Join(t.TempDir(), "calport.db")}
		}},
		{"PostgreSQL", func(t testing.TB) store.Options {
			t.Helper()
			return store.Options{DSN: postgrestest.Database(t)}
		}},
	}
}

// OnEveryEngine runs a test on each, as a subtest of its name.
func OnEveryEngine(t *testing.T, test func(t *testing.T, o store.Options)) {
	t.Helper()
	for _, e := range Engines() {
		t.Run(e.Name, func(t *testing.T) { test(t, e.Options(t)) })
	}
}

// Open opens a store that is closed after the test.
func Open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
