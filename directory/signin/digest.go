package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"hash"
	"sync"
)

// digest stands for a password of an account. Without the key it tells nothing, and the key leaves no process.
type digest [sha256.Size]byte

// digester makes digests under one key. It is safe for concurrent use.
type digester struct{ pool sync.Pool }

type digestState struct {
	hmac hash.Hash
	text []byte
	sum  []byte
}

func newDigester() *digester {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	return &digester{pool: sync.Pool{New: func() any { return &digestState{hmac: hmac.New(sha256.New, key)} }}}
}

// of is the digest of a password; no account has a NUL in its key.
func (d *digester) of(account, password string) digest {
	s := d.pool.Get().(*digestState)
	defer d.pool.Put(s)
	s.text = append(s.text[:0], account...)
	s.text = append(s.text, 0)
	s.text = append(s.text, password...)
	s.hmac.Reset()
	s.hmac.Write(s.text)
	clear(s.text)
	s.sum = s.hmac.Sum(s.sum[:0])
	return digest(s.sum)
}

func (d digest) equal(other digest) bool { return hmac.Equal(d[:], other[:]) }
