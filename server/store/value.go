package store

import (
	"context"
	"fmt"
)

// The buckets whose keys are the owners of homes: what is in them goes with the home.
const (
	BusyLinks = "free-busy links" // the secret of a person's free-busy URL
	Imports   = "imports"         // the report of a person's last import
	Delegates = "delegates"       // whom a person has made delegates
)

// EarlierETags is the bucket whose keys are the ids of objects in decimal: what is in it goes with the object.
const EarlierETags = "schedule etags"

// WaitingFor is the bucket of what waits for a discarded collection: it goes when the collection is purged.
func WaitingFor(collectionID int64) string { return "waiting for " + idTarget(collectionID) }

// Value reads the value of a key in a bucket; ErrNotFound. Buckets need no making.
func (s *Store) Value(ctx context.Context, bucket, key string) (value []byte, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		value, err = tx.Value(bucket, key)
		return err
	})
	return value, err
}

// Value reads the value of a key in a bucket; ErrNotFound. In a writing transaction nobody else changes it meanwhile.
func (tx *Tx) Value(bucket, key string) (value []byte, err error) {
	err = tx.row("SELECT content FROM stored_value WHERE bucket = $1 AND name = $2"+tx.rowLock, []any{bucket, key}, &value)
	return value, err
}

// SetValue writes a value.
func (s *Store) SetValue(ctx context.Context, bucket, key string, value []byte) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.SetValue(bucket, key, value) })
}

// SetValue writes a value.
func (tx *Tx) SetValue(bucket, key string, value []byte) error {
	return tx.exec(`INSERT INTO stored_value (bucket, name, content) VALUES ($1, $2, $3)
		ON CONFLICT (bucket, name) DO UPDATE SET content = excluded.content`, bucket, key, notNil(value))
}

// AddValue writes a value where there is none; ErrExists. Of several who try at once, one gets through.
func (tx *Tx) AddValue(bucket, key string, value []byte) error {
	n, err := tx.count("INSERT INTO stored_value (bucket, name, content) VALUES ($1, $2, $3) ON CONFLICT (bucket, name) DO NOTHING",
		bucket, key, notNil(value))
	if err == nil && n == 0 {
		return ErrExists
	}
	return err
}

// AppendValue writes a value under a key of its own, after those of the values that were appended before.
func (tx *Tx) AppendValue(bucket string, value []byte) error {
	return tx.AddValue(bucket, fmt.Sprintf("%020d", tx.s.newID()), value)
}

// DeleteValue removes a value, if it is there.
func (s *Store) DeleteValue(ctx context.Context, bucket, key string) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.DeleteValue(bucket, key) })
}

// DeleteValue removes a value, if it is there.
func (tx *Tx) DeleteValue(bucket, key string) error {
	return tx.exec("DELETE FROM stored_value WHERE bucket = $1 AND name = $2", bucket, key)
}

// DeleteValues empties a bucket.
func (tx *Tx) DeleteValues(bucket string) error {
	return tx.exec("DELETE FROM stored_value WHERE bucket = $1", bucket)
}

// Values reads a whole bucket.
func (s *Store) Values(ctx context.Context, bucket string) (all map[string][]byte, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		all, err = tx.Values(bucket)
		return err
	})
	return all, err
}

// Values reads a whole bucket.
func (tx *Tx) Values(bucket string) (map[string][]byte, error) {
	type pair struct {
		key   string
		value []byte
	}
	rows := tx.rows("SELECT name, content FROM stored_value WHERE bucket = $1", bucket)
	pairs, err := collect(rows, func(r cursor) (p pair, err error) {
		err = r.Scan(&p.key, &p.value)
		return p, err
	})
	all := make(map[string][]byte, len(pairs))
	for _, p := range pairs {
		all[p.key] = p.value
	}
	return all, err
}

// CountValues counts the values of a bucket by n bytes of them, of which the first is at offset from 0.
func (s *Store) CountValues(ctx context.Context, bucket string, offset, n int) (counts map[string]int64, err error) {
	counts = make(map[string]int64)
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows(`SELECT substr(content, $2, $3), COUNT(*) FROM stored_value WHERE bucket = $1 GROUP BY substr(content, $2, $3)`, bucket, offset+1, n)
		_, err := collect(rows, func(r cursor) (struct{}, error) {
			var part []byte
			var count int64
			err := r.Scan(&part, &count)
			counts[string(part)] = count
			return struct{}{}, err
		})
		return err
	})
	return counts, err
}
