package ldap

import (
	"errors"
	"fmt"
	"slices"
)

// AttributeOptions lists the names by which [Attributes.Set] knows the fields.
func AttributeOptions() []string {
	var names []string
	for _, field := range attributeFields {
		names = append(names, field.name)
	}
	return names
}

// Set overrides the field of an option name, such as short_name, by sources in order of preference.
func (a *Attributes) Set(option string, sources []string) error {
	for _, field := range attributeFields {
		if field.name == option {
			*field.get(a) = sources
			return nil
		}
	}
	return fmt.Errorf("attributes.%s: there is no such option; there are %q", option, AttributeOptions())
}

// errReshaped ends a watch that reads other attributes than are wanted now.
var errReshaped = errors.New("other attributes are to be kept")

// SetKeep replaces Options.Keep, and reports whether that makes a difference: then the directory should be read anew.
// A watch begins afresh by itself. Names that are no attribute names are an error.
func (d *Directory) SetKeep(names []string) (changed bool, err error) {
	for _, name := range names {
		if !attributeName(name) {
			return false, fmt.Errorf("keep: %q is no attribute name", name)
		}
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.Equal(names, d.keep) {
		return false, nil
	}
	d.keep, d.shape = names, nil
	return true, nil
}

// shapeIs reports whether sh is still what is to be read.
func (d *Directory) shapeIs(sh *shape) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.shape == sh
}
