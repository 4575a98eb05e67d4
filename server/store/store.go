// Package store is everything that calport remembers: homes with their collections, objects and properties, the logs
// that synchronisation reads, and small things like sessions, tokens and settings. It stands on database/sql with
// SQLite (modernc.org/sqlite) or PostgreSQL (github.com/jackc/pgx) and one SQL text for both.
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
//   - On SQLite, homes are written only by the process that holds the data directory's lock (LockDir), since the
//     pictures in its memory are not compared with the file. Other processes may read anything and write the rest.
//   - On PostgreSQL any number of processes write. A transaction that writes locks the row of each home that it looks
//     into, until its end; those that meet in one home so take turns, and nobody else waits. Home asks how new a home
//     is before it hands out the picture in memory, so that no process shows what another has changed before.
//   - Nobody can tell a database restored from an older copy from one that was merely stopped: whoever restores must
//     call RaiseEpoch, or clients keep sync tokens of changes that never happened.
package store

import (
	"context"
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
	DSN       string           // or PostgreSQL 15 or later, as a URL or in libpq's words; may hold a password
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: nothing is logged
	HomeCache int              // how many homes are kept in memory; 0: 4096
	Readers   int              // how many transactions read at a time, slow clients' among them; 0: 32, of PostgreSQL 20
}

// Store is everything remembered. It is safe for concurrent use.
type Store struct {
	now     func() time.Time
	log     *slog.Logger
	engine  engine
	readers *pool
	homes   *homeCache

	listings *recent[int64, *listing] // by id of the collection
	objects  *objectCache
	catchUp  sync.Mutex // held to put a listing in the place of an older one
	making   sync.Map   // ids of the collections of which somebody puts a listing together
	latest   *latest    // asks how old the pictures in homes are; nil where they are always up to date
	epoch    atomic.Int64
	ids      atomic.Int64 // the last id made

	telling   sync.Mutex // guards observers, and is held while they are told
	observers []func([]Change)
}

// Open opens or makes the database and brings its schema up to date. A *FileError says what is wrong with the file or
// the server.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{now: o.Now, log: o.Log}
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
	s.listings, s.objects = newRecent[int64, *listing](listingsRoom), newObjectCache(objectsRoom)
	readers := 32
	switch {
	case (o.Path == "") == (o.DSN == ""):
		return nil, errors.New("store: needs either the path of a SQLite database or the DSN of a PostgreSQL one")
	case o.DSN == "":
		s.engine = &sqliteEngine{s: s, path: o.Path}
	default:
		e, err := newPostgresEngine(s, o.DSN)
		if err != nil {
			return nil, err
		}
		s.engine, readers = e, 20
	}
	if o.Readers > 0 {
		readers = o.Readers
	}
	s.readers = newPool(readers, s.engine.reader)
	err := s.engine.start(ctx)
	if err == nil {
		err = s.loadEpoch(ctx)
	}
	if err != nil {
		s.readers.close()
		s.engine.stop()
		s.engine.close()
		return nil, s.engine.explain(err)
	}
	return s, nil
}

// Close waits for the transactions under way and closes the files. Calls after it get ErrClosed.
func (s *Store) Close() error {
	if err := s.engine.stop(); err != nil {
		return err
	}
	return errors.Join(s.readers.close(), s.engine.close())
}

// Write runs change in one transaction: all of it is on the disk when Write returns nil, none of it ever when it
// returns an error, be it change's own or the engine's. The function may be run again if the engine asks for it, so it
// must do nothing that cannot be repeated but through tx. A context that has ended keeps it from starting.
func (s *Store) Write(ctx context.Context, change func(*Tx) error) error {
	return s.engine.explain(s.engine.write(ctx, change))
}

// Observe has observer told of every commit before the Write that made it returns, and soon after it of every commit
// of other processes on one PostgreSQL database, each home's changes in order. The observer must not block, and must
// not call Write: it hands over to a goroutine of its own. Who was told of nothing may still have missed something: a
// process may die between a commit and the telling.
func (s *Store) Observe(observer func([]Change)) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.observers = append(s.observers, observer)
}

func (s *Store) tell(changes []Change) {
	if len(changes) == 0 {
		return
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	for _, observe := range s.observers {
		observe(changes)
	}
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
