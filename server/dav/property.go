package dav

// Kind is a set of kinds of resource. The bits are the user's.
type Kind uint32

// Needs is a set of things that must be fetched before a getter can run. The
// bits are the user's.
type Needs uint32

// Resource is what a table's rows are evaluated on.
type Resource interface {
	Kind() Kind
	// Dead returns a dead property as it was stored by SetDead.
	Dead(Name) (xml string, ok bool)
	// DeadNames calls yield for the name of every dead property.
	DeadNames(yield func(Name) bool)
	// SetDead stores a dead property in memory, self-contained XML text of the
	// whole element; "" removes it.
	SetDead(name Name, xml string) error
}

// Property is a row of a table: one live property.
type Property[R Resource] struct {
	Name  Name
	On    Kind  // the kinds of resource that have it
	All   bool  // part of allprop
	Needs Needs // what Get reads beyond the bare resource

	// Hidden keeps the row out of propname: CALDAV:calendar-data is asked for
	// like a property and is none.
	Hidden bool

	// Get writes the whole property element. asked is the element of the request,
	// whose name it has and whose attributes and children may refine it (never
	// nil). It returns ErrNoProperty where the resource lacks it, an *Error for
	// any other status; a different error ends the answer. What it had written
	// before it failed is taken back.
	Get func(w *Writer, asked *Element, r R) error

	// Set changes the property in memory; value is nil when it is to be removed.
	// A nil Set means that the property is protected.
	Set func(r R, value *Element) error

	// Make sets the property while MKCOL or MKCALENDAR makes the resource, where
	// that differs from Set.
	Make func(r R, value *Element) error
}

// Table is every live property of a server.
type Table[R Resource] []Property[R]

// Selection is what a request wants to know, resolved against a table.
type Selection[R Resource] struct {
	// Minimal leaves out the properties that a resource does not have.
	Minimal bool

	names bool // propname
	all   bool // allprop: dead properties as well
	items []item[R]

	missing []Name // scratch
	failed  []failure
}

type item[R Resource] struct {
	asked *Element
	row   *Property[R] // nil: a dead property
}

type failure struct {
	name Name
	err  *Error
}

// Select resolves a request. minimal is [Preferences.Minimal].
func (t Table[R]) Select(q *PropFind, minimal bool) *Selection[R] { return nil }

// Needs is what must be fetched to evaluate the selection on resources of the
// given kinds.
func (s *Selection[R]) Needs(kinds Kind) Needs { return 0 }

// Respond writes a DAV:response with the selected properties of a resource.
// href is written as given, encoded.
func (s *Selection[R]) Respond(w *Writer, href string, r R) error { return nil }

// RespondMember is Respond for a member of a collection: collection is an
// encoded href ending in "/", name is encoded here.
func (s *Selection[R]) RespondMember(w *Writer, collection, name string, r R) error { return nil }
