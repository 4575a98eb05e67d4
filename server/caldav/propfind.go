package caldav

import (
	"net/http"

	"calport/server/dav"
	"calport/server/store"
)

// propfind answers with the properties of the resource and, at Depth 1, of its members (RFC 4918 section 9.1).
func (e *exchange) propfind() error {
	depth, err := dav.ReadDepth(e.r.Header, dav.DepthInfinity)
	if err != nil {
		return err
	}
	if depth == dav.DepthInfinity && e.res.kind&items == 0 {
		return dav.Forbidden(dav.PropFindFiniteDepth)
	}
	prefer := dav.ReadPreferences(e.r.Header)
	prefer.Representation, prefer.NoRoot = false, prefer.NoRoot && depth == dav.DepthOne // what is not heeded is not told to be
	q, selection, err := e.propFinds.Read(e.r.Body, dav.Limits{Bytes: e.limits.RequestXML}, prefer.Minimal)
	if err != nil {
		return err
	}
	e.announce()
	prefer.Write(e.w.Header())
	l := &listing{exchange: e, selection: selection, q: q}
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		l.w = w
		if depth == dav.DepthOne {
			return l.deep(!prefer.NoRoot)
		}
		return l.one(e.res)
	})
}

// listing writes responses with the properties that were asked for.
type listing struct {
	*exchange
	w         *dav.Writer
	q         *dav.PropFind
	selection *dav.Selection[*resource]
}

// one writes the response of a single resource, and reads its bag first where find did not.
func (l *listing) one(r *resource) error {
	if r.kind&(items|principals) != 0 && l.readsBag(r.kind) {
		err := l.store.Read(l.r.Context(), func(tx *store.Tx) error { return r.loadBag(tx) })
		if err != nil {
			return err
		}
	}
	return l.selection.Respond(l.w, r.href, r)
}

// readsBag says whether the stored properties of resources of a kind must be read.
func (l *listing) readsBag(kind dav.Kind) bool {
	return l.asksDead(l.q, kind) || l.selection.Needs(kind)&needsBag != 0
}

// deep writes a collection, unless root is false, and its members.
func (l *listing) deep(root bool) error {
	if root {
		if err := l.one(l.res); err != nil {
			return err
		}
	}
	switch kind := l.res.kind; {
	case kind == home:
		return l.collections()
	case kind&collections != 0 && itemsOf(kind) != 0:
		return l.items()
	case kind == principal && hasHome(l.res.whose):
		return l.proxies()
	case kind == principalCollection && l.res.loc.place == atPrincipals, kind == homeCollection && l.res.loc.place == atHomes:
		return l.records()
	}
	return nil // everybody is found by searching, not by listing: there may be a hundred thousand
}

// collections lists a home; what the visitor may not read at all he does not see.
func (l *listing) collections() error {
	for _, c := range l.res.home.Collections {
		m := l.res.member(c, nil)
		if m.require(dav.Read) != nil {
			continue
		}
		if err := l.selection.Respond(l.w, m.href, m); err != nil {
			return err
		}
	}
	return nil
}

// items lists a collection with one query, which reads no more of each item than was asked for.
func (l *listing) items() error {
	return l.store.Read(l.r.Context(), func(tx *store.Tx) error {
		rows, err := l.rowsOf(tx, l.res)
		if err != nil {
			return err
		}
		for item, err := range tx.Objects(l.res.collection.ID, rows.part) {
			if err != nil {
				return err
			}
			if err := rows.write(&item); err != nil {
				return err
			}
			if err := l.w.Checkpoint(); err != nil {
				return err
			}
		}
		return nil
	})
}

// part is how much of each item the selection needs.
func (l *listing) part(kind dav.Kind) store.Part {
	part, needs := store.Tags, l.selection.Needs(kind)
	if needs&needsFacts != 0 {
		part |= store.Facts
	}
	if needs&needsData != 0 {
		part |= store.Data
	}
	return part
}

func (l *listing) proxies() error {
	for _, name := range []string{"calendar-proxy-read", "calendar-proxy-write"} {
		m := *l.res
		m.kind, m.loc.place, m.loc.collection, m.href = proxyNames[name], atProxy, name, l.res.href+name+"/"
		if err := l.one(&m); err != nil {
			return err
		}
	}
	return nil
}

// records lists the collections below /principals/ and /calendars/.
func (l *listing) records() error {
	for _, record := range records() {
		m := *l.res
		m.loc.place, m.loc.record, m.href = atRecords, record, l.res.href+record+"/"
		if m.kind == homeCollection {
			m.loc.place = atHomeRecords
		}
		if err := l.selection.Respond(l.w, m.href, &m); err != nil {
			return err
		}
	}
	return nil
}

// hasProperties answers 207 with the outcome of changes, or with Prefer: return=minimal 200 and nothing more if all
// went well (RFC 8144 section 2.2).
func (e *exchange) hasProperties(outcome *dav.Outcome) error {
	if e.minimal() && outcome.OK() {
		e.w.Header().Set("Content-Length", "0")
		e.w.WriteHeader(http.StatusOK)
		return nil
	}
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		outcome.Respond(w, e.res.href)
		return nil
	})
}
