package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
)

// HashSecret is the form in which secrets of high entropy, such as tokens, are stored and looked up: 64 hex digits of
// SHA-256. It is not for passwords.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// FindSession reads the data of a web session that has not expired. The token itself is nowhere stored.
func (s *Store) FindSession(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		return tx.row("SELECT content FROM session WHERE token_hash = $1 AND expires > $2",
			[]any{HashSecret(token), microseconds(tx.now)}, &data)
	})
	if errors.Is(err, ErrNotFound) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// SaveSession writes a session, new or not. Its owner is a GUID in lower case, or empty.
func (s *Store) SaveSession(ctx context.Context, token, owner string, data []byte, expires time.Time) error {
	return s.Write(ctx, func(tx *Tx) error {
		return tx.exec(`INSERT INTO session (token_hash, owner, content, expires) VALUES ($1, $2, $3, $4)
			ON CONFLICT (token_hash) DO UPDATE SET owner = excluded.owner, content = excluded.content, expires = excluded.expires`,
			HashSecret(token), owner, notNil(data), microseconds(expires))
	})
}

// CountSessions counts the sessions of an owner that have not expired.
func (s *Store) CountSessions(ctx context.Context, owner string) (n int64, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		return tx.row("SELECT COUNT(*) FROM session WHERE owner = $1 AND expires > $2", []any{owner, microseconds(tx.now)}, &n)
	})
	return n, err
}

// EndSessions removes all sessions of an owner, and counts them.
func (s *Store) EndSessions(ctx context.Context, owner string) (removed int64, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		removed, err = tx.count("DELETE FROM session WHERE owner = $1", owner)
		return err
	})
	return removed, err
}

// DeleteSession removes a session, if it is there.
func (s *Store) DeleteSession(ctx context.Context, token string) error {
	return s.Write(ctx, func(tx *Tx) error {
		return tx.exec("DELETE FROM session WHERE token_hash = $1", HashSecret(token))
	})
}

// PurgeSessions removes the expired sessions and counts them.
func (s *Store) PurgeSessions(ctx context.Context) (removed int64, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		removed, err = tx.count("DELETE FROM session WHERE expires <= $1", microseconds(tx.now))
		return err
	})
	return removed, err
}
