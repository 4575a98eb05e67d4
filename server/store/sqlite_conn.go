package store

import (
	"context"
	"database/sql"
	"errors"
)

// sqliteConn is a connection with the statements that it has prepared so far, by their text.
type sqliteConn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

func openSQLiteConn(ctx context.Context, db *sql.DB, setup []string) (*sqliteConn, error) {
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
	return &sqliteConn{c: c, stmts: map[string]*sql.Stmt{}}, nil
}

func (c *sqliteConn) begin(write bool) error {
	if write {
		return c.exec("BEGIN IMMEDIATE")
	}
	return c.exec("BEGIN")
}

func (c *sqliteConn) commit() error { return c.exec("COMMIT") }

func (c *sqliteConn) rollback() error { return c.exec("ROLLBACK") }

// alive is always true: there is no server that could go away.
func (c *sqliteConn) alive(context.Context) bool { return true }

// close closes the connection itself, not only our hold on it.
func (c *sqliteConn) close() error {
	var errs []error
	for _, st := range c.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, c.c.Close())...)
}

func (c *sqliteConn) prepare(text string) (*sql.Stmt, error) {
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

func (c *sqliteConn) exec(text string, args ...any) error {
	st, err := c.prepare(text)
	if err != nil {
		return err
	}
	_, err = st.Exec(args...)
	return err
}

func (c *sqliteConn) count(text string, args ...any) (int64, error) {
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

func (c *sqliteConn) query(text string, args ...any) (cursor, error) {
	st, err := c.prepare(text)
	if err != nil {
		return nil, err
	}
	rows, err := st.Query(args...)
	if err != nil {
		return nil, err // not rows, which would be a cursor that is not nil
	}
	return rows, nil
}
