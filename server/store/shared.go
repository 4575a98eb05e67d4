package store

import (
	"maps"
	"slices"
)

// Shared is data that several objects have in common, as the copies of an invitation to many. It is kept once for all
// that one transaction writes, until the last of them is removed or gets other data. Only that transaction adds objects
// to it, so what no object refers to any more is never referred to again.
type Shared struct {
	data []byte
	etag string
	tx   *Tx   // the transaction that has stored it
	id   int64 // its id there
}

// Share prepares data, which must not be changed any more, for several objects.
func Share(data []byte) *Shared { return &Shared{data: data, etag: hashData(data)} }

// shared is the id of shared data, which is stored when the first object is to have it; 0 of none.
func (tx *Tx) shared(s *Shared) (id int64, err error) {
	if s == nil {
		return 0, nil
	}
	if s.tx != tx {
		s.tx, s.id = tx, tx.s.newID()
		err = tx.exec("INSERT INTO shared_data (id, data) VALUES ($1, $2)", s.id, notNil(s.data))
	}
	return s.id, err
}

// release notes that an object has its data no longer in common with others; 0 is none.
func (tx *Tx) release(shared int64) {
	if shared == 0 {
		return
	}
	if tx.released == nil {
		tx.released = map[int64]bool{}
	}
	tx.released[shared] = true
}

// sharedInCollection must not be found by the index of shared data, which in a new table PostgreSQL would walk as a whole.
const sharedInCollection = "SELECT DISTINCT shared FROM object WHERE collection_id = $1 AND coalesce(shared, 0) <> 0"

// releaseAll does the same for all objects of a collection.
func (tx *Tx) releaseAll(collectionID int64) error {
	for r, err := range tx.rows(sharedInCollection, collectionID) {
		var id int64
		if err == nil {
			err = r.Scan(&id)
		}
		if err != nil {
			return err
		}
		tx.release(id)
	}
	return nil
}

// dropReleased deletes of the data released that which no object has any more. Where others write at the same time, they
// wait for each other, all in the same order: of two that release the last objects, one has to see that they are.
func (tx *Tx) dropReleased() error {
	for _, id := range slices.Sorted(maps.Keys(tx.released)) {
		if tx.rowLock != "" {
			if err := tx.exec("SELECT 1 FROM shared_data WHERE id = $1"+tx.rowLock, id); err != nil {
				return err
			}
		}
		err := tx.exec("DELETE FROM shared_data WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM object WHERE shared = $1)", id)
		if err != nil {
			return err
		}
	}
	return nil
}
