package store

import (
	"context"
	"time"
)

// ScheduleEntry is one line of the record of what became of the invitations of a UID. The store does not read its content.
type ScheduleEntry struct {
	ID      int64 // rising
	Time    time.Time
	UID     string
	Content []byte
}

// AppendSchedule adds a line, in the transaction of what it tells of.
func (tx *Tx) AppendSchedule(uid string, content []byte) error {
	return tx.exec("INSERT INTO schedule_log (id, at, uid, content) VALUES ($1, $2, $3, $4)",
		tx.s.newID(), microseconds(tx.now), uid, content)
}

// Schedule lists the lines of a UID, the oldest first.
func (s *Store) Schedule(ctx context.Context, uid string) (lines []ScheduleEntry, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows("SELECT id, at, content FROM schedule_log WHERE uid = $1 ORDER BY id", uid)
		lines, err = collect(rows, func(r cursor) (e ScheduleEntry, err error) {
			var at int64
			err = r.Scan(&e.ID, &at, &e.Content)
			e.UID, e.Time = uid, fromMicroseconds(at)
			return e, err
		})
		return err
	})
	return lines, err
}

// PurgeSchedule forgets at most limit of the oldest lines, those from before a time, and says how many it forgot.
func (s *Store) PurgeSchedule(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		n, err = tx.count(`DELETE FROM schedule_log WHERE id IN (SELECT id FROM schedule_log ORDER BY id LIMIT $1) AND at < $2`,
			limit, microseconds(before))
		return err
	})
	return n, err
}
