package store

import (
	"context"
	"math"
	"time"
)

// AuditEntry is one line of the record of who did what.
type AuditEntry struct {
	ID     int64 // rising
	Time   time.Time
	Actor  string // a GUID in lower case, a token's name or a command
	Action string // a word, e.g. token.create
	Object string // what it was done to
	Detail string
	From   string // the address it came from, if any
}

// AppendAudit adds a line, in the transaction of what it tells of; ID and Time are made here.
func (tx *Tx) AppendAudit(e AuditEntry) error {
	return tx.exec("INSERT INTO audit (id, at, actor, deed, thing, detail, origin) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		tx.s.newID(), microseconds(tx.now), e.Actor, e.Action, e.Object, e.Detail, e.From)
}

// Audit lists lines, newest first: at most limit (1 or more) of those older than the line with the id before, or of
// all if before is 0.
func (s *Store) Audit(ctx context.Context, before int64, limit int) (lines []AuditEntry, err error) {
	if before == 0 {
		before = math.MaxInt64
	}
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows(`SELECT id, at, actor, deed, thing, detail, origin FROM audit
			WHERE id < $1 ORDER BY id DESC LIMIT $2`, before, limit)
		lines, err = collect(rows, func(r cursor) (e AuditEntry, err error) {
			var at int64
			err = r.Scan(&e.ID, &at, &e.Actor, &e.Action, &e.Object, &e.Detail, &e.From)
			e.Time = fromMicroseconds(at)
			return e, err
		})
		return err
	})
	return lines, err
}
