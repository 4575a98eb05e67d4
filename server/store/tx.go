package store

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"
)

// Tx is one transaction. It belongs to the goroutine that it was handed to, until that function returns. While a loop
// over one of its sequences runs, no other method may be called: PostgreSQL cannot do both on one connection.
type Tx struct {
	s         *Store
	c         conn
	now       time.Time // of the whole transaction, in microseconds
	write     bool
	rowLock   string                 // what a query ends with to lock the rows that it finds, where the engine has that
	heldHome  func(owner string)     // told of each home taken up to work on; may be nil
	homes     map[string]workingHome // by owner: what this transaction has changed, and its batch before it
	changes   []Change
	written   []writtenObject
	epoch     uint64         // of the object cache, when a reading transaction began
	released  map[int64]bool // shared data that objects have no longer
	streaming bool
	ended     bool
	failed    error // the first error that leaves the engine's transaction in doubt
}

// What a misused Tx answers.
var (
	errEnded     = errors.New("store: transaction used after its end")
	errStreaming = errors.New("store: transaction used inside a loop over its own rows")
	errReadOnly  = errors.New("store: change in a reading transaction")
)

// Read runs look on a snapshot of everything as it is at the first query. What look returns is returned.
func (s *Store) Read(ctx context.Context, look func(*Tx) error) error {
	c, err := s.readers.take(ctx)
	if err != nil {
		return s.engine.explain(err)
	}
	defer s.readers.give(c)
	epoch := s.objects.now()
	if err := c.begin(false); err != nil {
		return s.engine.explain(err)
	}
	tx := s.newTx(c)
	tx.epoch = epoch
	defer c.rollback() // nothing to keep; whatever look did
	defer tx.end()
	return s.engine.explain(tx.result(look(tx)))
}

func (s *Store) newTx(c conn) *Tx {
	return &Tx{s: s, c: c, now: s.now().UTC().Truncate(time.Microsecond)}
}

func (tx *Tx) end() { tx.ended = true }

// run carries out a change up to its commit.
func (tx *Tx) run(change func(*Tx) error) error {
	err := change(tx)
	if err == nil {
		err = tx.dropReleased()
	}
	return tx.result(err)
}

// result is what a transaction ends with: err, and the failure of a statement that the caller's function passed over.
func (tx *Tx) result(err error) error {
	if tx.failed == nil || errors.Is(err, tx.failed) {
		return err
	}
	return errors.Join(err, tx.failed)
}

// usable refuses what would mix or outlive transactions.
func (tx *Tx) usable() error {
	switch {
	case tx.ended:
		return errEnded
	case tx.failed != nil:
		return tx.failed
	case tx.streaming:
		return errStreaming
	}
	return nil
}

// note keeps an error after which the engine may have rolled back by itself: nothing more may be done then, since it
// would be outside any transaction.
func (tx *Tx) note(err error) error {
	if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrText) {
		tx.failed = err
	}
	return err
}

// exec runs a statement. The engine may put it off until something is asked, so it must be one that can only fail if
// the engine does.
func (tx *Tx) exec(text string, args ...any) error {
	if err := tx.usable(); err != nil {
		return err
	}
	if !tx.write {
		return errReadOnly
	}
	return tx.note(tx.c.exec(text, args...))
}

// count runs a statement at once and counts the rows that it changed.
func (tx *Tx) count(text string, args ...any) (int64, error) {
	if err := tx.usable(); err != nil {
		return 0, err
	}
	if !tx.write {
		return 0, errReadOnly
	}
	n, err := tx.c.count(text, args...)
	return n, tx.note(err)
}

// execs runs several statements with the same arguments.
func (tx *Tx) execs(args []any, texts ...string) error {
	for _, text := range texts {
		if err := tx.exec(text, args...); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) row(text string, args []any, dest ...any) error {
	if err := tx.usable(); err != nil {
		return err
	}
	return tx.note(queryRow(tx.c, text, args, dest...))
}

// rows yields the rows of a query; the caller scans them.
func (tx *Tx) rows(text string, args ...any) iter.Seq2[cursor, error] {
	return func(yield func(cursor, error) bool) {
		if err := tx.usable(); err != nil {
			yield(nil, err)
			return
		}
		rows, err := tx.c.query(text, args...)
		if err != nil {
			yield(nil, tx.note(err))
			return
		}
		tx.streaming = true
		defer func() {
			tx.streaming = false
			rows.Close()
		}()
		for rows.Next() {
			if !yield(rows, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, tx.note(err))
		}
	}
}

// collect scans all rows of a sequence.
func collect[T any](rows iter.Seq2[cursor, error], scan func(cursor) (T, error)) ([]T, error) {
	var all []T
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		v, err := scan(r)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return slices.Clip(all), nil
}

// microseconds is how times are stored; 0 is the zero time.
func microseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicroseconds(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
