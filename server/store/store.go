// Package store is everything that calport remembers: homes with their collections, objects and properties, the logs
// that synchronisation reads, and small things like sessions, tokens and settings. It stands on database/sql with
// SQLite (modernc.org/sqlite) and one portable SQL text.
//
// It knows neither HTTP nor XML nor iCalendar: data and property values are octets, and the facts by which objects are
// found are the caller's reading of them.
//
// Invariants:
//   - Write is the only way to change anything. When it returns nil, the change is on the disk and every later call
//     sees it, cached pictures included.
//   - Every change in a home takes the home's next number. An object, a tombstone and a collection carry the number of
//     their last change, so that the members of a collection changed after number n are one range of an index.
//   - A name is either an object or a tombstone, never both. Tombstones are kept for ever.
//   - The octets of an object are never altered; its ETag is a hash of them.
//   - A *Home is immutable.
//   - Homes are written only by the process that holds the data directory's lock (LockDir), since the pictures in its
//     memory are not compared with the file. Other processes may read anything and write the rest.
//   - Nobody can tell a database restored from an older copy from one that was merely stopped: whoever restores must
//     call RaiseEpoch, or clients keep sync tokens of changes that never happened.
package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Options say where the store is and how much it may keep open.
type Options struct {
	Path      string           // SQLite database file, made when absent; its folder must exist
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: nothing is logged
	HomeCache int              // how many homes are kept in memory; 0: 4096
	Readers   int              // how many transactions read at a time, slow clients' among them; 0: 32
}

// Store is everything remembered. It is safe for concurrent use.
type Store struct {
	path  string
	now   func() time.Time
	log   *slog.Logger
	db    *sql.DB
	homes *homeCache
	epoch atomic.Int64
	ids   atomic.Int64 // the last id made

	readers *readerPool

	waiting   atomic.Int64 // writers that are about to lock writing
	writing   sync.Mutex   // guards all below
	writer    *conn
	batch     *batch
	observers []func([]Change)
	closed    bool
}

// Open opens or makes the database and brings its schema up to date. A *FileError says what is wrong with the file.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{path: o.Path, now: o.Now, log: o.Log}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if o.HomeCache <= 0 {
		o.HomeCache = 4096
	}
	s.homes = newHomeCache(o.HomeCache)
	if o.Readers <= 0 {
		o.Readers = 32
	}
	if err := s.open(ctx, o.Readers); err != nil {
		if s.db != nil {
			s.db.Close()
		}
		return nil, s.fileError(err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, readers int) (err error) {
	if s.db, err = openSQLite(s.path); err != nil {
		return err
	}
	s.readers = newReaderPool(s.db, readers)
	if s.writer, err = openConn(ctx, s.db, writerPragmas); err != nil {
		return err
	}
	if err := migrate(ctx, s.db, s.path); err != nil {
		return err
	}
	return s.loadEpoch(ctx)
}

// Close waits for the transactions under way and closes the files. Calls after it get ErrClosed.
func (s *Store) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.batch != nil {
		s.finish(s.batch)
	}
	s.closed = true
	return errors.Join(s.readers.close(), s.writer.close(), s.db.Close())
}

// Observe has observer told of every commit, in order, before the Write that made it returns. The observer must not
// block, and must not call Write: it hands over to a goroutine of its own.
func (s *Store) Observe(observer func([]Change)) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.observers = append(s.observers, observer)
}

// idEpoch is 2020-01-01 in Unix microseconds.
const idEpoch = 1_577_836_800_000_000

// newID makes an id that rises with time: 51 bits of microseconds, 12 bits of chance, so that what is made together is
// stored together and two processes do not meet. It reads the real clock, since Options.Now may stand still.
func (s *Store) newID() int64 {
	for {
		last := s.ids.Load()
		id := max((time.Now().UnixMicro()-idEpoch)<<12|rand.Int64N(1<<12), last+1)
		if s.ids.CompareAndSwap(last, id) {
			return id
		}
	}
}
