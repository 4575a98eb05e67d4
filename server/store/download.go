package store

import (
	"context"
	"time"
)

// Download is the last profile that a person got on a device.
type Download struct {
	Owner    string // GUID in lower case
	Device   string // what tells the devices of one person apart
	Name     string // such as iPhone
	Platform string
	Profile  string // its UUID, which changes with its content
	At       time.Time
}

// maxDownloads is how many devices of a person are remembered, those used last.
const maxDownloads = 20

// NoteDownload remembers a download, in place of the one before on that device; At is made here.
func (s *Store) NoteDownload(ctx context.Context, d Download) error {
	return s.Write(ctx, func(tx *Tx) error {
		err := tx.execs([]any{d.Owner, d.Device, d.Name, d.Platform, d.Profile, microseconds(tx.now)},
			`INSERT INTO download (owner, device, name, platform, profile, at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (owner, device) DO UPDATE SET name = excluded.name, platform = excluded.platform,
			profile = excluded.profile, at = excluded.at`)
		if err != nil {
			return err
		}
		return tx.execs([]any{d.Owner, maxDownloads}, `DELETE FROM download WHERE owner = $1 AND at <
			(SELECT at FROM download WHERE owner = $1 ORDER BY at DESC LIMIT 1 OFFSET $2 - 1)`)
	})
}

// Downloads lists what a person has got, latest first.
func (s *Store) Downloads(ctx context.Context, owner string) (all []Download, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows("SELECT owner, device, name, platform, profile, at FROM download WHERE owner = $1 ORDER BY at DESC", owner)
		for r, err := range rows {
			if err != nil {
				return err
			}
			var d Download
			var at int64
			if err := r.Scan(&d.Owner, &d.Device, &d.Name, &d.Platform, &d.Profile, &at); err != nil {
				return err
			}
			d.At = fromMicroseconds(at)
			all = append(all, d)
		}
		return nil
	})
	return all, err
}
