package dav

// PropFind is what a PROPFIND or a report asks of each resource.
type PropFind struct {
	All   bool       // allprop; Props are those of DAV:include
	Names bool       // propname
	Props []*Element // the properties asked for, in order
}

// ReadPropFind parses a DAV:propfind body. A nil root means an empty body, which
// asks for allprop: RFC 4918 section 9.1.
func ReadPropFind(root *Element) (*PropFind, error) { return nil, nil }

// PropsOf parses the DAV:prop, allprop or propname among the children of a
// report's root. A report that has none asks for no properties.
func PropsOf(root *Element) (*PropFind, error) { return nil, nil }

// Change sets or removes one property.
type Change struct {
	Remove bool
	Value  *Element // the property element; its contents count only when it is set
}

// ReadPropertyUpdate parses a DAV:propertyupdate in document order.
func ReadPropertyUpdate(root *Element) ([]Change, error) { return nil, nil }

// ReadMake parses the body of an extended MKCOL or a MKCALENDAR, whose root has
// the given name. A nil root means an empty body and no changes.
func ReadMake(root *Element, name Name) ([]Change, error) { return nil, nil }
