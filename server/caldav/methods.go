package caldav

import (
	"net/http"
	"strings"

	"calport/server/dav"
	"calport/server/store"
)

// method is a row of the table of methods.
type method struct {
	name string
	on   dav.Kind // existing resources that it works on
	null dav.Kind // resources that it may make, or that need not exist

	fixed dav.Kind // resources that it would work on, were they not there for ever: 403 and not 405

	needs  dav.Privilege // on the resource, if it exists
	parent dav.Privilege // on the collection that it is, or will be, in
	bind   dav.Privilege // as parent, but only where nothing stands yet

	part store.Part // how much of an item it reads before it runs

	bodiless bool     // a body means nothing to it
	but      dav.Name // with this root it means what is done anyway
	run      func(*exchange) error
}

// methods is every method of this server. To support another, add a row.
var methods = []method{
	// RFC 9110
	{name: "OPTIONS", on: everything, null: collections | items, run: (*exchange).options},
	{name: "GET", on: everything, needs: dav.Read, part: store.Whole, bodiless: true, run: (*exchange).get},
	{name: "HEAD", on: everything, needs: dav.Read, part: store.Whole, bodiless: true, run: (*exchange).get},
	{name: "POST", on: collections | object, null: object, bind: dav.Bind, run: (*exchange).post},
	// On collections PUT says 403; it is in their Allow because Evolution takes calendars without it for read-only.
	{name: "PUT", on: home | collections | object, null: collections | items, needs: dav.WriteContent, bind: dav.Bind, run: (*exchange).put},
	{name: "DELETE", on: collections | items, fixed: root, parent: dav.Unbind, bodiless: true, run: (*exchange).delete},

	// RFC 4918
	{name: "PROPFIND", on: everything, needs: dav.Read, part: store.Whole, run: (*exchange).propfind},
	{name: "PROPPATCH", on: principals | inHome, needs: dav.WriteProperties, run: (*exchange).proppatch},
	{name: "MKCOL", null: collections | items, bind: dav.Bind, run: (*exchange).mkcol},
	{name: "COPY", on: calendar | subscription | object, fixed: root, needs: dav.Read, bodiless: true, but: propertyBehavior, run: (*exchange).copy},
	{name: "MOVE", on: calendar | subscription | object, fixed: root, parent: dav.Unbind, bodiless: true, but: propertyBehavior, run: (*exchange).move},
	{name: "LOCK"}, // there are no locks, on anything: class 2 is not promised
	{name: "UNLOCK"},

	// RFC 3253
	{name: "REPORT", on: everything, part: store.Whole, run: (*exchange).report},

	// RFC 3744
	{name: "ACL", on: calendar, needs: dav.WriteACL, run: (*exchange).changeACL},

	// RFC 4791
	{name: "MKCALENDAR", on: collections, null: collections | items, bind: dav.Bind, run: (*exchange).mkcalendar},
}

func (s *Server) methodNamed(name string) *method {
	for i := range s.methods {
		if s.methods[i].name == name {
			return &s.methods[i]
		}
	}
	return nil
}

// permit says why the method may not run on the resource: nothing is there, it is the wrong method for the kind, or the
// visitor lacks a privilege. What a visitor may not read he is not told the absence of either.
func (m *method) permit(r *resource) error {
	switch {
	case m.on|m.null == 0:
		return r.notAllowed()
	case r.null && m.null&r.kind == 0:
		if parent := r.parent(); parent != nil {
			if err := parent.require(dav.Read); err != nil {
				return err
			}
		}
		return errNothing()
	case r.null:
		return r.parent().require(m.parent | m.bind)
	case m.fixed&r.kind != 0: // RFC 9110 section 15.5.4: understood, and refused whoever asks
		return dav.Status(http.StatusForbidden)
	case m.on&r.kind == 0:
		return r.notAllowed()
	}
	if r.hidden() {
		return dav.NeedPrivilege(r.href, dav.Read)
	}
	if err := r.require(m.needs); err != nil || m.parent == 0 {
		return err
	}
	return r.parent().require(m.parent)
}

// notAllowed is 405, with what is allowed.
func (r *resource) notAllowed() error {
	return &dav.Error{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {r.allow()}}}
}

// allow is the value of the Allow header.
func (r *resource) allow() string {
	var names []string
	for _, m := range r.methods {
		if r.null && m.null&r.kind != 0 || !r.null && m.on&r.kind != 0 {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, ", ")
}
