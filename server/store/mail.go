package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
)

// OutgoingMail is a message to somebody outside the directory that waits to be sent, or of which it is still to be noted
// what became of it.
type OutgoingMail struct {
	ID        int64  // rising
	Owner     string // GUID in lower case of the one in whose name it goes
	UID       string
	Recipient string // calendar user address in lower case
	Method    string // of iTIP
	Whole     bool   // about all of the event, not some instances
	Data      []byte // what the mail is made of
	State     MailState
	Due       time.Time
	Attempts  int // begun ones
	Problem   string

	claim string
}

// MailState is how far a message is.
type MailState int64

// The states.
const (
	MailWaits MailState = iota
	MailSent
	MailGivenUp
)

const (
	mailColumns = "id, owner, uid, recipient, method, whole, data, state, due, attempts, problem"
	mailTables  = "mail_outbox JOIN mail_content ON hash = content"
)

func scanMail(r cursor) (m OutgoingMail, err error) {
	var whole, due int64
	err = r.Scan(&m.ID, &m.Owner, &m.UID, &m.Recipient, &m.Method, &whole, &m.Data, &m.State, &due, &m.Attempts, &m.Problem)
	m.Whole, m.Due = whole != 0, fromMicroseconds(due)
	return m, err
}

// QueueMail has a message sent at its Due or later, after what is queued for the same recipient about the same event;
// ID is made here. It takes the place of what no process has begun to send and superseded says is overtaken: then it is
// due when that was, so that who changes an event again and again does not keep the recipient waiting. Several messages
// with the same Data keep it once.
func (tx *Tx) QueueMail(m OutgoingMail, superseded func(OutgoingMail) bool) error {
	waiting, err := tx.UnsentMail(m.Owner, m.UID, m.Recipient)
	if err != nil {
		return err
	}
	for _, old := range waiting {
		if old.Attempts > 0 || !superseded(old) {
			continue
		}
		if old.Due.Before(m.Due) {
			m.Due = old.Due
		}
		if err := tx.DeleteMail(old.ID); err != nil {
			return err
		}
	}
	sum := sha256.Sum256(m.Data)
	hash := hex.EncodeToString(sum[:])
	n, err := tx.count("UPDATE mail_content SET used = $2 WHERE hash = $1", hash, microseconds(tx.now))
	if err != nil {
		return err
	}
	if n == 0 {
		err := tx.exec("INSERT INTO mail_content (hash, data, used) VALUES ($1, $2, $3) ON CONFLICT (hash) DO UPDATE SET used = excluded.used",
			hash, notNil(m.Data), microseconds(tx.now))
		if err != nil {
			return err
		}
	}
	return tx.exec(`INSERT INTO mail_outbox (id, owner, uid, recipient, method, whole, content, state, due, attempts, claim, claimed_until, problem)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, 0, '', 0, '')`,
		tx.s.newID(), m.Owner, m.UID, m.Recipient, m.Method, truth(m.Whole), hash, microseconds(m.Due))
}

// UnsentMail returns what waits for a recipient about an event, oldest first.
func (tx *Tx) UnsentMail(owner, uid, recipient string) ([]OutgoingMail, error) {
	return collect(tx.rows("SELECT "+mailColumns+" FROM "+mailTables+
		" WHERE owner = $1 AND uid = $2 AND recipient = $3 AND state = 0 ORDER BY id", owner, uid, recipient), scanMail)
}

// DeleteMail forgets a message, whatever its state.
func (tx *Tx) DeleteMail(id int64) error { return tx.exec("DELETE FROM mail_outbox WHERE id = $1", id) }

