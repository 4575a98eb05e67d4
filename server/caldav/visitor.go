package caldav

import (
	"context"

	"calport/directory"
	"calport/server/dav"
	"calport/server/store"
)

// Visitor is the server to somebody who does not come by DAV: the portal's pages and commands. What he may do and what
// comes of it is what the tables say of the DAV method that it stands for: the same privileges, change numbers, sync
// tokens and messages.
//
// Errors that are for him are *dav.Error, of which the status says what is wrong: 403 that it is not his to do, 404 that
// it is not there, 507 that there is no room.
type Visitor struct {
	*Server
	who *directory.Principal
}

// As is the server to somebody who has been authenticated, as to WithPrincipal.
func (s *Server) As(who *directory.Principal) Visitor { return Visitor{s, who} }

func (a Visitor) visit() *visit { return a.visitBy(a.who) }

// at finds what stands at a path, where a method may run.
func (v *visit) at(ctx context.Context, method, path string) (*resource, error) {
	return v.permitted(fromStore{ctx, v.store, store.Facts}, method, locate(path))
}

func (v *visit) permitted(from source, method string, at location) (*resource, error) {
	r, err := v.find(from, at)
	if err != nil {
		return nil, err
	}
	return r, v.methodNamed(method).permit(r)
}

// within runs change in one durable transaction on what stands at a path, as the method would that it stands for. The home
// is made if nobody has seen it yet.
func (v *visit) within(ctx context.Context, method, path string, change func(*store.Tx, *resource) error) error {
	at := locate(path)
	if _, err := v.find(fromStore{ctx, v.store, store.Facts}, at); err != nil {
		return err
	}
	return v.store.Write(ctx, func(tx *store.Tx) error {
		r, err := v.permitted(fromTx{tx}, method, at)
		if err != nil {
			return err
		}
		return change(tx, r)
	})
}

// refused is why changes of properties were not made, nil if they were.
func refused(o *dav.Outcome, err error) error {
	if err != nil {
		return err
	}
	return o.Err()
}
