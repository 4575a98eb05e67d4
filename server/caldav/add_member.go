package caldav

import (
	"strings"

	"github.com/google/uuid"

	"calport/server/dav"
)

// addMemberName is the last segment of the URL that POST makes new members of a calendar by. No object has it.
const addMemberName = ";add-member"

// getAddMember tells the URL (RFC 5995 section 3.2.1).
func getAddMember(w *dav.Writer, _ *dav.Element, r *resource) error {
	writeHref(w, dav.AddMember, collectionHref(r.whose, r.collection.Name)+addMemberName)
	return nil
}

// addMember stores a calendar object under a name that the server chooses and tells by Location (RFC 5995 section 3).
// All else is as if it were PUT there.
func (e *exchange) addMember() error {
	if e.res.loc.object != addMemberName || e.res.collection == nil || kindOf(e.res.collection) != calendar {
		return errNothing()
	}
	e.res = e.res.parent().place(newObjectName())
	e.w.Header().Set("Location", e.origin(e.r)+e.res.href)
	err := e.put()
	if err != nil {
		e.w.Header().Del("Location")
	}
	return err
}

// place is where a member of the calendar r can be made.
func (r *resource) place(name string) *resource {
	p := *r
	p.kind, p.null, p.item, p.bag = object, true, nil, nil
	p.loc.place, p.loc.object = atObject, name
	p.loc.segments = append(r.loc.segments[:len(r.loc.segments):len(r.loc.segments)], name)
	p.href = r.href + dav.EncodeSegment(name)
	return &p
}

// newObjectName is a name that nothing has.
func newObjectName() string { return strings.ToUpper(uuid.NewString()) + ".ics" }
