package caldav

import (
	"net/http"
	"strings"

	"calport/server/dav"
	"calport/server/store"
)

// namesPerQuery is how many members calendar-multiget asks the store for at once.
const namesPerQuery = 500

// calendarMultiget answers about the resources that the client names (RFC 4791 section 7.9). Each is called what the
// client called it, and one that does not exist gets 404. The Depth header means nothing here.
func (e *exchange) calendarMultiget(body *dav.Element) error {
	l, err := e.reportListing(body)
	if err != nil {
		return err
	}
	var hrefs []string
	for _, child := range body.Children {
		if child.Name == dav.Href {
			hrefs = append(hrefs, strings.TrimSpace(child.Text))
		}
	}
	if len(hrefs) == 0 && e.res.kind&items != 0 {
		hrefs = []string{e.res.href}
	}
	if len(hrefs) == 0 {
		return dav.BadRequest("calendar-multiget needs at least one DAV:href.")
	}
	e.announce()
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		l.w = w
		return e.store.Read(e.r.Context(), func(tx *store.Tx) error {
			return l.named(tx, hrefs)
		})
	})
}

// wanted is an href of the request, and where it leads; ok if that is where a member of this home stands.
type wanted struct {
	href string
	at   location
	ok   bool
}

// named answers about hrefs, grouped by collection as far as they follow each other.
func (l *listing) named(tx *store.Tx, hrefs []string) error {
	asked := make([]wanted, len(hrefs))
	for i, href := range hrefs {
		asked[i].href = href
		asked[i].at, asked[i].ok = l.memberPlace(href)
	}
	prepared := map[int64]*rows{} // by collection: clients mix them
	for len(asked) > 0 {
		collection, n := l.sameCollection(asked)
		if collection == nil {
			l.w.Response(asked[0].href, http.StatusNotFound)
		} else {
			rows := prepared[collection.collection.ID]
			if rows == nil {
				var err error
				if rows, err = l.rowsOf(tx, collection); err != nil {
					return err
				}
				prepared[collection.collection.ID] = rows
			}
			if err := rows.writeNamed(tx, asked[:n]); err != nil {
				return err
			}
		}
		asked = asked[n:]
		if err := l.w.Checkpoint(); err != nil {
			return err
		}
	}
	return nil
}

// sameCollection returns the collection of the first href, and how many hrefs from it on are of that collection and fit
// into one query. The collection is nil if the first href leads to no place below the one that the report is made on.
func (l *listing) sameCollection(asked []wanted) (collection *resource, n int) {
	first := asked[0]
	if !first.ok {
		return nil, 1
	}
	for n = 1; n < len(asked) && n < namesPerQuery; n++ {
		if !asked[n].ok || asked[n].at.collection != first.at.collection {
			break
		}
	}
	return l.collectionBelow(first.at.collection), n
}

// memberPlace is where an href leads, ok if that is where a member of this home stands.
func (l *listing) memberPlace(href string) (at location, ok bool) {
	at, err := locateHref(href)
	if err != nil || at.place != atObject || l.res.kind&items != 0 && at.object != l.res.item.Name {
		return at, false
	}
	return at, l.principalAt(at) == l.res.whose
}

// collectionBelow is the collection of that name if the report reaches it and the visitor may read it.
func (l *listing) collectionBelow(name string) *resource {
	if l.res.kind != home {
		if l.res.collection.Name != name {
			return nil
		}
		return l.res.itself()
	}
	c := l.res.home.Collection(name)
	if c == nil {
		return nil
	}
	m := l.res.member(c, nil)
	if itemsOf(m.kind) == 0 || m.require(dav.Read) != nil {
		return nil
	}
	return m
}

// writeNamed answers about members of the collection with one query: those that are there in the store's order, then the
// others.
func (s *rows) writeNamed(tx *store.Tx, asked []wanted) error {
	first := make(map[string]int, len(asked)) // index of the first that has the name
	next := make([]int, len(asked))           // index of the next that has the same; 0: none
	names := make([]string, 0, len(asked))
	for i := len(asked) - 1; i >= 0; i-- {
		name := asked[i].at.object
		var again bool
		if next[i], again = first[name]; !again {
			names = append(names, name)
		}
		first[name] = i
	}
	for item, err := range tx.ObjectsByName(s.collection.collection.ID, names, s.part) {
		if err != nil {
			return err
		}
		for i, more := first[item.Name], true; more; i, more = next[i], next[i] > 0 {
			if err := s.writeAs(asked[i].href, &item); err != nil {
				return err
			}
		}
		delete(first, item.Name)
	}
	for _, w := range asked { // those that are left
		if _, left := first[w.at.object]; left {
			s.w.Response(w.href, http.StatusNotFound)
		}
	}
	return nil
}
