package store

import (
	"context"
	"slices"
	"strings"
)

// ProfileNews is the latest that there is to tell of one person's profile. The store does not know what a profile is:
// it compares digests.
type ProfileNews struct {
	Owner    string // GUID in lower case
	Name     string // short name, for readers; of who has gone, the last one
	Digest   string // changes with the profile; empty: there is none
	Revision int64  // of the change, rising; no two people share one
	Born     int64  // the revision since when there is a profile without a break
}

const newsColumns = "owner, name, digest, revision, born"

// ProfileRevision is the revision of the latest news; 0 when there have never been any.
func (s *Store) ProfileRevision(ctx context.Context) (revision int64, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		return tx.row("SELECT news_revision FROM store_state WHERE id = 1", nil, &revision)
	})
	return revision, err
}

// ProfileNews lists, in the order of their revisions, at most limit news that came after a revision, and tells the
// revision of the latest. Each person is listed once, however often the profile has changed.
func (s *Store) ProfileNews(ctx context.Context, after int64, limit int) (news []ProfileNews, latest int64, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		if err := tx.row("SELECT news_revision FROM store_state WHERE id = 1", nil, &latest); err != nil {
			return err
		}
		rows := tx.rows("SELECT "+newsColumns+" FROM profile_news WHERE revision > $1 ORDER BY revision LIMIT $2", after, limit)
		news, err = collect(rows, func(r cursor) (n ProfileNews, err error) {
			err = r.Scan(&n.Owner, &n.Name, &n.Digest, &n.Revision, &n.Born)
			return n, err
		})
		return err
	})
	return news, latest, err
}

// ProfileDigests reads what is known of everybody who has a profile: digests by owner.
func (s *Store) ProfileDigests(ctx context.Context) (known map[string]string, err error) {
	known = make(map[string]string)
	err = s.Read(ctx, func(tx *Tx) error {
		for r, err := range tx.rows("SELECT owner, digest FROM profile_news WHERE digest <> ''") {
			if err != nil {
				return err
			}
			var owner, digest string
			if err := r.Scan(&owner, &digest); err != nil {
				return err
			}
			known[owner] = digest
		}
		return nil
	})
	return known, err
}

// NoteProfiles compares digests with what is known, and gives each that differs the next revision. Of several processes
// that find the same, one makes the news. It counts them.
func (s *Store) NoteProfiles(ctx context.Context, found []ProfileNews) (changed int, err error) {
	found = slices.Clone(found)
	slices.SortFunc(found, func(a, b ProfileNews) int { return strings.Compare(a.Owner, b.Owner) })
	err = s.Write(ctx, func(tx *Tx) error {
		var last int64
		// The row stays locked until the end, so that no revision is seen before a smaller one.
		if err := tx.row("SELECT news_revision FROM store_state WHERE id = 1"+tx.rowLock, nil, &last); err != nil {
			return err
		}
		changed = 0
		for _, n := range found {
			count, err := tx.count(`INSERT INTO profile_news (`+newsColumns+`) SELECT $1, $2, $3, CAST($4 AS BIGINT), CAST($4 AS BIGINT)
				WHERE $3 <> '' OR EXISTS (SELECT 1 FROM profile_news WHERE owner = $1)
				ON CONFLICT (owner) DO UPDATE SET name = CASE excluded.name WHEN '' THEN profile_news.name ELSE excluded.name END,
				digest = excluded.digest, revision = excluded.revision,
				born = CASE profile_news.digest WHEN '' THEN excluded.revision ELSE profile_news.born END
				WHERE profile_news.digest <> excluded.digest`, n.Owner, n.Name, n.Digest, last+int64(changed)+1)
			if err != nil {
				return err
			}
			changed += int(count)
		}
		if changed == 0 {
			return nil
		}
		return tx.exec("UPDATE store_state SET news_revision = $1 WHERE id = 1", last+int64(changed))
	})
	return changed, err
}

// SettingsRevision is the revision of the settings, as Settings tells it.
func (s *Store) SettingsRevision(ctx context.Context) (revision int64, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		revision, err = tx.settingsRevision()
		return err
	})
	return revision, err
}
