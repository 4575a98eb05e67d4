package store

import (
	"cmp"
	"context"
)

// engine is what differs between the two databases: how transactions are made, and what errors mean. The SQL text is
// the same for both; the few words in which it differs stand in schema.go and in Tx.rowLock.
type engine interface {
	// start opens what the engine needs and brings the schema up to date.
	start(ctx context.Context) error

	// reader opens a connection for Store.Read.
	reader(ctx context.Context) (conn, error)

	// write is Store.Write, save for the meaning of errors.
	write(ctx context.Context, change func(*Tx) error) error

	// explain turns what the driver says into a *FileError, where the operator can do something about it.
	explain(err error) error

	// stop waits for the writers under way and lets nobody begin another transaction; ErrClosed the second time.
	stop() error

	// close closes what is open, after stop or after a start that failed.
	close() error
}

// conn is one connection to the database. It is used by one goroutine at a time. Statements run to their end: they are
// short, and a context that may end costs a goroutine for each.
type conn interface {
	// begin starts a transaction, no later than its first statement. A writing one sees its own changes and, of homes
	// that it has locked, everything committed; a reading one sees everything as it is at its first query.
	begin(write bool) error
	commit() error
	rollback() error

	// exec runs a statement, no later than the next one whose outcome is asked for, or commit. So its failure may
	// come from there.
	exec(text string, args ...any) error

	// count runs a statement at once and counts the rows that it changed.
	count(text string, args ...any) (int64, error)

	query(text string, args ...any) (cursor, error)

	// alive says whether an idle connection can still be used.
	alive(ctx context.Context) bool
	close() error
}

// cursor goes through the rows of a query; *sql.Rows is one.
type cursor interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// queryRow reads the first row of a query into dest; ErrNotFound if there is none.
func queryRow(c conn, text string, args []any, dest ...any) error {
	rows, err := c.query(text, args...)
	if err != nil {
		return err
	}
	if !rows.Next() {
		err := rows.Err()
		if closed := rows.Close(); err == nil {
			err = closed
		}
		return cmp.Or(err, ErrNotFound)
	}
	if err := rows.Scan(dest...); err != nil {
		rows.Close()
		return err
	}
	return rows.Close()
}
