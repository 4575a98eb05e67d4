package store

import (
	"context"
	"time"
)

// Enrolment is a number of one-time links that an administrator hands out, as a list or by mail.
type Enrolment struct {
	ID       int64  // rises with time
	Maker    string // as AuditEntry.Actor
	Whom     string // who gets them, in words
	ByMail   bool
	Language string        // of letters to people whose own is not known
	Valid    time.Duration // of each link, from when it is made; whole seconds
	Created  time.Time

	// How many letters are in each state, and how many of the links have been used.
	Waiting, Done, Failed, Stopped, Used int64
}

// LetterState is how far a person's part of an enrolment is.
type LetterState = int64

// The states.
const (
	LetterWaiting LetterState = iota
	LetterDone                // sent, or in the list
	LetterFailed
	LetterStopped
)

// Letter is one person's part of an enrolment.
type Letter struct {
	Enrolment int64
	Owner     string // GUID in lower case
	State     LetterState
	Tries     int64
	Done      time.Time // when it was sent, or failed
	Address   string    // of mail
	Problem   string    // of the last try
	Link      int64     // the ID of its link; 0: none yet
	Expires   time.Time // of the link, as
	Used      time.Time
}

// CreateEnrolment keeps an enrolment; ID and Created are made here. hashes, by owner, are of secrets that are handed
// out as a list: these letters are done. The others wait, or have failed already, and older ones that still wait for
// the same person are stopped.
func (tx *Tx) CreateEnrolment(e Enrolment, letters []Letter, hashes map[string]string) (Enrolment, error) {
	e.ID, e.Created = tx.s.newID(), tx.now
	err := tx.exec("INSERT INTO enrolment (id, maker, whom, by_mail, language, valid, created) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		e.ID, e.Maker, e.Whom, truth(e.ByMail), e.Language, int64(e.Valid/time.Second), microseconds(e.Created))
	if err != nil {
		return Enrolment{}, err
	}
	for _, l := range letters {
		l.Enrolment = e.ID
		if err := tx.addLetter(l, hashes[l.Owner], e.Valid); err != nil {
			return Enrolment{}, err
		}
	}
	return e, nil
}

func (tx *Tx) addLetter(l Letter, hash string, valid time.Duration) error {
	now := microseconds(tx.now)
	err := tx.execs([]any{l.Owner, LetterWaiting, LetterStopped},
		"UPDATE enrolment_letter SET state = $3 WHERE owner = $1 AND state = $2")
	if err != nil {
		return err
	}
	done := int64(0)
	if hash != "" {
		link, err := tx.createLink(Link{Owner: l.Owner, Hash: hash, Enrolment: l.Enrolment, Expires: tx.now.Add(valid)})
		if err != nil {
			return err
		}
		l.State, l.Link, done = LetterDone, link.ID, now
	}
	return tx.exec(`INSERT INTO enrolment_letter (enrolment_id, owner, state, tries, due, done, address, problem, link_id)
		VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8)`, l.Enrolment, l.Owner, l.State, now, done, l.Address, l.Problem, l.Link)
}

const letterColumns = "enrolment_id, owner, state, tries, done, address, problem, link_id"

func (l *Letter) dest(done *int64) []any {
	return []any{&l.Enrolment, &l.Owner, &l.State, &l.Tries, done, &l.Address, &l.Problem, &l.Link}
}

// TakeLetter takes up the letter that is due first, for so long: nobody else takes it before. ErrNotFound when none is
// due. Tries counts this one.
func (s *Store) TakeLetter(ctx context.Context, lease time.Duration) (l Letter, e Enrolment, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		l, e = Letter{}, Enrolment{}
		now := microseconds(tx.now)
		var done, byMail, valid, created int64
		err := tx.row(`UPDATE enrolment_letter SET due = $2, tries = tries + 1
			WHERE state = $3 AND due <= $1 AND (enrolment_id, owner) =
				(SELECT enrolment_id, owner FROM enrolment_letter WHERE state = $3 AND due <= $1 ORDER BY due LIMIT 1)
			RETURNING `+letterColumns, []any{now, microseconds(tx.now.Add(lease)), LetterWaiting}, l.dest(&done)...)
		if err != nil {
			return err
		}
		l.Done = fromMicroseconds(done)
		err = tx.row("SELECT id, maker, whom, by_mail, language, valid, created FROM enrolment WHERE id = $1", []any{l.Enrolment},
			&e.ID, &e.Maker, &e.Whom, &byMail, &e.Language, &valid, &created)
		e.ByMail, e.Valid, e.Created = byMail != 0, time.Duration(valid)*time.Second, fromMicroseconds(created)
		return err
	})
	return l, e, err
}

