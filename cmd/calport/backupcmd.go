package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"calport/profiles/export"
	"calport/server/store"
)

// A backup is a tar file, compressed with gzip, of the data folder as it is, save for the database, of which it has a
// copy. aboutFile comes first.
const (
	aboutFile  = "calport-backup.json"
	aboutLimit = 1 << 16 // octets
)

// aboutBackup is what a backup says of itself.
type aboutBackup struct {
	Format   int       `json:"format"` // 1
	Taken    time.Time `json:"taken"`
	Database string    `json:"database"` // "SQLite", or "PostgreSQL", which is not in it
}

// databaseFile is the name of the SQLite database in the data folder.
const databaseFile = "calport.db"

func setupBackup(p *program, c *cobra.Command) func(context.Context, []string) error {
	how := c.Flags().String("progress", "auto", "auto, json (lines for machines) or none")
	return func(ctx context.Context, args []string) error {
		c, err := p.loadConfig()
		if err != nil {
			return err
		}
		show, err := p.octetProgress(*how)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		file, err := filepath.Abs(args[0])
		if err != nil {
			return err
		}
		data, err := filepath.Abs(c.Data)
		if err != nil {
			return err
		}
		if within(data, file) {
			return &exitError{exitUsage, fmt.Errorf("%s lies in the data folder; write the backup somewhere else, best to another disk", file)}
		}
		err = export.WriteFile(file, func(w io.Writer) error { return p.backup(ctx, c, filepath.Dir(file), w, show) })
		if errors.Is(err, context.Canceled) {
			fmt.Fprintln(p.err, "stopped; nothing was written")
			return &exitError{status: exitFailed}
		}
		if err != nil {
			return fmt.Errorf("backup to %s: %w", file, err)
		}
		fmt.Fprintf(p.out, "%s holds the data folder. Whoever has it can speak for calport: keep it as safe as the server.\n", file)
		if c.storeOptions().DSN != "" {
			fmt.Fprintln(p.out, "The database is not in it: back that up with PostgreSQL's own tools, pg_dump say.")
		}
		if key := c.Secrets.KeyFile; key != "" {
			if key, err = filepath.Abs(key); err == nil && !within(data, key) {
				fmt.Fprintf(p.out, "Nor is %s, without which the keys in the database are lost.\n", key)
			}
		}
		return err
	}
}

// within says whether a path, like the folder absolute, lies in the folder.
func within(folder, path string) bool {
	relative, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(relative)
}

// backup writes a backup. near is a folder with room for a copy of the database for the time being.
func (p *program) backup(ctx context.Context, c *Config, near string, to io.Writer, show func(done, all int64)) error {
	about := aboutBackup{Format: 1, Taken: p.now().UTC(), Database: "PostgreSQL"}
	copied := ""
	if path := c.storeOptions().Path; path != "" {
		folder, err := os.MkdirTemp(near, ".calport-backup-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		copied = filepath.Join(folder, databaseFile)
		if err := store.CopySQLite(ctx, path, copied, show); err != nil {
			return err
		}
		about.Database = "SQLite"
	}
	config, err := p.findConfig()
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(to, gzip.BestSpeed)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	text, err := json.Marshal(about)
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: aboutFile, Mode: 0o600, Size: int64(len(text)), ModTime: about.Taken}); err != nil {
		return err
	}
	if _, err := t.Write(text); err != nil {
		return err
	}
	if err := packFolder(ctx, t, c.Data, config); err != nil {
		return err
	}
	if copied != "" {
		if err := packFile(ctx, t, copied, databaseFile); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), z.Close())
}

// packFolder packs every file of the data folder but the database, its logs, the lock and the configuration, without
// which there is no restoring.
func packFolder(ctx context.Context, t *tar.Writer, data, config string) error {
	used, err := os.Stat(config)
	if err != nil {
		return err
	}
	return filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(data, path)
		if err != nil || e.IsDir() {
			return err
		}
		if strings.HasPrefix(name, databaseFile) || name == store.LockName {
			return nil
		}
		if info, err := os.Stat(path); err != nil || os.SameFile(info, used) {
			return err
		}
		return packFile(ctx, t, path, filepath.ToSlash(name)) // a link is what it leads to
	})
}

func packFile(ctx context.Context, t *tar.Writer, path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file; move it out of the data folder", path)
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return err
	}
	_, err = io.Copy(t, untilDone{ctx, f})
	return err
}

// untilDone reads until the context ends.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (r untilDone) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

// tellEvery is how often progress is told.
const tellEvery = 100 * time.Millisecond

// octetProgress chooses how a long run shows how many octets are done.
func (p *program) octetProgress(how string) (func(done, all int64), error) {
	switch {
	case how == "json":
		begun, last := time.Now(), time.Time{}
		enc := json.NewEncoder(p.err)
		return func(done, all int64) {
			now := time.Now()
			if done < all && now.Sub(last) < tellEvery {
				return
			}
			last = now
			rate := float64(done) / max(now.Sub(begun).Seconds(), 1e-3)
			enc.Encode(map[string]any{"done": done, "total": all, "rate": rate, "eta": float64(all-done) / max(rate, 1)})
		}, nil
	case how == "auto" && p.onTerminal():
		var bar *progressbar.ProgressBar
		return func(done, all int64) {
			if bar == nil {
				bar = progressbar.NewOptions64(all, progressbar.OptionSetWriter(p.err), progressbar.OptionShowBytes(true),
					progressbar.OptionThrottle(tellEvery), progressbar.OptionOnCompletion(func() { fmt.Fprintln(p.err) }))
			}
			bar.ChangeMax64(all)
			bar.Set64(done)
		}, nil
	case how == "auto", how == "none":
		return nil, nil
	}
	return nil, fmt.Errorf("--progress %q is unknown; write auto, json or none", how)
}
