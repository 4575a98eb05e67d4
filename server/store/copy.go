package store

import (
	"context"
	"errors"
	"net/url"
	"os"

	"modernc.org/sqlite"
)

// copyStep is how many pages are copied between two looks at the context.
const copyStep = 256

// CopySQLite copies the database in a file as it is at one moment into a new file, beside whoever reads and writes it
// meanwhile. It alters nothing, so that the database of an older version can be copied. told, which may be nil, hears of
// the octets copied so far and of all. What was copied is removed when it returns an error.
func CopySQLite(ctx context.Context, from, to string, told func(done, all int64)) (err error) {
	if _, err := os.Stat(from); err != nil {
		return systemError(from, err) // which opening would make
	}
	e := &sqliteEngine{path: from}
	if e.db, err = openSQLite(from); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.db.Close()) }()
	c, err := openSQLiteConn(ctx, e.db, readerPragmas)
	if err != nil {
		return e.explain(err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // SQLite would let others read it
	if err != nil {
		return systemError(to, err)
	}
	if err = f.Close(); err == nil {
		err = e.explain(c.copyTo(ctx, to, told))
	}
	if err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

// copyTo holds one snapshot for the whole copy: otherwise every commit meanwhile would have it begin anew.
func (c *sqliteConn) copyTo(ctx context.Context, to string, told func(done, all int64)) error {
	if err := c.begin(false); err != nil {
		return err
	}
	defer c.rollback()
	var pageSize int64
	if err := queryRow(c, "SELECT page_size FROM pragma_page_size", nil, &pageSize); err != nil {
		return err
	}
	var tables int64
	if err := queryRow(c, "SELECT COUNT(*) FROM sqlite_schema", nil, &tables); err != nil { // which takes the snapshot
		return err
	}
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: to}
	return c.c.Raw(func(conn any) error {
		backup, err := conn.(interface {
			NewBackup(dsn string) (*sqlite.Backup, error)
		}).NewBackup(dsn.String())
		if err != nil {
			return err
		}
		for more := true; more && err == nil; {
			if err = ctx.Err(); err == nil {
				more, err = backup.Step(copyStep)
			}
			if told != nil {
				all := int64(backup.PageCount()) * pageSize
				told(all-int64(backup.Remaining())*pageSize, all)
			}
		}
		return errors.Join(err, backup.Finish())
	})
}
