package directory

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Keeper keeps one copy of the snapshot, so that calport starts while the directory is down.
type Keeper interface {
	// LoadSnapshot answers what was saved last, nil if nothing was.
	LoadSnapshot(ctx context.Context) ([]byte, error)
	SaveSnapshot(ctx context.Context, copy []byte) error
}

// LiveOptions are the settings of a Live.
type LiveOptions struct {
	// Interval is the time between two refreshes; 0 means 15 minutes.
	Interval time.Duration
	// MaxLoss is the largest share of the people, 0 to 1, that one refresh may take away; 0 means 0.05.
	MaxLoss float64
	Now     func() time.Time // nil means time.Now
	Log     *slog.Logger     // nil means slog.Default
}

// Live holds the current Snapshot and renews it from a Directory. Whatever befalls the directory, the last good
// snapshot stays: a refresh that fails, is cut short or would lose too many people changes nothing but Health.
type Live struct {
	dir  Directory
	keep Keeper // may be nil
	o    LiveOptions

	current atomic.Pointer[Snapshot]
	wake    chan struct{}

	refreshing sync.Mutex // one refresh at a time
	mu         sync.Mutex // guards what follows and the replacing of current
	health     Health
	confirmed  int // people whose loss was confirmed
	observers  []func([]string)

	reading   bool                  // everything is being read
	meanwhile []Delta               // what was taken up during that
	cookie    []byte                // of the Watcher, for current
	unsaved   bool                  // current differs from the copy
	baseline  int                   // people when everything was read last
	lost      map[string]*Principal // people who went since, by folded GUID
}

