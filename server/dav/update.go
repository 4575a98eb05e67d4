package dav

// Outcome is what became of each change of a PROPPATCH, MKCOL or MKCALENDAR.
type Outcome struct {
	failed bool
	states []failure // err nil: done
}

// OK reports that every change was made. If not, none may be kept: the changes
// are atomic, RFC 4918 section 9.2.
func (o *Outcome) OK() bool { return !o.failed }

// Update makes the changes of a PROPPATCH on a resource in memory. The caller
// keeps the resource if the outcome is OK, and forgets it if not.
func (t Table[R]) Update(r R, changes []Change) (*Outcome, error) { return nil, nil }

// Make makes the changes of a MKCOL or MKCALENDAR on a resource that is new.
func (t Table[R]) Make(r R, changes []Change) (*Outcome, error) { return nil, nil }

// Respond writes the outcome as a DAV:response.
func (o *Outcome) Respond(w *Writer, href string) {}

// Propstats writes the outcome as DAV:propstat elements, the contents of a
// DAV:mkcol-response or CALDAV:mkcalendar-response.
func (o *Outcome) Propstats(w *Writer) {}
