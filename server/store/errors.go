package store

import (
	"errors"
	"fmt"
)

// What the store refuses. Compare with errors.Is.
var (
	ErrNotFound = errors.New("store: not found")
	ErrExists   = errors.New("store: already exists")
	ErrStale    = errors.New("store: changed by someone else since it was read")
	ErrText     = errors.New("store: a text holds a zero octet or is not UTF-8") // PostgreSQL only

	ErrCorrupt    = errors.New("store: the database is damaged")
	ErrNewer      = errors.New("store: the database was written by a newer version of calport")
	ErrUnwritable = errors.New("store: the database cannot be written")
	ErrFull       = errors.New("store: the disk is full")
	ErrBusy       = errors.New("store: the database is locked by another program")
	ErrRefused    = errors.New("store: the database server cannot be used")
	ErrAway       = errors.New("store: the database server does not answer")
	ErrClosed     = errors.New("store: closed")
)

// UIDConflictError refuses an object whose UID another object of the same home has (RFC 4791 section 5.3.2.1,
// CALDAV:no-uid-conflict). It says where that other object is.
type UIDConflictError struct {
	UID        string
	Collection string // name of the collection that has the other object
	Name       string // name of the other object
}

func (e *UIDConflictError) Error() string {
	return fmt.Sprintf("store: UID %q is taken by %s/%s", e.UID, e.Collection, e.Name)
}

// FileError says which file, or which database of a server, is at fault and what to do about it. Unwrap leads to one of
// the sentinels above and to the driver's own error.
type FileError struct {
	Path   string // of the file; of PostgreSQL HOST:PORT/DATABASE, without user and password
	Remedy string
	Kind   error // ErrCorrupt, ErrNewer, ErrUnwritable, ErrFull, ErrBusy, ErrRefused or ErrAway
	Err    error // what the driver or the system said; may be nil
}

func (e *FileError) Error() string {
	text := fmt.Sprintf("%v: %s", e.Kind, e.Path)
	if e.Err != nil {
		text += fmt.Sprintf(" (%v)", e.Err)
	}
	return text + "; " + e.Remedy
}

// Unwrap gives errors.Is both the kind and the cause.
func (e *FileError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Unavailable says whether the same may succeed soon.
func (e *FileError) Unavailable() bool { return e.Kind == ErrAway || e.Kind == ErrBusy }

// LockedError says that another process serves this data directory.
type LockedError struct {
	Dir string
	PID int // 0 when the other process has not written it yet
}

func (e *LockedError) Error() string {
	who := "another calport"
	if e.PID != 0 {
		who = fmt.Sprintf("calport with process id %d", e.PID)
	}
	return fmt.Sprintf("store: %s already serves %s; stop it, or choose another data directory", who, e.Dir)
}
