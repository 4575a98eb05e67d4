package store

import (
	"context"
	"errors"
	"time"
)

// SettingScope says whom a setting is for. The values are stored.
type SettingScope string

// The scopes, each over the one before.
const (
	Everyone SettingScope = "everyone"
	OfGroup  SettingScope = "group"
	OfPerson SettingScope = "person"
)

// Setting is what one scope sets, as TOML text, which the store does not read.
type Setting struct {
	Scope    SettingScope
	Subject  string // GUID in lower case of the group or person; "" for Everyone
	Text     string // TOML
	Priority int    // among groups: the higher wins
	Revision int64  // of its last change; no two settings share one
	Modified time.Time
}

// Settings lists all settings by scope and subject. Every change to any of them, a removal too, raises revision.
func (s *Store) Settings(ctx context.Context) (all []Setting, revision int64, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		all, revision, err = tx.Settings()
		return err
	})
	return all, revision, err
}

// Settings lists all settings as this transaction sees them, see Store.Settings.
func (tx *Tx) Settings() (all []Setting, revision int64, err error) {
	if revision, err = tx.settingsRevision(); err != nil {
		return nil, 0, err
	}
	rows := tx.rows(`SELECT scope, subject, toml, priority, revision, modified FROM setting ORDER BY scope, subject`)
	all, err = collect(rows, func(r cursor) (set Setting, err error) {
		var modified int64
		err = r.Scan(&set.Scope, &set.Subject, &set.Text, &set.Priority, &set.Revision, &modified)
		set.Modified = fromMicroseconds(modified)
		return set, err
	})
	return all, revision, err
}

// PutSetting writes a setting, new or not, and returns it with its new Revision. If it comes with a Revision other
// than 0, that must be the stored one, else it is ErrStale and nothing is written.
func (tx *Tx) PutSetting(set Setting) (Setting, error) {
	last, err := tx.settingsRevision()
	if err != nil {
		return Setting{}, err
	}
	if set.Revision != 0 {
		var stored int64
		err = tx.row("SELECT revision FROM setting WHERE scope = $1 AND subject = $2",
			[]any{set.Scope, set.Subject}, &stored)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return Setting{}, err
		}
		if stored != set.Revision {
			return Setting{}, ErrStale
		}
	}
	set.Revision, set.Modified = last+1, tx.now
	err = tx.exec(`INSERT INTO setting (scope, subject, toml, priority, revision, modified)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (scope, subject) DO UPDATE SET toml = excluded.toml,
		priority = excluded.priority, revision = excluded.revision, modified = excluded.modified`,
		set.Scope, set.Subject, set.Text, set.Priority, set.Revision, microseconds(set.Modified))
	if err != nil {
		return Setting{}, err
	}
	return set, tx.setSettingsRevision(set.Revision)
}

// DeleteSetting removes a setting; ErrNotFound.
func (tx *Tx) DeleteSetting(scope SettingScope, subject string) error {
	last, err := tx.settingsRevision()
	if err != nil {
		return err
	}
	n, err := tx.count("DELETE FROM setting WHERE scope = $1 AND subject = $2", scope, subject)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrNotFound
	}
	return tx.setSettingsRevision(last + 1)
}

// settingsRevision reads the number of the last change to the settings, and keeps others from making the next.
func (tx *Tx) settingsRevision() (revision int64, err error) {
	err = tx.row("SELECT settings_revision FROM store_state WHERE id = 1"+tx.rowLock, nil, &revision)
	return revision, err
}

func (tx *Tx) setSettingsRevision(revision int64) error {
	return tx.exec("UPDATE store_state SET settings_revision = $1 WHERE id = 1", revision)
}
