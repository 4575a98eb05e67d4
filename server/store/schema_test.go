package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"calport/server/store/postgrestest"
)

// openFrozen makes the database of testdata/version1.sql and opens it.
func openFrozen(t *testing.T) *Store {
	t.Helper()
	text, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "calport.db")
	db, err := openSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(text)); err != nil {
		t.Fatal(err)
	}
	db.Close()
	return openAt(t, path)
}

// openFrozenPostgres does the same with testdata/version1_postgres.sql.
func openFrozenPostgres(t *testing.T) *Store {
	t.Helper()
	text, err := os.ReadFile("testdata/version1_postgres.sql")
	if err != nil {
		t.Fatal(err)
	}
	dsn := postgrestest.Database(t)
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if _, err := c.PgConn().Exec(t.Context(), string(text)).ReadAll(); err != nil {
		t.Fatal(err)
	}
	return openDSN(t, dsn)
}

func TestVersion1StillOpens(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { checkFrozen(t, openFrozen(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { checkFrozen(t, openFrozenPostgres(t)) })
}

// checkFrozen looks for all that version 1 held.
func checkFrozen(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	if s.Epoch() != 1777896000 {
		t.Errorf("epoch: got %d", s.Epoch())
	}
	h, err := s.Home(ctx, "ada")
	if err != nil {
		t.Fatal(err)
	}
	c := h.Collection("calendar")
	if h.Change != 11 || c == nil || c.Change != 11 || c.Components[0] != "VEVENT" || h.Collection("inbox").Kind != Inbox {
		t.Fatalf("got %+v", h)
	}
	if h.Properties[PropertyKey{"", title}] != "<home/>" || c.Properties[PropertyKey{"grace", colour}] != "<red/>" {
		t.Errorf("properties: got %v and %v", h.Properties, c.Properties)
	}
	o, err := s.Object(ctx, "ada", "calendar", "a.ics", Whole)
	made := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	if err != nil || string(o.Data) != "one\r\n" || o.ETag != hashData(o.Data) || o.UID != "u1" || o.ScheduleTag != "st" ||
		o.LastEnd != NoEnd || !o.Recurring || !o.Created.Equal(made) {
		t.Errorf("got %+v, %v", o, err)
	}
	s.Read(ctx, func(tx *Tx) error {
		for what, target := range map[string]Target{"<object/>": OnObject(o), "<principal/>": OnPrincipal("ada")} {
			if p, err := tx.Properties(target); err != nil || p[PropertyKey{"", title}] != what {
				t.Errorf("%s: got %v, %v", what, p, err)
			}
		}
		return nil
	})
	if got := strings.Join(log(t, s, c, 6, 0), ", "); got != "b.ics gone" {
		t.Errorf("log: got %s", got)
	}
	if got := strings.Join(homeLog(t, s, "ada", 8), ", "); got != "tasks gone, calendar" {
		t.Errorf("log of the home: got %s", got)
	}
	if v, err := s.Value(ctx, "bucket", "key"); string(v) != "value" {
		t.Errorf("value: got %q, %v", v, err)
	}
	if data, found, err := s.FindSession(ctx, "session"); string(data) != "data" || !found {
		t.Errorf("session: got %q, %v, %v", data, found, err)
	}
	if token, err := s.TokenByHash(ctx, HashSecret("secret")); err != nil || token.Name != "mdm" || len(token.Scopes) != 2 {
		t.Errorf("token: got %+v, %v", token, err)
	}
	if all, revision, err := s.Settings(ctx); err != nil || len(all) != 1 || all[0].Text != "a = 1" || revision != 1 {
		t.Errorf("settings: got %+v, %d, %v", all, revision, err)
	}
	if lines, err := s.Audit(ctx, AuditFilter{}, 9); err != nil || len(lines) != 1 || lines[0].Action != "did" {
		t.Errorf("audit: got %+v, %v", lines, err)
	}
	put(t, s, c, event("new.ics", "new", "x"))
}

// TestOldAndNewDatabasesHaveOneSchema compares what the migrations make of nothing and of version 1. It fails, too,
// when a released migration is edited in place of writing the next one.
func TestOldAndNewDatabasesHaveOneSchema(t *testing.T) {
	schema := func(t *testing.T, s *Store, query string) string {
		var lines []string
		err := s.Read(t.Context(), func(tx *Tx) (err error) {
			rows := tx.rows(query)
			lines, err = collect(rows, func(r cursor) (line string, err error) {
				err = r.Scan(&line)
				return line, err
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines, "\n")
	}
	t.Run("SQLite", func(t *testing.T) {
		query := "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
		if got, want := schema(t, openFrozen(t), query), schema(t, openTestSQLite(t), query); got != want {
			t.Errorf("from version 1:\n%s\n\nanew:\n%s", got, want)
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		query := `SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, collation_name)
			FROM information_schema.columns WHERE table_schema = 'public'
			UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`
		got, want := schema(t, openFrozenPostgres(t), query), schema(t, openTestPostgres(t), query)
		if got != want || !strings.Contains(want, "collection name text NO C") {
			t.Errorf("from version 1:\n%s\n\nanew:\n%s", got, want)
		}
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	s := openTestSQLite(t)
	if err := sqliteOf(s).writer.exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, err := Open(t.Context(), Options{Path: sqliteOf(s).path})
	var file *FileError
	if !errors.Is(err, ErrNewer) || !errors.As(err, &file) || file.Path != sqliteOf(s).path {
		t.Errorf("got %v, want ErrNewer naming the file", err)
	}
}

// TestHotQueriesFollowAnIndex keeps their cost that of the answer, whatever the size of the collection.
func TestHotQueriesFollowAnIndex(t *testing.T) {
	s := openTestSQLite(t)
	hot := map[string][parts]string{
		"by name": objectByName, "by UID": objectByUID, "listing": objectsOfCollection, "range": objectsInRange,
		"log": changesSince, "names": objectsByName[0],
	}
	for name, texts := range hot {
		for part, text := range texts {
			rows, err := sqliteOf(s).db.Query("EXPLAIN QUERY PLAN "+text, make([]any, max(highest(text), strings.Count(text, "?")))...)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var id, parent, unused int
				var step string
				if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") {
					t.Errorf("%s, part %d: %s", name, part, step)
				}
			}
			rows.Close()
		}
	}
}
