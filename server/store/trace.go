package store

import (
	"context"
	"errors"
	"math"
	"time"
)

// Trace is the record of what one person's clients and the server say to each other, for some time.
type Trace struct {
	Owner   string // GUID in lower case
	Maker   string // who switched it on, as AuditEntry.Actor
	Started time.Time
	Ends    time.Time

	Exchanges int64 // requests with their answers that are kept, and
	Bytes     int64 // how long they are
}

// Running says whether it goes on at that time.
func (t Trace) Running(now time.Time) bool { return now.Before(t.Ends) }

// StartTrace begins a person's trace, or lets the one that runs go on until then; what an ended one has kept is
// forgotten.
func (tx *Tx) StartTrace(owner, maker string, ends time.Time) error {
	now := microseconds(tx.now)
	err := tx.execs([]any{owner, now},
		"DELETE FROM trace_exchange WHERE owner = $1 AND EXISTS (SELECT 1 FROM trace WHERE owner = $1 AND ends <= $2)",
		"DELETE FROM trace WHERE owner = $1 AND ends <= $2")
	if err != nil {
		return err
	}
	return tx.exec(`INSERT INTO trace (owner, maker, started, ends) VALUES ($1, $2, $3, $4)
		ON CONFLICT (owner) DO UPDATE SET maker = excluded.maker, ends = excluded.ends`, owner, maker, now, microseconds(ends))
}

// StopTrace ends a person's trace now and keeps what there is.
func (tx *Tx) StopTrace(owner string) error {
	return tx.execs([]any{owner, microseconds(tx.now)}, "UPDATE trace SET ends = $2 WHERE owner = $1 AND ends > $2")
}

// DeleteTrace ends a person's trace and forgets it.
func (tx *Tx) DeleteTrace(owner string) error {
	return tx.execs([]any{owner}, "DELETE FROM trace WHERE owner = $1", "DELETE FROM trace_exchange WHERE owner = $1")
}

// Traces lists all traces that are running or kept, the newest first; or that of one person only, if owner is not
// empty.
func (s *Store) Traces(ctx context.Context, owner string) (all []Trace, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows(`SELECT t.owner, t.maker, t.started, t.ends, count(e.id), coalesce(sum(e.size), 0)
			FROM trace t LEFT JOIN trace_exchange e ON e.owner = t.owner WHERE $1 = '' OR t.owner = $1
			GROUP BY t.owner, t.maker, t.started, t.ends ORDER BY t.started DESC`, owner)
		all, err = collect(rows, func(r cursor) (t Trace, err error) {
			var started, ends int64
			err = r.Scan(&t.Owner, &t.Maker, &started, &ends, &t.Exchanges, &t.Bytes)
			t.Started, t.Ends = fromMicroseconds(started), fromMicroseconds(ends)
			return t, err
		})
		return err
	})
	return all, err
}

// RunningTraces lists whose traces run now, and until when.
func (s *Store) RunningTraces(ctx context.Context) (ends map[string]time.Time, err error) {
	ends = map[string]time.Time{}
	err = s.Read(ctx, func(tx *Tx) error {
		for r, err := range tx.rows("SELECT owner, ends FROM trace WHERE ends > $1", microseconds(tx.now)) {
			if err != nil {
				return err
			}
			var owner string
			var at int64
			if err := r.Scan(&owner, &at); err != nil {
				return err
			}
			ends[owner] = fromMicroseconds(at)
		}
		return nil
	})
	return ends, err
}

// AppendTrace adds an exchange to a person's trace, if it runs. Of older ones as many are forgotten as are too much for
// limit bytes.
func (s *Store) AppendTrace(ctx context.Context, owner string, content []byte, limit int64) error {
	return s.Write(ctx, func(tx *Tx) error {
		err := tx.exec(`INSERT INTO trace_exchange (owner, id, size, content)
			SELECT owner, $2, $3, $4 FROM trace WHERE owner = $1 AND ends > $5`,
			owner, s.newID(), int64(len(content)), notNil(content), microseconds(tx.now))
		if err != nil {
			return err
		}
		return tx.execs([]any{owner, limit}, `DELETE FROM trace_exchange WHERE owner = $1 AND id <= (SELECT max(id) FROM
			(SELECT id, sum(size) OVER (ORDER BY id DESC) AS total FROM trace_exchange WHERE owner = $1) sized WHERE total > $2)`)
	})
}

// EachExchange calls do for what a person's trace has kept, oldest first. No transaction is open meanwhile.
func (s *Store) EachExchange(ctx context.Context, owner string, do func(content []byte) error) error {
	for last := int64(0); ; {
		var content []byte
		err := s.Read(ctx, func(tx *Tx) error {
			return tx.row("SELECT id, content FROM trace_exchange WHERE owner = $1 AND id > $2 ORDER BY id LIMIT 1", []any{owner, last}, &last, &content)
		})
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(content); err != nil {
			return err
		}
	}
}

// PurgeTraces forgets traces that ended before that time.
func (s *Store) PurgeTraces(ctx context.Context, before time.Time) error {
	return s.Write(ctx, func(tx *Tx) error {
		return tx.execs([]any{microseconds(before)},
			"DELETE FROM trace_exchange WHERE owner IN (SELECT owner FROM trace WHERE ends < $1)",
			"DELETE FROM trace WHERE ends < $1")
	})
}

// Exchange is a request and its answer in a person's trace.
type Exchange struct {
	ID   int64 // rises with time
	Text string
}

// Exchanges lists what a person's trace has kept, newest first, at most limit, older than the one of ID before, if that
// is not 0.
func (s *Store) Exchanges(ctx context.Context, owner string, before int64, limit int) (all []Exchange, err error) {
	if before == 0 {
		before = math.MaxInt64
	}
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows("SELECT id, content FROM trace_exchange WHERE owner = $1 AND id < $2 ORDER BY id DESC LIMIT $3", owner, before, limit)
		all, err = collect(rows, func(r cursor) (e Exchange, err error) {
			var content []byte
			err = r.Scan(&e.ID, &content)
			e.Text = string(content)
			return e, err
		})
		return err
	})
	return all, err
}
