package dav

import (
	"errors"
	"net/http"
)

// Outcome is what became of each change of a PROPPATCH, MKCOL or MKCALENDAR.
type Outcome struct {
	done   []Name
	failed []failure
}

// OK reports that every change was made. If not, none may be kept: the changes
// are atomic, RFC 4918 section 9.2.
func (o *Outcome) OK() bool { return len(o.failed) == 0 }

// Update makes the changes of a PROPPATCH on a resource in memory. The caller
// keeps the resource if the outcome is OK, and forgets it if not. The error is
// one that is not for a client.
func (t Table[R]) Update(r R, changes []Change) (*Outcome, error) {
	return t.apply(r, changes, func(row *Property[R]) func(R, *Element) error { return row.Set })
}

// Make makes the changes of a MKCOL or MKCALENDAR on a resource that is new.
func (t Table[R]) Make(r R, changes []Change) (*Outcome, error) {
	return t.apply(r, changes, func(row *Property[R]) func(R, *Element) error {
		if row.Make != nil {
			return row.Make
		}
		return row.Set
	})
}

func (t Table[R]) apply(r R, changes []Change, setter func(*Property[R]) func(R, *Element) error) (*Outcome, error) {
	o := new(Outcome)
	for _, change := range changes {
		err := t.change(r, change, setter)
		var e *Error
		switch {
		case err == nil:
			o.done = append(o.done, change.Value.Name)
		case errors.As(err, &e):
			o.failed = append(o.failed, failure{change.Value.Name, e})
		default:
			return nil, err
		}
	}
	return o, nil
}

func (t Table[R]) change(r R, change Change, setter func(*Property[R]) func(R, *Element) error) error {
	name, value := change.Value.Name, change.Value
	if change.Remove {
		value = nil
	}
	if row := t.row(name, r.Kind()); row != nil {
		set := setter(row)
		if set == nil {
			return Forbidden(CannotModifyProtectedProperty)
		}
		return set(r, value)
	}
	if value == nil {
		return r.SetDead(name, "")
	}
	return r.SetDead(name, value.XML())
}

// Respond writes the outcome as a DAV:response.
func (o *Outcome) Respond(w *Writer, href string) {
	w.beginResponse()
	w.Href(href)
	o.Propstats(w)
	w.endResponse()
}

// Propstats writes the outcome as DAV:propstat elements, the contents of a
// DAV:mkcol-response or CALDAV:mkcalendar-response. Where a change failed, the
// others failed with it: 424.
func (o *Outcome) Propstats(w *Writer) {
	w.failures(o.failed)
	if len(o.done) == 0 && !o.OK() {
		return
	}
	status := http.StatusOK
	if !o.OK() {
		status = http.StatusFailedDependency
	}
	w.beginPropstat()
	for _, name := range o.done {
		w.Empty(name)
	}
	w.endPropstat(status, nil)
}

// Err is why the first of the changes that failed did; nil if the outcome is OK.
func (o *Outcome) Err() error {
	if o.OK() {
		return nil
	}
	return o.failed[0].err
}
