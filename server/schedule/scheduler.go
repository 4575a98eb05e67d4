package schedule

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// Options says what a Scheduler is made of. All but Log, Now and RefreshDelay are required.
type Options struct {
	Store  *store.Store
	People func() *directory.Snapshot

	// Home returns a principal's home, which it makes if there is none yet.
	Home func(tx *store.Tx, whose *directory.Principal) (*store.Home, error)
	// Default returns the calendar of a home that new objects of a component go to, made if there is none.
	Default func(tx *store.Tx, h *store.Home, component string) (*store.Collection, error)

	// Finds says whom somebody may find in the directory: the groups, and of their members those, whom he may invite by a
	// group, and of whom the names and addresses are written into what he has. It, and what it returns, may be nil:
	// everybody.
	Finds func(people *directory.Snapshot, who *directory.Principal) func(*directory.Principal) bool
	// Serves says who may use the server: others are invited by mail. Nil is everybody.
	Serves func(*directory.Principal) bool
	// MaxAttendees bounds the ATTENDEEs of an object, those that groups bring in and those of all its instances together;
	// 0 is no bound.
	MaxAttendees int

	InboxAge time.Duration // after which what is in inboxes is removed; 0 is 14 days
	LogAge   time.Duration // after which the record of invitations forgets; 0 is 90 days

	// Outside takes what goes to people who are not in the directory; nil is no service for them.
	Outside Outside

	Log *slog.Logger     // nil is slog.Default
	Now func() time.Time // nil is time.Now

	// RefreshDelay is how long replies are gathered before the other attendees are told; 0 is half a second.
	RefreshDelay time.Duration
}

// Scheduler carries out scheduling in the transactions of others, and by Run what was put off. It is safe for concurrent
// use.
type Scheduler struct {
	Options
	wake    chan struct{} // of capacity 1: something was put off
	changed chan struct{} // of capacity 1: the directory changed
}

// New checks the options and makes a Scheduler of them.
func New(o Options) (*Scheduler, error) {
	if o.Store == nil || o.People == nil || o.Home == nil || o.Default == nil {
		return nil, errors.New("schedule: Store, People, Home and Default are required")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, d := range []struct {
		value *time.Duration
		is    time.Duration
	}{{&o.RefreshDelay, defaultRefreshDelay}, {&o.InboxAge, defaultInboxAge}, {&o.LogAge, defaultLogAge}} {
		if *d.value <= 0 {
			*d.value = d.is
		}
	}
	return &Scheduler{Options: o, wake: make(chan struct{}, 1), changed: make(chan struct{}, 1)}, nil
}

// round is one change and all that comes of it, in one transaction and one picture of the directory.
type round struct {
	*Scheduler
	tx     *store.Tx
	people *directory.Snapshot
	now    time.Time
	may    May // of what the client's write sends itself

	// The copy that is being written: it is stored when everything has been delivered.
	owner *directory.Principal
	copy  *ical.Component

	copies, letters []text // the last texts that several recipients get, in calendars and in inboxes

	entry  Entry                      // of the record
	places map[string]directory.Place // rooms that are invited, by GUID in lower case
}

func (s *Scheduler) begin(tx *store.Tx, owner *directory.Principal) *round {
	return &round{Scheduler: s, tx: tx, people: s.People(), now: s.Now(), owner: owner}
}

// context is what package itip is told in a call about a copy of whose.
func (r *round) context(whose *directory.Principal) itip.Context {
	hidden := r.hidden(whose)
	return itip.Context{
		Now: r.now,
		Me:  func(address string) bool { return isPrincipal(ByAddress(r.people, address), whose) },
		Lookup: func(address string) (itip.User, bool) {
			if byShortName(address) && hidden(address) {
				return itip.User{}, false
			}
			return r.lookup(address)
		},
		Hidden:       hidden,
		Members:      func(address string) ([]itip.User, bool) { return r.members(whose, address) },
		MaxAttendees: r.MaxAttendees,
		Auto:         r.answersItself(whose),
		ProdID:       ProdID,
	}
}

func (r *round) lookup(address string) (itip.User, bool) {
	p := ByAddress(r.people, address)
	if p == nil {
		return itip.User{}, false
	}
	return user(p), true
}

// finds says whom somebody may find; nil is everybody.
func (r *round) finds(who *directory.Principal) func(*directory.Principal) bool {
	if r.Finds == nil {
		return nil
	}
	return r.Finds(r.people, who)
}

// recipient is the principal to whom a message goes, nil if that is nobody in the directory. Who guesses the short name of
// one whom he may not find is not told that there is one: a mail address he may know, and who has it answers himself.
func (r *round) recipient(m *itip.Message) *directory.Principal {
	if byShortName(m.To) && r.hidden(r.owner)(m.To) {
		return nil
	}
	return ByAddress(r.people, m.To)
}

// hidden says whom somebody may not find. The rules are looked at when the first is asked for.
func (r *round) hidden(from *directory.Principal) func(address string) bool {
	finds := sync.OnceValue(func() func(*directory.Principal) bool { return r.finds(from) })
	return func(address string) bool {
		p := ByAddress(r.people, address)
		return p != nil && finds() != nil && !finds()(p)
	}
}

// found is a copy of a scheduling object in somebody's calendars.
type found struct {
	item   store.Object
	object *ical.Component // nil if the copy is damaged: what is stored cannot be read
}

// find returns the object of a UID in the calendars of a home, nil if there is none. That one is damaged it logs.
func (r *round) find(h *store.Home, uid string) (*found, error) {
	item, err := r.tx.ObjectByUID(h.ID, uid, store.Whole)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	object, err := ical.Parse(item.Data)
	if err != nil {
		in := h.CollectionByID(item.CollectionID)
		r.Log.Error("a calendar object is damaged; whoever writes or deletes it mends that", "owner", h.Owner, "calendar", in.Name,
			"object", item.Name, "uid", uid, "err", err)
	}
	return &found{item, object}, nil
}

// newTag makes a Schedule-Tag that no object has had.
func newTag() string { return rand.Text() }

// stored is an object as the store takes it.
func stored(name string, object *ical.Component, tag string) store.NewObject {
	return storedAs(name, object, object.Bytes(), tag)
}

// storedAs is stored with the object's octets.
func storedAs(name string, object *ical.Component, data []byte, tag string) store.NewObject {
	facts := ical.NewObject(object, nil).Facts()
	return store.NewObject{
		Name: name, UID: facts.UID, Component: facts.Component, Data: data, ScheduleTag: tag,
		FirstStart: facts.FirstStart, LastEnd: facts.LastEnd, Organizer: facts.Organizer, Recurring: facts.Recurring,
		Access: int(facts.Access),
	}
}
