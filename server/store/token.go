package store

import (
	"context"
	"strings"
	"time"
)

// Token is a bearer secret that somebody holds, known here by its hash only.
type Token struct {
	ID       int64  // rises with time
	Name     string // what its maker calls it
	Owner    string // GUID in lower case of the person whose it is; "" is nobody in particular
	Hash     string // HashSecret of the secret; unique
	Scopes   []string
	Groups   []string // GUIDs in lower case of the groups whose members it is limited to; none: not limited
	Created  time.Time
	Expires  time.Time // zero: never
	LastUsed time.Time // zero: never
	Revoked  time.Time // zero: not
}

// Valid says whether the token opens anything at that time.
func (t Token) Valid(now time.Time) bool {
	return t.Revoked.IsZero() && (t.Expires.IsZero() || now.Before(t.Expires))
}

const tokenColumns = "id, name, owner, secret_hash, scopes, member_of, created, expires, last_used, revoked"

// tokenRow receives tokenColumns.
type tokenRow struct {
	Token
	scopes, groups                      string
	created, expires, lastUsed, revoked int64
}

func (r *tokenRow) dest() []any {
	return []any{&r.ID, &r.Name, &r.Owner, &r.Hash, &r.scopes, &r.groups, &r.created, &r.expires, &r.lastUsed, &r.revoked}
}

func (r *tokenRow) token() Token {
	r.Scopes, r.Groups = strings.Fields(r.scopes), strings.Fields(r.groups)
	r.Created, r.Expires = fromMicroseconds(r.created), fromMicroseconds(r.expires)
	r.LastUsed, r.Revoked = fromMicroseconds(r.lastUsed), fromMicroseconds(r.revoked)
	return r.Token
}

// CreateToken keeps a token; ID and Created are made here. ErrExists when the hash is known already.
func (s *Store) CreateToken(ctx context.Context, t Token) (Token, error) {
	err := s.Write(ctx, func(tx *Tx) error {
		t.ID, t.Created = s.newID(), tx.now
		n, err := tx.count("INSERT INTO token ("+tokenColumns+
			") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (secret_hash) DO NOTHING",
			t.ID, t.Name, t.Owner, t.Hash, strings.Join(t.Scopes, " "), strings.Join(t.Groups, " "),
			microseconds(t.Created), microseconds(t.Expires), microseconds(t.LastUsed), microseconds(t.Revoked))
		if err == nil && n == 0 {
			return ErrExists
		}
		return err
	})
	return t, err
}

// TokenByHash finds a token, revoked and expired ones too; ErrNotFound.
func (s *Store) TokenByHash(ctx context.Context, hash string) (Token, error) {
	var row tokenRow
	err := s.Read(ctx, func(tx *Tx) error {
		return tx.row("SELECT "+tokenColumns+" FROM token WHERE secret_hash = $1", []any{hash}, row.dest()...)
	})
	if err != nil {
		return Token{}, err
	}
	return row.token(), nil
}

// Tokens lists all tokens, oldest first, revoked and expired ones too.
func (s *Store) Tokens(ctx context.Context) (all []Token, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		all, err = collect(tx.rows("SELECT "+tokenColumns+" FROM token ORDER BY id"), func(r cursor) (Token, error) {
			var row tokenRow
			err := r.Scan(row.dest()...)
			return row.token(), err
		})
		return err
	})
	return all, err
}

// RevokeToken makes a token useless for ever; ErrNotFound. A second time is no error and keeps the first time.
func (s *Store) RevokeToken(ctx context.Context, id int64) error {
	return s.changeToken(ctx, id, "UPDATE token SET revoked = CASE revoked WHEN 0 THEN $2 ELSE revoked END WHERE id = $1")
}

// TouchToken notes that a token was used now; ErrNotFound. It is a durable write: once in a while is enough.
func (s *Store) TouchToken(ctx context.Context, id int64) error {
	return s.changeToken(ctx, id, "UPDATE token SET last_used = $2 WHERE id = $1")
}

func (s *Store) changeToken(ctx context.Context, id int64, update string) error {
	return s.Write(ctx, func(tx *Tx) error {
		n, err := tx.count(update, id, microseconds(tx.now))
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}
