package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Departed is a principal who is no longer in the directory, and of whom something is kept here.
type Departed struct {
	Owner    string // GUID in lower case
	Kind     int64  // the caller's
	Name     string // short name as last known; "": it never was
	FullName string
	Mails    []string  // addresses he had
	Since    time.Time // when it was noticed

	// What is kept, of one that is read.
	Seen      time.Time // when a client has signed in last; zero: never, or long ago
	Calendars int64     // deleted ones that can be brought back among them
	Objects   int64
	Size      int64 // of the objects, in octets
	Unsent    int64 // mails in his name that wait

	// The order to erase it, if Asked is not zero.
	Asked   time.Time
	AskedBy string // as AuditEntry.Actor
	CallOff bool   // future meetings are called off
	Problem string // why erasing has failed last
}

// personal are the tables with rows about single people besides homes: the column that has their GUID in lower case, and a
// further condition. What another table holds goes with the home.
var personal = []struct{ table, column, and string }{
	{"app_password", "owner", ""},
	{"one_time_link", "owner", ""},
	{"download", "owner", ""},
	{"sign_in", "owner", ""},
	{"session", "owner", ""},
	{"trace", "owner", ""},
	{"trace_exchange", "owner", ""},
	{"enrolment_letter", "owner", ""},
	{"mail_outbox", "owner", ""},
	{"mail_token", "owner", ""},
	{"setting", "subject", " AND scope = 'person'"},
	{"property", "target", " AND holder = 0"}, // of principals
}

// Holders lists the owners of all that is personal, each once, in no order.
func (s *Store) Holders(ctx context.Context) (owners []string, err error) {
	query := "SELECT owner FROM home UNION SELECT owner FROM profile_news WHERE name <> ''"
	for _, p := range personal {
		query += " UNION SELECT " + p.column + " FROM " + p.table + " WHERE " + p.column + " <> ''" + p.and
	}
	err = s.Read(ctx, func(tx *Tx) error {
		owners, err = collect(tx.rows(query), func(r cursor) (owner string, err error) {
			err = r.Scan(&owner)
			return owner, err
		})
		return err
	})
	return owners, err
}

// Keeps says whether anything of an owner is kept.
func (s *Store) Keeps(ctx context.Context, owner string) (kept bool, err error) {
	err = s.Read(ctx, func(tx *Tx) (err error) {
		kept, err = tx.holds(owner)
		return err
	})
	return kept, err
}

