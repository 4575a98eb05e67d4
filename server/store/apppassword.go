package store

import (
	"context"
	"errors"
	"time"
)

// AppPassword is a password for the calendar server alone, known here by its hash only.
type AppPassword struct {
	ID         int64  // rises with time
	Owner      string // GUID in lower case
	Device     string // a new one for the same device revokes the one before; "" is no device in particular
	Name       string // what its owner calls it
	Hash       string // HashSecret of the secret; unique
	Created    time.Time
	Expires    time.Time // zero: never
	Revoked    time.Time // zero: not
	LastUsed   time.Time // zero: never
	LastFrom   string    // the address, and
	LastClient string    // the User-Agent of that use
}

// Valid says whether the password opens anything at that time.
func (p AppPassword) Valid(now time.Time) bool {
	return p.Revoked.IsZero() && (p.Expires.IsZero() || now.Before(p.Expires))
}

// maxAppPasswords bounds how many valid ones a person has.
const maxAppPasswords = 100

// ErrTooMany: a person has as many app passwords as one may have.
var ErrTooMany = errors.New("store: too many of them")

const appPasswordColumns = "id, owner, device, name, secret_hash, created, expires, revoked, last_used, last_from, last_client"

// appPasswordRow receives appPasswordColumns.
type appPasswordRow struct {
	AppPassword
	created, expires, revoked, lastUsed int64
}

func (r *appPasswordRow) dest() []any {
	return []any{&r.ID, &r.Owner, &r.Device, &r.Name, &r.Hash, &r.created, &r.expires, &r.revoked, &r.lastUsed, &r.LastFrom, &r.LastClient}
}

func (r *appPasswordRow) value() AppPassword {
	r.Created, r.Expires = fromMicroseconds(r.created), fromMicroseconds(r.expires)
	r.Revoked, r.LastUsed = fromMicroseconds(r.revoked), fromMicroseconds(r.lastUsed)
	return r.AppPassword
}

// CreateAppPassword keeps a password and revokes the one before for the same device, both or none; ID and Created are
// made here. ErrTooMany.
func (s *Store) CreateAppPassword(ctx context.Context, p AppPassword) (AppPassword, error) {
	err := s.Write(ctx, func(tx *Tx) error {
		now := microseconds(tx.now)
		if p.Device != "" {
			err := tx.execs([]any{p.Owner, p.Device, now},
				"UPDATE app_password SET revoked = $3 WHERE owner = $1 AND device = $2 AND revoked = 0")
			if err != nil {
				return err
			}
		}
		var valid int
		err := tx.row("SELECT count(*) FROM app_password WHERE owner = $1 AND revoked = 0 AND (expires = 0 OR expires > $2)",
			[]any{p.Owner, now}, &valid)
		if err != nil {
			return err
		}
		if valid >= maxAppPasswords {
			return ErrTooMany
		}
		p.ID, p.Created = s.newID(), tx.now
		return tx.execs([]any{p.ID, p.Owner, p.Device, p.Name, p.Hash, now, microseconds(p.Expires)},
			"INSERT INTO app_password ("+appPasswordColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, '', '')")
	})
	return p, err
}

// AppPasswordByHash finds a password, revoked and expired ones too; ErrNotFound.
func (s *Store) AppPasswordByHash(ctx context.Context, hash string) (AppPassword, error) {
	var row appPasswordRow
	err := s.Read(ctx, func(tx *Tx) error {
		return tx.row("SELECT "+appPasswordColumns+" FROM app_password WHERE secret_hash = $1", []any{hash}, row.dest()...)
	})
	if err != nil {
		return AppPassword{}, err
	}
	return row.value(), nil
}

// AppPasswords lists a person's passwords, newest first, revoked and expired ones too.
func (s *Store) AppPasswords(ctx context.Context, owner string) (all []AppPassword, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows("SELECT "+appPasswordColumns+" FROM app_password WHERE owner = $1 ORDER BY id DESC", owner)
		for r, err := range rows {
			if err != nil {
				return err
			}
			var row appPasswordRow
			if err := r.Scan(row.dest()...); err != nil {
				return err
			}
			all = append(all, row.value())
		}
		return nil
	})
	return all, err
}

// RevokeAppPassword makes a person's password useless for ever; ErrNotFound, also when it is somebody else's. A second
// time is no error and keeps the first time.
func (s *Store) RevokeAppPassword(ctx context.Context, owner string, id int64) error {
	return s.Write(ctx, func(tx *Tx) error {
		var found int64
		return tx.row(`UPDATE app_password SET revoked = CASE revoked WHEN 0 THEN $3 ELSE revoked END
			WHERE id = $2 AND owner = $1 RETURNING id`, []any{owner, id, microseconds(tx.now)}, &found)
	})
}

// RevokeAppPasswords makes all passwords of a person useless for ever.
func (s *Store) RevokeAppPasswords(ctx context.Context, owner string) error {
	return s.Write(ctx, func(tx *Tx) error {
		return tx.execs([]any{owner, microseconds(tx.now)}, "UPDATE app_password SET revoked = $2 WHERE owner = $1 AND revoked = 0")
	})
}
