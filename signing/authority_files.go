package signing

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Files of an authority.
const (
	rootCert, rootKey       = "root.pem", "root.key"
	issuingCert, issuingKey = "issuing.pem", "issuing.key"
	signerCert, signerKey   = "signer.pem", "signer.key"
)

// Folder keeps the files of an authority: a [Directory], or a place that several processes share. It must be safe for
// concurrent use.
type Folder interface {
	// Name is what errors call a file; that of "" is the folder's.
	Name(file string) string
	// Empty reports whether there is nothing at all.
	Empty() (bool, error)
	// Read reads a file. Errors: fs.ErrNotExist, and the sentinels of this package.
	Read(file string) ([]byte, error)
	// Write writes a file, whole or not at all, in place of what there was.
	Write(file string, data []byte) error
	// Create writes the files of a new authority, all or none. Errors: fs.ErrExist when there is one.
	Create(files map[string][]byte) error
}

// OpenAuthority reads the authority kept in dir, or makes one there when dir is absent or empty; it appears there whole
// or not at all. dir belongs to the authority alone. Errors wrap ErrIncomplete, ErrPermissions, ErrMalformed, ErrKeyMismatch,
// ErrChain or ErrExpired and name the file and the remedy. A signer that has expired is no error: renew it.
func OpenAuthority(dir string, config AuthorityConfig, now time.Time) (*Authority, error) {
	return OpenAuthorityIn(Directory(dir), config, now)
}

// OpenAuthorityIn is OpenAuthority with the files kept anywhere.
func OpenAuthorityIn(folder Folder, config AuthorityConfig, now time.Time) (*Authority, error) {
	empty, err := folder.Empty()
	if err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if !empty {
		return loadAuthority(folder, config, now)
	}
	a, err := NewAuthority(config, now)
	if err != nil {
		return nil, err
	}
	files, err := a.files()
	if err != nil {
		return nil, err
	}
	err = folder.Create(files)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return loadAuthority(folder, config, now)
	}
	if err != nil {
		return nil, fmt.Errorf("make authority in %s: %w", folder.Name(""), err)
	}
	a.folder = folder
	return a, nil
}

// files are those of a new authority.
func (a *Authority) files() (map[string][]byte, error) {
	signer := a.Signer()
	files := make(map[string][]byte)
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
			return nil, err
		}
		files[part.key], files[part.cert] = key, certificatePEM(part.pair.cert)
	}
	return files, nil
}

func loadAuthority(folder Folder, config AuthorityConfig, now time.Time) (*Authority, error) {
	a := &Authority{folder: folder, rand: config.Rand}
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
	if err := a.issuing.cert.CheckSignatureFrom(a.root.cert); err != nil {
		return fmt.Errorf("%s: %w: not issued by %s (%w); restore both from one backup", a.path(issuingCert), ErrChain, rootCert, err)
	}
	for _, cert := range []*x509.Certificate{a.root.cert, a.issuing.cert} {
		if err := checkDates(cert, now); err != nil {
			return fmt.Errorf("%s: %w; or move it away to have a new authority made, which needs a new Trust profile on every device", a.path(""), err)
		}
	}
	return a.loadSigner()
}

func (a *Authority) loadSigner() error {
	signer, err := a.readPair(signerCert, signerKey)
	if err != nil {
		return err
	}
	if old := a.Signer(); old != nil && old.leaf.Equal(signer.cert) {
		return nil
	}
	if err := a.setSigner(signer); err != nil {
		return fmt.Errorf("%s: %w; restore it together with %s", a.path(signerCert), err, issuingCert)
	}
	return nil
}

// Reload reads the signer again where it is kept: another process may have renewed it.
func (a *Authority) Reload() error {
	if a.folder == nil {
		return nil
	}
	a.renewal.Lock()
	defer a.renewal.Unlock()
	if err := a.loadSigner(); err != nil {
		return fmt.Errorf("read the signer again: %w", err)
	}
	return nil
}

// complete names all files that are missing.
func (a *Authority) complete() error {
	var missing []string
	for _, file := range []string{rootCert, rootKey, issuingCert, issuingKey, signerCert, signerKey} {
		if _, err := a.folder.Read(file); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, file)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w: %s missing; restore from a backup, or move the rest away to have a new authority made, which needs a new Trust profile on every device",
		a.path(""), ErrIncomplete, strings.Join(missing, ", "))
}

// readPair reads a certificate and its key from files of the authority.
func (a *Authority) readPair(certFile, keyFile string) (pair, error) {
	var b bundle
	for _, file := range []string{certFile, keyFile} {
		data, err := a.folder.Read(file)
		if err != nil {
			return pair{}, err
		}
		path := a.path(file)
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

func (a *Authority) path(file string) string { return a.folder.Name(file) }
