package main

import (
	"archive/tar"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"calport/server/store"
)

func setupRestore(p *program, _ *cobra.Command) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		c, err := p.loadConfig()
		if err != nil {
			return err
		}
		lock, err := c.lockData()
		if err != nil {
			return err
		}
		defer lock.Unlock()
		if len(args) > 0 {
			about, err := restoreFile(ctx, args[0], c)
			if err != nil {
				return fmt.Errorf("restoring %s: %w", args[0], err)
			}
			fmt.Fprintf(p.out, "%s holds what was there on %s.\n", c.Data, about.Taken.Local().Format(time.DateTime))
		} else if err := raiseEpoch(ctx, c, c.storeOptions().Path); err != nil {
			return err
		}
		fmt.Fprintln(p.out, "Clients will synchronise everything anew. Start the server.")
		return nil
	}
}

// raiseEpoch tells the database that it is older than what clients have seen of it.
func raiseEpoch(ctx context.Context, c *Config, path string) error {
	o := c.storeOptions()
	if o.Path = path; path != "" {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("there is no database: %w; name a backup to restore", err)
		}
	}
	s, err := store.Open(ctx, o)
	if err != nil {
		return err
	}
	_, err = s.RaiseEpoch(ctx)
	return errors.Join(err, s.Close())
}

// restoreFile unpacks a backup into the data folder, beside what may be there under other names, and removes what it
// unpacked if it fails. The database has its name last: until then there is none.
func restoreFile(ctx context.Context, file string, c *Config) (about aboutBackup, err error) {
	if there, err := filepath.Glob(filepath.Join(c.Data, databaseFile+"*")); err != nil || len(there) > 0 {
		return about, fmt.Errorf("%s holds a database already: %q; move everything in that folder away first, and keep it until all is well", c.Data, there)
	}
	f, err := os.Open(file)
	if err != nil {
		return about, err
	}
	defer f.Close()
	root, err := os.OpenRoot(c.Data) // no name in the file leads out of it
	if err != nil {
		return about, err
	}
	defer root.Close()
	u := unpacking{root: root}
	defer func() {
		if err != nil {
			err = errors.Join(err, u.undo())
		}
	}()
	if err := u.run(untilDone{ctx, f}, c); err != nil {
		return u.about, err
	}
	if c.storeOptions().DSN != "" {
		return u.about, raiseEpoch(ctx, c, "")
	}
	if err := raiseEpoch(ctx, c, filepath.Join(c.Data, unfinishedDatabase)); err != nil {
		return u.about, err
	}
	return u.about, root.Rename(unfinishedDatabase, databaseFile)
}

// fits says whether the configuration and the backup are of the same kind.
func (a aboutBackup) fits(c *Config) error {
	configured := "SQLite"
	if c.storeOptions().DSN != "" {
		configured = "PostgreSQL"
	}
	switch {
	case a.Format != 1:
		return fmt.Errorf("its format is %d, and this calport knows 1; restore it with the calport that made it", a.Format)
	case a.Database != configured:
		return fmt.Errorf("it was made beside a database of %s, and the configuration names one of %s; see database", a.Database, configured)
	}
	return nil
}

// unfinishedDatabase is the name of the database until everything else is in its place.
const unfinishedDatabase = databaseFile + ".restoring"

// unpacking is a backup on its way into a folder.
type unpacking struct {
	root  *os.Root
	about aboutBackup
	made  []string // names of files
}

func (u *unpacking) run(from io.Reader, c *Config) error {
	z, err := gzip.NewReader(from)
	if err != nil {
		return notBackup(err)
	}
	t := tar.NewReader(z)
	h, err := t.Next()
	if err != nil || h.Name != aboutFile {
		return notBackup(err)
	}
	if err := json.NewDecoder(io.LimitReader(t, aboutLimit)).Decode(&u.about); err != nil {
		return notBackup(err)
	}
	if err := u.about.fits(c); err != nil {
		return err
	}
	for {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return damaged(err)
		}
		if h.Typeflag != tar.TypeReg {
			return notBackup(nil)
		}
		name := filepath.FromSlash(h.Name)
		if name == databaseFile {
			name = unfinishedDatabase
		}
		if err := u.file(t, name); err != nil {
			return damaged(err)
		}
	}
	_, err = io.Copy(io.Discard, z) // the sum comes last
	return damaged(err)
}

func (u *unpacking) file(from io.Reader, name string) error {
	if dir := filepath.Dir(name); dir != "." {
		if err := u.root.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	f, err := u.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; move everything in that folder away first, and keep it until all is well", filepath.Join(u.root.Name(), name))
	}
	if err != nil {
		return err
	}
	u.made = append(u.made, name)
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Sync(), f.Close())
}

// undo removes the files that were made, and their folders where nothing else is in them.
func (u *unpacking) undo() error {
	var errs []error
	for _, name := range u.made {
		if err := u.root.Remove(name); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
		for dir := filepath.Dir(name); dir != "." && u.root.Remove(dir) == nil; {
			dir = filepath.Dir(dir)
		}
	}
	for _, end := range []string{"-wal", "-shm"} { // of a database that was opened and found wanting
		u.root.Remove(unfinishedDatabase + end)
	}
	return errors.Join(errs...)
}

func notBackup(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return errors.New("it is no backup that calport made; calport backup makes one")
}

// damaged explains an error that the file's end or its sums gave; others stay.
func damaged(err error) error {
	var corrupt flate.CorruptInputError
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, tar.ErrHeader) || errors.As(err, &corrupt) {
		return fmt.Errorf("it is damaged (%w); take an older one. Nothing was restored", err)
	}
	return err
}
