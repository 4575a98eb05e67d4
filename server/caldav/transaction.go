package caldav

import "calport/server/store"

// inTransaction runs change in one durable transaction on the request's resource as it is there: what was found
// before it may have changed since, and so may the visitor's rights and the truth of the request's conditions.
func (e *exchange) inTransaction(change func(*store.Tx, *resource) error) error {
	return e.store.Write(e.r.Context(), func(tx *store.Tx) error {
		r, err := e.find(fromTx{tx}, e.res.loc)
		if err != nil {
			return err
		}
		if r.null && !e.res.null {
			return errNothing()
		}
		if err := e.method.permit(r); err != nil {
			return err
		}
		if err := e.preconditions(tx, r); err != nil {
			return err
		}
		return change(tx, r)
	})
}
