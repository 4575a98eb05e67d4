package store

// Change is what observers are told of one change, after it is durable.
type Change struct {
	HomeOwner    string
	CollectionID int64  // 0 when the home itself changed
	Number       int64  // the new Home.Change and Collection.Change
	Object       string // name of the object; "" when the collection itself changed
	Deleted      bool   // the object, or the collection, is gone
}

// ObjectChange is one line of a collection's log: an object as it is now, or a tombstone.
type ObjectChange struct {
	Object       // only Name and Change of a tombstone
	Deleted bool // the object was removed by that change
}

// CollectionChange is one line of a home's log.
type CollectionChange struct {
	Name       string
	Change     int64
	Collection *Collection // nil when the collection is gone
}
