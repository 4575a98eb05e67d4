package store

import (
	"database/sql"
	"fmt"
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

// notSearched is the class of what is in no calendar.
const notSearched = -1

// spanOf is the class of an object by the home in which its UID is unique, which only what is in a calendar has.
func spanOf(o Object, uidHome sql.NullInt64) int {
	if !uidHome.Valid {
		return notSearched
	}
	return spanClass(o.FirstStart, o.LastEnd)
}

// objectsInRange looks into all classes: $2 is the end, $3 the start, and those from $4 on are the earliest FirstStart
// that counts in each class. It is one statement, since each is a round trip to PostgreSQL, and to SQLite costs as much
// as a few rows.
var objectsInRange = func() (texts [parts]string) {
	for class := range spans {
		of := forParts(fmt.Sprintf(`WHERE o.collection_id = $1 AND o.span = %d
			AND o.first_start >= $%d AND o.first_start <= $2 AND o.last_end >= $3 AND o.span <> -1`, class, 4+class))
		for p := range texts {
			if class > 0 {
				texts[p] += " UNION ALL "
			}
			texts[p] += of[p]
		}
	}
	return texts
}()

// ObjectsInRange streams the objects of a calendar, for it alone is searched by time, of which FirstStart to LastEnd
// touches start to end (Unix seconds, or NoStart and NoEnd), bounds included on both sides, in no order. With a
// component, only those. It is a prefilter: recurrences and the exact rules of RFC 4791 section 9.9 are the caller's.
func (tx *Tx) ObjectsInRange(collectionID int64, component string, start, end int64, part Part) iter.Seq2[Object, error] {
	of := part
	if component != "" { // which is no part of the index: nearly all calendars hold one
		of |= Facts
	}
	args := []any{end, start}
	for _, longest := range spans {
		earliest := NoStart
		if longest != math.MaxInt64 && start > NoStart+longest {
			earliest = start - longest
		}
		args = append(args, earliest)
	}
	return func(yield func(Object, error) bool) {
		for o, err := range tx.objects(of, objectsInRange[of], collectionID, args...) {
			if err == nil && component != "" && o.Component != component {
				continue
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}
