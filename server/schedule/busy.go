package schedule

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"calport/directory"
	"calport/server/ical"
	"calport/server/itip"
	"calport/server/store"
)

// BusyQuery asks when somebody is busy.
type BusyQuery struct {
	Range ical.Range // with a start and an end
	// Asker is who wants to know, and MaskUID the UID of the event that he is arranging: it does not make people busy.
	Asker   *directory.Principal
	MaskUID string
	Except  string // the UID of an event that does not count whosever it is; "" is none

	Objects *ical.Cache // of objects read before, by ETag; nil is none

	// Detail, if it is not nil, is told of every event that makes the person busy, as far as he lets others see it.
	Detail func(*ical.Component)
}

// maxBusy bounds how many periods one answer is made from.
const maxBusy = 100_000

// ErrTooBusy says that somebody has more periods in the range than an answer holds.
var ErrTooBusy = errors.New("schedule: too many busy periods")

// Busy computes when a principal is busy, sorted by type and start, without overlaps within a type: from the events of
// calendars that count, and from the availability on the inbox (RFC 6638 section 5, RFC 7953 section 7.3). Who has no
// home yet is free.
//
// The error is ErrTooBusy or the store's.
func Busy(tx *store.Tx, people *directory.Snapshot, whose *directory.Principal, q BusyQuery) ([]ical.BusyPeriod, error) {
	home, err := tx.Home(ownerKey(whose))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b := busyReader{people: people, whose: whose, q: q}
	for _, c := range home.Collections {
		if !CountsForFreeBusy(c) {
			continue
		}
		if err := b.read(tx, c); err != nil {
			return nil, err
		}
	}
	b.found = append(b.found, unavailable(home, q.Range)...)
	return Merge(b.found), nil
}

// Taken is what one object takes of the time of the one whose copy it is, cut to a range that has a start and an end; in no
// order. Whoever asks how busy somebody is, and by whatever door, is told the same.
func Taken(people *directory.Snapshot, whose *directory.Principal, o *ical.Object, r ical.Range) []ical.BusyPeriod {
	b := busyReader{people: people, whose: whose, q: BusyQuery{Range: r}}
	b.add(o, o.Organizer() != "")
	return b.found
}

// busyReader gathers the busy time of one principal.
type busyReader struct {
	people *directory.Snapshot
	whose  *directory.Principal
	q      BusyQuery
	found  []ical.BusyPeriod
}

func (b *busyReader) read(tx *store.Tx, c *store.Collection) error {
	window := Window{Collection: c.ID, Range: b.q.Range, Floating: Timezone(c), Objects: b.q.Objects}
	return window.Each(tx, func(_ string, o *ical.Object) error {
		if o.Kind() == "VTODO" || b.masked(o) {
			return nil
		}
		meeting := o.Organizer() != ""
		if b.add(o, meeting); len(b.found) > maxBusy {
			return ErrTooBusy
		}
		if b.q.Detail != nil {
			b.detail(o, meeting)
		}
		return nil
	})
}

// masked: the event that is being arranged does not count, if it is the asker's.
func (b *busyReader) masked(o *ical.Object) bool {
	if b.q.Except == "" && b.q.MaskUID == "" {
		return false
	}
	switch uid := o.UID(); {
	case uid == "":
		return false
	case uid == b.q.Except:
		return true
	case uid != b.q.MaskUID:
		return false
	}
	if organizer := o.Organizer(); organizer != "" {
		return isPrincipal(ByAddress(b.people, organizer), b.q.Asker)
	}
	return isPrincipal(b.whose, b.q.Asker)
}

// add takes up the busy time of one object. In a meeting it is the person's own participation that decides, whatever the
// client made of TRANSP.
func (b *busyReader) add(o *ical.Object, meeting bool) {
	if !meeting || o.Kind() != "VEVENT" {
		b.found = slices.AppendSeq(b.found, o.Busy(b.q.Range))
		return
	}
	kind := b.typesOf(meeting)
	for i := range o.Instances(b.q.Range) {
		t := kind(i.Component)
		if t == ical.Free {
			continue
		}
		p := ical.BusyPeriod{Start: i.Start.UTC(), End: i.End.UTC(), Type: t}
		if p.Start.Before(b.q.Range.Start) {
			p.Start = b.q.Range.Start.UTC()
		}
		if p.End.After(b.q.Range.End) {
			p.End = b.q.Range.End.UTC()
		}
		if p.Start.Before(p.End) {
			b.found = append(b.found, p)
		}
	}
}

// typesOf is what the components of one object do to its owner's time.
func (b *busyReader) typesOf(meeting bool) func(*ical.Component) ical.FBType {
	if !meeting {
		return ical.EventType
	}
	types := map[*ical.Component]ical.FBType{}
	return func(c *ical.Component) ical.FBType {
		t, known := types[c]
		if !known {
			t = b.typeOf(c)
			types[c] = t
		}
		return t
	}
}

// typeOf is what a component of a meeting does to the time of the one whose copy it is.
func (b *busyReader) typeOf(c *ical.Component) ical.FBType {
	own := ical.EventType(c)
	if own == ical.Free {
		return ical.Free
	}
	for p := range c.Props("ATTENDEE") {
		if !isPrincipal(ByAddress(b.people, p.Value()), b.whose) {
			continue
		}
		switch itip.PartStat(strings.ToUpper(p.Param("PARTSTAT"))) {
		case itip.Declined, itip.Delegated:
			return ical.Free
		case itip.NeedsAction, itip.Tentative, "":
			return ical.BusyTentative
		}
	}
	return own
}

// Merge sorts periods by type and start, and joins those of one type that touch.
func Merge(periods []ical.BusyPeriod) []ical.BusyPeriod {
	slices.SortFunc(periods, func(a, b ical.BusyPeriod) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), a.Start.Compare(b.Start), a.End.Compare(b.End))
	})
	var all []ical.BusyPeriod
	for _, p := range periods {
		if n := len(all); n > 0 && all[n-1].Type == p.Type && !p.Start.After(all[n-1].End) {
			if p.End.After(all[n-1].End) {
				all[n-1].End = p.End
			}
			continue
		}
		all = append(all, p)
	}
	return all
}
