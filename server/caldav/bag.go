package caldav

import (
	"net/http"

	"calport/server/dav"
	"calport/server/store"
)

// This file is where properties that clients set are kept: live ones (a colour) and dead ones (anything unknown) alike,
// as the XML of their element, in the bag of their resource.
//
// A bag has a value for everybody and values of single viewers' own. Colour and order of a calendar are everyone's own;
// so is all that a reader may set without changing the owner's calendar. Dead properties are everybody's, as in Apple's
// server, whoever set them.

// personal are the properties of which everybody but the owner has a value of his own.
var personal = map[dav.Name]bool{
	dav.CalendarColor: true,
	dav.CalendarOrder: true,
}

// shelf says under whose name a value that the visitor sets is kept; "" is everybody's.
func (r *resource) shelf(name dav.Name) string {
	switch {
	case r.role >= owner, r.kind&(home|collections) == 0:
		return ""
	case personal[name]:
		return ownerKey(r.who)
	case r.role == readDelegate && r.live[name].on != 0:
		return ownerKey(r.who)
	}
	return ""
}

// stored returns the value that the visitor sees: as changed by this request, his own, or else everybody's.
func (r *resource) stored(name dav.Name) (xml string, ok bool) {
	key := store.PropertyKey{Viewer: r.shelf(name), Name: store.PropertyName(name)}
	for i := len(r.changed) - 1; i >= 0; i-- {
		if c := &r.changed[i]; c.PropertyKey == key {
			return c.Value, !c.Remove
		}
	}
	return r.bag.Get(key.Viewer, key.Name)
}

// keep changes a value in memory, nil removes it. It is what setters call when they have judged the value.
func (r *resource) keep(name dav.Name, value *dav.Element) error {
	if value == nil {
		return r.SetDead(name, "")
	}
	return r.SetDead(name, value.XML())
}

// Dead returns a dead property.
func (r *resource) Dead(name dav.Name) (xml string, ok bool) { return r.stored(name) }

// DeadNames yields the names of the dead properties.
func (r *resource) DeadNames(yield func(dav.Name) bool) {
	for name := range r.bag.Seen(ownerKey(r.who)) {
		if r.liveOn(dav.Name(name), r.kind) {
			continue
		}
		if !yield(dav.Name(name)) {
			return
		}
	}
}

// SetDead keeps a property in memory; the verb saves. "" removes it. A property that is protected wherever it is live
// does not become a dead one where it is not: a getetag of a calendar would mislead.
func (r *resource) SetDead(name dav.Name, xml string) error {
	if r.isProtected(name) {
		return dav.Forbidden(dav.CannotModifyProtectedProperty)
	}
	key := store.PropertyKey{Viewer: r.shelf(name), Name: store.PropertyName(name)}
	if _, has := r.bag[key]; xml != "" && !has && r.bag.Count(key.Viewer)+len(r.changed) >= r.limits.Properties {
		return &dav.Error{Status: http.StatusInsufficientStorage, Detail: "The resource has too many properties."}
	}
	if len(xml) > r.limits.PropertySize {
		return &dav.Error{Status: http.StatusInsufficientStorage, Detail: "The property is too large."}
	}
	r.changed = append(r.changed, store.PropertyChange{PropertyKey: key, Value: xml, Remove: xml == ""})
	return nil
}

// live is what the table of properties says of one name.
type live struct {
	on    dav.Kind // where it is live
	kept  dav.Kind // where PROPPATCH can set it
	named bool     // a MKCALENDAR can set it, at least
}

// index sums up the table by name, so that not every name of a request is looked for from its top.
func index(table dav.Table[*resource]) map[dav.Name]live {
	all := make(map[dav.Name]live, len(table))
	for i := range table {
		row := &table[i]
		l := all[row.Name]
		l.on |= row.On
		if row.Set != nil {
			l.kept |= row.On
		}
		l.named = l.named || row.Make != nil
		all[row.Name] = l
	}
	return all
}

// isProtected says whether a property is live somewhere and can be set nowhere.
func (s *Server) isProtected(name dav.Name) bool {
	l := s.live[name]
	return l.on != 0 && l.kept == 0 && !l.named
}

// liveOn says whether a property is live on a kind.
func (s *Server) liveOn(name dav.Name, kind dav.Kind) bool { return s.live[name].on&kind != 0 }

// asksDead says whether a request may be about dead properties of resources of these kinds, whose bags must then be
// read: those of homes and collections always are.
func (s *Server) asksDead(q *dav.PropFind, kinds dav.Kind) bool {
	if q.All || q.Names {
		return true
	}
	for _, asked := range q.Props {
		if s.live[asked.Name].on&kinds != kinds {
			return true
		}
	}
	return false
}

// target is where the store keeps the resource's bag.
func (r *resource) target() store.Target {
	switch {
	case r.kind == home:
		return store.OnHome(r.home)
	case r.kind&collections != 0:
		return store.OnCollection(r.collection)
	case r.kind&items != 0:
		return store.OnObject(*r.item)
	}
	guid := ownerKey(r.whose)
	for name, kind := range proxyNames {
		if kind == r.kind {
			guid += "/" + name
		}
	}
	return store.OnPrincipal(guid)
}

// loadBag reads the bag of a resource that find does not read it for.
func (r *resource) loadBag(tx *store.Tx) error {
	if r.kind&(items|principals) == 0 {
		return nil
	}
	bag, err := tx.Properties(r.target())
	r.bag = bag
	return err
}

// bagOf makes the properties of a new collection.
func bagOf(elements ...*dav.Element) []store.PropertyChange {
	var all []store.PropertyChange
	for _, e := range elements {
		all = append(all, store.PropertyChange{
			PropertyKey: store.PropertyKey{Name: store.PropertyName(e.Name)}, Value: e.XML(),
		})
	}
	return all
}
