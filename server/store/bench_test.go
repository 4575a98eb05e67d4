package store

import (
	"bytes"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// eventData is a calendar object's worth of octets, 1 KB, different for each n.
func eventData(n int) []byte {
	return append(bytes.Repeat([]byte("DESCRIPTION:0123456789 0123456789\r\n"), 28), fmt.Sprintf("SEQUENCE:%d\r\n", n)...)
}

// filledCalendar makes a home with n events an hour apart in its calendar.
func filledCalendar(b testing.TB, s *Store, n int) *Collection {
	b.Helper()
	return filledCalendarOf(b, s, "owner", n)
}

func filledCalendarOf(b testing.TB, s *Store, owner string, n int) *Collection {
	b.Helper()
	c := newHome(b, s, owner).Collection("calendar")
	mustWrite(b, s, func(tx *Tx) error {
		for i := range n {
			if _, _, err := tx.PutObject(c.ID, numberedEvent(i)); err != nil {
				return err
			}
		}
		return nil
	})
	return c
}

func numberedEvent(i int) NewObject {
	e := event(fmt.Sprintf("%08x-1f2e-4d3c-8b4a-%012x.ics", uint32(i)*2654435761, i), fmt.Sprintf("uid-%d@example.org", i), "")
	e.FirstStart, e.LastEnd, e.Data = int64(i)*3600, int64(i)*3600+3000, eventData(i)
	return e
}

// bareInserts opens a database like ours with one plain table.
func bareInserts(b *testing.B) *sql.DB {
	b.Helper()
	db, err := openSQLite(filepath.Join(b.TempDir(), "bare.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxIdleConns(1)
	db.SetMaxOpenConns(1)
	for _, text := range append([]string{`CREATE TABLE object (id INTEGER PRIMARY KEY, cal INTEGER NOT NULL,
		name TEXT NOT NULL, etag TEXT, body BLOB, UNIQUE (cal, name))`}, writerPragmas...) {
		if _, err := db.Exec(text); err != nil {
			b.Fatal(err)
		}
	}
	return db
}

func BenchmarkBareInsert(b *testing.B) {
	db := bareInserts(b)
	st, err := db.Prepare("INSERT INTO object (cal, name, etag, body) VALUES ($1, $2, $3, $4)")
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		e := numberedEvent(i)
		if _, err := st.Exec(1, e.Name, "etag", e.Data); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// eachEngine runs a benchmark on an empty store of each engine.
func eachEngine(b *testing.B, bench func(b *testing.B, s *Store)) {
	b.Helper()
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) { bench(b, e.open(b)) })
	}
}

func BenchmarkPutObject(b *testing.B) {
	for _, n := range []int{0, 1_000, 10_000, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			eachEngine(b, func(b *testing.B, s *Store) {
				c := filledCalendar(b, s, n)
				i := n
				for b.Loop() {
					put(b, s, c, numberedEvent(i))
					i++
				}
			})
		})
	}
}

// BenchmarkPutBesideBareInsert takes turns, since the disk of a shared machine changes its mind by the second.
func BenchmarkPutBesideBareInsert(b *testing.B) {
	db := bareInserts(b)
	st, err := db.Prepare("INSERT INTO object (cal, name, etag, body) VALUES ($1, $2, $3, $4)")
	if err != nil {
		b.Fatal(err)
	}
	s := openTestSQLite(b)
	c := filledCalendar(b, s, 0)
	var bare, ours time.Duration
	i := 0
	for b.Loop() {
		e := numberedEvent(i)
		start := time.Now()
		if _, err := st.Exec(1, e.Name, "etag", e.Data); err != nil {
			b.Fatal(err)
		}
		between := time.Now()
		put(b, s, c, e)
		bare += between.Sub(start)
		ours += time.Since(between)
		i++
	}
	b.ReportMetric(float64(bare.Nanoseconds())/float64(i), "bare-ns/op")
	b.ReportMetric(float64(ours.Nanoseconds())/float64(i), "put-ns/op")
	b.ReportMetric(float64(ours)/float64(bare), "put/bare")
}

// BenchmarkPutObjectParallel is many writers at once, in one home and in many. On SQLite they share commits; on
// PostgreSQL those in one home take turns.
func BenchmarkPutObjectParallel(b *testing.B) {
	for _, homes := range []int{1, 32} {
		b.Run(fmt.Sprintf("%d homes", homes), func(b *testing.B) {
			eachEngine(b, func(b *testing.B, s *Store) {
				var calendars []*Collection
				for i := range homes {
					calendars = append(calendars, newHome(b, s, fmt.Sprint(i)).Collection("calendar"))
				}
				var next atomic.Int64
				b.SetParallelism(16)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						i := int(next.Add(1))
						put(b, s, calendars[i%homes], numberedEvent(i))
					}
				})
			})
		})
	}
}

