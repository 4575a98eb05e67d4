package caldav

import (
	"net/http"

	"calport/server/dav"
	"calport/server/store"
)

// maxEntries bounds the entries of one calendar's list.
const maxEntries = 100

// grantable are the privileges that the owner of a calendar can grant on it. Not among them is the list itself: whom
// else it may be shown to or be changed by is not for others to say.
const grantable = look | dav.ReadFreeBusy | dav.Write | dav.WriteProperties | dav.WriteContent | dav.Bind | dav.Unbind | dav.Unlock

// changeACL replaces what is granted on a calendar beyond the protected entries (RFC 3744 section 8.1).
func (e *exchange) changeACL() error {
	body, err := e.readXML()
	if err != nil {
		return err
	}
	if body == nil || body.Name != dav.ACL {
		return dav.BadRequest("The body of ACL is a DAV:acl.")
	}
	list := dav.New(dav.ACL)
	for _, ace := range body.Children {
		if ace.Name != dav.ACE || ace.Child(dav.Protected) != nil {
			continue // clients may send back what they have read
		}
		entry, err := e.readEntry(ace)
		if err != nil {
			return err
		}
		list.Children = append(list.Children, entry.element())
	}
	if len(list.Children) > maxEntries {
		return dav.Forbidden(dav.LimitedNumberOfACEs)
	}
	err = e.inTransaction(func(tx *store.Tx, r *resource) error {
		change := bagOf(list)[0]
		change.Remove = len(list.Children) == 0
		return tx.SaveProperties(r.target(), []store.PropertyChange{change})
	})
	if err != nil {
		return err
	}
	e.w.Header().Set("Content-Length", "0")
	e.w.WriteHeader(http.StatusOK)
	return nil
}

// readEntry reads an entry that grants something to a principal or to everybody, with the preconditions of RFC 3744
// section 8.1.1.
func (e *exchange) readEntry(ace *dav.Element) (entry, error) {
	to, grant := ace.Child(dav.PrincipalElement), ace.Child(dav.Grant)
	switch {
	case ace.Child(dav.Deny) != nil:
		return entry{}, dav.Forbidden(dav.GrantOnly)
	case ace.Child(dav.Invert) != nil:
		return entry{}, dav.Forbidden(dav.NoInvert)
	case to == nil || len(to.Children) != 1 || grant == nil:
		return entry{}, dav.BadRequest("An ace has one principal and what is granted to it.")
	}
	may, err := dav.ReadPrivileges(grant)
	if err != nil {
		return entry{}, err
	}
	if may&^grantable != 0 {
		return entry{}, dav.Forbidden(dav.NotSupportedPrivilege)
	}
	switch who := to.Children[0]; who.Name {
	case dav.Authenticated:
		return entry{principal: dav.New(dav.Authenticated), may: may}, nil
	case dav.Href:
		r := e.principalNamed(who.Trimmed())
		if r == nil {
			return entry{}, dav.Forbidden(dav.RecognizedPrincipal)
		}
		if r.kind == principal {
			return entry{principal: dav.NewHref(r.href), may: may}, nil
		}
	}
	return entry{}, dav.Forbidden(dav.AllowedPrincipal)
}

// given are the entries that ACL has made. They are kept as the calendar's DAV:acl, which no PROPPATCH can set.
func (r *resource) given() []entry {
	if r.collection == nil || r.kind&(calendar|object) == 0 {
		return nil
	}
	xml, ok := r.collection.Properties.Get("", store.PropertyName(dav.ACL))
	if !ok {
		return nil
	}
	var all []entry
	for _, ace := range parsed(xml).Children {
		to, grant := ace.Child(dav.PrincipalElement), ace.Child(dav.Grant)
		if to == nil || len(to.Children) != 1 || grant == nil {
			continue
		}
		if may, err := dav.ReadPrivileges(grant); err == nil {
			all = append(all, entry{principal: to.Children[0], may: may})
		}
	}
	return all
}

// givenToVisitor is what the entries of the calendar grant the visitor, as a person or as a member of a group.
func (r *resource) givenToVisitor() dav.Privilege {
	var may dav.Privilege
	for _, e := range r.given() {
		if e.principal.Name == dav.Authenticated || r.isHref(e.principal.Text) {
			may |= e.may
		}
	}
	if may&dav.Read != 0 {
		may |= look
	}
	return may.Expand()
}

// isHref says whether an href is the visitor's, or that of a group which the visitor is in.
func (v *visit) isHref(href string) bool {
	at, err := locateHref(href)
	if err != nil || at.place != atPrincipal {
		return false
	}
	p := v.principalAt(at)
	return p != nil && v.isAmong([]string{p.GUID})
}
