package caldav

import (
	"net/http"

	"calport/server/dav"
	"calport/server/schedule"
	"calport/server/store"
)

// preconditions tests the request's conditional headers against a resource: If (RFC 4918 section 10.4),
// If-Schedule-Tag-Match (RFC 6638 section 8.3), If-Match and If-None-Match (RFC 9110 section 13). What an If
// header names elsewhere is looked up in the transaction that the method writes in.
func (e *exchange) preconditions(tx *store.Tx, r *resource) error {
	condition, err := dav.ParseIf(e.r.Header.Get("If"))
	if err != nil {
		return err
	}
	if condition != nil && !condition.Holds(presentState{e, fromTx{tx}, r}) {
		return dav.Status(http.StatusPreconditionFailed)
	}
	if done, err := e.scheduleTagMatches(r); done {
		return err
	}
	if _, err := dav.ReadETags(e.r.Header, "If-Match"); err != nil {
		return dav.Status(http.StatusPreconditionFailed) // what is no entity tag matches nothing
	}
	return e.checkETags(tx, r)
}

// checkETags tests If-Match and If-None-Match against the ETag, and those that a scheduling object has had since its
// Schedule-Tag changed: they stand for the same, to clients that know no Schedule-Tag.
func (e *exchange) checkETags(tx *store.Tx, r *resource) error {
	err := dav.CheckETags(e.r, r.etag())
	if err == nil || r.item == nil || r.item.ScheduleTag == "" {
		return err
	}
	earlier, readErr := schedule.EarlierETags(tx, r.item)
	if readErr != nil {
		return readErr
	}
	for _, etag := range earlier {
		if dav.CheckETags(e.r, etag) == nil {
			return nil
		}
	}
	return err
}

// etag is the opaque entity tag, "" if nothing is there or it has none.
func (r *resource) etag() string {
	switch {
	case r.item != nil:
		return r.item.ETag
	case !r.null && r.kind&(home|collections) != 0:
		return r.state().String()
	}
	return ""
}

// scheduleTagMatches tests If-Schedule-Tag-Match; done says that it was there, and then it wins over If-Match: it
// stands for "my copy is new enough", although others' answers changed the bytes. Some clients send it empty, which is
// as if it were absent.
func (e *exchange) scheduleTagMatches(r *resource) (done bool, err error) {
	tags, err := dav.ReadETags(e.r.Header, "If-Schedule-Tag-Match")
	if err != nil {
		return true, dav.Status(http.StatusPreconditionFailed) // what is no tag matches none
	}
	if tags == nil {
		return false, nil
	}
	if r.item != nil && (tags.Any || len(tags.Tags) == 1 && tags.Tags[0].Opaque == r.item.ScheduleTag) {
		return true, nil
	}
	return true, dav.Status(http.StatusPreconditionFailed)
}

// presentState answers for the If header.
type presentState struct {
	*exchange
	from source
	own  *resource
}

func (s presentState) at(path string) *resource {
	if path == "" {
		return s.own
	}
	r, err := s.find(s.from, locate(path))
	if err != nil || r.null || r.require(dav.Read) != nil {
		return nil
	}
	return r
}

func (s presentState) ETag(path string) string {
	if r := s.at(path); r != nil {
		return r.etag()
	}
	return ""
}

// Has knows sync tokens (RFC 6578 section 5); there are no locks.
func (s presentState) Has(path, token string) bool {
	r := s.at(path)
	return r != nil && r.kind&(home|collections) != 0 && !r.null && r.state().token() == token
}
