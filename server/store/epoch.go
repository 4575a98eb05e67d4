package store

import (
	"context"
	"errors"
)

// Epoch is part of every sync token: a token of another epoch is not this store's. It is the Unix time in seconds at
// which the database was made or the epoch was last raised, so that the tokens of two databases differ.
func (s *Store) Epoch() int64 { return s.epoch.Load() }

// RaiseEpoch makes every sync token handed out so far invalid. It is called after a restore, with no server running on
// the database.
func (s *Store) RaiseEpoch(ctx context.Context) (int64, error) {
	var epoch int64
	err := s.Write(ctx, func(tx *Tx) error {
		err := tx.row("SELECT epoch FROM store_state WHERE id = 1"+tx.rowLock, nil, &epoch)
		if err != nil {
			return err
		}
		epoch = max(epoch+1, tx.now.Unix())
		return tx.exec("UPDATE store_state SET epoch = $1 WHERE id = 1", epoch)
	})
	if err != nil {
		return 0, err
	}
	s.epoch.Store(epoch)
	return epoch, nil
}

// loadEpoch reads the epoch, or sets the first one.
func (s *Store) loadEpoch(ctx context.Context) error {
	const query = "SELECT epoch FROM store_state WHERE id = 1"
	var epoch int64
	err := s.Read(ctx, func(tx *Tx) error { return tx.row(query, nil, &epoch) })
	if errors.Is(err, ErrNotFound) {
		err = s.Write(ctx, func(tx *Tx) error {
			err := tx.exec(`INSERT INTO store_state (id, epoch, settings_revision) VALUES (1, $1, 0)
				ON CONFLICT (id) DO NOTHING`, tx.now.Unix())
			if err != nil {
				return err
			}
			return tx.row(query, nil, &epoch)
		})
	}
	s.epoch.Store(epoch)
	return err
}
