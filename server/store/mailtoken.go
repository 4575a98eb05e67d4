package store

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
)

// MailToken says whose answer a mail is that comes to an address with the token in it. It is kept readably, since every
// mail about the event names it: whoever reads the database reads the event itself there.
type MailToken struct {
	Token     string // letters and digits, in lower case
	Owner     string // GUID in lower case of the one in the directory
	UID       string
	Recipient string // calendar user address in lower case of the one outside
	Thread    string // Message-ID of the first mail; empty: none was sent yet
	LastUsed  time.Time
}

const mailTokenColumns = "token, owner, uid, recipient, thread, last_used"

func (tx *Tx) mailToken(where string, args ...any) (t MailToken, err error) {
	var used int64
	err = tx.row("SELECT "+mailTokenColumns+" FROM mail_token WHERE "+where, args, &t.Token, &t.Owner, &t.UID, &t.Recipient, &t.Thread, &used)
	t.LastUsed = fromMicroseconds(used)
	return t, err
}

// MailTokenFor returns the token of an owner, event and recipient, made if there is none.
func (tx *Tx) MailTokenFor(owner, uid, recipient string) (MailToken, error) {
	t, err := tx.mailToken("owner = $1 AND uid = $2 AND recipient = $3", owner, uid, recipient)
	if !errors.Is(err, ErrNotFound) {
		return t, err
	}
	t = MailToken{Token: strings.ToLower(rand.Text()), Owner: owner, UID: uid, Recipient: recipient, LastUsed: tx.now}
	// Another transaction that made one meanwhile has changed the same home, and so has been waited for.
	return t, tx.exec("INSERT INTO mail_token ("+mailTokenColumns+") VALUES ($1, $2, $3, $4, '', $5)",
		t.Token, owner, uid, recipient, microseconds(t.LastUsed))
}

// UseMailToken finds a token that was used since then, and notes that it is used now; ErrNotFound.
func (tx *Tx) UseMailToken(token string, since time.Time) (MailToken, error) {
	t, err := tx.mailToken("token = $1 AND last_used >= $2", token, microseconds(since))
	if err != nil {
		return t, err
	}
	return t, tx.exec("UPDATE mail_token SET last_used = $2 WHERE token = $1", token, microseconds(tx.now))
}

// ReceiveMail notes that a mail, known by any name that is its own, is acted upon in this transaction. It says whether it
// is the first time.
func (tx *Tx) ReceiveMail(name string) (first bool, err error) {
	n, err := tx.count("INSERT INTO mail_received (mail, at) VALUES ($1, $2) ON CONFLICT (mail) DO NOTHING", name, microseconds(tx.now))
	return n > 0, err
}

// PurgeMail forgets tokens that were not used since then, and what mails were received and made of before.
func (s *Store) PurgeMail(ctx context.Context, unused time.Time) error {
	return s.Write(ctx, func(tx *Tx) error {
		return tx.execs([]any{microseconds(unused)},
			"DELETE FROM mail_token WHERE last_used < $1",
			"DELETE FROM mail_received WHERE at < $1",
			"DELETE FROM mail_content WHERE used < $1 AND NOT EXISTS (SELECT 1 FROM mail_outbox WHERE content = hash)")
	})
}
