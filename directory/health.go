package directory

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Health is how the snapshot stands, for pages and commands.
type Health struct {
	People, Groups, Rooms, Resources int

	Taken       time.Time // when the snapshot in use was read; zero if there is none yet
	FromCopy    bool      // it is the kept copy, not refreshed since the start
	LastAttempt time.Time
	Next        time.Time // of the next attempt; zero if Run does not run
	Failures    int       // attempts in a row that failed
	LastError   error     // of the last attempt, nil if it succeeded
	Refused     *LossError
	Dropped     []*Principal // left out for want of a GUID of their own

	Way        string    // by which changes arrive, see Delta; empty if everything is only read from time to time
	Heard      time.Time // when the directory last told of changes, or that there are none; zero if it never did
	WatchError error     // why it is not watched now; errors.ErrUnsupported if it cannot be
}

// Freshness says by which way the snapshot is kept fresh, and how old it is.
func (h Health) Freshness(now time.Time) Phrase {
	age := func(t time.Time) time.Duration { return now.Sub(t).Round(time.Second) }
	switch {
	case h.Taken.IsZero():
		return Say("The directory has not been read yet.")
	case h.Way != "":
		return Say("Changes arrive by %s, last heard of %s ago; everything was read %s ago.", h.Way, age(h.Heard), age(h.Taken))
	case h.WatchError == nil || errors.Is(h.WatchError, errors.ErrUnsupported):
		return Say("The directory cannot be watched; everything was read %s ago.", age(h.Taken))
	case h.Heard.IsZero():
		return Say("The directory is not watched now: %v. Everything was read %s ago.", h.WatchError, age(h.Taken))
	}
	return Say("The directory is not watched now: %v. Last heard of %s ago; everything was read %s ago.", h.WatchError, age(h.Heard), age(h.Taken))
}

// Health tells how the snapshot stands.
func (l *Live) Health() Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, s := l.health, l.current.Load()
	h.People, h.Groups, h.Rooms, h.Resources = s.Count(Individual), s.Count(Group), s.Count(Room), s.Count(Resource)
	h.Taken, h.Dropped = s.Taken(), s.Dropped()
	return h
}

// note records the outcome of an attempt.
func (l *Live) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.health.LastAttempt, l.health.LastError, l.health.Refused = l.o.Now(), err, nil
	if err == nil {
		l.health.Failures, l.health.FromCopy = 0, false
		return
	}
	l.health.Failures++
	errors.As(err, &l.health.Refused)
}

// OK reports whether the last refresh was applied.
func (h Health) OK() bool { return h.LastError == nil && !h.Taken.IsZero() }

// Problem says what is wrong and what to do; it is empty if nothing is.
func (h Health) Problem() Phrase {
	if h.LastError == nil {
		return Phrase{}
	}
	remedy := Say("\"calport check\" says more.")
	switch {
	case h.Refused != nil:
		remedy = Say("If these people have really left, confirm the refresh; otherwise look for a changed base, filter or right of the bind account.")
	case errors.Is(h.LastError, ErrIncomplete):
		remedy = Say("Raise the size limit of the bind account on the directory server, or let it read in pages.")
	}
	stays := Say("There are no people yet.")
	if !h.Taken.IsZero() {
		stays = Say("The people as of %s stay.", h.Taken.Format(time.RFC3339))
	}
	return Say("The last refresh was not applied: %v. %s %s", h.LastError, stays, remedy)
}

// LossError refuses a refresh that would lose too many people.
type LossError struct {
	Before  int          // people in the snapshot that stays
	Gone    []*Principal // those of them whom the refresh did not find
	MaxLoss float64      // share that may go
}

func (e *LossError) Error() string {
	names := make([]string, 0, 5)
	for _, p := range e.Gone[:min(len(e.Gone), cap(names))] {
		names = append(names, p.ShortName)
	}
	return fmt.Sprintf("%d of %d people would be lost (more than %g%%), among them %s",
		len(e.Gone), e.Before, e.MaxLoss*100, strings.Join(names, ", "))
}

func (e *LossError) exceeds(share float64) bool {
	return float64(len(e.Gone)) > share*float64(e.Before)
}

func lossBetween(before, after *Snapshot) *LossError {
	loss := &LossError{Before: before.Count(Individual)}
	for p := range before.All(Individual) {
		if q := after.ByGUID(p.GUID); q == nil || q.Kind != Individual {
			loss.Gone = append(loss.Gone, p)
		}
	}
	return loss
}
