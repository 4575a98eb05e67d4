package store

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"time"
)

var errUnfinished = errors.New("store: unfinished")

// Options say where the store is.
type Options struct {
	Path      string           // SQLite database file; made when it does not exist. Its folder must exist
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: nothing is logged
	HomeCache int              // how many homes are kept in memory; 0: 4096
	Readers   int              // how many connections read at a time; 0: 8
}

// Store is everything remembered. It is safe for concurrent use.
type Store struct{}

// Tx is one transaction. It is for the goroutine that it was handed to, until the function returns.
type Tx struct{}

// Open opens or makes the database and brings its schema up to date.
func Open(ctx context.Context, o Options) (*Store, error) { return nil, errUnfinished }

// Close waits for transactions under way and closes the files.
func (s *Store) Close() error { return errUnfinished }

// Write runs change in one durable transaction.
func (s *Store) Write(ctx context.Context, change func(*Tx) error) error { return errUnfinished }

// Read runs look on a consistent snapshot.
func (s *Store) Read(ctx context.Context, look func(*Tx) error) error { return errUnfinished }

// Observe has observer told of every commit.
func (s *Store) Observe(observer func([]Change)) {}

// Home returns the current picture; ErrNotFound.
func (s *Store) Home(ctx context.Context, owner string) (*Home, error) { return nil, errUnfinished }

// Owners yields the owners of all homes, sorted.
func (s *Store) Owners(ctx context.Context) iter.Seq2[string, error] { return nil }

// Object is the fast path of GET: the whole object, or ErrNotFound.
func (s *Store) Object(ctx context.Context, owner, collection, name string) (Object, error) {
	return Object{}, errUnfinished
}

// Epoch and RaiseEpoch: part of every sync token.
func (s *Store) Epoch() int64 { return 0 }

// RaiseEpoch makes every sync token handed out so far invalid.
func (s *Store) RaiseEpoch(ctx context.Context) (int64, error) { return 0, errUnfinished }

// Home is the home as this transaction sees it.
func (tx *Tx) Home(owner string) (*Home, error) { return nil, errUnfinished }

// CreateHome makes a home; ErrExists.
func (tx *Tx) CreateHome(owner string, collections []NewCollection) (*Home, error) {
	return nil, errUnfinished
}

// DeleteHome removes the home with everything in it.
func (tx *Tx) DeleteHome(owner string) error { return errUnfinished }

// CreateCollection makes a collection; ErrExists.
func (tx *Tx) CreateCollection(homeID int64, c NewCollection) (*Collection, error) {
	return nil, errUnfinished
}

// DeleteCollection removes it with its objects.
func (tx *Tx) DeleteCollection(id int64) error { return errUnfinished }

// RenameCollection gives it another name in its home; ErrExists.
func (tx *Tx) RenameCollection(id int64, name string) (*Collection, error) { return nil, errUnfinished }

// SetComponents replaces the components of a collection.
func (tx *Tx) SetComponents(id int64, components []string) error { return errUnfinished }

// Properties reads all properties of a target.
func (tx *Tx) Properties(t Target) (Properties, error) { return nil, errUnfinished }

// ObjectProperties reads the properties of all objects of a collection that have any, by object id.
func (tx *Tx) ObjectProperties(collectionID int64) (map[int64]Properties, error) {
	return nil, errUnfinished
}

// SaveProperties makes all changes.
func (tx *Tx) SaveProperties(t Target, changes []PropertyChange) error { return errUnfinished }

// PutObject writes an object, new or not; *UIDConflictError, ErrNotFound for the collection.
func (tx *Tx) PutObject(collectionID int64, o NewObject) (written Object, created bool, err error) {
	return Object{}, false, errUnfinished
}

// DeleteObject removes it; ErrNotFound.
func (tx *Tx) DeleteObject(collectionID int64, name string) error { return errUnfinished }

// MoveObject gives an object another collection or name, replacing what is there.
func (tx *Tx) MoveObject(from int64, name string, to int64, newName string) (moved Object, created bool, err error) {
	return Object{}, false, errUnfinished
}

// CopyObject copies an object and its properties, replacing what is there.
func (tx *Tx) CopyObject(from int64, name string, to int64, newName string) (copied Object, created bool, err error) {
	return Object{}, false, errUnfinished
}

// Object reads one object; ErrNotFound.
func (tx *Tx) Object(collectionID int64, name string, part Part) (Object, error) {
	return Object{}, errUnfinished
}

// ObjectByUID finds the object of a home's calendars that has the UID; ErrNotFound.
func (tx *Tx) ObjectByUID(homeID int64, uid string, part Part) (Object, error) {
	return Object{}, errUnfinished
}

