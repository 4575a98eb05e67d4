package store

import "iter"

// PropertyName is an expanded XML name; an xml.Name converts to it.
type PropertyName struct{ Space, Local string }

// PropertyKey is a property as one viewer sees it.
type PropertyKey struct {
	Viewer string // GUID in lower case of the principal whose own value this is; "" is everybody's value
	Name   PropertyName
}

// Properties maps to the XML text of each property element. It is read-only: change it by Tx.SaveProperties.
type Properties map[PropertyKey]string

// Get returns the viewer's own value, else everybody's.
func (p Properties) Get(viewer string, name PropertyName) (value string, ok bool) {
	if viewer != "" {
		if value, ok = p[PropertyKey{viewer, name}]; ok {
			return value, true
		}
	}
	value, ok = p[PropertyKey{"", name}]
	return value, ok
}

// Seen yields every property that the viewer sees, in no order: own values hide everybody's.
func (p Properties) Seen(viewer string) iter.Seq2[PropertyName, string] {
	return func(yield func(PropertyName, string) bool) {
		for key, value := range p {
			if key.Viewer == "" && viewer != "" {
				if _, hidden := p[PropertyKey{viewer, key.Name}]; hidden {
					continue
				}
			} else if key.Viewer != viewer {
				continue
			}
			if !yield(key.Name, value) {
				return
			}
		}
	}
}

// PropertyChange sets a property or, with Remove, removes it; removing what is not there is no error.
type PropertyChange struct {
	PropertyKey
	Value  string // XML text of the property element
	Remove bool
}

// Target names a resource that has properties.
type Target struct {
	id        int64
	principal string
	kind      targetKind
}

type targetKind uint8

const (
	onHome targetKind = iota + 1
	onCollection
	onObject
	onPrincipal
)

// OnHome targets the home with that id.
func OnHome(id int64) Target { return Target{id: id, kind: onHome} }

// OnCollection targets the collection with that id.
func OnCollection(id int64) Target { return Target{id: id, kind: onCollection} }

// OnObject targets the object with that id. Its properties are no part of its home's picture and move no change number.
func OnObject(id int64) Target { return Target{id: id, kind: onObject} }

// OnPrincipal targets a principal by GUID in lower case, home or not.
func OnPrincipal(guid string) Target { return Target{principal: guid, kind: onPrincipal} }
