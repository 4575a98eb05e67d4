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
)

const (
	publicFile fs.FileMode = 0o644
	secretFile fs.FileMode = 0o600
	secretDir  fs.FileMode = 0o700
)

// maxFile bounds what is read of any one file.
const maxFile = 1 << 20

// Directory is a Folder on disk. Keys are readable by their owner only, and refused where they are not.
type Directory string

// Name is the path of a file.
func (d Directory) Name(file string) string { return filepath.Join(string(d), file) }

// Empty reports whether the directory is absent or empty.
func (d Directory) Empty() (bool, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return len(entries) == 0, nil
}

// Read reads a file.
func (d Directory) Read(file string) ([]byte, error) { return readFile(d.Name(file), secret(file)) }

// Write writes a file durably.
func (d Directory) Write(file string, data []byte) error {
	return writeFile(d.Name(file), data, modeOf(file))
}

// secret reports whether a file of an authority holds a key.
func secret(file string) bool {
	return strings.HasSuffix(file, ".key") || strings.HasPrefix(file, tlsPrefix)
}

func modeOf(file string) fs.FileMode {
	if secret(file) {
		return secretFile
	}
	return publicFile
}

// Create writes the files beside the directory and then gives them its name.
func (d Directory) Create(files map[string][]byte) error {
	err := d.create(files)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w; the directory above must be writable, and this one absent or empty and no mount point", err)
	}
	return err
}

func (d Directory) create(files map[string][]byte) error {
	above := filepath.Dir(string(d))
	if err := os.MkdirAll(above, secretDir); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(above, ".authority-") // mode 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary) // in vain after the renaming
	for file, data := range files {
		if err := writeFile(filepath.Join(temporary, file), data, modeOf(file)); err != nil {
			return err
		}
	}
	if err := os.Remove(string(d)); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one is in the way
		return err
	}
	if err := os.Rename(temporary, string(d)); err != nil {
		return err
	}
	return syncDir(above)
}

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