func BenchmarkBarePointRead(b *testing.B) {
	db := bareInserts(b)
	for i := range 10_000 {
		e := numberedEvent(i)
		if i == 0 {
			db.Exec("BEGIN")
		}
		if _, err := db.Exec("INSERT INTO object (cal, name, etag, body) VALUES (1, $1, $2, $3)", e.Name, hashData(e.Data), e.Data); err != nil {
			b.Fatal(err)
		}
	}
	db.Exec("COMMIT")
	st, err := db.Prepare("SELECT etag, body FROM object WHERE cal = $1 AND name = $2")
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		var etag string
		var body []byte
		if err := st.QueryRow(1, numberedEvent(i%10_000).Name).Scan(&etag, &body); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkListBesideBareScan takes turns reading 10,000 names and tags with nothing but database/sql, from a table
// that holds nothing else, and by Objects.
func BenchmarkListBesideBareScan(b *testing.B) {
	const n = 10_000
	s := openTestSQLite(b)
	c := filledCalendar(b, s, n)
	db := bareInserts(b)
	for _, text := range []string{
		"CREATE TABLE tag (cal INTEGER, name TEXT, etag TEXT, PRIMARY KEY (cal, name)) WITHOUT ROWID",
		"ATTACH '" + sqliteOf(s).path + "' AS ours",
		"INSERT INTO tag SELECT 1, name, etag FROM ours.object",
	} {
		if _, err := db.Exec(text); err != nil {
			b.Fatal(err)
		}
	}
	st, err := db.Prepare("SELECT name, etag FROM tag WHERE cal = $1 ORDER BY name")
	if err != nil {
		b.Fatal(err)
	}
	var bare, ours time.Duration
	for b.Loop() {
		start := time.Now()
		rows, err := st.Query(1)
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
			var name, etag string
			if err := rows.Scan(&name, &etag); err != nil {
				b.Fatal(err)
			}
		}
		rows.Close()
		between := time.Now()
		if got := len(listed(b, s, c)); got != n {
			b.Fatalf("got %d objects", got)
		}
		bare += between.Sub(start)
		ours += time.Since(between)
	}
	b.ReportMetric(float64(bare.Nanoseconds())/float64(b.N)/n, "bare-ns/row")
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N)/n, "list-ns/row")
	b.ReportMetric(float64(bare)/float64(ours), "bare/list")
}

func BenchmarkReads(b *testing.B) { eachEngine(b, benchmarkReads) }

func benchmarkReads(b *testing.B, s *Store) {
	for _, n := range []int{1_000, 10_000, 50_000} {
		c := filledCalendarOf(b, s, fmt.Sprint(n), n)
		h, err := s.Home(b.Context(), fmt.Sprint(n))
		if err != nil {
			b.Fatal(err)
		}
		read := func(b *testing.B, look func(*Tx) int) {
			rows := 0
			for b.Loop() {
				s.Read(b.Context(), func(tx *Tx) error {
					rows += look(tx)
					return nil
				})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
		}
		b.Run(fmt.Sprintf("%d/object", n), func(b *testing.B) {
			i := 0
			for b.Loop() {
				if _, err := s.Object(b.Context(), fmt.Sprint(n), "calendar", numberedEvent(i%n).Name, Whole); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
		for part, name := range []string{"tags", "facts", "whole"} {
			b.Run(fmt.Sprintf("%d/list/%s", n, name), func(b *testing.B) {
				read(b, func(tx *Tx) (rows int) {
					for range tx.Objects(c.ID, Part(part)) {
						rows++
					}
					return rows
				})
			})
		}
		b.Run(fmt.Sprintf("%d/delta10", n), func(b *testing.B) {
			read(b, func(tx *Tx) (rows int) {
				for range tx.Changes(c.ID, h.Change-10, 0, Tags) {
					rows++
				}
				return rows
			})
		})
		b.Run(fmt.Sprintf("%d/month", n), func(b *testing.B) {
			start := int64(n/2) * 3600
			read(b, func(tx *Tx) (rows int) {
				for range tx.ObjectsInRange(c.ID, "VEVENT", start, start+100*3600, Whole) {
					rows++
				}
				return rows
			})
		})
		b.Run(fmt.Sprintf("%d/multiget100", n), func(b *testing.B) {
			var names []string
			for i := range 100 {
				names = append(names, numberedEvent(i*(n/100)).Name)
			}
			read(b, func(tx *Tx) (rows int) {
				for range tx.ObjectsByName(c.ID, names, Whole) {
					rows++
				}
				return rows
			})
		})
	}
}

func BenchmarkHomeCached(b *testing.B) {
	eachEngine(b, func(b *testing.B, s *Store) {
		newHome(b, s, "owner")
		for b.Loop() {
			if _, err := s.Home(b.Context(), "owner"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHomeCachedParallel is a hundred clients at once: on PostgreSQL they share questions.
func BenchmarkHomeCachedParallel(b *testing.B) {
	eachEngine(b, func(b *testing.B, s *Store) {
		newHome(b, s, "owner")
		b.SetParallelism(50)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := s.Home(b.Context(), "owner"); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

func BenchmarkHomeLoaded(b *testing.B) {
	eachEngine(b, func(b *testing.B, s *Store) {
		newHome(b, s, "owner")
		for b.Loop() {
			s.homes.clear()
			if _, err := s.Home(b.Context(), "owner"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkBarePostgres is what a round trip costs, a point read, and a durable insert of a row.
func BenchmarkBarePostgres(b *testing.B) {
	s := openTestPostgres(b)
	c := filledCalendar(b, s, 1_000)
	conn, err := postgresOf(s).writer(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.close()
	b.Run("round trip", func(b *testing.B) {
		for b.Loop() {
			if _, err := conn.count("SELECT 1"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("point read", func(b *testing.B) {
		i := 0
		for b.Loop() {
			var row objectRow
			name := numberedEvent(i % 1_000).Name
			if err := queryRow(conn, objectByName[Whole], []any{c.ID, name}, row.dest(Whole)...); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
	b.Run("insert", func(b *testing.B) {
		for b.Loop() {
			data := eventData(1)
			if _, err := conn.count("INSERT INTO object_data (object_id, data) VALUES ($1, $2)", s.newID(), data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	s := openTestSQLite(b)
	filledCalendar(b, s, 10_000)
	s.Close()
	for b.Loop() {
		again, err := Open(b.Context(), Options{Path: sqliteOf(s).path})
		if err != nil {
			b.Fatal(err)
		}
		again.Close()
	}
}
