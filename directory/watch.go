package directory

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Watcher is a Directory that tells of changes as they happen. Live.Run finds out whether its Directory is one.
type Watcher interface {
	Directory

	// Watch tells apply what changes after the moment that cookie stands for, until ctx ends or it cannot go on. The
	// first call says that from now on nothing is missed, and any further one what has changed; one without changes
	// says that the directory still answers. There is never more than one call at a time. Watch finds out whom names
	// mean by people, the snapshot that all its earlier deltas have been applied to.
	//
	// Errors: that of apply, as it is; one that is errors.ErrUnsupported if the directory offers no way to watch it;
	// ErrUnavailable.
	Watch(ctx context.Context, cookie []byte, people func() *Snapshot, apply func(Delta) error) error
}

// Delta is what has changed in a directory.
type Delta struct {
	// Way says in a word how the directory is watched, such as "syncrepl".
	Way string
	// Reread says that it is not known what changed before: everything must be read once more, beginning now. That is
	// so without a cookie, and when the directory no longer knows what it stands for.
	Reread bool
	// Changed are those who are new or different, as Read would yield them now, Gone the GUIDs of those whom it would
	// not yield any more. Who changed is not always different in what a Principal tells.
	Changed []*Principal
	Gone    []string
	// Cookie stands for the moment after this delta.
	Cookie []byte
}

