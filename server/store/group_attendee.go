package store

import (
	"context"
	"time"
)

// GroupAttendee says that a group is invited to an object, so that the object is found again when the group changes.
type GroupAttendee struct {
	Group      string // GUID in lower case
	HomeID     int64  // of the organizer
	Owner      string // of that home; filled when read
	UID        string
	Membership string // says which members the object was last written with
	LastEnd    int64  // of the object, Unix seconds
}

// SetGroupAttendees writes which groups are invited to an object; none forgets it.
func (tx *Tx) SetGroupAttendees(homeID int64, uid string, groups []GroupAttendee) error {
	if err := tx.exec("DELETE FROM group_attendee WHERE home_id = $1 AND uid = $2", homeID, uid); err != nil {
		return err
	}
	for _, g := range groups {
		err := tx.exec(`INSERT INTO group_attendee (group_guid, home_id, uid, membership, last_end) VALUES ($1, $2, $3, $4, $5)`,
			g.Group, homeID, uid, g.Membership, g.LastEnd)
		if err != nil {
			return err
		}
	}
	return nil
}

// Memberships reads by which members of its groups an object was last written, by the groups' GUIDs in lower case.
func (tx *Tx) Memberships(homeID int64, uid string) (map[string]string, error) {
	rows := tx.rows("SELECT group_guid, membership FROM group_attendee WHERE home_id = $1 AND uid = $2", homeID, uid)
	all, err := collect(rows, func(r cursor) (g GroupAttendee, err error) {
		err = r.Scan(&g.Group, &g.Membership)
		return g, err
	})
	by := make(map[string]string, len(all))
	for _, g := range all {
		by[g.Group] = g.Membership
	}
	return by, err
}

// GroupsInvited lists, sorted, the groups that are invited to anything that is not over at a time.
func (s *Store) GroupsInvited(ctx context.Context, now time.Time) (groups []string, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows("SELECT DISTINCT group_guid FROM group_attendee WHERE last_end >= $1 ORDER BY group_guid", now.Unix())
		groups, err = collect(rows, func(r cursor) (group string, err error) {
			err = r.Scan(&group)
			return group, err
		})
		return err
	})
	return groups, err
}

// GroupAttendees lists at most limit objects, in the order of home and UID after those given, to which a group is invited
// with other members than membership says, and which are not over at a time. Those of homes that are gone are among them,
// without Owner.
func (s *Store) GroupAttendees(ctx context.Context, after GroupAttendee, now time.Time, limit int) (all []GroupAttendee, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows(`SELECT g.home_id, coalesce(h.owner, ''), g.uid, g.membership, g.last_end FROM group_attendee g
			LEFT JOIN home h ON h.id = g.home_id WHERE g.group_guid = $1 AND (g.home_id > $2 OR g.home_id = $2 AND g.uid > $3)
			AND g.membership <> $4 AND g.last_end >= $5 ORDER BY g.home_id, g.uid LIMIT $6`,
			after.Group, after.HomeID, after.UID, after.Membership, now.Unix(), limit)
		all, err = collect(rows, func(r cursor) (g GroupAttendee, err error) {
			g.Group = after.Group
			err = r.Scan(&g.HomeID, &g.Owner, &g.UID, &g.Membership, &g.LastEnd)
			return g, err
		})
		return err
	})
	return all, err
}

// PurgeGroupAttendees forgets the groups of what was over at a time.
func (s *Store) PurgeGroupAttendees(ctx context.Context, over time.Time) error {
	return s.Write(ctx, func(tx *Tx) error {
		return tx.exec("DELETE FROM group_attendee WHERE last_end < $1", over.Unix())
	})
}
