package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"golang.org/x/crypto/acme/autocert"

	"calport/server/store"
)

// vault keeps calport's own keys in the database, sealed, so that all nodes on it vouch with one voice. A nil vault
// keeps nothing: then the keys are files in the data folder.
type vault struct {
	store *store.Store
	keys  sealingKeys
}

// vaultBucket holds sealed values; the part before the slash says what they are for.
const vaultBucket = "sealed"

// openVault reads the key file, and looks whether it opens what the database holds.
func openVault(ctx context.Context, s *store.Store, keyFile string) (*vault, error) {
	all, err := s.Values(ctx, vaultBucket)
	if err != nil {
		return nil, err
	}
	if keyFile == "" {
		if len(all) > 0 {
			return nil, errors.New("the database holds calport's own keys, sealed, and secrets.key_file is not set; name the file with the key that the other nodes have")
		}
		return nil, nil
	}
	v := &vault{store: s}
	if v.keys, err = readSealingKeys(keyFile); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, err := v.keys.open(name, all[name]); err != nil {
			return nil, fmt.Errorf("%s in the database: %w", name, err)
		}
	}
	return v, nil
}

// get reads a value; store.ErrNotFound.
func (v *vault) get(ctx context.Context, name string) ([]byte, error) {
	sealed, err := v.store.Value(ctx, vaultBucket, name)
	if err != nil {
		return nil, err
	}
	value, err := v.keys.open(name, sealed)
	if err != nil {
		return nil, fmt.Errorf("%s in the database: %w", name, err)
	}
	return value, nil
}

// put writes a value, in place of what there was.
func (v *vault) put(ctx context.Context, name string, value []byte) error {
	return v.store.SetValue(ctx, vaultBucket, name, v.keys.close(name, value))
}

// add writes values, all or none; store.ErrExists when there is one of these names.
func (v *vault) add(ctx context.Context, values map[string][]byte) error {
	return v.store.Write(ctx, func(tx *store.Tx) error {
		for _, name := range slices.Sorted(maps.Keys(values)) { // in one order, in which two processes do not wait for each other for ever
			if err := tx.AddValue(vaultBucket, name, v.keys.close(name, values[name])); err != nil {
				return err
			}
		}
		return nil
	})
}

// remove deletes a value, if it is there.
func (v *vault) remove(ctx context.Context, name string) error {
	return v.store.DeleteValue(ctx, vaultBucket, name)
}

// reseal seals everything with the first key of the file.
func (v *vault) reseal(ctx context.Context) (count int, err error) {
	err = v.store.Write(ctx, func(tx *store.Tx) error {
		all, err := tx.Values(vaultBucket)
		if err != nil {
			return err
		}
		count = len(all)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			value, err := v.keys.open(name, all[name])
			if err != nil {
				return fmt.Errorf("%s in the database: %w", name, err)
			}
			if err := tx.SetValue(vaultBucket, name, v.keys.close(name, value)); err != nil {
				return err
			}
		}
		return nil
	})
	return count, err
}

// vaultFolder keeps the files of the authority in the vault. It is a signing.Folder.
type vaultFolder struct{ *vault }

const authorityPrefix = "authority/"

func (f vaultFolder) Name(file string) string {
	return strings.TrimSuffix(authorityPrefix+file, "/") + " in the database"
}

func (f vaultFolder) Empty() (bool, error) {
	all, err := f.store.Values(context.Background(), vaultBucket)
	for name := range all {
		if strings.HasPrefix(name, authorityPrefix) {
			return false, err
		}
	}
	return true, err
}

func (f vaultFolder) Read(file string) ([]byte, error) {
	data, err := f.get(context.Background(), authorityPrefix+file)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &fs.PathError{Op: "read", Path: f.Name(file), Err: fs.ErrNotExist}
	}
	return data, err
}

func (f vaultFolder) Write(file string, data []byte) error {
	return f.put(context.Background(), authorityPrefix+file, data)
}

func (f vaultFolder) Create(files map[string][]byte) error {
	values := make(map[string][]byte, len(files))
	for file, data := range files {
		values[authorityPrefix+file] = data
	}
	err := f.add(context.Background(), values)
	if errors.Is(err, store.ErrExists) {
		return fs.ErrExist
	}
	return err
}

// vaultCache keeps ACME's account and certificates in the vault. It is an autocert.Cache.
type vaultCache struct{ *vault }

const acmePrefix = "acme/"

func (c vaultCache) Get(ctx context.Context, key string) ([]byte, error) {
	data, err := c.get(ctx, acmePrefix+key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, autocert.ErrCacheMiss
	}
	return data, err
}

func (c vaultCache) Put(ctx context.Context, key string, data []byte) error {
	return c.put(ctx, acmePrefix+key, data)
}

func (c vaultCache) Delete(ctx context.Context, key string) error {
	return c.remove(ctx, acmePrefix+key)
}
