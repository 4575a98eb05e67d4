package store

// Access is how much of an object others see than its owner, as it was written; ErrNotFound for the object.
func (tx *Tx) Access(collectionID int64, name string) (access int, err error) {
	if err := tx.hold(collectionID); err != nil {
		return 0, err
	}
	err = tx.row("SELECT access FROM object WHERE collection_id = $1 AND name = $2", []any{collectionID, name}, &access)
	return access, err
}

// Restricted lists the names of those objects of a collection of which others do not see all, with their access.
func (tx *Tx) Restricted(collectionID int64) (map[string]int, error) {
	if err := tx.hold(collectionID); err != nil {
		return nil, err
	}
	all := map[string]int{}
	for r, err := range tx.rows("SELECT name, access FROM object WHERE collection_id = $1 AND access <> 0", collectionID) {
		if err != nil {
			return nil, err
		}
		var name string
		var access int
		if err := r.Scan(&name, &access); err != nil {
			return nil, err
		}
		all[name] = access
	}
	return all, nil
}