// Objects streams the objects of a collection in order of name. No other method of tx may be called inside the loop.
func (tx *Tx) Objects(collectionID int64, part Part) iter.Seq2[Object, error] { return nil }

// ObjectsByName streams those that exist among names, in any order.
func (tx *Tx) ObjectsByName(collectionID int64, names []string, part Part) iter.Seq2[Object, error] {
	return nil
}

// ObjectsInRange streams those whose span from FirstStart to LastEnd touches start to end (Unix seconds, both
// included), of one component or of any if it is "".
func (tx *Tx) ObjectsInRange(collectionID int64, component string, start, end int64, part Part) iter.Seq2[Object, error] {
	return nil
}

// Changes streams the log of a collection after the number since, in order of number; limit 0 is none.
func (tx *Tx) Changes(collectionID, since int64, limit int, part Part) iter.Seq2[ObjectChange, error] {
	return nil
}

// HomeChanges is the log of a home's collections after the number since, in order of number.
func (tx *Tx) HomeChanges(homeID, since int64) ([]CollectionChange, error) { return nil, errUnfinished }

// Usage is the number and total size in octets of a home's objects.
func (tx *Tx) Usage(homeID int64) (objects, size int64, err error) { return 0, 0, errUnfinished }

// Value reads a value; ErrNotFound.
func (s *Store) Value(ctx context.Context, bucket, key string) ([]byte, error) {
	return nil, errUnfinished
}

// SetValue writes a value.
func (s *Store) SetValue(ctx context.Context, bucket, key string, value []byte) error {
	return errUnfinished
}

// DeleteValue removes a value, if it is there.
func (s *Store) DeleteValue(ctx context.Context, bucket, key string) error { return errUnfinished }

// Values reads a whole bucket.
func (s *Store) Values(ctx context.Context, bucket string) (map[string][]byte, error) {
	return nil, errUnfinished
}

// FindSession, SaveSession, DeleteSession keep web sessions by token (stored hashed).
func (s *Store) FindSession(ctx context.Context, token string) (data []byte, found bool, err error) {
	return nil, false, errUnfinished
}

// SaveSession writes a session.
func (s *Store) SaveSession(ctx context.Context, token string, data []byte, expires time.Time) error {
	return errUnfinished
}

// DeleteSession removes a session, if it is there.
func (s *Store) DeleteSession(ctx context.Context, token string) error { return errUnfinished }

// PurgeSessions removes the expired ones.
func (s *Store) PurgeSessions(ctx context.Context) (int64, error) { return 0, errUnfinished }

// HashSecret is the form in which secrets of high entropy are stored.
func HashSecret(secret string) string { return "" }

// CreateToken keeps a token; ID and Created are made here. ErrExists when the hash is known.
func (s *Store) CreateToken(ctx context.Context, t Token) (Token, error) { return Token{}, errUnfinished }

// TokenByHash finds a token, revoked and expired ones too; ErrNotFound.
func (s *Store) TokenByHash(ctx context.Context, hash string) (Token, error) {
	return Token{}, errUnfinished
}

// Tokens lists all, oldest first.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) { return nil, errUnfinished }

// RevokeToken makes it useless; ErrNotFound.
func (s *Store) RevokeToken(ctx context.Context, id int64) error { return errUnfinished }

// TouchToken notes that it was used now.
func (s *Store) TouchToken(ctx context.Context, id int64) error { return errUnfinished }

// Settings lists all settings, with the revision of the last change to any.
func (s *Store) Settings(ctx context.Context) (all []Setting, revision int64, err error) {
	return nil, 0, errUnfinished
}

// PutSetting writes a setting; ErrStale if Revision is neither 0 nor the stored one.
func (tx *Tx) PutSetting(set Setting) (Setting, error) { return Setting{}, errUnfinished }

// DeleteSetting removes one; ErrNotFound.
func (tx *Tx) DeleteSetting(scope SettingScope, subject string) error { return errUnfinished }

// AppendAudit adds a line; ID and Time are made here.
func (tx *Tx) AppendAudit(e AuditEntry) error { return errUnfinished }

// Audit lists lines, newest first, before an id (0: from the newest), at most limit.
func (s *Store) Audit(ctx context.Context, before int64, limit int) ([]AuditEntry, error) {
	return nil, errUnfinished
}

// Lock keeps a second server away from a data directory.
type Lock struct{}

// LockDir takes the lock or fails with a *LockedError.
func LockDir(dir string) (*Lock, error) { return nil, errUnfinished }

// Unlock gives it back.
func (l *Lock) Unlock() error { return errUnfinished }
