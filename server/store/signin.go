package store

import (
	"context"
	"time"
)

// SignIn is how one client of a person, with one password, fared lately.
type SignIn struct {
	Owner       string // GUID in lower case
	Client      string // its User-Agent
	AppPassword int64  // 0: the directory's password
	Succeeded   time.Time
	From        string // the address of the last success
	Failed      time.Time
	FailedFrom  string
	Reason      string // a word of the caller's for the last failure
	Failures    int64  // since the last success
}

// maxSignIns is how many clients of a person are remembered, those seen last.
const maxSignIns = 30

// NoteSignIns takes in what happened since the last call, in one transaction; it notes the use of app passwords too.
// A zero Succeeded or Failed means that there was none since; Failures are added to those before.
func (s *Store) NoteSignIns(ctx context.Context, all []SignIn) error {
	return s.Write(ctx, func(tx *Tx) error {
		for i := range all {
			if err := tx.noteSignIn(&all[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (tx *Tx) noteSignIn(n *SignIn) error {
	succeeded, failed := microseconds(n.Succeeded), microseconds(n.Failed)
	err := tx.execs([]any{n.Owner, n.Client, n.AppPassword, max(succeeded, failed), succeeded, n.From, failed, n.FailedFrom, n.Reason, n.Failures},
		`INSERT INTO sign_in (owner, client, app_password, last, succeeded, came_from, failed, failed_from, reason, failures)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (owner, client, app_password) DO UPDATE SET
		last = excluded.last,
		succeeded = CASE excluded.succeeded WHEN 0 THEN sign_in.succeeded ELSE excluded.succeeded END,
		came_from = CASE excluded.succeeded WHEN 0 THEN sign_in.came_from ELSE excluded.came_from END,
		failed = CASE excluded.failed WHEN 0 THEN sign_in.failed ELSE excluded.failed END,
		failed_from = CASE excluded.failed WHEN 0 THEN sign_in.failed_from ELSE excluded.failed_from END,
		reason = CASE excluded.failed WHEN 0 THEN sign_in.reason ELSE excluded.reason END,
		failures = CASE excluded.succeeded WHEN 0 THEN sign_in.failures + excluded.failures ELSE excluded.failures END`)
	if err != nil {
		return err
	}
	err = tx.execs([]any{n.Owner, maxSignIns}, `DELETE FROM sign_in WHERE owner = $1 AND last <
		(SELECT last FROM sign_in WHERE owner = $1 ORDER BY last DESC LIMIT 1 OFFSET $2 - 1)`)
	if err != nil || n.AppPassword == 0 || succeeded == 0 {
		return err
	}
	return tx.execs([]any{n.AppPassword, succeeded, n.From, n.Client},
		"UPDATE app_password SET last_used = $2, last_from = $3, last_client = $4 WHERE id = $1 AND last_used < $2")
}

// SignIns lists a person's clients, the one seen last first.
func (s *Store) SignIns(ctx context.Context, owner string) (all []SignIn, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows(`SELECT owner, client, app_password, succeeded, came_from, failed, failed_from, reason, failures
			FROM sign_in WHERE owner = $1 ORDER BY last DESC, client`, owner)
		for r, err := range rows {
			if err != nil {
				return err
			}
			var n SignIn
			var succeeded, failed int64
			if err := r.Scan(&n.Owner, &n.Client, &n.AppPassword, &succeeded, &n.From, &failed, &n.FailedFrom, &n.Reason, &n.Failures); err != nil {
				return err
			}
			n.Succeeded, n.Failed = fromMicroseconds(succeeded), fromMicroseconds(failed)
			all = append(all, n)
		}
		return nil
	})
	return all, err
}

// How long what people no longer use is kept. A revoked app password stays longest: as long as it is known, a device
// that repeats it is refused without the directory being asked.
const (
	keepLinks        = 24 * time.Hour
	keepEnrolments   = 400 * 24 * time.Hour
	keepSignIns      = 90 * 24 * time.Hour
	keepAppPasswords = 400 * 24 * time.Hour
)

// PurgePeople forgets spent links, enrolments, sign-ins of long ago, and app passwords long useless.
func (s *Store) PurgePeople(ctx context.Context) error {
	return s.Write(ctx, func(tx *Tx) error {
		for text, age := range map[string]time.Duration{
			"DELETE FROM one_time_link WHERE enrolment = 0 AND expires < $1":                              keepLinks,
			"DELETE FROM one_time_link WHERE expires < $1":                                                keepEnrolments,
			"DELETE FROM enrolment WHERE created < $1":                                                    keepEnrolments,
			"DELETE FROM enrolment_letter WHERE done > 0 AND done < $1":                                   keepEnrolments,
			"DELETE FROM sign_in WHERE last < $1":                                                         keepSignIns,
			"DELETE FROM app_password WHERE revoked > 0 AND revoked < $1 OR expires > 0 AND expires < $1": keepAppPasswords,
		} {
			if err := tx.execs([]any{microseconds(tx.now.Add(-age))}, text); err != nil {
				return err
			}
		}
		return nil
	})
}
