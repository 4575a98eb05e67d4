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

// row returns the row of a property on a kind of resource, nil if it has none:
// then the property is a dead one.
func (t Table[R]) row(name Name, kind Kind) *Property[R] {
	for i := range t {
		if t[i].Name == name && t[i].On&kind != 0 {
			return &t[i]
		}
	}
	return nil
}
