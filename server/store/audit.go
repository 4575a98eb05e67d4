package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// AuditEntry is one line of the record of who did what.
type AuditEntry struct {
	ID     int64 // rising
	Time   time.Time
	Actor  string // a GUID in lower case, a token's name or a command
	Action string // words with a full stop between, from the general to the particular: token.create
	Object string // what it was done to
	Detail string
	From   string // the address it came from, if any
}

// AuditFilter says which lines are wanted; the zero value wants all.
type AuditFilter struct {
	Actor  string
	Action string // a whole action, or its first words: token is token.create, too
	Object string
	Since  time.Time // that time and later
	Until  time.Time // before that time
	Before int64     // older than the line of that ID
}

// AppendAudit adds a line, in the transaction of what it tells of; ID and Time are made here.
func (tx *Tx) AppendAudit(e AuditEntry) error {
	return tx.exec("INSERT INTO audit (id, at, actor, deed, thing, detail, origin) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		tx.s.newID(), microseconds(tx.now), e.Actor, e.Action, e.Object, e.Detail, e.From)
}

// AppendAudit adds a line about what was no change of the store.
func (s *Store) AppendAudit(ctx context.Context, e AuditEntry) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.AppendAudit(e) })
}

// Audit lists the lines that a filter wants, newest first, at most limit (1 or more).
func (s *Store) Audit(ctx context.Context, f AuditFilter, limit int) (lines []AuditEntry, err error) {
	where, args := f.where()
	args = append(args, limit)
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows(fmt.Sprintf("SELECT id, at, actor, deed, thing, detail, origin FROM audit%s ORDER BY id DESC LIMIT $%d", where, len(args)), args...)
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

// where is the condition of a filter, and its arguments.
func (f AuditFilter) where() (string, []any) {
	var terms []string
	var args []any
	add := func(wanted bool, term string, values ...any) {
		if !wanted {
			return
		}
		for _, v := range values {
			args = append(args, v)
			term = strings.Replace(term, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		terms = append(terms, term)
	}
	add(f.Actor != "", "actor = ?", f.Actor)
	// "/" is what follows "." in the order of octets.
	add(f.Action != "", "(deed = ? OR deed >= ? AND deed < ?)", f.Action, f.Action+".", f.Action+"/")
	add(f.Object != "", "thing = ?", f.Object)
	add(!f.Since.IsZero(), "at >= ?", microseconds(f.Since))
	add(!f.Until.IsZero(), "at < ?", microseconds(f.Until))
	add(f.Before != 0, "id < ?", f.Before)
	if len(terms) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(terms, " AND "), args
}

// auditPage is how many lines EachAudit reads at a time.
const auditPage = 1000

// EachAudit calls do for every line that a filter wants, newest first. No transaction is open meanwhile, so do may take
// its time.
func (s *Store) EachAudit(ctx context.Context, f AuditFilter, do func(AuditEntry) error) error {
	for {
		lines, err := s.Audit(ctx, f, auditPage)
		if err != nil {
			return err
		}
		for _, e := range lines {
			if err := do(e); err != nil {
				return err
			}
		}
		if len(lines) < auditPage {
			return nil
		}
		f.Before = lines[len(lines)-1].ID
	}
}

// PurgeAudit forgets the lines of before that time and counts them.
func (s *Store) PurgeAudit(ctx context.Context, before time.Time) (removed int64, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		removed, err = tx.count("DELETE FROM audit WHERE at < $1", microseconds(before))
		return err
	})
	return removed, err
}
