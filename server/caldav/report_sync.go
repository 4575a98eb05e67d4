package caldav

import (
	"net/http"
	"strconv"

	"calport/server/dav"
	"calport/server/store"
)

// syncRequest is a parsed DAV:sync-collection (RFC 6578 section 6.1).
type syncRequest struct {
	since    int64 // number of the last change that the client knows of
	initial  bool  // it knows of none
	infinite bool  // sync-level: members of members too
	limit    int   // 0: none
}

// syncCollection answers with what has changed since the client's token (RFC 6578 section 3.2). What it costs depends
// on the number of changes, not on the size of the collection.
//
// The token of the answer says the state that the answer was read from, whatever happens meanwhile.
func (e *exchange) syncCollection(body *dav.Element) error {
	l, err := e.reportListing(body)
	if err != nil {
		return err
	}
	q, err := e.readSync(body)
	if err != nil {
		return err
	}
	e.announce()
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		l.w = w
		var state syncState
		err := e.store.Read(e.r.Context(), func(tx *store.Tx) error {
			if err := e.res.refresh(tx); err != nil {
				return err
			}
			if state = e.res.state(); q.since > state.number {
				return dav.Forbidden(dav.ValidSyncToken)
			}
			if e.res.kind == home {
				return l.homeChanges(tx, q)
			}
			last, err := l.changes(tx, e.res, q)
			if last != 0 {
				state.number = last
			}
			return err
		})
		if err != nil {
			return err
		}
		w.SyncToken(state.token())
		return nil
	})
}

// refresh makes the picture of a home or collection that of a transaction.
func (r *resource) refresh(tx *store.Tx) error {
	h, err := tx.Home(r.home.Owner)
	if err != nil {
		return err
	}
	r.home, r.bag = h, h.Properties
	if r.collection == nil {
		return nil
	}
	if r.collection = h.CollectionByID(r.collection.ID); r.collection == nil {
		return errNothing()
	}
	r.bag = r.collection.Properties
	return nil
}

// readSync parses the request. That its token is not of a time to come is tested where the state is read.
func (e *exchange) readSync(body *dav.Element) (q syncRequest, err error) {
	if limit := body.Child(dav.Limit); limit != nil {
		if e.res.kind == home { // changes of several collections are not cut off in the middle: RFC 6578 section 3.7
			return q, &dav.Error{Status: http.StatusInsufficientStorage, Condition: dav.NumberOfMatchesWithinLimits}
		}
		if q.limit, err = strconv.Atoi(limit.Child(dav.NResults).Trimmed()); err != nil || q.limit <= 0 {
			return q, dav.BadRequest("limit needs a number of results.")
		}
	}
	if q.infinite, err = e.syncLevel(body); err != nil {
		return q, err
	}
	token := body.Child(dav.SyncToken).Trimmed()
	if token == "" {
		q.initial = true
		return q, nil
	}
	then, ok := parseToken(token)
	now := e.res.state()
	if !ok || then.epoch != now.epoch || then.id != now.id || then.number < 0 {
		return q, dav.Forbidden(dav.ValidSyncToken) // the client then starts anew with an empty token
	}
	q.since = then.number
	return q, nil
}

// syncLevel reads whether members of members are meant. Clients of OS X 10.7 send no sync-level: the drafts had Depth
// in its place. Where there is one, Depth does not count, whatever it says.
func (e *exchange) syncLevel(body *dav.Element) (infinite bool, err error) {
	level := body.Child(dav.SyncLevel)
	if level == nil {
		depth, err := dav.ReadDepth(e.r.Header, dav.DepthZero)
		return depth == dav.DepthInfinity, err
	}
	switch level.Trimmed() {
	case "1":
		return false, nil
	case "infinite", "infinity":
		return true, nil
	}
	return false, dav.BadRequest("sync-level is %q, it can be 1 or infinite.", level.Trimmed())
}

// changes writes what has changed in a collection. If the limit cut it off, last is the number up to which it is
// complete, and 0 otherwise.
func (l *listing) changes(tx *store.Tx, collection *resource, q syncRequest) (last int64, err error) {
	rows, err := l.rowsOf(tx, collection)
	if err != nil {
		return 0, err
	}
	if q.initial {
		// The collection itself comes first, as Apple's server has it.
		if err := l.selection.Respond(l.w, collection.href, collection); err != nil {
			return 0, err
		}
	}
	return rows.since(tx, q)
}

// since writes the members that have changed and those that are gone: from the beginning, all that are there.
func (s *rows) since(tx *store.Tx, q syncRequest) (last int64, err error) {
	written := 0
	limit := 0
	if q.limit > 0 {
		limit = q.limit + 1 // one more tells that there is more
	}
	for change, err := range tx.Changes(s.collection.collection.ID, q.since, limit, s.part) {
		if err != nil {
			return 0, err
		}
		if q.limit > 0 && written == q.limit {
			s.truncated()
			return last, nil
		}
		switch gone := change.Deleted || s.hides(change.Name); {
		case gone && !change.Deleted && q.since == 0: // who asks from the beginning has nothing to forget
		case gone: // RFC 6578 section 3.5.2
			s.w.ResponseMember(s.collection.href, change.Name, http.StatusNotFound)
			err = s.w.Checkpoint()
		default:
			err = s.write(&change.Object)
		}
		if err != nil {
			return 0, err
		}
		written++
		last = change.Change
	}
	return 0, nil
}

// truncated says that there is more, which the client gets with the answer's token (RFC 6578 section 3.6).
func (s *rows) truncated() {
	s.w.Failure(s.collection.href, &dav.Error{
		Status: http.StatusInsufficientStorage, Condition: dav.NumberOfMatchesWithinLimits,
	})
}

// dropbox is the collection of attachments in homes of Apple's server. Clients that knew one are told that there is none
// to be synchronized: RFC 6578 section 3.3.
const dropbox = "dropbox"

// homeChanges writes what has changed in a home: its collections, and with an infinite level their members.
func (l *listing) homeChanges(tx *store.Tx, q syncRequest) error {
	changed, err := tx.HomeChanges(l.res.home, q.since)
	if err != nil {
		return err
	}
	if q.initial {
		if err := l.selection.Respond(l.w, l.res.href, l.res); err != nil {
			return err
		}
		l.w.Failure(l.res.href+dropbox+"/", dav.Forbidden(dav.SyncTraversalSupported))
	}
	for _, change := range changed {
		if change.Collection == nil {
			l.w.Response(l.res.href+dav.EncodeSegment(change.Name)+"/", http.StatusNotFound)
			continue
		}
		c := l.res.member(change.Collection, nil)
		if c.require(dav.Read) != nil {
			continue
		}
		if err := l.selection.Respond(l.w, c.href, c); err != nil {
			return err
		}
		if !q.infinite || itemsOf(c.kind) == 0 {
			continue
		}
		rows, err := l.rowsOf(tx, c)
		if err != nil {
			return err
		}
		if _, err = rows.since(tx, q); err != nil {
			return err
		}
	}
	return nil
}