// ClaimMail takes the next message that is due, for the caller alone until that time, and counts the attempt. The error
// is ErrNotFound if there is none. Messages to one recipient about one event come one after the other.
func (s *Store) ClaimMail(ctx context.Context, until time.Time) (m OutgoingMail, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		now := microseconds(tx.now)
		var id int64
		if err := tx.row(nextMail, []any{now, now}, &id); err != nil {
			return err
		}
		claim := rand.Text()
		n, err := tx.count("UPDATE mail_outbox SET claim = $2, claimed_until = $3, attempts = attempts + 1 WHERE id = $1 AND state = 0 AND claimed_until <= $4",
			id, claim, microseconds(until), now)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound // another process was faster
		}
		found, err := collect(tx.rows("SELECT "+mailColumns+" FROM "+mailTables+" WHERE id = $1", id), scanMail)
		if err != nil || len(found) == 0 {
			return errors.Join(err, ErrNotFound)
		}
		m = found[0]
		m.claim = claim
		return nil
	})
	return m, err
}

// nextMail finds the id of the message that is due for longest and claimed by nobody, and before which no other must be sent.
const nextMail = `SELECT id FROM mail_outbox AS o WHERE state = 0 AND due <= $1 AND claimed_until <= $2
	AND NOT EXISTS (SELECT 1 FROM mail_outbox AS e WHERE e.owner = o.owner AND e.uid = o.uid AND e.recipient = o.recipient
		AND e.id < o.id AND e.state = 0)
	ORDER BY due LIMIT 1`

// ReleaseMail makes every claimed message free: those claims are of a process that has ended.
func (s *Store) ReleaseMail(ctx context.Context) error {
	return s.Write(ctx, func(tx *Tx) error {
		return tx.exec("UPDATE mail_outbox SET claim = '', claimed_until = 0 WHERE state = 0 AND claimed_until > 0")
	})
}

// EndMail writes down what became of a claimed message: m's State, Due and Problem. Where it was sent, that goes for the
// thread of the invitation, too, whose first mail has that Message-ID. If the claim ran out and another process has the
// message now, nothing is written.
func (s *Store) EndMail(ctx context.Context, m OutgoingMail, messageID string) error {
	return s.Write(ctx, func(tx *Tx) error {
		n, err := tx.count("UPDATE mail_outbox SET claim = '', claimed_until = 0, state = $3, due = $4, problem = $5 WHERE id = $1 AND claim = $2",
			m.ID, m.claim, int64(m.State), microseconds(m.Due), m.Problem)
		if err != nil || n == 0 || m.State != MailSent {
			return err
		}
		return tx.exec(`UPDATE mail_token SET last_used = $4, thread = CASE thread WHEN '' THEN $5 ELSE thread END
			WHERE owner = $1 AND uid = $2 AND recipient = $3`, m.Owner, m.UID, m.Recipient, microseconds(tx.now), messageID)
	})
}

// EndedMail returns the messages that were sent or given up about one event, of which this is not yet noted; none if there
// are no more.
func (tx *Tx) EndedMail() ([]OutgoingMail, error) {
	var owner, uid string
	err := tx.row("SELECT owner, uid FROM mail_outbox WHERE state > 0 ORDER BY state, due LIMIT 1", nil, &owner, &uid)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return collect(tx.rows("SELECT "+mailColumns+" FROM "+mailTables+" WHERE owner = $1 AND uid = $2 AND state > 0 ORDER BY id", owner, uid), scanMail)
}

// MailQueue is how the queue stands.
type MailQueue struct {
	Waiting int
	Next    time.Time // when the next is due; zero: none waits
	Oldest  time.Time // when what waits for longest was queued; zero: none waits
	Problem string    // of the last attempt that failed, of what still waits
}

// MailQueue counts what waits.
func (s *Store) MailQueue(ctx context.Context) (q MailQueue, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		var next, oldest int64
		err := tx.row("SELECT COUNT(*), COALESCE(MIN(due), 0), COALESCE(MIN(id), 0) FROM mail_outbox WHERE state = 0", nil, &q.Waiting, &next, &oldest)
		if err != nil || q.Waiting == 0 {
			return err
		}
		q.Next, q.Oldest = fromMicroseconds(next), timeOfID(oldest)
		err = tx.row("SELECT problem FROM mail_outbox WHERE state = 0 AND problem <> '' ORDER BY due DESC LIMIT 1", nil, &q.Problem)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
	return q, err
}

// timeOfID is when an id was made.
func timeOfID(id int64) time.Time { return time.UnixMicro(id>>12 + idEpoch).UTC() }
