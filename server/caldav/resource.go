package caldav

import (
	"net/http"

	"calport/directory"
	"calport/server/dav"
	"calport/server/ical"
	"calport/server/store"
)

// resource is what stands at a URL, or would stand there. It is one value for all kinds: what a kind lacks is nil, and
// the tables say which rows are for which kind. It is made for one request and not shared.
type resource struct {
	*visit
	kind dav.Kind
	null bool // nothing stands here yet; kind is what may be made
	loc  location
	href string // as the client addressed it, in canonical encoding: what answers call it

	whose *directory.Principal // the principal that it is, or whose it is; nil for collections of principals and homes
	role  role                 // what the visitor is to whose

	home       *store.Home
	collection *store.Collection
	item       *store.Object
	access     ical.Access // how much of the item the visitor sees

	bag          store.Properties       // the stored properties as they were read
	changed      []store.PropertyChange // and what this request changes of them
	elsewhere    []elsewhere            // what this request changes of other resources' properties
	proxyMembers *[]string              // what this request makes the members of a proxy group; nil leaves them
	making       *store.NewCollection   // what MKCALENDAR and MKCOL are making; nil otherwise
}

// elsewhere is a change of another resource's property, made by setting one here.
type elsewhere struct {
	target store.Target
	change store.PropertyChange
}

// Kind makes a resource one that dav's tables evaluate.
func (r *resource) Kind() dav.Kind { return r.kind }

// errNothing is the answer about what is not there.
func errNothing() error { return dav.Status(http.StatusNotFound) }

// find returns what stands at a location. It is an error if nothing may stand there at all, or if its owner does not
// exist; where something could be made, the resource is null.
func (v *visit) find(from source, at location) (*resource, error) {
	r := &resource{visit: v, loc: at}
	switch at.place {
	case atRoot:
		r.kind = root
	case atPrincipals:
		r.kind = principalCollection
	case atHomes:
		r.kind = homeCollection
	case atRecords, atHomeRecords:
		if !isRecord(at.record) {
			return nil, errNothing()
		}
		r.kind = principalCollection
		if at.place == atHomeRecords {
			r.kind = homeCollection
		}
	case atPrincipal, atProxy:
		if err := r.findPrincipal(); err != nil {
			return nil, err
		}
	case atHome, atCollection, atObject, tooDeep:
		if err := r.findInHome(from); err != nil {
			return nil, err
		}
	default:
		return nil, errNothing()
	}
	r.role = v.roleOn(r.whose)
	if err := r.accessTo(from); err != nil {
		return nil, err
	}
	r.href = dav.EncodePath(r.kind&items == 0, at.segments...)
	return r, nil
}

func isRecord(record string) bool {
	if record == byGUID {
		return true
	}
	_, ok := recordKind(record)
	return ok
}

// recordKind is the kind of principals below a segment such as "users".
func recordKind(record string) (directory.Kind, bool) {
	for _, kind := range directory.Kinds() {
		if kind.Collection() == record {
			return kind, true
		}
	}
	return 0, false
}

// principalAt finds the principal that a path names, by GUID or by its short name. A short name can be guessed: nobody is
// behind that of one whom the visitor may not find.
func (v *visit) principalAt(at location) *directory.Principal {
	if at.record == byGUID {
		return v.people.ByGUID(at.owner)
	}
	if kind, ok := recordKind(at.record); ok {
		if p := v.people.ByName(kind, at.owner); p != nil && v.sees(p) {
			return p
		}
	}
	return nil
}

// proxyNames are the two groups below a principal: caldav-proxy section 5.
var proxyNames = map[string]dav.Kind{"calendar-proxy-read": proxyRead, "calendar-proxy-write": proxyWrite}

func (r *resource) findPrincipal() error {
	if r.whose = r.principalAt(r.loc); r.whose == nil {
		return errNothing()
	}
	r.kind = principal
	if r.loc.place == atProxy {
		if r.kind = proxyNames[r.loc.collection]; r.kind == 0 || !hasHome(r.whose) {
			return errNothing()
		}
	}
	return nil
}

// hasHome says whether a principal has calendars: people, rooms and resources do, groups do not.
func hasHome(p *directory.Principal) bool { return p.Kind != directory.Group }

func (r *resource) findInHome(from source) error {
	if r.whose = r.principalAt(r.loc); r.whose == nil || !hasHome(r.whose) {
		return errNothing()
	}
	var err error
	if r.home, err = from.home(r.visit, r.whose); err != nil {
		return err
	}
	r.kind, r.bag = home, r.home.Properties
	if r.loc.place == atHome {
		return nil
	}
	r.kind, r.null, r.bag = calendar, true, nil
	if r.collection = r.home.Collection(r.loc.collection); r.collection != nil {
		r.kind, r.null, r.bag = kindOf(r.collection), false, r.collection.Properties
	}
	if r.loc.place == atCollection {
		return nil
	}
	r.kind, r.null, r.bag = itemsOf(r.kind), true, nil
	if r.kind == 0 {
		r.kind = object // in a collection that has no members: nothing can be made, but the answer is the same
	}
	if r.collection == nil || r.loc.place == tooDeep {
		return nil
	}
	r.item, err = from.item(r.home, r.collection, r.loc.object)
	r.null = r.item == nil
	return err
}

// parent is the collection that contains the resource, nil for what is in none that could change.
func (r *resource) parent() *resource {
	p := *r
	p.null, p.changed, p.making = false, nil, nil
	switch {
	case r.kind&items != 0 && r.collection != nil:
		p.kind, p.item, p.bag, p.access = kindOf(r.collection), nil, r.collection.Properties, ical.Public
	case r.kind&(items|collections) != 0:
		p.kind, p.item, p.collection, p.bag, p.access = home, nil, nil, r.home.Properties, ical.Public
	default:
		return nil
	}
	p.loc.segments = r.loc.segments[:homeDepth]
	if p.kind != home {
		p.loc.segments = r.loc.segments[:homeDepth+1]
	}
	p.href = dav.EncodePath(true, p.loc.segments...)
	return &p
}

// member is a collection of the home r, or an item of the collection r; an item has no href yet, which listings make
// while they write.
func (r *resource) member(c *store.Collection, item *store.Object) *resource {
	m := *r
	m.changed = nil
	if item != nil {
		m.kind, m.item, m.bag, m.access = itemsOf(r.kind), item, nil, ical.Public
		return &m
	}
	m.kind, m.collection, m.bag, m.item = kindOf(c), c, c.Properties, nil
	m.href = r.href + dav.EncodeSegment(c.Name) + "/"
	return &m
}
