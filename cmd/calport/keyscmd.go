package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"calport/server/store"
	"calport/signing"
)

func setupKeysCreate(p *program, _ *cobra.Command) func(context.Context, []string) error {
	return func(_ context.Context, args []string) error {
		f, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(f, "# calport seals its own keys with this one. Whoever has it and the database can speak for calport.\n%s\n", newKeyLine())
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
		fmt.Fprintf(p.out, "Set secrets.key_file to %s, and copy it to every node. A backup of the database is worth nothing without it.\n", args[0])
		return nil
	}
}

func setupKeysMove(p *program, _ *cobra.Command) func(context.Context, []string) error {
	return func(ctx context.Context, _ []string) error {
		return p.withVault(ctx, func(c *Config, v *vault) error {
			moved, err := v.move(ctx, c)
			if err != nil {
				return err
			}
			fmt.Fprintf(p.out, "%d files and certificates are in the database now. Start every node, look whether all show the same authority, then delete %s and %s on each.\n",
				moved, filepath.Join(c.Data, "authority"), filepath.Join(c.Data, uploadedFolder))
			return nil
		})
	}
}

func setupKeysReseal(p *program, _ *cobra.Command) func(context.Context, []string) error {
	return func(ctx context.Context, _ []string) error {
		return p.withVault(ctx, func(c *Config, v *vault) error {
			count, err := v.reseal(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintf(p.out, "%d values are sealed with the first key of %s; the other keys can be removed from it.\n", count, c.Secrets.KeyFile)
			return nil
		})
	}
}

// withVault opens the store and the vault, and nothing that needs what is in it.
func (p *program) withVault(ctx context.Context, do func(*Config, *vault) error) error {
	c, err := p.loadConfig()
	if err != nil {
		return err
	}
	if c.Secrets.KeyFile == "" {
		return &exitError{exitUsage, errors.New("secrets.key_file is not set; calport keys create makes the file to name there")}
	}
	o := c.storeOptions()
	o.Now, o.Log = p.now, newLog(p.err, c.Log)
	s, err := store.Open(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	v, err := openVault(ctx, s, c.Secrets.KeyFile)
	if err != nil {
		return err
	}
	return do(c, v)
}

// move puts what the data folder and the database keep open into the vault. The files stay where they are.
func (v *vault) move(ctx context.Context, c *Config) (moved int, err error) {
	dir := signing.Directory(filepath.Join(c.Data, "authority"))
	entries, err := os.ReadDir(string(dir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	values := make(map[string][]byte)
	for _, e := range entries {
		if values[authorityPrefix+e.Name()], err = dir.Read(e.Name()); err != nil {
			return 0, err
		}
	}
	uploaded := signing.Directory(filepath.Join(c.Data, uploadedFolder))
	switch text, err := uploaded.Read(uploadedFile); {
	case err == nil:
		values[uploadedVault] = text
	case !errors.Is(err, os.ErrNotExist):
		return 0, err
	}
	open, err := v.store.Values(ctx, acmeBucket)
	if err != nil {
		return 0, err
	}
	for key, value := range open {
		values[acmePrefix+key] = value
	}
	if len(values) == 0 {
		return 0, fmt.Errorf("there is nothing to move: %s is empty or absent, and the database keeps no certificates by ACME", dir)
	}
	if err := v.add(ctx, values); errors.Is(err, store.ErrExists) {
		return 0, errors.New("the database has keys already, of another node perhaps; nothing was moved. Devices that trust this node's authority need a new Trust profile, or its keys must be moved first, into a database without any")
	} else if err != nil {
		return 0, err
	}
	for key := range open {
		if err := v.store.DeleteValue(ctx, acmeBucket, key); err != nil {
			return 0, err
		}
	}
	return len(values), nil
}
