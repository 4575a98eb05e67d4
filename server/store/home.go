package store

import (
	"slices"
	"strings"
	"time"
)

// Home is everything known of one calendar home but its objects. A *Home and all that it leads to is immutable and
// may be shared and kept: it is the picture as of Change.
type Home struct {
	ID    int64
	Owner string // the principal's GUID in lower case

	// Change is the number of the last change to the home or to anything below it. Every change to anything in the
	// home takes the next number, so that the numbers of one collection rise too, with gaps.
	Change      int64
	Collections []*Collection // sorted by Name, bytewise
	Properties  Properties    // of the home itself
	Created     time.Time
}

// Collection returns the collection of that name, nil if there is none.
func (h *Home) Collection(name string) *Collection {
	i, found := slices.BinarySearchFunc(h.Collections, name, func(c *Collection, name string) int {
		return strings.Compare(c.Name, name)
	})
	if !found {
		return nil
	}
	return h.Collections[i]
}

// CollectionByID returns the collection with that id, nil if there is none.
func (h *Home) CollectionByID(id int64) *Collection {
	for _, c := range h.Collections {
		if c.ID == id {
			return c
		}
	}
	return nil
}
