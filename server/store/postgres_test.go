package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"calport/server/store/postgrestest"
)

func TestSerializationFailureIsRetried(t *testing.T) {
	s := openTestPostgres(t)
	attempts := 0
	mustWrite(t, s, func(tx *Tx) error {
		attempts++
		if _, err := tx.CreateHome("ada", nil); err != nil {
			return err
		}
		if attempts < 3 {
			_, err := tx.count("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$")
			return err
		}
		return nil
	})
	if h, err := s.Home(t.Context(), "ada"); attempts != 3 || err != nil || h.Change != 1 {
		t.Errorf("after %d attempts: %+v, %v", attempts, h, err)
	}
}

// TestFailureThatIsPassedOverIsRetriedToo has the caller's function hide what the server said.
func TestFailureThatIsPassedOverIsRetriedToo(t *testing.T) {
	s := openTestPostgres(t)
	attempts := 0
	mustWrite(t, s, func(tx *Tx) error {
		if attempts++; attempts == 1 {
			tx.count("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END $$")
			return nil
		}
		_, err := tx.CreateHome("ada", nil)
		return err
	})
	if _, err := s.Home(t.Context(), "ada"); attempts != 2 || err != nil {
		t.Errorf("after %d attempts: %v", attempts, err)
	}
}

func TestEndlessFailureIsBusy(t *testing.T) {
	s := openTestPostgres(t)
	attempts := 0
	err := s.Write(t.Context(), func(tx *Tx) error {
		attempts++
		_, err := tx.count("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$")
		return err
	})
	wantFileError(t, "endless", err, ErrBusy, postgresOf(s).place)
	if attempts != writeAttempts {
		t.Errorf("%d attempts, want %d", attempts, writeAttempts)
	}
}

