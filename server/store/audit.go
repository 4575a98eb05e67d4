package store

import "time"

// AuditEntry is one line of the record of who did what.
type AuditEntry struct {
	ID     int64 // rising
	Time   time.Time
	Actor  string // GUID, token name or command
	Action string // a word, e.g. token.create
	Object string // what it was done to
	Detail string
	From   string // address it came from, if any
}
