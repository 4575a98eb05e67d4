package store

import (
	"cmp"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"
)

// Change is what observers are told of one change, after it is durable.
type Change struct {
	HomeOwner    string
	CollectionID int64  // 0 when the home itself changed
	Number       int64  // the new Home.Change and Collection.Change
	Object       string // name of the object; "" when the collection itself changed
	Deleted      bool   // the object, or the collection, or the home, is gone
}

// ObjectChange is one line of a collection's log: an object as it is now, or a tombstone.
type ObjectChange struct {
	Object       // only Name and Change are filled of a tombstone
	Deleted bool // the object was removed by that change
}

// blankColumns are a tombstone's, where an object has objectColumns. PostgreSQL merges the two by their indexes only if
// the types are the same.
var blankColumns = func() (columns [parts]string) {
	const text, number = "CAST('' AS TEXT)", "CAST(0 AS BIGINT)"
	const octets = ", CAST(NULL AS BYTEA)"
	columns[Tags] = strings.Join([]string{"t.name", text, number}, ", ")
	columns[Facts] = strings.Join([]string{columns[Tags], "t.change", number, text, text, text, number, number,
		number, text, number, number, number}, ", ")
	columns[Data] = columns[Tags] + octets
	columns[Whole] = columns[Facts] + octets
	return columns
}()

// changesSince finds both kinds of lines by their indexes, which are in the order wanted already. What was born after
// the number and has died since is told of as well: RFC 6578 section 3.5.2 makes no exception of it, and Apple's tests
// want it. Who asks from the beginning has nothing to remove.
var changesSince = func() (texts [parts]string) {
	for p := range texts {
		texts[p] = "SELECT * FROM (SELECT " + objectColumns[p] + ", o.change AS number, 0 FROM object o" +
			" WHERE o.collection_id = $1 AND o.change > $2 AND o.change <> 0 ORDER BY o.change) AS o UNION ALL SELECT * FROM (SELECT " +
			blankColumns[p] + ", t.change, 1 FROM object_tombstone t" +
			" WHERE t.collection_id = $1 AND t.change > $2 AND t.change <> 0 AND $2 > 0 ORDER BY t.change) AS t" +
			" ORDER BY number LIMIT $3"
	}
	return texts
}()

// Changes streams what changed in a collection after the number since, in order of number, each name once and no
// number twice: whoever stops after a line may go on from its number. The cost is that of the changes, whatever the
// size of the collection. From 0 it is all objects and no tombstone; without limit (0) these come as from Objects, in
// order of name and with their numbers by Facts only.
func (tx *Tx) Changes(collectionID, since int64, limit int, part Part) iter.Seq2[ObjectChange, error] {
	if since <= 0 && limit <= 0 {
		return func(yield func(ObjectChange, error) bool) {
			for o, err := range tx.Objects(collectionID, part) {
				if !yield(ObjectChange{Object: o}, err) {
					return
				}
			}
		}
	}
	if limit <= 0 {
		limit = math.MaxInt64
	}
	return func(yield func(ObjectChange, error) bool) {
		if err := tx.hold(collectionID); err != nil {
			yield(ObjectChange{}, err)
			return
		}
		var row objectRow
		var deleted int64
		dest := append(row.dest(part), &row.Change, &deleted)
		for r, err := range tx.rows(changesSince[part], collectionID, since, limit) {
			row.Data = nil
			if err == nil {
				err = r.Scan(dest...)
			}
			if err != nil {
				yield(ObjectChange{}, err)
				return
			}
			if !yield(ObjectChange{Object: row.object(part), Deleted: deleted != 0}, nil) {
				return
			}
		}
	}
}

// tombstone looks for one, and since when clients know its name.
func (tx *Tx) tombstone(collectionID int64, name string) (born int64, found bool, err error) {
	err = tx.row("SELECT born FROM object_tombstone WHERE collection_id = $1 AND name = $2",
		[]any{collectionID, name}, &born)
	if errors.Is(err, ErrNotFound) {
		return 0, false, nil
	}
	return born, err == nil, err
}

// bury leaves a tombstone.
func (tx *Tx) bury(collectionID int64, name string, change, born int64) error {
	return tx.exec("INSERT INTO object_tombstone (collection_id, name, change, born) VALUES ($1, $2, $3, $4)",
		collectionID, name, change, born)
}

// exhume removes a tombstone.
func (tx *Tx) exhume(collectionID int64, name string) error {
	return tx.exec("DELETE FROM object_tombstone WHERE collection_id = $1 AND name = $2", collectionID, name)
}

// CollectionChange is one line of a home's log.
type CollectionChange struct {
	Name       string
	Change     int64
	Collection *Collection // nil when there is no collection of that name any more
}

// HomeChanges is what changed in a home, as this transaction's Home returned it, after the number since: collections
// of which anything changed and names that are gone, in order of number. From 0 it is all collections and none gone.
func (tx *Tx) HomeChanges(h *Home, since int64) ([]CollectionChange, error) {
	var all []CollectionChange
	if since > 0 {
		rows := tx.rows("SELECT name, change FROM collection_tombstone WHERE home_id = $1 AND change > $2", h.ID, since)
		var err error
		all, err = collect(rows, func(r cursor) (c CollectionChange, err error) {
			err = r.Scan(&c.Name, &c.Change)
			return c, err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, c := range h.Collections {
		if c.Change > since {
			all = append(all, CollectionChange{Name: c.Name, Change: c.Change, Collection: c})
		}
	}
	slices.SortFunc(all, func(a, b CollectionChange) int { return cmp.Compare(a.Change, b.Change) })
	return all, nil
}
