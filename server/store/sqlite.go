package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteEngine is SQLite in WAL mode: one connection writes, others read beside it.
type sqliteEngine struct {
	s    *Store
	path string
	db   *sql.DB

	waiting atomic.Int64 // writers that are about to lock writing
	writing sync.Mutex   // guards all below
	writer  *sqliteConn
	batch   *batch
	closed  bool
}

func (e *sqliteEngine) start(ctx context.Context) (err error) {
	if e.db, err = openSQLite(e.path); err != nil {
		return err
	}
	if e.writer, err = openSQLiteConn(ctx, e.db, writerPragmas); err != nil {
		return err
	}
	return migrate(ctx, e.db, goose.DialectSQLite3, sqliteWords, e.path)
}

func (e *sqliteEngine) reader(ctx context.Context) (conn, error) {
	c, err := openSQLiteConn(ctx, e.db, readerPragmas)
	if err != nil {
		return nil, err // not c, which would be a conn that is not nil
	}
	return c, nil
}

// stop commits what is written so far.
func (e *sqliteEngine) stop() error {
	e.writing.Lock()
	defer e.writing.Unlock()
	if e.closed {
		return ErrClosed
	}
	if e.batch != nil {
		e.finish(e.batch)
	}
	e.closed = true
	return nil
}

func (e *sqliteEngine) close() error {
	var errs []error
	if e.writer != nil {
		errs = append(errs, e.writer.close())
	}
	if e.db != nil {
		errs = append(errs, e.db.Close())
	}
	return errors.Join(errs...)
}

// The pragmas of every connection stand in the DSN, since database/sql opens connections when it likes. A commit is
// on the disk when it returns (synchronous FULL in WAL mode).
var connPragmas = url.Values{"_pragma": {
	"busy_timeout(5000)", // milliseconds
	"cache_size(-500)",   // KiB at most, for each connection: what is asked for often is in memory already
	"synchronous(FULL)",
	"temp_store(MEMORY)",
}}

// writerPragmas are executed once on the one connection that writes. The journal mode is a property of the file.
// The log is copied into the database when it has 4,096 pages (16 MB): four times SQLite's default, since most pages
// of the log are the same few hot ones, and copying them seldom is what keeps a PUT near the cost of a bare insert.
// Nobody else's commit empties the writer's cache, so it may be larger.
var writerPragmas = []string{
	"PRAGMA journal_mode = WAL",
	"PRAGMA cache_size = -8000",
	"PRAGMA wal_autocheckpoint = 4096",
	"PRAGMA journal_size_limit = 67108864", // octets that a log grown by one large change may keep
}

// readerPragmas make a write by a reading connection an error.
var readerPragmas = []string{"PRAGMA query_only = 1"}

// openSQLite opens the file, making it if need be, and refuses what is visibly no whole database.
func openSQLite(path string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: connPragmas.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	// Each connection is taken once and kept by the store, see sqliteConn.
	db.SetMaxIdleConns(0)
	return db, nil
}

// prepareFile makes an absent database file readable to its owner alone (SQLite gives its log the same mode), and
// looks at the header of a present one.
func prepareFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return systemError(path, err)
	}
	defer f.Close()
	return checkHeader(f, path)
}

// checkHeader finds garbage and truncation in the first 100 octets (SQLite file format, section 1.3), at once and
// whatever the size. It trusts the size in the header only when no log may add to the file.
func checkHeader(f *os.File, path string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return nil // made by a start that came no further
	}
	header := make([]byte, 100)
	if _, err := io.ReadFull(f, header); err != nil || string(header[:16]) != "SQLite format 3\x00" {
		return &FileError{Path: path, Kind: ErrCorrupt, Remedy: corruptRemedy, Err: errors.New("not a SQLite database")}
	}
	pageSize := int64(binary.BigEndian.Uint16(header[16:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	want := pageSize * int64(binary.BigEndian.Uint32(header[28:]))
	sizeIsValid := binary.BigEndian.Uint32(header[24:]) == binary.BigEndian.Uint32(header[92:])
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) && sizeIsValid && info.Size() < want {
		return &FileError{Path: path, Kind: ErrCorrupt, Remedy: corruptRemedy,
			Err: fmt.Errorf("cut short: %d octets of %d", info.Size(), want)}
	}
	return nil
}

// What the operator can do about each kind of trouble with the file.
const (
	corruptRemedy    = "restore the last backup, or move the file and its -wal and -shm away to start anew"
	newerRemedy      = "run the calport that wrote it, or a later one, or restore the backup made before the upgrade"
	unwritableRemedy = "check that the folder exists, that calport's user may write the folder and the file, and that the file system is not mounted read-only"
	fullRemedy       = "free space on that disk; nothing acknowledged is lost"
	busyRemedy       = "find the other program that holds the database open for writing"
)

// sqliteKinds says what SQLite's primary result codes mean to the operator.
var sqliteKinds = map[int]struct {
	kind   error
	remedy string
}{
	sqlite3.SQLITE_CORRUPT:  {ErrCorrupt, corruptRemedy},
	sqlite3.SQLITE_NOTADB:   {ErrCorrupt, corruptRemedy},
	sqlite3.SQLITE_READONLY: {ErrUnwritable, unwritableRemedy},
	sqlite3.SQLITE_CANTOPEN: {ErrUnwritable, unwritableRemedy},
	sqlite3.SQLITE_PERM:     {ErrUnwritable, unwritableRemedy},
	sqlite3.SQLITE_FULL:     {ErrFull, fullRemedy},
	sqlite3.SQLITE_BUSY:     {ErrBusy, busyRemedy},
}

// systemError turns what the system says of opening a file into a *FileError, where that is the file's fault.
func systemError(path string, err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) || isReadOnly(err) {
		return &FileError{Path: path, Kind: ErrUnwritable, Remedy: unwritableRemedy, Err: err}
	}
	return fmt.Errorf("store: opening %s: %w", path, err)
}

func (e *sqliteEngine) explain(err error) error {
	var known *FileError
	if err == nil || errors.As(err, &known) {
		return err
	}
	code, ok := sqliteCode(err)
	if !ok {
		return err
	}
	k, ok := sqliteKinds[code&0xff]
	if !ok {
		return err
	}
	return &FileError{Path: e.path, Kind: k.kind, Remedy: k.remedy, Err: err}
}

// sqliteCode is the extended result code of SQLite in err.
func sqliteCode(err error) (code int, ok bool) {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0, false
	}
	return e.Code(), true
}

// isBusy says whether another process held the lock for longer than busy_timeout.
func isBusy(err error) bool {
	code, ok := sqliteCode(err)
	return ok && code&0xff == sqlite3.SQLITE_BUSY
}
