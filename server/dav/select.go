package dav

import (
	"errors"
	"net/http"
)

// Selection is what a request wants to know of resources, resolved against a
// table. It serves one request, and one goroutine.
type Selection[R Resource] struct {
	table   Table[R]
	minimal bool
	all     bool // allprop: dead properties as well
	names   bool // propname
	items   []item[R]

	missing []Name    // of the resource at hand
	failed  []failure // likewise
}

// item is one property that is asked for, with its rows: one for each group of
// kinds that has it. Without a row for a resource's kind it is a dead property.
type item[R Resource] struct {
	asked *Element
	rows  []*Property[R]
	extra bool // asked for by name: missing is worth a word
}

// failure is a property with what became of it.
type failure struct {
	name Name
	err  *Error
}

// Select resolves a request. minimal, from [Preferences.Minimal], leaves out what
// a resource does not have.
func (t Table[R]) Select(q *PropFind, minimal bool) *Selection[R] {
	s := &Selection[R]{table: t, minimal: minimal, all: q.All, names: q.Names}
	seen := make(map[Name]bool)
	if q.All || q.Names {
		for i := range t {
			if row := &t[i]; !seen[row.Name] && !row.Hidden && (row.All || q.Names) {
				seen[row.Name] = true
				s.add(New(row.Name), false)
			}
		}
	}
	for _, asked := range q.Props {
		if !seen[asked.Name] {
			seen[asked.Name] = true
			s.add(asked, true)
		}
	}
	return s
}

func (s *Selection[R]) add(asked *Element, extra bool) {
	it := item[R]{asked: asked, extra: extra}
	for i := range s.table {
		row := &s.table[i]
		if row.Name == asked.Name && (extra || s.names || row.All) {
			it.rows = append(it.rows, row)
		}
	}
	s.items = append(s.items, it)
}

func (it *item[R]) row(kind Kind) *Property[R] {
	for _, row := range it.rows {
		if row.On&kind != 0 {
			return row
		}
	}
	return nil
}

// Needs is what must be fetched to evaluate the selection on resources of the
// given kinds.
func (s *Selection[R]) Needs(kinds Kind) Needs {
	var needs Needs
	for _, it := range s.items {
		for _, row := range it.rows {
			if row.On&kinds != 0 {
				needs |= row.Needs
			}
		}
	}
	return needs
}

// NeedsDead reports whether dead properties of resources of a kind are read.
func (s *Selection[R]) NeedsDead(kind Kind) bool {
	if s.all || s.names {
		return true
	}
	for i := range s.items {
		if s.items[i].row(kind) == nil {
			return true
		}
	}
	return false
}

// Respond writes a DAV:response with the selected properties of a resource.
// href is written as given, encoded.
func (s *Selection[R]) Respond(w *Writer, href string, r R) error {
	w.beginResponse()
	w.Href(href)
	return s.finish(w, r)
}

// RespondMember is Respond for a member of a collection: collection is an
// encoded href ending in "/", name is encoded here.
func (s *Selection[R]) RespondMember(w *Writer, collection, name string, r R) error {
	w.beginResponse()
	w.MemberHref(collection, name)
	return s.finish(w, r)
}

func (s *Selection[R]) finish(w *Writer, r R) error {
	if err := s.propstats(w, r); err != nil {
		return err
	}
	w.endResponse()
	return w.Checkpoint()
}

// propstats writes what the resource has as it goes, takes back what turns out
// to be missing, and names that in propstats of its own.
func (s *Selection[R]) propstats(w *Writer, r R) error {
	s.missing, s.failed = s.missing[:0], s.failed[:0]
	begin := len(w.buf)
	w.beginPropstat()
	empty := len(w.buf)
	if err := s.properties(w, r); err != nil {
		return err
	}
	if s.minimal {
		s.missing = s.missing[:0]
	}
	if len(w.buf) == empty && !s.minimal && len(s.missing)+len(s.failed) > 0 {
		w.buf = w.buf[:begin]
	} else {
		// Never without a propstat 200, and be it empty: RFC 8144 section 2.1.
		w.endPropstat(http.StatusOK, nil)
	}
	if len(s.missing) > 0 {
		w.beginPropstat()
		for _, name := range s.missing {
			w.Empty(name)
		}
		w.endPropstat(http.StatusNotFound, nil)
	}
	w.failures(s.failed)
	return nil
}

func (s *Selection[R]) properties(w *Writer, r R) error {
	kind := r.Kind()
	for i := range s.items {
		if err := s.property(w, &s.items[i], kind, r); err != nil {
			return err
		}
	}
	if s.all || s.names {
		s.dead(w, kind, r)
	}
	return nil
}

// property writes one property, or remembers why not.
func (s *Selection[R]) property(w *Writer, it *item[R], kind Kind, r R) error {
	mark := len(w.buf)
	err := ErrNoProperty
	if row := it.row(kind); row != nil {
		err = row.Get(w, it.asked, r)
	} else if text, ok := r.Dead(it.asked.Name); ok && it.extra {
		w.Raw(text)
		err = nil
	}
	if err == nil {
		if s.names {
			w.buf = w.buf[:mark]
			w.Empty(it.asked.Name)
		}
		return nil
	}
	w.buf = w.buf[:mark]
	if errors.Is(err, ErrNoProperty) {
		if it.extra {
			s.missing = append(s.missing, it.asked.Name)
		}
		return nil
	}
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	if it.extra {
		s.failed = append(s.failed, failure{it.asked.Name, e})
	}
	return nil
}

// dead writes every dead property: allprop and propname include them, RFC 4918
// section 9.1.
func (s *Selection[R]) dead(w *Writer, kind Kind, r R) {
	r.DeadNames(func(name Name) bool {
		if s.table.row(name, kind) != nil || s.asks(name) {
			return true
		}
		if s.names {
			w.Empty(name)
		} else if text, ok := r.Dead(name); ok {
			w.Raw(text)
		}
		return true
	})
}

func (s *Selection[R]) asks(name Name) bool {
	for _, it := range s.items {
		if it.extra && it.asked.Name == name {
			return true
		}
	}
	return false
}

// failures writes a propstat for each group of properties that have the same
// error.
func (w *Writer) failures(all []failure) {
	for i, f := range all {
		if grouped(all[:i], f.err) {
			continue
		}
		w.beginPropstat()
		for _, other := range all[i:] {
			if sameError(other.err, f.err) {
				w.Empty(other.name)
			}
		}
		w.endPropstat(f.err.Status, f.err)
	}
}

func grouped(earlier []failure, err *Error) bool {
	for _, f := range earlier {
		if sameError(f.err, err) {
			return true
		}
	}
	return false
}

func sameError(a, b *Error) bool {
	return a == b || a.Status == b.Status && a.Condition == b.Condition && a.Detail == b.Detail && len(a.Body)+len(b.Body) == 0
}
