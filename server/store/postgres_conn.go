package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresConn is a connection that saves round trips: what needs no answer yet (the beginning of a transaction, most
// changes) waits and is sent along with the next statement that does. Most transactions so cost a round trip for each
// question and one for the commit.
type postgresConn struct {
	c       *sql.Conn // keeps pg to ourselves
	pg      *pgx.Conn
	waiting []statement
	opening int  // how many of them only begin the transaction
	begun   bool // the server has been told of the transaction
	alone   bool // the next transaction that writes has the database to itself
	used    time.Time
}

type statement struct {
	text string
	args []any
}

// maxWaiting bounds what one transaction keeps waiting.
const maxWaiting = 256

var (
	errLost    = errors.New("store: the connection to the database was lost")
	errUnknown = errors.New("store: the connection was lost during a commit")
)

// lost marks an error of a connection that did not come from the server.
func lost(err error) error {
	var said *pgconn.PgError
	if err == nil || errors.As(err, &said) {
		return err
	}
	return fmt.Errorf("%w: %w", errLost, err)
}

func openPostgresConn(ctx context.Context, db *sql.DB, settings string) (*postgresConn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, lost(err)
	}
	pc := &postgresConn{c: c, used: time.Now()}
	err = c.Raw(func(driver any) error {
		pc.pg = driver.(*stdlib.Conn).Conn()
		_, err := pc.pg.PgConn().Exec(ctx, settings).ReadAll()
		return err
	})
	if err != nil {
		c.Close()
		return nil, lost(err)
	}
	return pc, nil
}

// writersLock is the advisory lock that every transaction which writes shares with the others, and one that was in a
// deadlock has alone.
const writersLock int64 = 0x63616c706f7274 // "calport"

func (c *postgresConn) begin(write bool) error {
	if !write {
		c.waiting, c.opening = append(c.waiting[:0], statement{text: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}), 1
		return nil
	}
	lock := "SELECT pg_advisory_xact_lock_shared($1)"
	if c.alone {
		lock, c.alone = "SELECT pg_advisory_xact_lock($1)", false
	}
	c.waiting = append(c.waiting[:0], statement{text: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"}, statement{lock, []any{writersLock}})
	c.opening = len(c.waiting)
	return nil
}

// commit sends what waits with the commit in one round trip, or nothing if the server knows of no transaction.
func (c *postgresConn) commit() error {
	if !c.begun && len(c.waiting) <= c.opening {
		c.waiting = c.waiting[:0]
		return nil
	}
	tag, err := c.send(statement{text: "COMMIT"})
	var said *pgconn.PgError
	switch {
	case err == nil && tag.String() != "COMMIT": // "ROLLBACK", of a transaction that had failed
		return fmt.Errorf("store: PostgreSQL answered a commit with %s", tag)
	case err == nil:
		c.begun = false
		return nil
	case errors.As(err, &said) && said.Severity != "FATAL":
		return err
	}
	return fmt.Errorf("%w: %w", errUnknown, err)
}

func (c *postgresConn) rollback() error {
	c.waiting = c.waiting[:0]
	if !c.begun {
		return nil
	}
	_, err := c.send(statement{text: "ROLLBACK"})
	c.begun = false
	return err
}

func (c *postgresConn) exec(text string, args ...any) error {
	if !allStorable(args) {
		return ErrText
	}
	c.waiting = append(c.waiting, statement{text, args})
	if len(c.waiting) < maxWaiting {
		return nil
	}
	last := c.waiting[len(c.waiting)-1]
	c.waiting = c.waiting[:len(c.waiting)-1]
	_, err := c.send(last)
	return err
}

func (c *postgresConn) count(text string, args ...any) (int64, error) {
	if !allStorable(args) {
		return 0, ErrText
	}
	tag, err := c.send(statement{text, args})
	return tag.RowsAffected(), err
}

// send sends what waits and a last statement, whose outcome it returns.
func (c *postgresConn) send(last statement) (tag pgconn.CommandTag, err error) {
	results, err := c.sendBatch(last)
	if err == nil {
		tag, err = results.Exec()
		if closed := results.Close(); err == nil {
			err = closed
		}
	}
	return tag, c.mark(err)
}

func (c *postgresConn) query(text string, args ...any) (cursor, error) {
	if !allStorable(args) {
		return noRows{}, nil // nothing stored is equal to what cannot be stored
	}
	if len(c.waiting) == 0 {
		rows, err := c.pg.Query(context.Background(), text, args...)
		if err != nil {
			return nil, c.mark(err)
		}
		return &postgresCursor{Rows: rows, c: c}, nil
	}
	results, err := c.sendBatch(statement{text, args})
	if err != nil {
		return nil, c.mark(err)
	}
	rows, err := results.Query()
	if err != nil {
		results.Close()
		return nil, c.mark(err)
	}
	return &postgresCursor{Rows: rows, c: c, results: results}, nil
}

// sendBatch sends what waits and a last statement, and reads the outcome of all but the last.
func (c *postgresConn) sendBatch(last statement) (pgx.BatchResults, error) {
	batch := &pgx.Batch{}
	for _, st := range c.waiting {
		batch.Queue(st.text, st.args...)
		c.begun = c.begun || strings.HasPrefix(st.text, "BEGIN")
	}
	batch.Queue(last.text, last.args...)
	results := c.pg.SendBatch(context.Background(), batch)
	defer func() {
		clear(c.waiting) // they may hold a lot of data
		c.waiting = c.waiting[:0]
	}()
	for range c.waiting {
		if _, err := results.Exec(); err != nil {
			results.Close()
			return nil, err
		}
	}
	return results, nil
}

// mark tells an error of the connection from one of the server.
func (c *postgresConn) mark(err error) error {
	if err != nil && c.pg.IsClosed() {
		return lost(err)
	}
	return err
}

// probeAfter is how long a connection may be idle before it is asked whether the server is still there.
const probeAfter = time.Second

func (c *postgresConn) alive(ctx context.Context) bool {
	if c.pg.IsClosed() {
		return false
	}
	now := time.Now()
	if now.Sub(c.used) > probeAfter {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if c.pg.Ping(ctx) != nil {
			return false
		}
	}
	c.used = now
	return true
}

func (c *postgresConn) close() error {
	if c.pg.IsClosed() {
		c.c.Close() // has nothing left to say that matters
		return nil
	}
	return c.c.Close()
}

// postgresCursor adds to the rows of pgx the end of the batch that they came with.
type postgresCursor struct {
	pgx.Rows
	c       *postgresConn
	results pgx.BatchResults // nil: there was no batch
}

func (r *postgresCursor) Err() error { return r.c.mark(r.Rows.Err()) }

func (r *postgresCursor) Close() error {
	r.Rows.Close()
	err := r.Rows.Err()
	if r.results != nil {
		if closed := r.results.Close(); err == nil {
			err = closed
		}
	}
	return r.c.mark(err)
}

// noRows is the answer to a question that cannot be asked.
type noRows struct{}

func (noRows) Next() bool        { return false }
func (noRows) Scan(...any) error { return ErrNotFound }
func (noRows) Err() error        { return nil }
func (noRows) Close() error      { return nil }

// allStorable says whether PostgreSQL can keep the texts among args.
func allStorable(args []any) bool {
	for _, arg := range args {
		if text, ok := arg.(string); ok && !storable(text) {
			return false
		}
	}
	return true
}

func storable(text string) bool {
	return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0
}
