package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// postgresEngine is PostgreSQL, on whose database any number of processes may work at once. Several of our own
// transactions write at a time; those that touch one home take turns by the lock on its row. The server itself lets
// commits that meet share one wait for its disk.
//
// One process holds 20 connections that read, 8 that write and 3 others at most, so that three processes find room
// in a server with its default of 100.
type postgresEngine struct {
	s       *Store
	place   string // HOST:PORT/DATABASE
	db      *sql.DB
	writers *pool
	asking  *pool // of the one connection by which latest asks
	turns   turns
	news    *news

	closing sync.RWMutex // held for reading by writers
	closed  bool
}

// newPostgresEngine reads the DSN. Its text, which may hold a password, is in no error.
func newPostgresEngine(s *Store, dsn string) (*postgresEngine, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("store: the DSN of the PostgreSQL database cannot be understood; " +
			"write postgres://USER:PASSWORD@HOST:5432/DATABASE, with % and two hex digits for each special character, " +
			"or host=HOST user=USER password='PASSWORD' dbname=DATABASE")
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "calport"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	config.DialFunc = dialPatient(config.DialFunc)
	e := &postgresEngine{s: s, db: stdlib.OpenDB(*config),
		place: config.Host + ":" + strconv.Itoa(int(config.Port)) + "/" + config.Database}
	e.db.SetMaxIdleConns(0) // each connection is taken once and kept by the store, see postgresConn
	e.writers = newPool(8, e.writer)
	e.asking = newPool(1, e.reader)
	s.latest = &latest{ask: e.askVersions}
	return e, nil
}

// readerSettings are made once on each connection. Every query that matters follows an index in the order of its answer
// by design, and so costs what it finds; the planner, which does not know the arguments, would often rather read and
// sort a good part of the table. And none is so long that compiling it would pay. Who waits for a lock shall not do so
// for ever: readers wait when somebody changes a table itself.
const readerSettings = `SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off;
	SET enable_mergejoin = off; SET enable_sort = off; SET jit = off; SET lock_timeout = '15s'`

// writerSettings: who holds a lock without saying anything shall not do so for ever. A commit is on the disk when it
// returns, whatever the server's default; a stricter one is left as it is.
const writerSettings = readerSettings + `; SET idle_in_transaction_session_timeout = '5min';
	SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`

func (e *postgresEngine) reader(ctx context.Context) (conn, error) {
	return openPatientConn(ctx, e.db, readerSettings, readerPatience)
}

func (e *postgresEngine) writer(ctx context.Context) (conn, error) {
	return openPatientConn(ctx, e.db, writerSettings, writerPatience)
}

func (e *postgresEngine) start(ctx context.Context) error {
	if err := e.examine(ctx); err != nil {
		return err
	}
	if err := e.migrate(ctx); err != nil {
		return err
	}
	var err error
	e.news, err = startNews(ctx, e)
	return err
}

// examine looks whether the server is one that can be used.
func (e *postgresEngine) examine(ctx context.Context) error {
	c, err := e.asking.take(ctx)
	if err != nil {
		return err
	}
	defer e.asking.give(c)
	var version int
	var encoding, fsync string
	var standby bool
	err = queryRow(c, `SELECT CAST(current_setting('server_version_num') AS INTEGER), current_setting('server_encoding'),
		current_setting('fsync'), pg_is_in_recovery()`, nil, &version, &encoding, &fsync, &standby)
	refused := func(kind error, remedy, format string, args ...any) error {
		return &FileError{Path: e.place, Kind: kind, Remedy: remedy, Err: fmt.Errorf(format, args...)}
	}
	switch {
	case err != nil:
		return err
	case version < 150000:
		return refused(ErrRefused, "install PostgreSQL 15 or later", "PostgreSQL %d", version/10000)
	case encoding != "UTF8":
		return refused(ErrRefused, "make the database with ENCODING 'UTF8' TEMPLATE template0", "its encoding is %s", encoding)
	case standby:
		return refused(ErrUnwritable, standbyRemedy, "the server is a standby")
	case fsync != "on":
		e.s.log.Warn("store: PostgreSQL runs with fsync off: a crash of its machine loses acknowledged changes")
	}
	return nil
}

