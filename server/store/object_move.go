package store

import (
	"errors"
)

// MoveObject gives an object another collection, name or both, and replaces what is there; created is whether nothing
// was. The object keeps its id, data and properties, and leaves a tombstone. ErrNotFound for the object or a
// collection; *UIDConflictError as with PutObject. To where it is already, nothing is done.
func (tx *Tx) MoveObject(from int64, name string, to int64, newName string) (moved Object, created bool, err error) {
	if err := tx.hold(from); err != nil {
		return Object{}, false, err
	}
	source, err := tx.existing(from, name)
	if err != nil {
		return Object{}, false, err
	}
	if source.id == 0 {
		return Object{}, false, ErrNotFound
	}
	o, err := tx.Object(from, name, Facts)
	if err != nil || from == to && name == newName {
		return o, false, err
	}
	h, target, err := tx.collection(to)
	if err != nil {
		return Object{}, false, err
	}
	if err := tx.uidFree(h, target, newName, o); err != nil {
		return Object{}, false, err
	}
	born, replaced, err := tx.makeRoom(to, newName)
	if err != nil {
		return Object{}, false, err
	}
	if err := tx.leave(from, name, source); err != nil {
		return Object{}, false, err
	}
	h, target, err = tx.collection(to) // whose number may have moved
	if err != nil {
		return Object{}, false, err
	}
	h, target = tx.nextOf(h, target)
	if born == 0 {
		born = h.Change
	}
	err = tx.exec(`UPDATE object SET collection_id = $3, name = $4, change = $5, born = $6, uid_home = $7, span = $8
		WHERE collection_id = $1 AND name = $2`, from, name, to, newName, h.Change, born, uidHome(target), spanOf(o, uidHome(target)))
	if err != nil {
		return Object{}, false, err
	}
	err = tx.exec("UPDATE property SET holder = $3 WHERE holder = $1 AND target = $2", from, idTarget(o.ID), to)
	if err != nil {
		return Object{}, false, err
	}
	tx.tell(h, to, newName, false)
	o.CollectionID, o.Name, o.Change = to, newName, h.Change
	return o, !replaced, nil
}

// uidFree refuses a move to a home where another object, that is not replaced by it, has the UID, before anything is
// changed.
func (tx *Tx) uidFree(h *Home, target *Collection, newName string, o Object) error {
	if target.Kind != Calendar {
		return nil
	}
	other, err := tx.ObjectByUID(h.ID, o.UID, Facts)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case other.ID == o.ID, other.CollectionID == target.ID && other.Name == newName:
		return nil
	}
	return uidConflict(h, o.UID, other)
}

// makeRoom deletes the object of that name or its tombstone. It tells since when clients know the name, 0 if they do
// not.
func (tx *Tx) makeRoom(collectionID int64, name string) (born int64, replaced bool, err error) {
	old, err := tx.existing(collectionID, name)
	if err != nil {
		return 0, false, err
	}
	if old.id != 0 {
		return old.born, true, tx.dropObject(collectionID, name, old)
	}
	born, buried, err := tx.tombstone(collectionID, name)
	if err != nil || !buried {
		return 0, false, err
	}
	return born, false, tx.exhume(collectionID, name)
}

// leave puts a tombstone where an object moves away from.
func (tx *Tx) leave(collectionID int64, name string, old existing) error {
	h, c, err := tx.collection(collectionID)
	if err != nil {
		return err
	}
	h, _ = tx.nextOf(h, c)
	tx.tell(h, collectionID, name, true)
	return tx.bury(collectionID, name, h.Change, old.born)
}

// CopyObject copies an object with its properties to another collection, name or both, and replaces what is there;
// created is whether nothing was. Between calendars of one home it always meets a *UIDConflictError.
func (tx *Tx) CopyObject(from int64, name string, to int64, newName string) (copied Object, created bool, err error) {
	o, err := tx.Object(from, name, Whole)
	if err != nil {
		return Object{}, false, err
	}
	if from == to && name == newName {
		o.Data = nil
		return o, false, nil
	}
	access, err := tx.Access(from, name)
	if err != nil {
		return Object{}, false, err
	}
	copied, created, err = tx.PutObject(to, NewObject{Access: access, Name: newName, UID: o.UID, Component: o.Component,
		ScheduleTag: o.ScheduleTag, FirstStart: o.FirstStart, LastEnd: o.LastEnd, Organizer: o.Organizer,
		Recurring: o.Recurring, Data: o.Data})
	if err != nil {
		return Object{}, false, err
	}
	err = tx.exec("DELETE FROM property WHERE holder = $1 AND target = $2", to, idTarget(copied.ID))
	if err != nil {
		return Object{}, false, err
	}
	err = tx.exec(`INSERT INTO property (holder, target, viewer, space, local, xml)
		SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), viewer, space, local, xml
		FROM property WHERE holder = $3 AND target = $4`, to, idTarget(copied.ID), from, idTarget(o.ID))
	return copied, created, err
}
