package store

import (
	"context"
	"errors"
	"time"
)

// Link lets a person sign in once on another device. It is known here by the hash of its secret only.
type Link struct {
	ID         int64  // rises with time
	Owner      string // GUID in lower case
	Hash       string // HashSecret of the secret; unique
	Enrolment  int64  // 0: made by its owner
	Created    time.Time
	Expires    time.Time
	Used       time.Time // zero: not yet
	UsedFrom   string    // the address, and
	UsedClient string    // the User-Agent of that use
}

// ErrSpent: the link has been used, or its time is over.
var ErrSpent = errors.New("store: the link is spent")

const linkColumns = "id, owner, secret_hash, enrolment, created, expires, used, used_from, used_client"

// linkRow receives linkColumns.
type linkRow struct {
	Link
	created, expires, used int64
}

func (r *linkRow) dest() []any {
	return []any{&r.ID, &r.Owner, &r.Hash, &r.Enrolment, &r.created, &r.expires, &r.used, &r.UsedFrom, &r.UsedClient}
}

func (r *linkRow) value() Link {
	r.Created, r.Expires, r.Used = fromMicroseconds(r.created), fromMicroseconds(r.expires), fromMicroseconds(r.used)
	return r.Link
}

// CreateLink keeps a link and ends the unused ones that its owner has of the same kind, made by themselves or by an
// administrator; ID and Created are made here.
func (s *Store) CreateLink(ctx context.Context, l Link) (Link, error) {
	err := s.Write(ctx, func(tx *Tx) (err error) {
		l, err = tx.createLink(l)
		return err
	})
	return l, err
}

func (tx *Tx) createLink(l Link) (Link, error) {
	now, enrolled := microseconds(tx.now), truth(l.Enrolment != 0)
	err := tx.execs([]any{l.Owner, now, enrolled}, `UPDATE one_time_link SET expires = $2
		WHERE owner = $1 AND used = 0 AND expires > $2 AND CASE enrolment WHEN 0 THEN 0 ELSE 1 END = $3`)
	if err != nil {
		return Link{}, err
	}
	l.ID, l.Created = tx.s.newID(), tx.now
	err = tx.execs([]any{l.ID, l.Owner, l.Hash, l.Enrolment, now, microseconds(l.Expires)},
		"INSERT INTO one_time_link ("+linkColumns+") VALUES ($1, $2, $3, $4, $5, $6, 0, '', '')")
	return l, err
}

// LinkByHash finds a link, spent ones too; ErrNotFound.
func (s *Store) LinkByHash(ctx context.Context, hash string) (Link, error) {
	var row linkRow
	err := s.Read(ctx, func(tx *Tx) error {
		return tx.row("SELECT "+linkColumns+" FROM one_time_link WHERE secret_hash = $1", []any{hash}, row.dest()...)
	})
	if err != nil {
		return Link{}, err
	}
	return row.value(), nil
}

// UseLink spends a link; of several who try, one gets it. ErrNotFound, ErrSpent.
func (s *Store) UseLink(ctx context.Context, hash, from, client string) (Link, error) {
	var row linkRow
	err := s.Write(ctx, func(tx *Tx) error {
		row = linkRow{}
		err := tx.row(`UPDATE one_time_link SET used = $2, used_from = $3, used_client = $4
			WHERE secret_hash = $1 AND used = 0 AND expires > $2 RETURNING `+linkColumns,
			[]any{hash, microseconds(tx.now), from, client}, row.dest()...)
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		var id int64
		if err := tx.row("SELECT id FROM one_time_link WHERE secret_hash = $1", []any{hash}, &id); err != nil {
			return err
		}
		return ErrSpent
	})
	if err != nil {
		return Link{}, err
	}
	return row.value(), nil
}
