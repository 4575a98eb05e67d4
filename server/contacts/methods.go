package contacts

import (
	"net/http"
	"strings"

	"calport/server/dav"
)

// method is a row of the table of methods.
type method struct {
	name  string
	on    dav.Kind
	needs dav.Privilege // nobody has more than Read here: any other is answered 403 with its name
	run   func(*exchange) error
}

// methods is every method that is answered other than by 405. Those that would change something are refused by the
// privilege that is lacking, as RFC 3744 section 7.1.1 says, which clients take for read-only.
var methods = []method{
	{name: "OPTIONS", on: everything, needs: dav.Read, run: (*exchange).options},
	{name: "PROPFIND", on: everything, needs: dav.Read, run: (*exchange).propfind},
	{name: "REPORT", on: book, needs: dav.Read, run: (*exchange).report},
	{name: "GET", on: card, needs: dav.Read, run: (*exchange).get},
	{name: "HEAD", on: card, needs: dav.Read, run: (*exchange).get},

	{name: "PROPPATCH", on: everything, needs: dav.WriteProperties},
	{name: "PUT", on: book | card, needs: dav.WriteContent},
	{name: "DELETE", on: home | book | card, needs: dav.Unbind},
	{name: "MOVE", on: book | card, needs: dav.Unbind},
	{name: "COPY", on: book | card, needs: dav.Bind},
	{name: "MKCOL", on: home | book, needs: dav.Bind},
	{name: "POST", on: book, needs: dav.Bind},
	{name: "ACL", on: everything, needs: dav.WriteACL},
}

func (h *Handler) methodNamed(name string) *method {
	for i := range h.methods {
		if h.methods[i].name == name {
			return &h.methods[i]
		}
	}
	return nil
}

// allow lists the methods that work on a resource.
func (r *resource) allow() string {
	var names []string
	for _, m := range r.methods {
		if m.on&r.kind != 0 && m.run != nil {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, ", ")
}

func notAllowed(r *resource) error {
	return &dav.Error{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {r.allow()}}}
}

func (e *exchange) options() error {
	h := e.w.Header()
	h.Set("Allow", e.res.allow())
	h.Set("Content-Length", "0")
	e.w.WriteHeader(http.StatusOK)
	return nil
}

// propfind answers with the properties of the resource and, at Depth 1, of its members (RFC 4918 section 9.1).
func (e *exchange) propfind() error {
	depth, err := dav.ReadDepth(e.r.Header, dav.DepthInfinity)
	if err != nil {
		return err
	}
	if depth == dav.DepthInfinity && e.res.kind != card {
		return dav.Forbidden(dav.PropFindFiniteDepth)
	}
	prefer := dav.ReadPreferences(e.r.Header)
	_, selection, err := e.propFinds.Read(e.r.Body, dav.Limits{Bytes: maxBody}, prefer.Minimal)
	if err != nil {
		return err
	}
	prefer.Write(e.w.Header())
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		if depth != dav.DepthOne || !prefer.NoRoot {
			if err := selection.Respond(w, e.res.href, e.res); err != nil {
				return err
			}
		}
		if depth != dav.DepthOne {
			return nil
		}
		for m := range e.res.members() {
			if err := selection.Respond(w, m.href, m); err != nil {
				return err
			}
		}
		return nil
	})
}