// holds says whether anything of an owner is kept.
func (tx *Tx) holds(owner string) (bool, error) {
	query := "SELECT 1 FROM home WHERE owner = $1 UNION ALL SELECT 1 FROM profile_news WHERE owner = $1 AND name <> ''"
	for _, p := range personal {
		query += " UNION ALL SELECT 1 FROM " + p.table + " WHERE " + p.column + " = $1" + p.and
	}
	var one int64
	err := tx.row(query+" LIMIT 1", []any{owner}, &one)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// NoteDeparted notes who has left, as far as anything of them is kept, and forgets that others had, who are back. Who was
// noted before stays as he was. An order to erase somebody who is back is forgotten with it.
func (s *Store) NoteDeparted(ctx context.Context, gone []Departed, back func(owner string) bool) error {
	var noted []string
	err := s.Read(ctx, func(tx *Tx) (err error) {
		noted, err = collect(tx.rows("SELECT owner FROM departed"), func(r cursor) (owner string, err error) {
			err = r.Scan(&owner)
			return owner, err
		})
		return err
	})
	noted = slices.DeleteFunc(noted, func(owner string) bool { return !back(owner) })
	if err != nil || len(noted)+len(gone) == 0 {
		return err
	}
	return s.Write(ctx, func(tx *Tx) error {
		for _, owner := range noted {
			if err := tx.exec("DELETE FROM departed WHERE owner = $1", owner); err != nil {
				return err
			}
		}
		for i := range gone {
			if err := tx.noteDeparted(&gone[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (tx *Tx) noteDeparted(d *Departed) error {
	kept, err := tx.holds(d.Owner)
	if err != nil || !kept {
		return err
	}
	since, name := d.Since, d.Name
	if since.IsZero() {
		since = tx.now
	}
	if name == "" {
		err := tx.row("SELECT name FROM profile_news WHERE owner = $1", []any{d.Owner}, &name)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return tx.exec(`INSERT INTO departed (owner, kind, name, full_name, addresses, since, asked, asked_by, call_off, problem)
		VALUES ($1, $2, $3, $4, $5, $6, 0, '', 0, '') ON CONFLICT (owner) DO NOTHING`,
		d.Owner, d.Kind, name, d.FullName, strings.Join(d.Mails, " "), microseconds(since))
}

const departedColumns = `d.owner, d.kind, d.name, d.full_name, d.addresses, d.since, d.asked, d.asked_by, d.call_off, d.problem,
	coalesce((SELECT max(succeeded) FROM sign_in s WHERE s.owner = d.owner), 0),
	(SELECT count(*) FROM mail_outbox m WHERE m.owner = d.owner AND m.state = 0)`

// Departed lists who has left, the latest first.
func (s *Store) Departed(ctx context.Context) (all []Departed, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		all, err = tx.departed("")
		return err
	})
	return all, err
}

// CountDeparted counts who has left.
func (s *Store) CountDeparted(ctx context.Context) (n int64, err error) {
	err = s.Read(ctx, func(tx *Tx) error { return tx.row("SELECT count(*) FROM departed", nil, &n) })
	return n, err
}

// DepartedOne reads one who has left. Errors: ErrNotFound.
func (s *Store) DepartedOne(ctx context.Context, owner string) (d Departed, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		all, err := tx.departed("WHERE d.owner = $1", owner)
		if err != nil || len(all) == 0 {
			return cmp.Or(err, error(ErrNotFound))
		}
		d = all[0]
		return nil
	})
	return d, err
}

// DepartedToErase lists those whose erasing has been asked for, in the order of that.
func (s *Store) DepartedToErase(ctx context.Context) (all []Departed, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		all, err = tx.departed("WHERE d.asked > 0")
		return err
	})
	return all, err
}

// departed reads the rows, and then what is kept of them by one walk over their collections.
func (tx *Tx) departed(where string, args ...any) (all []Departed, err error) {
	rows := tx.rows("SELECT "+departedColumns+" FROM departed d "+where+" ORDER BY d.asked, d.since DESC, d.name, d.owner", args...)
	at := map[string]int{}
	all, err = collect(rows, func(r cursor) (d Departed, err error) {
		var mails string
		var since, asked, callOff, seen int64
		err = r.Scan(&d.Owner, &d.Kind, &d.Name, &d.FullName, &mails, &since, &asked, &d.AskedBy, &callOff, &d.Problem, &seen, &d.Unsent)
		d.CallOff, d.Mails, d.Since, d.Asked, d.Seen = callOff != 0, strings.Fields(mails), fromMicroseconds(since), fromMicroseconds(asked), fromMicroseconds(seen)
		at[d.Owner] = len(at)
		return d, err
	})
	if err != nil || len(all) == 0 {
		return all, err
	}
	rows = tx.rows(`SELECT d.owner, count(DISTINCT CASE c.kind WHEN `+strconv.Itoa(int(Calendar))+` THEN c.id END), count(o.id), CAST(coalesce(sum(o.size), 0) AS BIGINT)
		FROM departed d JOIN home h ON h.owner = d.owner JOIN collection c ON c.home_id IN (h.id, -h.id)
		LEFT JOIN object o ON o.collection_id = c.id `+where+" GROUP BY d.owner", args...)
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		var owner string
		var collections, objects, size int64
		if err := r.Scan(&owner, &collections, &objects, &size); err != nil {
			return nil, err
		}
		d := &all[at[owner]]
		d.Calendars, d.Objects, d.Size = collections, objects, size
	}
	return all, nil
}

// AskErasing asks that all be erased that is kept of some who have left, and lists those of whom it was not asked before.
func (tx *Tx) AskErasing(owners []string, by string, callOff bool) (asked []string, err error) {
	for _, owner := range owners {
		n, err := tx.count("UPDATE departed SET asked = $2, asked_by = $3, call_off = $4, problem = '' WHERE owner = $1 AND asked = 0",
			owner, microseconds(tx.now), by, truth(callOff))
		if err != nil {
			return asked, err
		}
		if n > 0 {
			asked = append(asked, owner)
		}
	}
	return asked, nil
}

// WithdrawErasing takes orders back, of those who are not erased yet.
func (s *Store) WithdrawErasing(ctx context.Context, owners []string) error {
	return s.Write(ctx, func(tx *Tx) error {
		for _, owner := range owners {
			if err := tx.exec("UPDATE departed SET asked = 0, asked_by = '', call_off = 0, problem = '' WHERE owner = $1", owner); err != nil {
				return err
			}
		}
		return nil
	})
}

// ErasingFailed notes why somebody is not erased, and puts him behind the others.
func (s *Store) ErasingFailed(ctx context.Context, owner, problem string) error {
	return s.Write(ctx, func(tx *Tx) error {
		return tx.exec("UPDATE departed SET problem = $2, asked = $3 WHERE owner = $1 AND asked > 0", owner, problem, microseconds(tx.now))
	})
}

// UnsentMails counts the mails in somebody's name that wait to be sent.
func (s *Store) UnsentMails(ctx context.Context, owner string) (n int64, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		return tx.row("SELECT count(*) FROM mail_outbox WHERE owner = $1 AND state = $2", []any{owner, MailWaits}, &n)
	})
	return n, err
}

