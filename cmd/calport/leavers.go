package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"calport/directory"
	"calport/profiles/export"
	"calport/server/caldav"
	"calport/server/store"
)

// leavers is about those who are no longer in the directory: it notes who has left, when and by what name, and erases what
// is kept of them when that is asked for. On SQLite only one process may write homes, so a command beside a running server
// leaves the order in the store, and the server carries it out.
//
// Nobody is erased unless the directory was read whole since the start: a directory that is half read, or empty, is one
// that says nothing about who has left.
type leavers struct {
	house *house
	wake  chan struct{} // of capacity 1: something was asked for

	mu   sync.Mutex
	seen *directory.Snapshot // as of the last change
}

func newLeavers(h *house) *leavers {
	l := &leavers{house: h, wake: make(chan struct{}, 1), seen: h.people.Snapshot()}
	h.people.OnChange(l.note)
	return l
}

// note notes who has left, by the names of the moment before, and who is back.
func (l *leavers) note(changed []string) {
	now := l.house.people.Snapshot()
	l.mu.Lock()
	before := l.seen
	l.seen = now
	l.mu.Unlock()
	if now.Count(directory.Individual) == 0 || before.Count(directory.Individual) == 0 {
		return // the first picture may be an old one
	}
	var gone []store.Departed
	came := map[string]bool{}
	for _, guid := range changed {
		switch {
		case now.ByGUID(guid) == nil:
			gone = append(gone, departing(before, guid))
		case before.ByGUID(guid) == nil:
			came[strings.ToLower(guid)] = true
		}
	}
	if len(gone)+len(came) == 0 {
		return
	}
	if err := l.house.store.NoteDeparted(context.Background(), gone, func(owner string) bool { return came[owner] }); err != nil {
		l.house.log.Error("who has left cannot be noted; it is tried again", "err", err)
	}
}

func (l *leavers) isThere(owner string) bool { return l.house.people.Snapshot().ByGUID(owner) != nil }

// departing is somebody as the directory had him.
func departing(before *directory.Snapshot, guid string) store.Departed {
	d := store.Departed{Owner: strings.ToLower(guid), Kind: int64(directory.Individual)}
	if p := before.ByGUID(guid); p != nil {
		d.Kind, d.Name, d.FullName, d.Mails = int64(p.Kind), p.ShortName, p.FullName, p.Mails
	}
	return d
}

// lookForAll compares all of whom something is kept with the directory: who left while nothing ran is found so.
func (l *leavers) lookForAll(ctx context.Context) error {
	if err := l.trusts(); err != nil {
		return err
	}
	owners, err := l.house.store.Holders(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	seen := l.seen
	l.mu.Unlock()
	var gone []store.Departed
	for _, owner := range owners {
		if !l.isThere(owner) {
			gone = append(gone, departing(seen, owner))
		}
	}
	return l.house.store.NoteDeparted(ctx, gone, l.isThere)
}

// errUntrusted is why nobody is taken for one who has left.
var errUntrusted = errors.New("the directory was not read whole, so nobody is sure to have left")

// trusts says why the present picture of the directory tells nothing about who has left; nil: it does.
func (l *leavers) trusts() error {
	now := l.house.people.Health()
	switch {
	case now.LastError != nil:
		return fmt.Errorf("%w: %s", errUntrusted, now.Problem())
	case now.People == 0 || now.FromCopy:
		return errUntrusted
	}
	return nil
}

// How often it is looked for orders that other processes leave, and for everybody.
const (
	ordersEvery  = 3 * time.Second
	lookAllEvery = 24 * time.Hour
)

// Run works until ctx ends.
func (l *leavers) Run(ctx context.Context) {
	tick := time.NewTicker(ordersEvery)
	defer tick.Stop()
	var looked time.Time
	for {
		if time.Since(looked) > lookAllEvery && l.trusts() == nil {
			if err := errors.Join(l.lookForAll(ctx), l.askForOld(ctx)); err != nil && ctx.Err() == nil {
				l.house.log.Error("it cannot be looked for who has left; it is tried again", "err", err)
			} else {
				looked = time.Now()
			}
		}
		if err := l.work(ctx); err != nil && ctx.Err() == nil {
			l.house.log.Error("who has left is not erased; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-l.wake:
		}
	}
}

// askForOld asks that those be erased who have left for longer than the configuration says.
func (l *leavers) askForOld(ctx context.Context) error {
	days := l.house.config.Records.EraseLeftDays
	if days <= 0 {
		return nil
	}
	all, err := l.house.store.Departed(ctx)
	if err != nil {
		return err
	}
	before := l.house.now().AddDate(0, 0, -days)
	all = slices.DeleteFunc(all, func(d store.Departed) bool { return l.isThere(d.Owner) })
	mass, err := l.isMass(ctx, all)
	if err != nil {
		return err
	}
	var due, doubtful []string
	for i := range all {
		switch d := &all[i]; {
		case !d.Asked.IsZero() || !d.Since.Before(before):
		case mass || l.mayBeElsewhere(d):
			doubtful = append(doubtful, cmp.Or(d.Name, d.Owner))
		default:
			due = append(due, d.Owner)
		}
	}
	if len(doubtful) > 0 {
		l.house.log.Warn("some who left long ago are not erased by themselves: the directory may be another one, or its GUIDs; calport people erase erases them",
			"count", len(doubtful), "among them", doubtful[:min(len(doubtful), 5)])
	}
	if len(due) == 0 {
		return nil
	}
	return l.house.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.AskErasing(due, "records.erase_left_days", false)
		return err
	})
}

