package dav

import (
	"encoding/xml"
	"slices"
)

// PropFind is what a PROPFIND or a report asks of each resource.
type PropFind struct {
	All   bool       // allprop; Props are those of DAV:include
	Names bool       // propname
	Props []*Element // the properties asked for, in order
}

// maxProps bounds how many properties may be asked of each resource: every one
// that it lacks is written for every row of the answer.
const maxProps = 500

var propFindElement = d("propfind")

// ReadPropFind parses a DAV:propfind body. A nil root means an empty body, which
// asks for allprop: RFC 4918 section 9.1.
func ReadPropFind(root *Element) (*PropFind, error) {
	if root == nil {
		return &PropFind{All: true}, nil
	}
	if root.Name != propFindElement {
		return nil, unexpected(root, propFindElement)
	}
	q, err := PropsOf(root)
	if err != nil {
		return nil, err
	}
	if root.Child(Prop) == nil && !q.All && !q.Names {
		return nil, BadRequest("DAV:propfind asks for nothing: it needs DAV:prop, DAV:allprop or DAV:propname")
	}
	return q, nil
}

// PropsOf parses the DAV:prop, allprop or propname among the children of a
// report's root. A report that has none asks for no properties.
func PropsOf(root *Element) (*PropFind, error) {
	q := &PropFind{All: root.Child(AllProp) != nil, Names: root.Child(PropName) != nil}
	prop := root.Child(Prop)
	if q.All && q.Names || prop != nil && (q.All || q.Names) {
		return nil, BadRequest("DAV:prop, DAV:allprop and DAV:propname exclude each other")
	}
	if include := root.Child(Include); q.All && include != nil {
		prop = include
	}
	if prop == nil {
		return q, nil
	}
	if len(prop.Children) > maxProps {
		return nil, BadRequest("%d properties are asked for, at most %d are answered", len(prop.Children), maxProps)
	}
	q.Props = prop.Children
	return q, nil
}

// Change sets or removes one property.
type Change struct {
	Remove bool
	Value  *Element // the property element; its contents count only when it is set
}

// ReadPropertyUpdate parses a DAV:propertyupdate in document order, as RFC 4918
// section 9.2 wants the changes made.
func ReadPropertyUpdate(root *Element) ([]Change, error) {
	if root == nil || root.Name != PropertyUpdate {
		return nil, unexpected(root, PropertyUpdate)
	}
	if root.Child(Set) == nil && root.Child(Remove) == nil {
		return nil, BadRequest("DAV:propertyupdate needs DAV:set or DAV:remove")
	}
	return changes(root, Set, Remove), nil
}

// ReadMake parses the body of an extended MKCOL (RFC 5689) or a MKCALENDAR,
// whose root has the given name. A nil root means an empty body and no changes.
func ReadMake(root *Element, name Name) ([]Change, error) {
	if root == nil {
		return nil, nil
	}
	if root.Name != name {
		return nil, unexpected(root, name)
	}
	return changes(root, Set), nil
}

// changes collects the properties of the instructions that have one of the
// names. Each keeps the language that is in scope: RFC 4918 section 4.3.
func changes(root *Element, instructions ...Name) (all []Change) {
	for _, instruction := range root.Children {
		if !slices.Contains(instructions, instruction.Name) {
			continue // unknown elements are passed over: RFC 4918 section 17
		}
		for _, prop := range instruction.Children {
			if prop.Name != Prop {
				continue
			}
			lang := language(root, instruction, prop)
			for _, property := range prop.Children {
				if lang != nil && language(property) == nil {
					property.Attr = append(property.Attr, *lang)
				}
				all = append(all, Change{Remove: instruction.Name == Remove, Value: property})
			}
		}
	}
	return all
}

// language returns the xml:lang of the innermost element that has one; the
// elements are given outermost first.
func language(elements ...*Element) *xml.Attr {
	for _, e := range slices.Backward(elements) {
		for i := range e.Attr {
			if e.Attr[i].Name == (Name{Space: xmlSpace, Local: "lang"}) {
				return &e.Attr[i]
			}
		}
	}
	return nil
}

func unexpected(got *Element, want Name) *Error {
	if got == nil {
		return BadRequest("the body is empty, %s in namespace %q is expected", want.Local, want.Space)
	}
	return BadRequest("the body is %s in namespace %q, %s in %q is expected",
		got.Name.Local, got.Name.Space, want.Local, want.Space)
}
