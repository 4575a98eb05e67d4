package caldav

import (
	"iter"
	"slices"
	"time"

	"calport/server/ical"
	"calport/server/store"
)

// matcher decides which of the candidates that the index found a filter is true of, with as little reading as can be: by
// their facts, by objects that were read before, and only then by their data. It answers in the order of the candidates.
type matcher struct {
	rows     *rows
	filter   *compFilter
	bounds   bounds
	floating *time.Location
}

// part is how much of the candidates is to be read. Only a filter for a stretch of time leaves few that need their data.
func (m *matcher) part() store.Part {
	if m.bounds.decided || m.bounds.span != nil {
		return m.rows.part
	}
	return m.rows.part | store.Data
}

// write answers about those that match.
func (m *matcher) write(tx *store.Tx, candidates iter.Seq2[store.Object, error]) error {
	if !m.bounds.decided && m.part()&store.Data == 0 {
		return m.writeUnread(tx, candidates)
	}
	for item, err := range candidates {
		if err != nil {
			return err
		}
		matches, known := m.decideUnread(&item)
		if !known {
			matches = m.decideRead(&item)
		}
		if !matches {
			continue
		}
		if err := m.rows.write(&item); err != nil {
			return err
		}
	}
	return nil
}

// unreadBatch is for how many candidates one query reads the data that decides.
const unreadBatch = 500

// writeUnread is write for candidates that come without their data.
func (m *matcher) writeUnread(tx *store.Tx, candidates iter.Seq2[store.Object, error]) error {
	var all []store.Object // no other query may run while they come
	for item, err := range candidates {
		if err != nil {
			return err
		}
		if matches, known := m.decideUnread(&item); matches || !known {
			all = append(all, item)
		}
	}
	for batch := range slices.Chunk(all, unreadBatch) {
		refused, err := m.refused(tx, batch)
		if err != nil {
			return err
		}
		for i := range batch {
			if refused[batch[i].Name] {
				continue
			}
			if err := m.rows.write(&batch[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// refused names those of a batch that do not match after all.
func (m *matcher) refused(tx *store.Tx, batch []store.Object) (map[string]bool, error) {
	var names []string
	refused := map[string]bool{}
	for i := range batch {
		matches, known := m.decideUnread(&batch[i]) // somebody else may have read it meanwhile
		if !known {
			names = append(names, batch[i].Name)
		} else if !matches {
			refused[batch[i].Name] = true
		}
	}
	for item, err := range tx.ObjectsByName(m.rows.collection.collection.ID, names, store.Data) {
		if err != nil {
			return nil, err
		}
		if !m.decideRead(&item) {
			refused[item.Name] = true
		}
	}
	return refused, nil
}

// decideUnread says whether the filter is true of an item, known whether that can be told without its data.
func (m *matcher) decideUnread(item *store.Object) (matches, known bool) {
	if m.bounds.decided {
		return true, true
	}
	if m.bounds.span == nil {
		return false, false
	}
	facts := ical.Facts{Component: item.Component, Recurring: item.Recurring, FirstStart: item.FirstStart, LastEnd: item.LastEnd}
	if matches, known := facts.Overlaps(*m.bounds.span); known {
		return matches, true
	}
	if m.rows.restricted[item.Name] != ical.Public {
		return false, false
	}
	kept := m.rows.objects.Find(item.ETag, m.floating)
	if kept == nil {
		return false, false
	}
	kept.Use(func(o *ical.Object) { matches = m.filter.matches(o) })
	return matches, true
}

// decideRead is the same by the data. What cannot be parsed matches nothing. Only objects that are asked for by their
// times are kept: a search through all of a calendar would drive out what others come back to.
func (m *matcher) decideRead(item *store.Object) (matches bool) {
	objects := m.rows.objects
	access := m.rows.restricted[item.Name]
	if m.bounds.span == nil || access != ical.Public {
		objects = nil
	}
	kept, err := objects.Read(item.ETag, m.floating, seen(item.Data, access)) // caldav-privateevents section 4.2.2.4
	if err != nil {
		return false
	}
	kept.Use(func(o *ical.Object) { matches = m.filter.matches(o) })
	return matches
}
