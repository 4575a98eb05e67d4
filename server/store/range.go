package store

import (
	"iter"
	"math"
)

// spans are the classes of length from FirstStart to LastEnd, in seconds. An index on (collection, class, FirstStart)
// finds what touches a range by looking, in each class, no further back than the class is long; so a month's query
// costs what the month holds, not what the calendar holds. The last class is for all that is longer or endless.
var spans = [...]int64{
	day,       // nearly every event
	8 * day,   // a trip, a week of lessons
	40 * day,  // a short series
	400 * day, // a school year
	4000 * day,
	math.MaxInt64,
}

const day = 24 * 60 * 60

// spanClass is the index into spans of what goes from start to end.
func spanClass(start, end int64) int {
	length := end - start
	if start == NoStart || end == NoEnd || length < 0 {
		return len(spans) - 1
	}
	for class, longest := range spans {
		if length <= longest {
			return class
		}
	}
	return len(spans) - 1
}

var objectsInSpan = forParts(`WHERE o.collection_id = $1 AND o.span = $2
	AND o.first_start >= $3 AND o.first_start <= $4 AND o.last_end >= $5 AND o.span <> -1`)

// ObjectsInRange streams the objects of which FirstStart to LastEnd touches start to end (Unix seconds, or NoStart and
// NoEnd), bounds included on both sides, in no order. With a component, only those. It is a prefilter: recurrences and
// the exact rules of RFC 4791 section 9.9 are the caller's.
func (tx *Tx) ObjectsInRange(collectionID int64, component string, start, end int64, part Part) iter.Seq2[Object, error] {
	of := part
	if component != "" { // which is no part of the index: nearly all calendars hold one
		of |= Facts
	}
	return func(yield func(Object, error) bool) {
		for class, longest := range spans {
			earliest := NoStart
			if longest != math.MaxInt64 && start > NoStart+longest {
				earliest = start - longest
			}
			for o, err := range tx.objects(of, objectsInSpan[of], collectionID, class, earliest, end, start) {
				if err == nil && component != "" && o.Component != component {
					continue
				}
				if !yield(o, err) || err != nil {
					return
				}
			}
		}
	}
}