// OnChange has f called after each change of the snapshot, with the sorted GUIDs of all whom it concerns: those who
// came, went or are different in anything that a Principal tells, and those who came into a group or left it, also
// with another group, or are in a group that is called otherwise now. f must return soon, and may be called by
// several goroutines.
func (l *Live) OnChange(f func(changed []string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.observers = append(slices.Clip(l.observers), f)
}

// use makes s the current snapshot and answers what then tells the observers. The caller holds l.mu while it calls
// use, and no lock while it calls the answer. changed names everybody who may differ; nil means anybody.
func (l *Live) use(s *Snapshot, changed []string) (tell func()) {
	before, observers := l.current.Load(), l.observers
	l.current.Store(s)
	if len(observers) == 0 {
		return func() {}
	}
	return func() {
		if changed == nil {
			changed = differences(before, s)
		} else {
			changed = affected(before, s, changed)
		}
		for _, f := range observers {
			if len(changed) > 0 {
				f(slices.Clone(changed))
			}
		}
	}
}

// apply takes up a delta. An error means that nothing of it was: that of the reading which it asks for, or a
// *LossError if too many people have gone by deltas since everything was read last.
func (l *Live) apply(ctx context.Context, d Delta) error {
	if d.Reread {
		if err := l.Refresh(ctx); err != nil {
			return err
		}
	}
	l.mu.Lock()
	tell, err := l.takeUp(d)
	if err == nil {
		l.cookie = d.Cookie
		l.health.Way, l.health.Heard, l.health.WatchError, l.health.FromCopy = d.Way, l.o.Now(), nil, false
	}
	l.mu.Unlock()
	if err != nil {
		return err
	}
	tell()
	return nil
}

// takeUp changes the snapshot by a delta. The caller holds l.mu.
func (l *Live) takeUp(d Delta) (tell func(), err error) {
	old := l.current.Load()
	changed := slices.DeleteFunc(slices.Clone(d.Changed), func(p *Principal) bool { return p.GUID == "" || p.same(old.ByGUID(p.GUID)) })
	gone := slices.DeleteFunc(slices.Clone(d.Gone), func(guid string) bool { return old.ByGUID(guid) == nil })
	if l.reading && len(d.Changed)+len(d.Gone) > 0 {
		l.meanwhile = append(l.meanwhile, d)
	}
	if len(changed)+len(gone) == 0 {
		return func() {}, nil
	}
	if err := l.bearable(old, changed, gone); err != nil {
		return nil, err
	}
	changed = append(changed, old.released(changed, gone)...)
	next := old.with(changed, gone)
	guids := slices.Clone(gone)
	for _, p := range changed {
		guids = append(guids, p.GUID)
	}
	l.unsaved = true
	return l.use(next, guids), nil
}

// bearable counts the people who go by deltas. However few at a time, they are not to be more between two readings of
// everything than one reading may lose.
func (l *Live) bearable(old *Snapshot, changed []*Principal, gone []string) error {
	lost := copied(l.lost)
	for _, guid := range gone {
		if p := old.ByGUID(guid); p.Kind == Individual {
			lost[Fold(guid)] = p
		}
	}
	for _, p := range changed {
		if p.Kind == Individual {
			delete(lost, Fold(p.GUID))
		} else if before := old.ByGUID(p.GUID); before != nil && before.Kind == Individual {
			lost[Fold(p.GUID)] = before
		}
	}
	loss := &LossError{Before: l.baseline, MaxLoss: l.o.MaxLoss}
	for _, p := range lost {
		loss.Gone = append(loss.Gone, p)
	}
	if len(lost) > len(l.lost) && loss.exceeds(l.o.MaxLoss) {
		loss.Gone = sortedByName(loss.Gone)
		return loss
	}
	l.lost = lost
	return nil
}

// firstWatch is the wait after a watch that has ended; it doubles with each that ends soon.
const firstWatch = 250 * time.Millisecond

// steady is how long a watch must have lasted for its end to count as the first failure.
const steady = time.Minute

// watch keeps a Watcher watching until ctx ends. settled is called when it is known whether that is possible.
func (l *Live) watch(ctx context.Context, w Watcher, settled func()) {
	defer settled()
	for failures := 0; ; {
		began := time.Now()
		err := w.Watch(ctx, l.position(), l.Snapshot, func(d Delta) error {
			err := l.apply(ctx, d)
			if err == nil {
				settled()
			}
			return err
		})
		l.unwatched(ctx, err)
		if ctx.Err() != nil {
			return
		}
		settled()
		if failures++; time.Since(began) > steady {
			failures = 1
		}
		wait := min(l.o.Interval, time.Minute, firstWatch<<min(failures-1, 20))
		if errors.Is(err, errors.ErrUnsupported) {
			wait = l.o.Interval
			l.o.Log.Info("the directory cannot be watched; it is read from time to time only", "reason", err, "every", wait)
		} else {
			l.o.Log.Warn("the directory is not watched", "error", err, "attempts", failures, "next", wait)
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

// position answers the cookie to go on from.
func (l *Live) position() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cookie
}

// unwatched notes that the watching has ended. Unless the directory was away only, the cookie is not trusted any
// more, so that the next attempt begins with reading everything. After a loss that is done at once: it shows whether
// they are really gone, and Health tells it.
func (l *Live) unwatched(ctx context.Context, err error) {
	l.mu.Lock()
	l.health.Way, l.health.WatchError = "", err
	if !errors.Is(err, ErrUnavailable) && ctx.Err() == nil {
		l.cookie = nil
	}
	l.mu.Unlock()
	if loss := (*LossError)(nil); errors.As(err, &loss) {
		_ = l.Refresh(ctx) // Health keeps its error
	}
}

// pause waits, varied by a tenth; false means that ctx ended.
func pause(ctx context.Context, wait time.Duration) bool {
	t := time.NewTimer(varied(wait))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func varied(wait time.Duration) time.Duration {
	return wait + time.Duration((rand.Float64()-0.5)/5*float64(wait))
}

// saveLate keeps what deltas changed since the last copy was kept, when calport ends.
func (l *Live) saveLate(ctx context.Context) {
	l.mu.Lock()
	s, cookie, unsaved := l.current.Load(), l.cookie, l.unsaved
	l.unsaved = false
	l.mu.Unlock()
	if !unsaved || l.keep == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	l.save(ctx, encode(slices.Collect(s.All()), s.taken, cookie))
}

func (l *Live) save(ctx context.Context, data []byte) {
	if err := l.keep.SaveSnapshot(ctx, data); err != nil {
		l.o.Log.Error("the copy of the directory could not be kept; a start without LDAP would show an older one", "error", err)
	}
}

// watching begins to watch, if the directory can be watched, and returns once that is known.
func (l *Live) watching(ctx context.Context, wg *sync.WaitGroup) {
	w, ok := l.dir.(Watcher)
	if !ok {
		return
	}
	settled := make(chan struct{})
	wg.Go(func() { l.watch(ctx, w, sync.OnceFunc(func() { close(settled) })) })
	<-settled
}