// migrate brings the schema up to date while no other process does.
func (e *postgresEngine) migrate(ctx context.Context) (err error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // asks each second, five minutes long
	if err != nil {
		return err
	}
	c, err := e.db.Conn(ctx)
	if err != nil {
		return lost(err)
	}
	defer c.Close()
	if err := locker.SessionLock(ctx, c); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, locker.SessionUnlock(context.WithoutCancel(ctx), c))
	}()
	return migrate(ctx, e.db, goose.DialectPostgres, postgresWords, e.place)
}

// stop waits for the writers.
func (e *postgresEngine) stop() error {
	e.closing.Lock()
	defer e.closing.Unlock()
	if e.closed {
		return ErrClosed
	}
	e.closed = true
	return nil
}

func (e *postgresEngine) close() error {
	e.news.stop()
	return errors.Join(e.writers.close(), e.asking.close(), e.db.Close())
}

// What the operator can do about each kind of trouble with the server.
const (
	standbyRemedy   = "name the primary in the DSN, or all servers and target_session_attrs=read-write"
	accessRemedy    = "check user, password and database in the DSN, and pg_hba.conf on the server"
	grantRemedy     = "make calport's role the owner of the database, or GRANT it CREATE on the schema and all on the tables"
	awayRemedy      = "check that PostgreSQL runs and that the DSN's host and port lead to it; nothing acknowledged is lost"
	unknownRemedy   = "look again: what was to be written is there wholly or not at all"
	roomRemedy      = "raise max_connections on the server: each calport needs up to 31"
	lockedRemedy    = "find who keeps rows of calport's tables locked, in pg_stat_activity"
	brokenRemedy    = "look into PostgreSQL's log, and restore the last backup"
	fullDriveRemedy = "free space on the server's disk; nothing acknowledged is lost"
)

// postgresKinds says what SQLSTATE codes and classes of them (PostgreSQL manual, appendix A) mean to the operator.
var postgresKinds = map[string]struct {
	kind   error
	remedy string
}{
	"08":    {ErrAway, awayRemedy},
	"25006": {ErrUnwritable, standbyRemedy}, // read_only_sql_transaction
	"28":    {ErrRefused, accessRemedy},
	"3D":    {ErrRefused, accessRemedy},
	"40001": {ErrBusy, lockedRemedy}, // serialization_failure, however often it was tried
	"40P01": {ErrBusy, lockedRemedy}, // deadlock_detected
	"42501": {ErrUnwritable, grantRemedy},
	"53100": {ErrFull, fullDriveRemedy},
	"53300": {ErrBusy, roomRemedy}, // too_many_connections
	"55P03": {ErrBusy, lockedRemedy},
	"57P":   {ErrAway, awayRemedy}, // the server goes down or comes up
	"XX001": {ErrCorrupt, brokenRemedy},
	"XX002": {ErrCorrupt, brokenRemedy},
}

func (e *postgresEngine) explain(err error) error {
	var known *FileError
	if err == nil || errors.As(err, &known) {
		return err
	}
	var said *pgconn.PgError
	if errors.As(err, &said) {
		for length := 5; length >= 2; length-- {
			if k, ok := postgresKinds[said.Code[:min(length, len(said.Code))]]; ok {
				return &FileError{Path: e.place, Kind: k.kind, Remedy: k.remedy, Err: err}
			}
		}
	}
	switch {
	case errors.Is(err, errUnknown):
		return &FileError{Path: e.place, Kind: ErrAway, Remedy: unknownRemedy, Err: err}
	case errors.Is(err, errLost), errors.Is(err, errSilent):
		return &FileError{Path: e.place, Kind: ErrAway, Remedy: awayRemedy, Err: err}
	}
	return err
}
