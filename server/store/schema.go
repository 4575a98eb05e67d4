package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// sqliteWords turns the one schema text, which is PostgreSQL's, into SQLite's: an INTEGER PRIMARY KEY is the row's
// own number there, and a clustered table is kept in the order of its key.
var sqliteWords = strings.NewReplacer(
	"BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY",
	"BYTEA", "BLOB",
	"/* clustered */", "WITHOUT ROWID",
)

// migrate brings the schema up to date, each step in a transaction of its own. It refuses a schema of the future.
func migrate(ctx context.Context, db *sql.DB, path string) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, nil,
		goose.WithGoMigrations(steps...), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	stored, ours, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return err
	case stored > ours:
		return &FileError{Path: path, Kind: ErrNewer, Remedy: newerRemedy,
			Err: fmt.Errorf("schema %d, this program knows %d", stored, ours)}
	case stored == ours:
		return nil
	}
	_, err = p.Up(ctx)
	return err
}

// migrations reads the files of the folder schema, named NUMBER_what.sql.
func migrations() ([]*goose.Migration, error) {
	files, err := schemaFiles.ReadDir("schema")
	if err != nil {
		return nil, err
	}
	var steps []*goose.Migration
	for _, f := range files {
		number, _, _ := strings.Cut(f.Name(), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("store: schema/%s: %w", f.Name(), err)
		}
		text, err := schemaFiles.ReadFile("schema/" + f.Name())
		if err != nil {
			return nil, err
		}
		up := func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, sqliteWords.Replace(string(text)))
			return err
		}
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{RunTx: up}, nil))
	}
	return steps, nil
}