// StillToErase says whether it is asked for at this moment that somebody be erased.
func (tx *Tx) StillToErase(owner string) (bool, error) {
	var asked int64
	err := tx.row("SELECT asked FROM departed WHERE owner = $1"+tx.rowLock, []any{owner}, &asked)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return asked > 0, err
}

// EraseDeparted removes what is kept of somebody who has left: the home, and the rows of all tables that are about him.
// In the change feed of profiles a row without a name stays, so that those who read it late still learn that the profile
// has gone. What he did stays in the record of who did what, and goes in its time.
func (tx *Tx) EraseDeparted(owner string) error {
	if err := tx.DeleteHome(owner); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err := tx.DeleteSetting(OfPerson, owner); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err := tx.eraseLetters(owner); err != nil {
		return err
	}
	for _, p := range personal {
		if err := tx.exec("DELETE FROM "+p.table+" WHERE "+p.column+" = $1"+p.and, owner); err != nil {
			return err
		}
	}
	return tx.execs([]any{owner},
		"DELETE FROM property WHERE viewer = $1 AND viewer <> ''",
		"UPDATE profile_news SET name = '' WHERE owner = $1",
		"UPDATE token SET owner = '' WHERE owner = $1",
		"UPDATE enrolment SET maker = '' WHERE maker = $1",
		"UPDATE trace SET maker = '' WHERE maker = $1",
		"DELETE FROM departed WHERE owner = $1")
}

// eraseLetters removes the letters with links that somebody got. An enrolment of which no other letter is left may name
// him in words, and goes with it.
func (tx *Tx) eraseLetters(owner string) error {
	return tx.exec(`DELETE FROM enrolment WHERE id IN (SELECT enrolment_id FROM enrolment_letter WHERE owner = $1)
		AND NOT EXISTS (SELECT 1 FROM enrolment_letter l WHERE l.enrolment_id = enrolment.id AND l.owner <> $1)`, owner)
}
