package store

import (
	"iter"
	"maps"
	"strconv"
	"unique"
)

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

// Count is the number of a viewer's own values; of "" those of everybody.
func (p Properties) Count(viewer string) (n int) {
	for key := range p {
		if key.Viewer == viewer {
			n++
		}
	}
	return n
}

// PropertyChange sets a property or, with Remove, removes it; removing what is not there is no error.
type PropertyChange struct {
	PropertyKey
	Value  string // XML text of the property element
	Remove bool
}

// Target names a resource that has properties.
type Target struct {
	kind      targetKind
	holder    int64 // id of the home or collection with whose properties these are read
	id        int64
	principal string
}

type targetKind uint8

const (
	onHome targetKind = iota + 1
	onCollection
	onObject
	onPrincipal
)

// OnHome targets a home.
func OnHome(h *Home) Target { return Target{kind: onHome, holder: h.ID, id: h.ID} }

// OnCollection targets a collection.
func OnCollection(c *Collection) Target {
	return Target{kind: onCollection, holder: c.HomeID, id: c.ID}
}

// OnObject targets an object, whose Facts must be filled. Its properties are no part of its home's picture and take no
// change number.
func OnObject(o Object) Target { return Target{kind: onObject, holder: o.CollectionID, id: o.ID} }

// OnPrincipal targets a principal by GUID in lower case, whether it has a home or not.
func OnPrincipal(guid string) Target { return Target{kind: onPrincipal, principal: guid} }

// The tables know a target by the holder whose properties are read together, and a text.
func (t Target) key() (holder int64, target string) {
	if t.kind == onPrincipal {
		return 0, t.principal
	}
	return t.holder, idTarget(t.id)
}

// loadProperties reads all properties below a holder, by target.
func (tx *Tx) loadProperties(holder int64) (map[string]Properties, error) {
	all := map[string]Properties{}
	rows := tx.rows("SELECT target, viewer, space, local, xml FROM property WHERE holder = $1", holder)
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		var target, value string
		var key PropertyKey
		if err := r.Scan(&target, &key.Viewer, &key.Name.Space, &key.Name.Local, &value); err != nil {
			return nil, err
		}
		key.Name = unique.Make(key.Name).Value() // a few names, in every home
		if all[target] == nil {
			all[target] = Properties{}
		}
		all[target][key] = value
	}
	return all, nil
}

// Properties reads the properties of one target. Those of homes and collections stand in Home already.
func (tx *Tx) Properties(t Target) (Properties, error) {
	holder, target := t.key()
	if err := tx.hold(holder); err != nil {
		return nil, err
	}
	p := Properties{}
	rows := tx.rows("SELECT viewer, space, local, xml FROM property WHERE holder = $1 AND target = $2", holder, target)
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		var key PropertyKey
		var value string
		if err := r.Scan(&key.Viewer, &key.Name.Space, &key.Name.Local, &value); err != nil {
			return nil, err
		}
		p[key] = value
	}
	return p, nil
}

// ObjectProperties reads the properties of all objects of a collection that have any, by object id, in one query.
func (tx *Tx) ObjectProperties(collectionID int64) (map[int64]Properties, error) {
	if err := tx.hold(collectionID); err != nil {
		return nil, err
	}
	byTarget, err := tx.loadProperties(collectionID)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]Properties, len(byTarget))
	for target, p := range byTarget {
		id, err := strconv.ParseInt(target, 10, 64)
		if err != nil {
			return nil, err
		}
		byID[id] = p
	}
	return byID, nil
}

// SaveProperties makes all the changes. A change to a home or collection takes the home's next number; ErrNotFound if
// there is no such home or collection.
func (tx *Tx) SaveProperties(t Target, changes []PropertyChange) error {
	switch t.kind {
	case onHome:
		h, err := tx.workOnID(t.id)
		if err != nil {
			return err
		}
		h = tx.next(h)
		tx.tell(h, 0, "", false)
		h.Properties, err = tx.apply(h.ID, idTarget(h.ID), h.Properties, changes)
		return err
	case onCollection:
		h, c, err := tx.collection(t.id)
		if err != nil {
			return err
		}
		h, c = tx.nextOf(h, c)
		tx.tell(h, c.ID, "", false)
		c.Properties, err = tx.apply(h.ID, idTarget(c.ID), c.Properties, changes)
		return err
	}
	holder, target := t.key()
	_, err := tx.apply(holder, target, nil, changes)
	return err
}

// apply writes changes to the table and returns the properties as they are then.
func (tx *Tx) apply(holder int64, target string, p Properties, changes []PropertyChange) (Properties, error) {
	now := make(Properties, len(p)+len(changes))
	maps.Copy(now, p)
	for _, ch := range changes {
		key := []any{holder, target, ch.Viewer, ch.Name.Space, ch.Name.Local}
		if ch.Remove {
			delete(now, ch.PropertyKey)
			err := tx.exec(`DELETE FROM property
				WHERE holder = $1 AND target = $2 AND viewer = $3 AND space = $4 AND local = $5`, key...)
			if err != nil {
				return nil, err
			}
			continue
		}
		now[ch.PropertyKey] = ch.Value
		err := tx.exec(`INSERT INTO property (holder, target, viewer, space, local, xml)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (holder, target, viewer, space, local) DO UPDATE SET xml = excluded.xml`,
			append(key, ch.Value)...)
		if err != nil {
			return nil, err
		}
	}
	return now, nil
}
