package caldav

import (
	"calport/server/dav"
	"calport/server/store"
)

// proppatch changes properties, all of them or none (RFC 4918 section 9.2). What a client may store is not judged: an
// Apple client shows a lasting warning on a calendar of which one property was refused.
func (e *exchange) proppatch() error {
	body, err := e.readXML()
	if err != nil {
		return err
	}
	changes, err := dav.ReadPropertyUpdate(body)
	if err != nil {
		return err
	}
	var outcome *dav.Outcome
	err = e.inTransaction(func(tx *store.Tx, r *resource) error {
		if err := r.loadBag(tx); err != nil {
			return err
		}
		if outcome, err = e.properties.Update(r, changes); err != nil || !outcome.OK() {
			return err
		}
		return r.save(tx)
	})
	if err != nil {
		return err
	}
	if e.res.kind&proxies != 0 {
		if err := e.delegations.load(e.r.Context()); err != nil {
			return err
		}
	}
	return e.hasProperties(outcome)
}

// save writes the properties that were changed in memory.
func (r *resource) save(tx *store.Tx) error {
	if err := r.saveProxyMembers(tx); err != nil {
		return err
	}
	for _, other := range r.elsewhere {
		if err := tx.SaveProperties(other.target, []store.PropertyChange{other.change}); err != nil {
			return err
		}
	}
	if len(r.changed) == 0 {
		return nil
	}
	return tx.SaveProperties(r.target(), r.changed)
}
