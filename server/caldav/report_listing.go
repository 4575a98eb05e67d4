package caldav

import (
	"net/http"

	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// This file is what the reports on calendars share: from the body to rows of an answer.

// reportListing prepares the answer to a report that asks for properties. What it asks of calendar data is judged
// before anything is sent.
func (e *exchange) reportListing(body *dav.Element) (*listing, error) {
	q, err := dav.PropsOf(body)
	if err != nil {
		return nil, err
	}
	for _, asked := range q.Props {
		if asked.Name != dav.CalendarData {
			continue
		}
		if e.excerpt, err = readExcerpt(asked); err != nil {
			return nil, err
		}
	}
	if err := e.wishTimezones(); err != nil {
		return nil, err
	}
	if e.excerpt != nil {
		e.excerpt.floating = e.res.timezone()
	}
	return &listing{exchange: e, selection: e.properties.Select(q, e.minimal()), q: q}, nil
}

// minimal says whether the client would rather not hear of what is not there, and tells that it is heeded: the only
// preference that reports and PROPPATCH honour.
func (e *exchange) minimal() bool {
	prefer := dav.Preferences{Minimal: dav.ReadPreferences(e.r.Header).Minimal}
	prefer.Write(e.w.Header())
	return prefer.Minimal
}

// rows writes the members of one collection. The resource that is evaluated is the same one for all of them.
type rows struct {
	*listing
	collection *resource
	row        *resource
	item       store.Object // of row: a copy, so that callers' items need no place on the heap
	bags       map[int64]store.Properties
	restricted map[string]ical.Access // members of which the visitor does not see all
	part       store.Part             // what must be read of each member
}

// rowsOf prepares the rows of a collection. It reads what its members' rows need besides themselves, and no query is
// made after that.
func (l *listing) rowsOf(tx *store.Tx, collection *resource) (*rows, error) {
	kind := itemsOf(collection.kind)
	s := &rows{listing: l, collection: collection, part: l.part(kind)}
	var err error
	if s.restricted, err = collection.restrictedIn(tx); err != nil {
		return nil, err
	}
	if l.readsBag(kind) {
		if s.bags, err = tx.ObjectProperties(collection.collection.ID); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// at is a member as a resource, until the next call.
func (s *rows) at(item *store.Object) *resource {
	if s.row == nil {
		s.row = s.collection.member(nil, &s.item)
	}
	s.item = *item
	s.row.bag, s.row.access = s.bags[item.ID], s.restricted[item.Name]
	return s.row
}

// hides says whether the visitor must not know of a member.
func (s *rows) hides(name string) bool { return s.restricted[name] == ical.Private }

// write answers about a member by its own name.
func (s *rows) write(item *store.Object) error {
	if s.hides(item.Name) {
		return nil
	}
	return s.selection.RespondMember(s.w, s.collection.href, item.Name, s.at(item))
}

// writeAs answers about a member by the href that the client used.
func (s *rows) writeAs(href string, item *store.Object) error {
	if s.hides(item.Name) {
		s.w.Response(href, http.StatusForbidden)
		return nil
	}
	return s.selection.Respond(s.w, href, s.at(item))
}

// itself is the collection that a report on a collection, or on one of its members, gives rows of.
func (r *resource) itself() *resource {
	if r.kind&items != 0 {
		return r.parent()
	}
	return r
}