// isMass says whether more than half of those who have calendars have left: so it is with another directory, base or
// attribute of GUIDs.
func (l *leavers) isMass(ctx context.Context, gone []store.Departed) (bool, error) {
	owners, err := l.house.store.Owners(ctx)
	present := 0
	for _, owner := range owners {
		if l.isThere(owner) {
			present++
		}
	}
	left := 0
	for i := range gone {
		if gone[i].Calendars > 0 {
			left++
		}
	}
	return left > present, err
}

// mayBeElsewhere says whether somebody may be in the directory under another GUID, or all of his kind are not found any
// more.
func (l *leavers) mayBeElsewhere(d *store.Departed) bool {
	now, kind := l.house.people.Snapshot(), directory.Kind(d.Kind)
	return now.Count(kind) == 0 || d.Name != "" && now.ByName(kind, d.Name) != nil ||
		slices.ContainsFunc(d.Mails, func(mail string) bool { return now.ByAddress("mailto:"+mail) != nil })
}

// work carries out the orders. One that fails does not keep the others waiting.
func (l *leavers) work(ctx context.Context) error {
	due, err := l.house.store.DepartedToErase(ctx)
	if err != nil || len(due) == 0 {
		return err
	}
	if err := l.trusts(); err != nil {
		return err
	}
	if slices.ContainsFunc(due, l.mayHaveGone) {
		if err := l.house.people.Refresh(ctx); err != nil {
			return err
		}
	}
	var failed error
	for i := range due {
		d := &due[i]
		if l.isThere(d.Owner) {
			failed = errors.Join(failed, l.house.store.NoteDeparted(ctx, nil, l.isThere))
			continue
		}
		err := l.erase(ctx, d)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", d.Owner, err), l.house.store.ErasingFailed(ctx, d.Owner, err.Error()))
		}
	}
	return failed
}

// mayHaveGone says whether somebody is there by a picture that is older than the order to erase him: whoever gave it, in
// another process, may have read the directory later.
func (l *leavers) mayHaveGone(d store.Departed) bool {
	now := l.house.people.Snapshot()
	return now.ByGUID(d.Owner) != nil && now.Taken().Before(d.Asked)
}

// lastWords is how long mails that call meetings off are waited for, before their sender is erased with them.
const lastWords = 24 * time.Hour

// erase erases somebody in several transactions, each of which leaves what another run goes on from.
func (l *leavers) erase(ctx context.Context, d *store.Departed) error {
	if d.CallOff {
		who := l.principal(d)
		visitor, err := l.house.departedVisitor(who)
		if err != nil {
			return err
		}
		if _, err := visitor.CallOffMeetings(ctx); err != nil {
			return err
		}
		unsent, err := l.house.store.UnsentMails(ctx, d.Owner)
		if err != nil || unsent > 0 && l.house.now().Sub(d.Asked) < lastWords {
			return err
		}
	}
	h, err := l.house.store.Home(ctx, d.Owner)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	for i := 0; err == nil && i < len(h.Collections); i++ {
		err := l.still(ctx, d, func(tx *store.Tx) error { return tx.DeleteCollection(h.Collections[i].ID) })
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return l.still(ctx, d, func(tx *store.Tx) error {
		if err := caldav.Forget(tx, d.Owner); err != nil {
			return err
		}
		for _, key := range export.ShelfKeys(l.house.config.Profiles.Identifier, d.Owner) {
			if err := tx.DeleteValue(shelfBucket, key); err != nil {
				return err
			}
		}
		if err := tx.EraseDeparted(d.Owner); err != nil {
			return err
		}
		return tx.AppendAudit(store.AuditEntry{Actor: d.AskedBy, Action: "left.erased", Object: d.Owner,
			Detail: fmt.Sprintf("%d calendars, %d entries", d.Calendars, d.Objects)})
	})
}

// still changes something if it is still asked for, and he is still gone.
func (l *leavers) still(ctx context.Context, d *store.Departed, change func(*store.Tx) error) error {
	return l.house.store.Write(ctx, func(tx *store.Tx) error {
		asked, err := tx.StillToErase(d.Owner)
		if err != nil || !asked || l.isThere(d.Owner) {
			return err
		}
		return change(tx)
	})
}

// principal is one who has left as far as he is known still.
func (l *leavers) principal(d *store.Departed) *directory.Principal {
	p := &directory.Principal{Kind: directory.Kind(d.Kind), GUID: d.Owner, ShortName: d.Name, FullName: d.FullName, Mails: d.Mails}
	if p.Kind == directory.Room || p.Kind == directory.Resource {
		p.Place = &directory.Place{}
	}
	return p
}

// departed is who had a GUID and has left; nil if nobody is known to.
func (l *leavers) departed(ctx context.Context, guid string) (*directory.Principal, error) {
	d, err := l.house.store.DepartedOne(ctx, strings.ToLower(guid))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return l.principal(&d), err
}

// departedVisitor is the calendar server to one who has left, for what is done in his name at the end.
func (h *house) departedVisitor(p *directory.Principal) (caldav.Visitor, error) {
	s, err := caldav.New(caldav.Options{
		Store: h.store, People: func() *directory.Snapshot { return h.people.Snapshot().With(p) }, Log: h.log, Now: h.now,
		Limits: h.config.limits(), Serves: h.serves, Outside: h.outside(),
	})
	if err != nil {
		return caldav.Visitor{}, err
	}
	return s.As(p), nil
}