// LinkLetter makes the link of a letter that is about to be sent, in place of the one that the person had before.
func (s *Store) LinkLetter(ctx context.Context, l Letter, hash string, valid time.Duration) (Link, error) {
	var link Link
	err := s.Write(ctx, func(tx *Tx) (err error) {
		link, err = tx.createLink(Link{Owner: l.Owner, Hash: hash, Enrolment: l.Enrolment, Expires: tx.now.Add(valid)})
		if err != nil {
			return err
		}
		return tx.exec("UPDATE enrolment_letter SET link_id = $3 WHERE enrolment_id = $1 AND owner = $2", l.Enrolment, l.Owner, link.ID)
	})
	return link, err
}

// FinishLetter notes how a try to send ended: the letter waits for the time due, or is done, or has failed. One that
// was stopped meanwhile stays stopped unless it has gone out.
func (s *Store) FinishLetter(ctx context.Context, l Letter, state LetterState, problem string, due time.Time) error {
	// A letter that has gone out has, whatever was wanted meanwhile; no letter has the state -1.
	keep := LetterStopped
	if state == LetterDone {
		keep = -1
	}
	return s.Write(ctx, func(tx *Tx) error {
		return tx.execs([]any{l.Enrolment, l.Owner, state, problem, microseconds(due), microseconds(tx.now), keep},
			`UPDATE enrolment_letter SET state = $3, problem = $4, due = $5, done = $6
			WHERE enrolment_id = $1 AND owner = $2 AND state <> $7`)
	})
}

// MoveLetters puts all letters of an enrolment that are in one state into another: failed ones are tried again from the
// beginning, waiting ones stopped.
func (tx *Tx) MoveLetters(enrolment int64, from, to LetterState) (moved int64, err error) {
	return tx.count("UPDATE enrolment_letter SET state = $3, tries = 0, due = $4 WHERE enrolment_id = $1 AND state = $2",
		enrolment, from, to, microseconds(tx.now))
}

// EndLinks makes the unused links of an enrolment useless and counts them.
func (tx *Tx) EndLinks(enrolment int64) (ended int64, err error) {
	return tx.count("UPDATE one_time_link SET expires = $2 WHERE enrolment = $1 AND enrolment <> 0 AND used = 0 AND expires > $2",
		enrolment, microseconds(tx.now))
}

// Enrolments lists the last ones, newest first, at most limit; or the one with that id, if it is not 0.
func (s *Store) Enrolments(ctx context.Context, id int64, limit int) (all []Enrolment, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows(`SELECT e.id, e.maker, e.whom, e.by_mail, e.language, e.valid, e.created,
				coalesce(sum(CASE l.state WHEN 0 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE l.state WHEN 1 THEN 1 ELSE 0 END), 0),
				coalesce(sum(CASE l.state WHEN 2 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE l.state WHEN 3 THEN 1 ELSE 0 END), 0),
				coalesce(sum(CASE WHEN k.used > 0 THEN 1 ELSE 0 END), 0)
			FROM (SELECT * FROM enrolment WHERE CAST($1 AS BIGINT) = 0 OR id = $1 ORDER BY id DESC LIMIT $2) e
			LEFT JOIN enrolment_letter l ON l.enrolment_id = e.id LEFT JOIN one_time_link k ON k.id = l.link_id
			GROUP BY e.id, e.maker, e.whom, e.by_mail, e.language, e.valid, e.created ORDER BY e.id DESC`, id, limit)
		all, err = collect(rows, func(r cursor) (e Enrolment, err error) {
			var byMail, valid, created int64
			err = r.Scan(&e.ID, &e.Maker, &e.Whom, &byMail, &e.Language, &valid, &created, &e.Waiting, &e.Done, &e.Failed, &e.Stopped, &e.Used)
			e.ByMail, e.Valid, e.Created = byMail != 0, time.Duration(valid)*time.Second, fromMicroseconds(created)
			return e, err
		})
		return err
	})
	return all, err
}

// Letters lists those of an enrolment, or, if that is 0, those of a person, by their owners after the given one, at
// most limit.
func (s *Store) Letters(ctx context.Context, enrolment int64, owner, after string, limit int) (all []Letter, err error) {
	err = s.Read(ctx, func(tx *Tx) error {
		rows := tx.rows(`SELECT l.enrolment_id, l.owner, l.state, l.tries, l.done, l.address, l.problem, l.link_id, coalesce(k.expires, 0), coalesce(k.used, 0)
			FROM enrolment_letter l LEFT JOIN one_time_link k ON k.id = l.link_id
			WHERE (CAST($1 AS BIGINT) = 0 OR l.enrolment_id = $1) AND ($2 = '' OR l.owner = $2) AND l.owner > $3
			ORDER BY l.enrolment_id DESC, l.owner LIMIT $4`, enrolment, owner, after, limit)
		all, err = collect(rows, func(r cursor) (l Letter, err error) {
			var done, expires, used int64
			err = r.Scan(append(l.dest(&done), &expires, &used)...)
			l.Done, l.Expires, l.Used = fromMicroseconds(done), fromMicroseconds(expires), fromMicroseconds(used)
			return l, err
		})
		return err
	})
	return all, err
}
