package store

import "time"

// Token is a bearer secret that somebody holds, known here by its hash only.
type Token struct {
	ID       int64
	Name     string // what its maker calls it
	Owner    string // GUID in lower case of the person whose it is; "" is nobody in particular
	Hash     string // HashSecret of the secret; unique
	Scopes   []string
	Created  time.Time
	Expires  time.Time // zero: never
	LastUsed time.Time // zero: never
	Revoked  time.Time // zero: not
}
