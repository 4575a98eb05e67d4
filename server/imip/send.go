package imip

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"calport/server/ical"
	"calport/server/store"
)

// How sending is tried: the times between attempts double from the first to the last.
const (
	attempts   = 10
	firstPause = time.Minute
	lastPause  = time.Hour

	// patience bounds one attempt. A claim lasts longer, so that no two processes send one message.
	patience = 2 * time.Minute
	lease    = 5 * time.Minute

	// parting is how long a mail under way may still take when the program is to end.
	parting = 5 * time.Second
)

// poll is how often the queue is looked at, whatever is due: other processes put messages there, too.
const poll = 30 * time.Second

// Run sends what is in the queue, until ctx ends: what an earlier process left undone, too.
func (g *Gateway) Run(ctx context.Context, calendars Calendars) {
	if g.Alone {
		if err := g.Store.ReleaseMail(ctx); err != nil && ctx.Err() == nil {
			g.Log.Error("the queue of mail cannot be read", "err", err)
		}
	}
	timer, look := time.NewTimer(0), time.Now()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wake: // where something is always new, what is due does not wait for it
			if time.Until(look) > g.Delay {
				timer.Reset(g.Delay)
				look = time.Now().Add(g.Delay)
			}
			continue
		case <-timer.C:
		}
		next, err := g.Work(ctx, calendars)
		if err != nil && ctx.Err() == nil {
			g.Log.Error("mail is not sent", "err", err)
		}
		timer.Reset(next)
		look = time.Now().Add(next)
	}
}

// Work sends what is due and notes what became of it, and returns how long it is until something else is, at most half a
// minute.
func (g *Gateway) Work(ctx context.Context, calendars Calendars) (next time.Duration, err error) {
	if err := errors.Join(g.sendAll(ctx, calendars), g.note(ctx, calendars)); err != nil {
		return poll, err
	}
	queue, err := g.Store.MailQueue(ctx)
	if err != nil || queue.Waiting == 0 {
		return poll, err
	}
	return min(poll, max(10*time.Millisecond, queue.Next.Sub(g.Now()))), nil
}

// senders is how many connections to the mail server there are at a time.
const senders = 4

// sendAll sends what is due.
func (g *Gateway) sendAll(ctx context.Context, calendars Calendars) error {
	var all sync.WaitGroup
	errs := make([]error, senders)
	for i := range senders {
		all.Go(func() {
			for more := true; more && errs[i] == nil; {
				more, errs[i] = g.sendNext(ctx, calendars)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// sendNext sends the message that is due for longest; more is false if there is none.
func (g *Gateway) sendNext(ctx context.Context, calendars Calendars) (more bool, err error) {
	out, err := g.Store.ClaimMail(ctx, g.Now().Add(lease))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	messageID, err := g.send(ctx, calendars, out)
	if err != nil && ctx.Err() != nil {
		return false, nil // the claim runs out, or is released at the next start
	}
	g.judge(&out, err)
	return true, g.Store.EndMail(context.WithoutCancel(ctx), out, messageID)
}

func (g *Gateway) send(ctx context.Context, calendars Calendars, out store.OutgoingMail) (messageID string, err error) {
	p, err := g.unpack(ctx, calendars, out)
	if err != nil {
		return "", err
	}
	compose := g.compose
	if out.Method == methodForward {
		compose = g.composeForward
	}
	m, err := compose(p)
	if err != nil {
		return "", &RefusedError{err} // it will not be better next time
	}
	ended := ctx
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	// What the mail server has taken, and of which it is not noted that it has, would be sent again.
	defer context.AfterFunc(ended, func() { time.AfterFunc(parting, cancel) })()
	return g.messageID(p), g.Submission.submit(ctx, m)
}

// unpack gathers what the mail of a message is made of.
func (g *Gateway) unpack(ctx context.Context, calendars Calendars, out store.OutgoingMail) (*parcel, error) {
	var err error
	p := &parcel{out: out, owner: g.People().ByGUID(out.Owner)}
	if p.owner == nil && g.Departed != nil && out.Method != methodForward { // which is for the owner alone
		if p.owner, err = g.Departed(ctx, out.Owner); err != nil {
			return nil, err
		}
	}
	if p.owner == nil {
		return nil, &RefusedError{fmt.Errorf("its sender is no longer in the directory")}
	}
	if out.Method == methodForward {
		return p, nil
	}
	if p.calendar, err = ical.Parse(out.Data); err != nil {
		return nil, &RefusedError{err}
	}
	return p, g.Store.Write(ctx, func(tx *store.Tx) error {
		if p.token, err = tx.MailTokenFor(out.Owner, out.UID, out.Recipient); err != nil {
			return err
		}
		p.zone, err = calendars.Zone(tx, p.owner)
		return err
	})
}

// judge decides what becomes of a message after an attempt.
func (g *Gateway) judge(out *store.OutgoingMail, err error) {
	var refused *RefusedError
	switch {
	case err == nil:
		out.State, out.Problem = store.MailSent, ""
		g.counts.sent.Add(1)
		return
	case errors.As(err, &refused), out.Attempts >= attempts:
		out.State = store.MailGivenUp
		g.counts.givenUp.Add(1)
		g.Log.Warn("an invitation by mail is given up", "to", out.Recipient, "uid", out.UID, "attempts", out.Attempts, "err", err)
	default:
		out.Due = g.Now().Add(pause(out.Attempts))
		g.Log.Info("mail is tried again later", "to", out.Recipient, "uid", out.UID, "at", out.Due, "err", err)
	}
	out.Problem = err.Error()
}

// pause is how long to wait after an attempt, the first of which is 1.
func pause(attempt int) time.Duration {
	return min(firstPause<<(attempt-1), lastPause)
}

// note writes what became of messages into their senders' copies, one event at a time.
func (g *Gateway) note(ctx context.Context, calendars Calendars) error {
	for more := true; more; {
		err := g.Store.Write(ctx, func(tx *store.Tx) error {
			ended, err := tx.EndedMail()
			if more = len(ended) > 0; err != nil || !more {
				return err
			}
			codes := map[string]string{}
			for _, m := range ended {
				switch {
				case m.Method == methodForward:
				case m.State == store.MailGivenUp:
					codes[m.Recipient] = statusFailed
				default:
					codes[m.Recipient] = statusSent
				}
				if err := tx.DeleteMail(m.ID); err != nil {
					return err
				}
			}
			owner := g.People().ByGUID(ended[0].Owner)
			if owner == nil || len(codes) == 0 {
				return nil
			}
			return calendars.NoteStatuses(tx, owner, ended[0].UID, codes)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
