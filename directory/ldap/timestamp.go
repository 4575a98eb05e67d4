package ldap

import (
	"context"
	"maps"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// overlap is how far before the newest modifyTimestamp changes are looked for. The clocks of servers that replicate
// each other may differ by that much, and a change takes its time to come from one to the other.
const overlap = 2 * time.Minute

// offersTimestamps reports whether it can be tried; only an answer shows whether the attribute is there.
func (w *watch) offersTimestamps() bool { return true }

// stamps looks again and again for entries whose modifyTimestamp (RFC 4512 section 3.4.2) is no older than the newest
// one seen. Only the clock of the server counts. Who was deleted is found when everything is read.
type stamps struct {
	w      *watch
	c      *conn
	newest time.Time
	seen   map[string]stamp // by dnKey: of entries no older than newest-overlap
}

// stamp is when an entry was changed, by the server's clock, and when we first saw that, by ours.
type stamp struct {
	at      time.Time
	found   time.Time
	settled bool
}

func (w *watch) timestamps(ctx context.Context, c *conn, from position) error {
	s := &stamps{w: w, c: c, seen: make(map[string]stamp)}
	var resumed bool
	if s.newest, resumed = generalizedTime(from.Stamp); !resumed {
		if err := s.begin(ctx); err != nil {
			return err
		}
	}
	for begun := false; ; {
		start := time.Now()
		touched, err := s.changes(ctx, start)
		if err != nil {
			return err
		}
		w.position.Stamp = formatStamp(s.newest)
		if begun {
			err = w.tell(ctx, c, touched)
		} else {
			err, begun = w.begin(ctx, c, !resumed, touched), true
		}
		if err != nil {
			return err
		}
		// A server without an index for it looks at every entry: it is to be busy with that a twentieth of the time at most.
		if !wait(ctx, max(w.d.o.Poll, 20*time.Since(start))) {
			return ctx.Err()
		}
	}
}

// begin finds the newest modifyTimestamp there is. A server that keeps none, or does not compare them, cannot be
// watched so.
func (s *stamps) begin(ctx context.Context) error {
	if err := s.each(ctx, "", func(_ *goldap.Entry, at time.Time) { s.newest = later(s.newest, at) }); err != nil {
		return err
	}
	found := false
	if !s.newest.IsZero() {
		if err := s.each(ctx, since(s.newest), func(*goldap.Entry, time.Time) { found = true }); err != nil {
			return err
		}
	}
	if !found {
		return errNotOffered
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func since(at time.Time) string { return "(modifyTimestamp>=" + formatStamp(at) + ")" }

func formatStamp(at time.Time) string { return at.UTC().Format("20060102150405Z") }

// each reads the entries of all sources for which a filter holds and that have a modifyTimestamp.
func (s *stamps) each(ctx context.Context, filter string, do func(e *goldap.Entry, at time.Time)) error {
	attributes := append(attributeNames(s.w.sh.attributes.GUID), "modifyTimestamp")
	for _, src := range s.w.sh.sources() {
		narrowed := src.filter
		if filter != "" {
			narrowed = "(&" + filter + src.filter + ")"
		}
		err := s.c.pages(ctx, src.base, narrowed, attributes, s.w.d.o.PageSize, func(e *goldap.Entry) error {
			if at, ok := generalizedTime(e.GetEqualFoldAttributeValue("modifyTimestamp")); ok {
				do(e, at)
			}
			return nil
		})
		r := &reading{d: s.w.d, sh: s.w.sh}
		if err := r.bearing(&area{base: src.base, optional: src.optional}, err); err != nil {
			return err
		}
	}
	return nil
}

// changes answers the entries that changed, each as often as is needed to be sure: within the same second it may have
// changed again.
func (s *stamps) changes(ctx context.Context, start time.Time) ([]touch, error) {
	before := s.seen
	s.seen = make(map[string]stamp, len(before))
	touched := make(map[string]touch)
	newest := s.newest
	err := s.each(ctx, since(s.newest.Add(-overlap)), func(e *goldap.Entry, at time.Time) {
		newest = later(newest, at)
		key := dnKey(e.DN)
		last, again := before[key]
		if !again || !last.at.Equal(at) {
			last = stamp{at: at, found: start}
		}
		if !last.settled {
			t := touch{dn: e.DN, guid: s.w.sh.guid(e)}
			if t.guid != "" {
				t.filter = s.w.sh.guidFilter(t.guid)
			}
			touched[key] = t
		}
		last.settled = start.Sub(last.found) > 1500*time.Millisecond
		s.seen[key] = last
	})
	if err != nil {
		return nil, err
	}
	s.newest = newest
	all := make([]touch, 0, len(touched))
	for t := range maps.Values(touched) {
		all = append(all, t)
	}
	return all, nil
}
