package signing

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Files of an authority.
const (
	rootCert, rootKey       = "root.pem", "root.key"
	issuingCert, issuingKey = "issuing.pem", "issuing.key"
	signerCert, signerKey   = "signer.pem", "signer.key"
)

const (
	publicFile fs.FileMode = 0o644
	secretFile fs.FileMode = 0o600
	secretDir  fs.FileMode = 0o700
)

// maxFile bounds what is read of any one file.
const maxFile = 1 << 20

// OpenAuthority reads the authority kept in dir, or makes one there when dir is absent or empty; it appears there whole
// or not at all. dir belongs to the authority alone. Errors wrap ErrIncomplete, ErrPermissions, ErrMalformed, ErrKeyMismatch,
// ErrChain or ErrExpired and name the file and the remedy. A signer that has expired is no error: renew it.
func OpenAuthority(dir string, config AuthorityConfig, now time.Time) (*Authority, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if len(entries) > 0 {
		return loadAuthority(dir, config, now)
	}
	a, err := NewAuthority(config, now)
	if err != nil {
		return nil, err
	}
	err = a.create(dir)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return loadAuthority(dir, config, now)
	}
	if err != nil {
		return nil, fmt.Errorf("make authority in %s: %w; the directory above must be writable, and this one absent or empty and no mount point", dir, err)
	}
	a.dir = dir
	return a, nil
}

// create writes the files beside dir and then gives them its name.
func (a *Authority) create(dir string) error {
	above := filepath.Dir(dir)
	if err := os.MkdirAll(above, secretDir); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(above, ".authority-") // mode 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary) // in vain after the renaming
	signer := a.Signer()
	for _, part := range []struct {
		pair
		cert, key string
	}{
		{a.root, rootCert, rootKey},
		{a.issuing, issuingCert, issuingKey},
		{pair{signer.leaf, signer.key}, signerCert, signerKey},
	} {
		key, err := keyPEM(part.pair.key)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(temporary, part.key), key, secretFile); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(temporary, part.cert), certificatePEM(part.pair.cert), publicFile); err != nil {
			return err
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one is in the way
		return err
	}
	if err := os.Rename(temporary, dir); err != nil {
		return err
	}
	return syncDir(above)
}

func loadAuthority(dir string, config AuthorityConfig, now time.Time) (*Authority, error) {
	a := &Authority{dir: dir, rand: config.Rand}
	if err := a.load(now); err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	return a, nil
}

func (a *Authority) load(now time.Time) (err error) {
	if err := a.complete(); err != nil {
		return err
	}
	if a.root, err = a.readPair(rootCert, rootKey); err != nil {
		return err
	}
	if a.issuing, err = a.readPair(issuingCert, issuingKey); err != nil {
		return err
	}
	signer, err := a.readPair(signerCert, signerKey)
	if err != nil {
		return err
	}
	if err := a.issuing.cert.CheckSignatureFrom(a.root.cert); err != nil {
		return fmt.Errorf("%s: %w: not issued by %s (%w); restore both from one backup", a.path(issuingCert), ErrChain, rootCert, err)
	}
	for _, cert := range []*x509.Certificate{a.root.cert, a.issuing.cert} {
		if err := checkDates(cert, now); err != nil {
			return fmt.Errorf("%s: %w; or move the directory away to have a new authority made, which needs a new Trust profile on every device", a.dir, err)
		}
	}
	if err := a.setSigner(signer); err != nil {
		return fmt.Errorf("%s: %w; restore it together with %s", a.path(signerCert), err, issuingCert)
	}
	return nil
}

// complete names all files that are missing.
func (a *Authority) complete() error {
	var missing []string
	for _, file := range []string{rootCert, rootKey, issuingCert, issuingKey, signerCert, signerKey} {
		if _, err := os.Lstat(a.path(file)); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, file)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w: %s missing; restore from a backup, or move the directory away to have a new authority made, which needs a new Trust profile on every device",
		a.dir, ErrIncomplete, strings.Join(missing, ", "))
}

// readPair reads a certificate and its key from files of the authority.
func (a *Authority) readPair(certFile, keyFile string) (pair, error) {
	var b bundle
	for _, part := range []struct {
		file   string
		secret bool
	}{{certFile, false}, {keyFile, true}} {
		path := a.path(part.file)
		data, err := readFile(path, part.secret)
		if err != nil {
			return pair{}, err
		}
		if err := b.read(File{Name: path, Data: data}); err != nil {
			return pair{}, fmt.Errorf("%s: %w; restore it from a backup", path, err)
		}
	}
	cert, _, err := b.split(a.path(certFile) + ", " + keyFile)
	if err != nil {
		return pair{}, fmt.Errorf("%w; restore %s and %s from one backup", err, certFile, keyFile)
	}
	key, err := supportedKey(b.key)
	return pair{cert, key}, err
}

func (a *Authority) path(file string) string { return filepath.Join(a.dir, file) }

// readFile reads a small file; one with a key only if nobody but its owner could.
func readFile(path string, secret bool) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); secret && mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s: %w (mode %04o); if nobody else has seen it: chmod 600 %s", path, ErrPermissions, mode, path)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %w: %d bytes, the limit is %d", path, ErrTooLarge, info.Size(), maxFile)
	}
	return os.ReadFile(path)
}

// writeFile writes a file whole or not at all, durably.
func writeFile(path string, data []byte, mode fs.FileMode) (err error) {
	dir := filepath.Dir(path)
	temporary, err := os.CreateTemp(dir, ".new-") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temporary.Name())
		}
	}()
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// keyPEM writes a key as PKCS #8 (RFC 5958).
func keyPEM(key crypto.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
