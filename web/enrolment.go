package web

import (
	"context"
	"time"
)

// Enrolments is one-time links that administrators hand out: to one person or many, as a list or by mail. A new link
// ends the one that the person was handed before.
type Enrolments interface {
	// Enrol keeps an enrolment. secrets, by owner, are of links that are in a list: they begin to work. The letters of
	// others wait for a Mailer, or have failed already. ID and Created are made there.
	Enrol(ctx context.Context, d Deed, e Enrolment, letters []Letter, secrets map[string]string) (Enrolment, error)
	// Enrolments lists the last ones, newest first, at most limit; or the one of that ID, if it is not 0.
	Enrolments(ctx context.Context, id int64, limit int) ([]Enrolment, error)
	// Letters lists those of an enrolment by their owners, after the given one, at most limit.
	Letters(ctx context.Context, enrolment int64, after string, limit int) ([]Letter, error)
	// MoveLetters puts all letters of an enrolment that are in one state into another.
	MoveLetters(ctx context.Context, d Deed, enrolment int64, from, to int64) error
	// EndLinks makes the links of an enrolment that nobody has used useless.
	EndLinks(ctx context.Context, d Deed, enrolment int64) error
}

// Letterbox is what a Mailer sends.
type Letterbox interface {
	// TakeLetter takes up the letter that is due first, for so long: no other Mailer takes it before.
	TakeLetter(ctx context.Context, lease time.Duration) (l Letter, e Enrolment, found bool, err error)
	// LinkLetter makes the link of a letter that is about to be sent.
	LinkLetter(ctx context.Context, l Letter, secret string, valid time.Duration) error
	// FinishLetter notes how the try ended; a letter that waits does so until due.
	FinishLetter(ctx context.Context, l Letter, state int64, problem string, due time.Time) error
}

// Enrolment is a number of links handed out together.
type Enrolment struct {
	ID       int64
	Maker    string // GUID of who did
	Whom     string // in words
	ByMail   bool
	Language string        // of letters to people whose own is not known
	Valid    time.Duration // of each link, from when it is made
	Created  time.Time

	// How many letters are in each state, and how many of the links have been used.
	Waiting, Done, Failed, Stopped, Used int64
}

// Letter is one person's part of an enrolment.
type Letter struct {
	Enrolment int64
	Owner     string
	State     int64
	Tries     int64
	Done      time.Time // when it was sent, or failed
	Address   string    // of mail
	Problem   string    // of the last try
	Link      int64     // 0: none yet
	Expires   time.Time // of the link, as
	Used      time.Time
}

// The states of a letter.
const (
	LetterWaiting int64 = iota
	LetterDone          // sent, or in the list
	LetterFailed
	LetterStopped
)
