package store

import (
	"context"
	"database/sql"
	"errors"
)

// conn is one connection with the statements that it has prepared so far, by their text. It is used by one goroutine
// at a time. Statements run to their end: they are short, and a context that may end costs a goroutine for each.
type conn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

func openConn(ctx context.Context, db *sql.DB, setup []string) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	for _, text := range setup {
		if _, err := c.ExecContext(ctx, text); err != nil {
			c.Close()
			return nil, err
		}
	}
	return &conn{c: c, stmts: map[string]*sql.Stmt{}}, nil
}

// close closes the connection itself, not only our hold on it.
func (c *conn) close() error {
	var errs []error
	for _, st := range c.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, c.c.Close())...)
}

func (c *conn) prepare(text string) (*sql.Stmt, error) {
	if st := c.stmts[text]; st != nil {
		return st, nil
	}
	st, err := c.c.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	c.stmts[text] = st
	return st, nil
}

// exec runs a statement and counts the rows that it changed.
func (c *conn) exec(text string, args ...any) (int64, error) {
	st, err := c.prepare(text)
	if err != nil {
		return 0, err
	}
	result, err := st.Exec(args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c *conn) query(text string, args ...any) (*sql.Rows, error) {
	st, err := c.prepare(text)
	if err != nil {
		return nil, err
	}
	return st.Query(args...)
}

// row reads the first row of a query into dest; ErrNotFound if there is none.
func (c *conn) row(text string, args []any, dest ...any) error {
	rows, err := c.query(text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return ErrNotFound
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	return rows.Close()
}
