package caldav

import (
	"calport/directory"
	"calport/server/dav"
)

// Access control lists (RFC 3744). What the table of grants says is shown as protected entries, which nobody can change;
// what the owner of a calendar grants by the ACL method (acl_method.go) follows them.

// holders are the principals that have a role on the resource, as the DAV:principal elements of entries name them.
func (r *resource) holders(of role) []*dav.Element {
	var all []*dav.Element
	name := func(hrefs ...string) {
		for _, href := range hrefs {
			all = append(all, dav.NewHref(href))
		}
	}
	switch owned := r.whose != nil; {
	case of == unseen || of == stranger:
		all = append(all, dav.New(dav.Authenticated))
	case of == administrator:
		name(principalHrefs(r.admins())...)
	case !owned:
	case of == owner:
		name(principalHref(r.whose))
	case hasHome(r.whose) && of == readDelegate:
		name(proxyHref(r.whose, proxyRead))
	case hasHome(r.whose) && of == writeDelegate:
		name(proxyHref(r.whose, proxyWrite))
	}
	return all
}

// admins are those who may do everything, by short name.
func (v *visit) admins() []*directory.Principal {
	var all []*directory.Principal
	for p := range v.people.All(directory.Individual) {
		if v.isAdmin(p) {
			all = append(all, p)
		}
	}
	return all
}

// entry is one entry of an access control list.
type entry struct {
	principal *dav.Element // DAV:href or DAV:authenticated
	may       dav.Privilege
	protected bool
}

// acl is the access control list of the resource: who has which privileges, as far as they are worth an entry of their
// own.
func (r *resource) acl() []entry {
	var all []entry
	for of := unseen; of <= administrator; of++ {
		var may dav.Privilege
		for _, g := range grants {
			if g.to == of && g.on&r.kind != 0 {
				may |= g.may
			}
		}
		if may == 0 {
			continue
		}
		for _, holder := range r.holders(of) {
			all = append(all, entry{holder, may, true})
		}
	}
	return append(all, r.given()...)
}

// getACL writes the list (RFC 3744 section 5.5).
func getACL(w *dav.Writer, _ *dav.Element, r *resource) error {
	if err := r.require(dav.ReadACL); err != nil {
		return err
	}
	w.Start(dav.ACL)
	for _, e := range r.acl() {
		w.Element(e.element())
	}
	w.End(dav.ACL)
	return nil
}

func (e entry) element() *dav.Element {
	ace := dav.New(dav.ACE, dav.New(dav.PrincipalElement, e.principal), e.may.GrantElement())
	if e.protected {
		ace.Children = append(ace.Children, dav.New(dav.Protected))
	}
	return ace
}

// getACLRestrictions: entries grant, and name whom they are for (RFC 3744 section 5.6).
func getACLRestrictions(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.Start(dav.ACLRestrictions)
	w.Empty(dav.GrantOnly)
	w.Empty(dav.NoInvert)
	w.End(dav.ACLRestrictions)
	return nil
}

// getInheritedACLSet: the list of a resource is all there is to say about it (RFC 3744 section 5.7).
func getInheritedACLSet(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.Empty(dav.InheritedACLSet)
	return nil
}

// aclPrincipalPropSet answers with properties of the principals that the list of the resource names (RFC 3744 section
// 9.2).
func (e *exchange) aclPrincipalPropSet(body *dav.Element) error {
	q, err := onlyProps(body)
	if err != nil {
		return err
	}
	if body.Child(dav.Prop) == nil {
		return dav.BadRequest("acl-principal-prop-set needs a DAV:prop.")
	}
	var hits []*resource
	seen := map[string]bool{}
	for _, entry := range e.res.acl() {
		if entry.principal.Name != dav.Href || seen[entry.principal.Text] {
			continue
		}
		seen[entry.principal.Text] = true
		if r := e.principalNamed(entry.principal.Text); r != nil {
			hits = append(hits, r)
		}
	}
	return e.respond(q, hits)
}

// principalNamed is the principal that an href leads to, nil if it leads to none.
func (v *visit) principalNamed(href string) *resource {
	at, err := locateHref(href)
	if err != nil || at.place != atPrincipal && at.place != atProxy {
		return nil
	}
	p := v.principalAt(at)
	if p == nil {
		return nil
	}
	if at.place == atPrincipal {
		return v.principalResource(p, principal)
	}
	kind := proxyNames[at.collection]
	if kind == 0 || !hasHome(p) {
		return nil
	}
	return v.principalResource(p, kind)
}
