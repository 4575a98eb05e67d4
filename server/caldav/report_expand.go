package caldav

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"calport/server/dav"
	"calport/server/store"
)

// maxExpanded bounds how many hrefs one expand-property follows.
const maxExpanded = 2000

// Elements of a response that is taken apart and put together again.
var (
	responseElement = dav.Name{Space: dav.DAV, Local: "response"}
	propstatElement = dav.Name{Space: dav.DAV, Local: "propstat"}
	statusElement   = dav.Name{Space: dav.DAV, Local: "status"}
)

// expandProperty answers with properties in which hrefs are replaced by the properties of what they lead to (RFC 3253
// section 3.8). Apple's clients read their delegations so.
func (e *exchange) expandProperty(body *dav.Element) error {
	if err := e.res.require(dav.Read); err != nil {
		return err
	}
	x := expansion{exchange: e}
	tree, err := x.response(e.res, body)
	if err != nil {
		return err
	}
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		w.Element(tree)
		return nil
	})
}

type expansion struct {
	*exchange
	followed int
}

// response is the DAV:response of a resource with the properties that the DAV:property children of wish name.
func (x *expansion) response(r *resource, wish *dav.Element) (*dav.Element, error) {
	q, nested, err := propertiesWished(wish)
	if err != nil {
		return nil, err
	}
	tree, err := x.propertiesOf(r, q)
	if err != nil {
		return nil, err
	}
	for _, propstat := range tree.Children {
		if propstat.Name != propstatElement {
			continue
		}
		for _, property := range propstat.Child(dav.Prop).Children {
			if inner := nested[property.Name]; inner != nil {
				if err := x.expand(property, inner); err != nil {
					return nil, err
				}
			}
		}
	}
	return tree, nil
}

// propertiesWished reads DAV:property elements: what is asked for, and which of it is to be expanded.
func propertiesWished(wish *dav.Element) (*dav.PropFind, map[dav.Name]*dav.Element, error) {
	q, nested := &dav.PropFind{}, map[dav.Name]*dav.Element{}
	for _, p := range wish.Children {
		if p.Name != dav.PropertyElement {
			continue
		}
		local, ok := p.Attribute("name")
		if !ok || local == "" {
			return nil, nil, dav.BadRequest("DAV:property needs a name.")
		}
		space, ok := p.Attribute("namespace")
		if !ok {
			space = dav.DAV
		}
		name := dav.Name{Space: space, Local: local}
		q.Props = append(q.Props, dav.New(name))
		if p.Child(dav.PropertyElement) == nil {
			continue
		}
		for _, inner := range p.Children {
			if inner.Child(dav.PropertyElement) != nil {
				return nil, nil, &dav.Error{Status: http.StatusNotImplemented, Detail: "Properties are expanded one level deep."}
			}
		}
		nested[name] = p
	}
	return q, nested, nil
}

// expand replaces the hrefs in a property by responses. An href that leads nowhere, or to a mailbox, stays.
func (x *expansion) expand(property, wish *dav.Element) error {
	for i, child := range property.Children {
		if child.Name != dav.Href {
			continue
		}
		at, err := locateHref(child.Trimmed())
		if err != nil || at.place == nowhere {
			continue
		}
		if x.followed++; x.followed > maxExpanded {
			return dav.Status(http.StatusInsufficientStorage)
		}
		response, err := x.follow(at, child.Trimmed(), wish)
		if err != nil {
			return err
		}
		property.Children[i] = response
	}
	return nil
}

// follow is the response of what an href leads to, with its error if there is one.
func (x *expansion) follow(at location, href string, wish *dav.Element) (*dav.Element, error) {
	r, err := x.find(fromStore{x.r.Context(), x.store, store.Facts}, at)
	if err == nil && r.null {
		err = errNothing()
	}
	if err == nil {
		err = r.require(dav.Read)
	}
	var known *dav.Error
	switch {
	case errors.As(err, &known):
		status := fmt.Sprintf("HTTP/1.1 %d %s", known.Status, http.StatusText(known.Status))
		return dav.New(responseElement, dav.NewHref(href), dav.NewText(statusElement, status)), nil
	case err != nil:
		return nil, err
	}
	return x.response(r, wish)
}

// propertiesOf is the DAV:response of a resource as a tree: what PROPFIND would write, read back.
func (x *expansion) propertiesOf(r *resource, q *dav.PropFind) (*dav.Element, error) {
	var out sink
	l := &listing{exchange: x.exchange, q: q, selection: x.properties.Select(q, false)}
	err := dav.WriteMultiStatus(&out, func(w *dav.Writer) error {
		l.w = w
		return l.one(r)
	})
	if err != nil {
		return nil, err
	}
	tree, err := dav.ReadElement(&out.Buffer, dav.Limits{Bytes: int64(out.Len()) + 1})
	if err != nil {
		return nil, err
	}
	return tree.Child(responseElement), nil
}

// sink takes an answer that is not for the client.
type sink struct {
	bytes.Buffer
	header http.Header
}

func (s *sink) Header() http.Header {
	if s.header == nil {
		s.header = http.Header{}
	}
	return s.header
}

func (s *sink) WriteHeader(int) {}
