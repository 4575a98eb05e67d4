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

// The one schema text is PostgreSQL's. In SQLite an INTEGER PRIMARY KEY is the row's own number, and a clustered table
// is kept in the order of its key. PostgreSQL would compare texts by the rules of a language, slowly, if it were not
// told to compare octets, as SQLite does by itself. And as long as a table is new and small it would look for a name
// by an index that begins with the same column, and go on so while the table grows; so these are made of no use but to
// those queries that repeat their condition, which is always true.
var (
	sqliteWords = strings.NewReplacer(
		"BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY",
		"BYTEA", "BLOB",
		"/* clustered */", "WITHOUT ROWID",
	)
	postgresWords = strings.NewReplacer(
		"TEXT", `TEXT COLLATE "C"`,
		"(collection_id, change);", "(collection_id, change) WHERE change <> 0;",
		"(collection_id, span, first_start);", "(collection_id, span, first_start) WHERE span <> -1;",
		"(collection_id, span, first_start, last_end, id, etag);", "(collection_id, span, first_start) WHERE span <> -1;",
		"(collection_id, span, first_start, last_end, id, etag) WHERE span <> -1;", "(collection_id, span, first_start) WHERE span <> -1;",
	)
)

// migrate brings the schema up to date, each step in a transaction of its own. It refuses a schema of the future.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, words *strings.Replacer, place string,
	options ...goose.ProviderOption) error {
	steps, err := migrations(words)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, db, nil, append(options, goose.WithGoMigrations(steps...),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))...)
	if err != nil {
		return err
	}
	stored, ours, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return err
	case stored > ours:
		return &FileError{Path: place, Kind: ErrNewer, Remedy: newerRemedy,
			Err: fmt.Errorf("schema %d, this program knows %d", stored, ours)}
	case stored == ours:
		return nil
	}
	_, err = p.Up(ctx)
	return err
}

// migrations reads the files of the folder schema, named NUMBER_what.sql, in an engine's words.
func migrations(words *strings.Replacer) ([]*goose.Migration, error) {
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
			_, err := tx.ExecContext(ctx, words.Replace(string(text)))
			return err
		}
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{RunTx: up}, nil))
	}
	return steps, nil
}
