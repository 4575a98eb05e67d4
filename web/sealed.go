package web

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"time"
)

// A session keeps a secret that was just made, so that the page after next can show it as a picture or put it into a
// profile. It is sealed under a key made of the session's token. The store knows that token by its hash only, so the
// store cannot tell the secret, and it is readable for a short while in the browser that it was made in.
const (
	sealedPrefix = "sealed:" // []byte: nonce and ciphertext
	untilPrefix  = "until:"  // int64, Unix seconds
)

// keep seals a secret into the session until a time, in place of an earlier one of that name.
func (s *sessions) keep(ctx context.Context, name, secret string, until time.Time) error {
	seal, err := sealer(s.scs.Token(ctx), name)
	if err != nil {
		return err
	}
	nonce := make([]byte, seal.NonceSize())
	rand.Read(nonce) // never fails
	s.scs.Put(ctx, sealedPrefix+name, seal.Seal(nonce, nonce, []byte(secret), nil))
	s.scs.Put(ctx, untilPrefix+name, until.Unix())
	_, _, err = s.scs.Commit(ctx)
	return err
}

// kept opens the secret of that name; empty if there is none, or if its time is over.
func (s *sessions) kept(ctx context.Context, name string) (string, error) {
	sealed := s.scs.GetBytes(ctx, sealedPrefix+name)
	if sealed == nil || s.now().Unix() >= s.scs.GetInt64(ctx, untilPrefix+name) {
		return "", nil
	}
	seal, err := sealer(s.scs.Token(ctx), name)
	if err != nil {
		return "", err
	}
	if len(sealed) < seal.NonceSize() {
		return "", nil
	}
	secret, err := seal.Open(nil, sealed[:seal.NonceSize()], sealed[seal.NonceSize():], nil)
	return string(secret), err
}

// sealer is AES-256-GCM under a key for one name and token.
func sealer(token, name string) (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("calport sealed " + name))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
