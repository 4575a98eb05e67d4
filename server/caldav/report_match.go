package caldav

import (
	"strings"

	"calport/directory"
	"calport/server/dav"
)

// principalMatch finds the members of a collection that are the visitor, or that name him in a property (RFC 3744
// section 9.3).
func (e *exchange) principalMatch(body *dav.Element) error {
	q, err := onlyProps(body)
	if err != nil {
		return err
	}
	property := body.Child(dav.PrincipalProperty)
	var hits []*resource
	switch {
	case body.Child(dav.Self) != nil && property == nil:
		hits = e.selves()
	case property != nil && len(property.Children) == 1 && body.Child(dav.Self) == nil:
		if hits, err = e.naming(property.Children[0]); err != nil {
			return err
		}
	default:
		return dav.BadRequest("principal-match needs either self or one principal-property.")
	}
	return e.respond(q, hits)
}

// onlyProps reads the one DAV:prop of a report; without it each hit is listed without properties.
func onlyProps(body *dav.Element) (*dav.PropFind, error) {
	n := 0
	for _, child := range body.Children {
		if child.Name == dav.Prop {
			n++
		}
	}
	if n > 1 {
		return nil, dav.BadRequest("The report takes one DAV:prop.")
	}
	return dav.PropsOf(body)
}

// respond lists resources with properties.
func (e *exchange) respond(q *dav.PropFind, hits []*resource) error {
	l := &listing{exchange: e, q: q, selection: e.properties.Select(q, e.minimal())}
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		l.w = w
		for _, r := range hits {
			if err := l.one(r); err != nil {
				return err
			}
			if err := w.Checkpoint(); err != nil {
				return err
			}
		}
		return nil
	})
}

// selves are the principals below the collection that the visitor is: himself, groups that he is in, and proxy groups
// that he is a member of.
func (e *exchange) selves() []*resource {
	var hits []*resource
	add := func(p *directory.Principal, kind dav.Kind) {
		if r := e.below(p, kind); r != nil {
			hits = append(hits, r)
		}
	}
	add(e.who, principal)
	for _, group := range e.people.MemberOf(e.who.GUID) {
		add(group, principal)
	}
	read, write := e.delegatorsOf(e.who)
	for _, p := range read {
		add(p, proxyRead)
	}
	for _, p := range write {
		add(p, proxyWrite)
	}
	return hits
}

// below is a principal as a member of the request's collection, nil if it is none of it.
func (e *exchange) below(p *directory.Principal, kind dav.Kind) *resource {
	if e.res.kind != principalCollection {
		return nil
	}
	record := e.res.loc.record
	switch record {
	case "", byGUID:
		return e.principalResource(p, kind)
	case p.Kind.Collection():
		r := e.principalResource(p, kind)
		r.href = strings.Replace(r.href, principalHref(p), e.res.href+dav.EncodeSegment(p.ShortName)+"/", 1)
		return r
	}
	return nil
}

// principalResource is the resource of a principal, or of one of its proxy groups, at its canonical place.
func (v *visit) principalResource(p *directory.Principal, kind dav.Kind) *resource {
	r := &resource{visit: v, kind: kind, whose: p, role: v.roleOn(p), href: principalHref(p)}
	r.loc = location{place: atPrincipal, record: byGUID, owner: p.GUID, segments: []string{principalsRoot, byGUID, p.GUID}}
	for name, k := range proxyNames {
		if k == kind {
			r.href = proxyHref(p, kind)
			r.loc.place, r.loc.collection, r.loc.segments = atProxy, name, append(r.loc.segments, name)
		}
	}
	return r
}

// naming are the collections of a home whose property of that name has an href of the visitor.
func (e *exchange) naming(property *dav.Element) ([]*resource, error) {
	if e.res.kind != home {
		return nil, nil
	}
	x := expansion{exchange: e}
	q := &dav.PropFind{Props: []*dav.Element{property}}
	var hits []*resource
	for _, c := range e.res.home.Collections {
		m := e.res.member(c, nil)
		if m.require(dav.Read) != nil {
			continue
		}
		tree, err := x.propertiesOf(m, q)
		if err != nil {
			return nil, err
		}
		if e.named(tree) {
			hits = append(hits, m)
		}
	}
	return hits, nil
}

// isVisitor says whether a principal, nil for none, is the one who asks.
func (v *visit) isVisitor(p *directory.Principal) bool {
	return p != nil && strings.EqualFold(p.GUID, v.who.GUID)
}

// named says whether the only property of a response has an href that leads to the visitor.
func (e *exchange) named(response *dav.Element) bool {
	for _, propstat := range response.Children {
		prop := propstat.Child(dav.Prop)
		if prop == nil {
			continue
		}
		for _, property := range prop.Children {
			for _, href := range property.Children {
				if at, err := locateHref(href.Trimmed()); err == nil && at.place == atPrincipal && e.isVisitor(e.principalAt(at)) {
					return true
				}
			}
		}
	}
	return false
}