// TestHomesLockedInAnyOrder has two transactions lock two homes crosswise, so that the server has to end one of them.
func TestHomesLockedInAnyOrder(t *testing.T) {
	s := openTestPostgres(t)
	calendars := map[string]*Collection{}
	for _, owner := range []string{"ada", "grace"} {
		calendars[owner] = newHome(t, s, owner).Collection("calendar")
	}
	var met, all sync.WaitGroup
	met.Add(2)
	cross := func(first, second string) {
		attempts := 0
		err := s.Write(t.Context(), func(tx *Tx) error {
			attempts++
			for _, owner := range []string{first, second} {
				if _, _, err := tx.PutObject(calendars[owner].ID, event(first, first, "x")); err != nil {
					return err
				}
				if owner == first && attempts == 1 {
					met.Done()
					met.Wait()
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	all.Go(func() { cross("ada", "grace") })
	all.Go(func() { cross("grace", "ada") })
	all.Wait()
	for owner, c := range calendars {
		if got := listed(t, s, c); len(got) != 2 {
			t.Errorf("%s: got %v", owner, got)
		}
	}
}

// TestCrowdsThatMeetInDeadlocksAllGetThrough has many transactions lock the same homes in any order, as invitations among a
// few people do. Each that was ended in a deadlock goes on alone, so that it is ended once.
func TestCrowdsThatMeetInDeadlocksAllGetThrough(t *testing.T) {
	s := openTestPostgres(t)
	var calendars []*Collection
	for _, owner := range []string{"ada", "grace", "linus", "zoe"} {
		calendars = append(calendars, newHome(t, s, owner).Collection("calendar"))
	}
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for turn := range 5 {
				attempts := 0
				err := s.Write(t.Context(), func(tx *Tx) error {
					attempts++
					for _, i := range rand.Perm(len(calendars)) {
						name := fmt.Sprintf("%d-%d", worker, turn)
						if _, _, err := tx.PutObject(calendars[i].ID, event(name, name, "x")); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil || attempts > 2 {
					t.Errorf("worker %d got through after %d attempts, %v; want at most 2", worker, attempts, err)
				}
			}
		})
	}
	all.Wait()
	for _, c := range calendars {
		if got := listed(t, s, c); len(got) != 40 {
			t.Errorf("a calendar has %d objects, want 40", len(got))
		}
	}
}

func TestServerThatGoesAndComesBack(t *testing.T) {
	server := postgrestest.New(t)
	s := openDSN(t, server.Database(t))
	c := newHome(t, s, "ada").Collection("calendar")
	if err := server.Crash(); err != nil {
		t.Fatal(err)
	}
	place := postgresOf(s).place
	_, err := s.Home(t.Context(), "ada")
	wantFileError(t, "Home", err, ErrAway, place)
	wantFileError(t, "Read", s.Read(t.Context(), func(tx *Tx) error {
		_, err := tx.Home("ada")
		return err
	}), ErrAway, place)
	wantFileError(t, "Write", s.Write(t.Context(), func(tx *Tx) error {
		_, err := tx.Home("ada")
		return err
	}), ErrAway, place)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	put(t, s, c, event("a.ics", "1", "x"))
	if got := listed(t, s, c); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestLostConnectionsAreReplaced(t *testing.T) {
	s := openTestPostgres(t)
	c := newHome(t, s, "ada").Collection("calendar")
	attempts := 0
	mustWrite(t, s, func(tx *Tx) error {
		if _, _, err := tx.PutObject(c.ID, event("a.ics", "1", "x")); err != nil {
			return err
		}
		if attempts++; attempts == 1 {
			var gone bool
			return tx.row("SELECT pg_terminate_backend(pg_backend_pid())", nil, &gone)
		}
		return nil
	})
	if got := listed(t, s, c); attempts != 2 || len(got) != 1 {
		t.Errorf("%d attempts, got %v", attempts, got)
	}
}

// TestPasswordsStayOutOfErrorsAndLogs has everything fail that can fail on the way to a database.
func TestPasswordsStayOutOfErrorsAndLogs(t *testing.T) {
	const secret = "hush%2Fhush"
	server := postgrestest.New(t)
	dir, _, _ := strings.Cut(strings.TrimPrefix(server.DSN(""), "host="), " ")
	var logged bytes.Buffer
	open := func(dsn string) (*Store, error) {
		return Open(t.Context(), Options{DSN: dsn, Log: slog.New(slog.NewTextHandler(&logged, nil))})
	}
	for dsn, kind := range map[string]error{
		"postgres://ada:" + secret + "@127.0.0.1:1/calport":                   ErrAway,
		"postgres://ada:" + secret + "@/calport?host=" + dir:                  ErrRefused, // no such role
		"host=" + dir + " user=postgres dbname=none password=" + secret:       ErrRefused,
		"postgres://ada:" + secret + "%zz@/x":                                 nil,
		"postgres://ada:" + secret + "@host:port/x":                           nil,
		"host=x port=nine password=" + secret:                                 nil,
		"password='" + secret:                                                 nil,
		"postgres://ada:" + secret + "@127.0.0.1/x?sslmode=" + secret:         nil,
		"postgres://ada:" + secret + "@127.0.0.1/x?sslrootcert=/none/" + "ca": nil,
	} {
		s, err := open(dsn)
		if err == nil {
			s.Close()
			t.Errorf("%s was opened", dsn)
			continue
		}
		if text := err.Error(); strings.Contains(text, "hush") {
			t.Errorf("the password is in: %s", text)
		}
		if kind != nil && !errors.Is(err, kind) {
			t.Errorf("got %v, want %v", err, kind)
		}
	}
	s, err := open("host=" + dir + " user=postgres dbname=postgres password=" + secret)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := server.Crash(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Home(t.Context(), "ada"); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if strings.Contains(logged.String(), "hush") {
		t.Errorf("the password is in the log: %s", &logged)
	}
}

func TestDatabaseMustBeOneThatWeCanUse(t *testing.T) {
	server := postgrestest.New(t)
	s := openDSN(t, server.Database(t))
	for _, text := range []string{"CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0",
		"CREATE ROLE guest LOGIN"} {
		if _, err := postgresOf(s).db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	place := postgresOf(s).place
	dir, _, _ := strings.Cut(place, ":")
	_, err := Open(t.Context(), Options{DSN: "host=" + dir + " user=postgres dbname=latin"})
	wantFileError(t, "not UTF-8", err, ErrRefused, dir+":5432/latin")
	_, err = Open(t.Context(), Options{DSN: "host=" + dir + " user=guest dbname=postgres"})
	wantFileError(t, "no rights", err, ErrUnwritable, dir+":5432/postgres")
	if _, err := postgresOf(s).db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), Options{DSN: "host=" + dir + " user=postgres dbname=" + place[strings.LastIndex(place, "/")+1:]})
	wantFileError(t, "newer", err, ErrNewer, place)
	for what, o := range map[string]Options{"neither": {}, "both": {Path: "x", DSN: "host=x"}} {
		if _, err := Open(t.Context(), o); err == nil {
			t.Errorf("%s path nor DSN: was opened", what)
		}
	}
}

func TestTextThatPostgresCannotKeep(t *testing.T) {
	s := openTestPostgres(t)
	c := newHome(t, s, "ada").Collection("calendar")
	for _, name := range []string{"a\x00b", "a\xff"} {
		if _, err := s.Object(t.Context(), "ada", "calendar", name, Whole); err != ErrNotFound {
			t.Errorf("%q: got %v, want ErrNotFound", name, err)
		}
		if _, err := s.Home(t.Context(), name); err != ErrNotFound {
			t.Errorf("home %q: got %v, want ErrNotFound", name, err)
		}
		mustWrite(t, s, func(tx *Tx) error {
			if _, _, err := tx.PutObject(c.ID, event(name, "1", "x")); err != ErrText {
				t.Errorf("%q: got %v, want ErrText", name, err)
			}
			_, _, err := tx.PutObject(c.ID, event("a.ics", "1", "x")) // the transaction goes on
			return err
		})
	}
	if got := listed(t, s, c); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

// TestHotQueriesFollowAnIndexInPostgres looks at the plans made without knowing the arguments, which long-lived
// connections come to use, while the tables are empty and when they are not.
func TestHotQueriesFollowAnIndexInPostgres(t *testing.T) {
	s := openTestPostgres(t)
	checkPlans(t, s, "SELECT 1")
	for i := range 100 {
		newHome(t, s, fmt.Sprint(i))
	}
	c := newHome(t, s, "ada").Collection("calendar")
	mustWrite(t, s, func(tx *Tx) error {
		for i := range 2000 {
			if _, _, err := tx.PutObject(c.ID, numberedEvent(i)); err != nil {
				return err
			}
		}
		return nil
	})
	checkPlans(t, s, "ANALYZE")
}

func checkPlans(t *testing.T, s *Store, before string) {
	t.Helper()
	hot := map[string][parts]string{
		"by name": objectByName, "by UID": objectByUID, "by path": objectByPath, "listing": objectsOfCollection,
		"range": objectsInRange, "log": changesSince, "names": objectsOfNames, "standing": {Tags: standingQuery},
	}
	conn, err := postgresOf(s).reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.close()
	for _, text := range []string{before, "SET plan_cache_mode = force_generic_plan"} {
		if _, err := conn.count(text); err != nil {
			t.Fatal(err)
		}
	}
	for name, texts := range hot {
		for part, text := range texts {
			if text == "" {
				continue
			}
			arguments := strings.TrimSuffix(strings.Repeat("NULL, ", highest(text)), ", ")
			if _, err := conn.count("PREPARE hot AS " + text); err != nil {
				t.Fatal(err)
			}
			rows, err := conn.query("EXPLAIN EXECUTE hot(" + arguments + ")")
			if err != nil {
				t.Fatal(err)
			}
			var plan strings.Builder
			for rows.Next() {
				var line string
				if err := rows.Scan(&line); err != nil {
					t.Fatal(err)
				}
				plan.WriteString(line + "\n")
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
			scans, conditions := strings.Count(plan.String(), "Index Scan"), strings.Count(plan.String(), "Index Cond")
			if scans != conditions || strings.Contains(plan.String(), "Filter: (name") || strings.Contains(plan.String(), "Seq Scan") || strings.Contains(plan.String(), "Sort  (") {
				t.Errorf("%s, part %d:\n%s", name, part, &plan)
			}
			if _, err := conn.count("DEALLOCATE hot"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// highest is the number of the last parameter of a query.
func highest(text string) (n int) {
	for n = 1; strings.Contains(text, "$"+string(rune('0'+n))); n++ {
	}
	return n - 1
}

func TestEndedContextEndsTheWaitForAConnection(t *testing.T) {
	s := openTestPostgres(t)
	e := postgresOf(s)
	for range cap(e.writers.leave) {
		<-e.writers.leave
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Write(ctx, func(*Tx) error { return nil }) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	for range cap(e.writers.leave) {
		e.writers.leave <- struct{}{}
	}
}
