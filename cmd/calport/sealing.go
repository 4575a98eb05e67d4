package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// sealingKey is one key of secrets.key_file: 32 bytes for AES-256-GCM.
type sealingKey struct {
	id   [sealedID]byte // tells the keys apart
	seal cipher.AEAD
}

// The form of a sealed value: version, key, nonce and ciphertext with its tag. The name that it is kept under is
// authenticated with it, so that no value can be put in the place of another.
const (
	sealedVersion = 1
	sealedID      = 8
	sealedKeySize = 32
)

// What can be wrong with a sealed value. Errors wrap one of these and say what to do.
var (
	errOtherKey = errors.New("it is sealed with another key")
	errSpoilt   = errors.New("it is damaged, or belongs in another place; restore it from a backup")
)

func newSealingKey(secret []byte) (k sealingKey, err error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return k, err
	}
	sum := sha256.Sum256(append([]byte("calport sealing key "), secret...))
	k.id = [sealedID]byte(sum[:])
	k.seal, err = cipher.NewGCMWithRandomNonce(block)
	return k, err
}

// sealingKeys seal with the first and open with any, so that a key can be replaced.
type sealingKeys []sealingKey

func (keys sealingKeys) close(name string, value []byte) []byte {
	k := keys[0]
	return k.seal.Seal(append([]byte{sealedVersion}, k.id[:]...), nil, value, []byte(name))
}

func (keys sealingKeys) open(name string, sealed []byte) ([]byte, error) {
	if len(sealed) < 1+sealedID || sealed[0] != sealedVersion {
		return nil, errSpoilt
	}
	id, text := sealed[1:1+sealedID], sealed[1+sealedID:]
	for _, k := range keys {
		if !bytes.Equal(k.id[:], id) {
			continue
		}
		value, err := k.seal.Open(nil, nil, text, []byte(name))
		if err != nil {
			return nil, errSpoilt
		}
		return value, nil
	}
	return nil, fmt.Errorf("%w (%x), which is not in secrets.key_file; add it there as a further line", errOtherKey, id)
}

// readSealingKeys reads a key file: 64 hexadecimal digits on a line, the key in use first, older ones below.
func readSealingKeys(file string) (keys sealingKeys, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("secrets.key_file: %w; calport keys create makes one", err)
	}
	if mode := info.Mode().Perm(); mode&0o007 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("secrets.key_file: %s can be read by everybody (mode %04o); if nobody else has seen it: chmod 600 %s", file, mode, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("secrets.key_file: %w", err)
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		secret, err := hex.DecodeString(line)
		if err != nil || len(secret) != sealedKeySize { // the line is a secret and is not repeated
			return nil, fmt.Errorf("secrets.key_file: %s, line %d: a key is 64 hexadecimal digits; calport keys create makes one", file, number)
		}
		k, err := newSealingKey(secret)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("secrets.key_file: %s holds no key; calport keys create makes one", file)
	}
	return keys, nil
}

// newKeyLine is a key as it stands in the file.
func newKeyLine() string {
	secret := make([]byte, sealedKeySize)
	rand.Read(secret) // never fails
	return hex.EncodeToString(secret)
}