// NewLive makes a Live with an empty snapshot. keep may be nil; then nothing is kept.
func NewLive(dir Directory, keep Keeper, o LiveOptions) *Live {
	if o.Interval <= 0 {
		o.Interval = 15 * time.Minute
	}
	if o.MaxLoss == 0 {
		o.MaxLoss = 0.05
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	l := &Live{dir: dir, keep: keep, o: o, wake: make(chan struct{}, 1)}
	l.current.Store(NewSnapshot(nil, time.Time{}))
	return l
}

// Snapshot is the current picture, never nil.
func (l *Live) Snapshot() *Snapshot { return l.current.Load() }

// Load takes the kept copy as the current snapshot. Without a copy it does nothing. An error means that the copy
// could not be read; the next Refresh replaces it.
func (l *Live) Load(ctx context.Context) error {
	if l.keep == nil {
		return nil
	}
	data, err := l.keep.LoadSnapshot(ctx)
	if err != nil {
		return fmt.Errorf("the kept copy of the directory cannot be loaded: %w", err)
	}
	if len(data) == 0 {
		return nil
	}
	s, cookie, err := decode(data)
	if err != nil {
		return err
	}
	l.mu.Lock()
	tell := l.use(s, nil)
	l.health.FromCopy, l.cookie = true, cookie
	l.baseline, l.lost = s.Count(Individual), nil
	l.mu.Unlock()
	tell()
	return nil
}

// Refresh reads the whole directory and replaces the snapshot by what it finds.
// Errors: ErrUnavailable and ErrIncomplete of the Directory, *LossError. After any of them the old snapshot stays.
func (l *Live) Refresh(ctx context.Context) error {
	l.refreshing.Lock()
	defer l.refreshing.Unlock()
	s, data, err := l.read(ctx)
	tell, err := l.replace(s, err)
	l.note(err)
	if err != nil {
		return err
	}
	tell()
	if l.keep != nil {
		l.save(ctx, data)
	}
	return nil
}

// read makes a snapshot of the directory through its encoded form, which is both the copy to keep and, decoded, far
// more compact than what the directory yielded value by value.
func (l *Live) read(ctx context.Context) (*Snapshot, []byte, error) {
	l.mu.Lock()
	l.reading = true
	cookie := l.cookie
	l.mu.Unlock()
	taken := l.o.Now()
	var all []*Principal
	err := l.dir.Read(ctx, func(p *Principal) error {
		all = append(all, p)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	kept, dropped := distinct(sortedByName(all))
	data := encode(kept, taken, cookie)
	s, err := DecodeSnapshot(data)
	if err != nil {
		return nil, nil, err
	}
	s.dropped = dropped
	return s, data, nil
}

// replace ends a reading. It makes s the current snapshot, with what changed during the reading, unless the reading
// failed or too many people would be lost. The first snapshot is exempt.
func (l *Live) replace(s *Snapshot, err error) (tell func(), _ error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	meanwhile := l.meanwhile
	l.reading, l.meanwhile = false, nil
	if err != nil {
		return nil, err
	}
	for _, d := range meanwhile {
		s = s.with(append(s.released(d.Changed, d.Gone), d.Changed...), d.Gone)
	}
	if loss := lossBetween(l.current.Load(), s); loss.exceeds(l.o.MaxLoss) && len(loss.Gone) > l.confirmed {
		loss.MaxLoss = l.o.MaxLoss
		return nil, loss
	}
	l.confirmed = 0
	l.baseline, l.lost = s.Count(Individual), nil
	l.unsaved = len(meanwhile) > 0
	return l.use(s, nil), nil
}

// Confirm accepts the loss that made the last refresh be refused, and refreshes: as many people may go as went then.
func (l *Live) Confirm(ctx context.Context) error {
	l.mu.Lock()
	if loss := l.health.Refused; loss != nil {
		l.confirmed = len(loss.Gone)
	}
	l.mu.Unlock()
	return l.Refresh(ctx)
}

// Include takes up a person who signed in, as the directory now has them, if the snapshot has them otherwise or not
// at all. Unless the directory is watched it asks Run for an early refresh then, which finds their groups too.
func (l *Live) Include(p *Principal) {
	old := l.Snapshot().ByGUID(p.GUID)
	if old != nil && old.sameAccount(p) {
		return
	}
	l.mu.Lock()
	known := *p
	if before := l.current.Load().ByGUID(p.GUID); before != nil {
		known.Delegates = before.Delegates // a sign-in does not find these
	}
	tell, err := l.takeUp(Delta{Changed: []*Principal{&known}})
	watched := l.health.Way != ""
	l.mu.Unlock()
	if err == nil {
		tell()
	}
	if watched {
		return
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// sameAccount reports whether q, as a sign-in found it, tells nothing new about p.
func (p *Principal) sameAccount(q *Principal) bool {
	return p.ShortName == q.ShortName && p.FullName == q.FullName && p.State == q.State && p.DN == q.DN &&
		slices.Equal(p.Mails, q.Mails) && slices.Equal(p.LoginNames, q.LoginNames)
}

// firstRetry is the wait after a first failed refresh.
const firstRetry = 5 * time.Second

// Run refreshes at once, then every Interval, until ctx ends. After a failure it tries again sooner, backing off
// from firstRetry, doubled each time, to Interval. All waits vary by a tenth, so that nodes do not beat in step.
//
// A Directory that is a Watcher is watched beside that, and then the first refresh is made only if the watch asks for
// it. What the watch does not tell, such as an account that expires, is found by the refreshes.
func (l *Live) Run(ctx context.Context) {
	defer l.saveLate(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	l.watching(ctx, &wg)
	for failures := 0; ctx.Err() == nil; {
		if wait := l.notDue(); wait > 0 {
			l.sleep(ctx, wait)
			continue
		}
		err := l.Refresh(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := l.o.Interval
		if failures++; err == nil {
			failures = 0
			l.Snapshot().search() // made now rather than by the first who searches
		} else {
			wait = min(wait, firstRetry<<min(failures-1, 20))
			l.o.Log.Warn("the directory was not refreshed", "error", err, "attempts", failures, "next", wait)
		}
		l.sleep(ctx, wait)
	}
}

// notDue is how long a watched directory need not be read yet.
func (l *Live) notDue() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := l.o.Interval - l.o.Now().Sub(l.current.Load().taken)
	if l.health.Way == "" || l.health.LastError != nil || wait < l.o.Interval/8 {
		return 0
	}
	return min(wait, l.o.Interval)
}

// sleep waits, or less if an early refresh is asked for or ctx ends.
func (l *Live) sleep(ctx context.Context, wait time.Duration) {
	wait = varied(wait)
	l.mu.Lock()
	l.health.Next = l.o.Now().Add(wait)
	l.mu.Unlock()
	early := time.NewTimer(min(wait, max(l.o.Interval/10, time.Second)))
	defer early.Stop()
	full := time.NewTimer(wait)
	defer full.Stop()
	select {
	case <-ctx.Done():
		return
	case <-early.C:
	}
	select {
	case <-ctx.Done():
	case <-full.C:
	case <-l.wake:
	}
}
