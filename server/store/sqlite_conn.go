package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// sqliteConn is a connection with the statements that it has prepared so far, by their text. It speaks to the driver
// itself: what database/sql does for each query and each row, to be safe for many goroutines, costs more than SQLite's
// own work on a small one.
type sqliteConn struct {
	c      *sql.Conn // keeps driver to ourselves
	driver driver.ConnPrepareContext
	stmts  map[string]sqliteStmt
}

// sqliteStmt is what the driver's statements can do.
type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
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
	sc := &sqliteConn{c: c, stmts: map[string]sqliteStmt{}}
	err = c.Raw(func(conn any) error {
		sc.driver = conn.(driver.ConnPrepareContext)
		return nil
	})
	if err != nil {
		c.Close()
		return nil, err
	}
	return sc, nil
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

func (c *sqliteConn) prepare(text string) (sqliteStmt, error) {
	if st := c.stmts[text]; st != nil {
		return st, nil
	}
	prepared, err := c.driver.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	st := prepared.(sqliteStmt)
	c.stmts[text] = st
	return st, nil
}

func (c *sqliteConn) exec(text string, args ...any) error {
	_, err := c.run(text, args)
	return err
}

func (c *sqliteConn) count(text string, args ...any) (int64, error) {
	result, err := c.run(text, args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c *sqliteConn) run(text string, args []any) (driver.Result, error) {
	st, err := c.prepare(text)
	if err != nil {
		return nil, err
	}
	values, err := driverValues(args)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(context.Background(), values)
}

func (c *sqliteConn) query(text string, args ...any) (cursor, error) {
	st, err := c.prepare(text)
	if err != nil {
		return nil, err
	}
	values, err := driverValues(args)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(context.Background(), values)
	if err != nil {
		return nil, err
	}
	return &sqliteCursor{rows: rows, row: make([]driver.Value, len(rows.Columns()))}, nil
}

// driverValues numbers the arguments of a statement and makes them values that drivers know.
func driverValues(args []any) ([]driver.NamedValue, error) {
	values := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		values[i].Ordinal = i + 1
		switch arg.(type) {
		case int64, string, []byte, nil:
			values[i].Value = arg
			continue
		}
		var err error
		if values[i].Value, err = driver.DefaultParameterConverter.ConvertValue(arg); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// sqliteCursor goes through the rows that the driver finds.
type sqliteCursor struct {
	rows driver.Rows
	row  []driver.Value
	err  error
}

func (r *sqliteCursor) Next() bool {
	if r.err == nil {
		r.err = r.rows.Next(r.row)
	}
	return r.err == nil
}

func (r *sqliteCursor) Err() error {
	if r.err == io.EOF {
		return nil
	}
	return r.err
}

func (r *sqliteCursor) Close() error { return r.rows.Close() }

// Scan takes the row's values, which are the caller's from then on: the driver makes new ones for the next row.
func (r *sqliteCursor) Scan(dest ...any) error {
	if len(dest) != len(r.row) {
		return fmt.Errorf("store: %d places for %d columns", len(dest), len(r.row))
	}
	for i, place := range dest {
		if !assign(place, r.row[i]) {
			return fmt.Errorf("store: column %d is a %T, and its place a %T", i+1, r.row[i], place)
		}
	}
	return nil
}

// assign stores a driver's value; ok if it is of the place's type, or of the type that this is made of.
func assign(place any, value driver.Value) (ok bool) {
	switch place := place.(type) {
	case *string:
		*place, ok = value.(string)
	case *int64:
		*place, ok = value.(int64)
	case *[]byte:
		*place, ok = value.([]byte)
		ok = ok || value == nil // which is how the driver gives octets of which there are none
	case sql.Scanner:
		ok = place.Scan(value) == nil
	default:
		to, from := reflect.ValueOf(place).Elem(), reflect.ValueOf(value)
		if ok = from.IsValid() && from.CanConvert(to.Type()) && (to.Kind() == reflect.String) == (from.Kind() == reflect.String); ok {
			to.Set(from.Convert(to.Type()))
		}
	}
	return ok
}
