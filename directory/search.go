package directory

import (
	"bytes"
	"slices"
	"strings"
)

// Query asks a Snapshot for principals. Both Text and Terms must match; an empty Query matches everything.
type Query struct {
	// Text is what a person types: every word of it must be in a name or begin an address, or be in the location of a
	// place.
	Text string
	// Terms are conditions on single fields (RFC 3744 section 9.4); all of them must hold, or one of them if Any.
	Terms []Term
	Any   bool
	// Kinds restricts the answer; none means every kind.
	Kinds []Kind
	// Seats, if it is not 0, restricts the answer to places with so many seats at least.
	Seats int
	// Among, if it is not nil, says who may be a hit at all.
	Among func(*Principal) bool
	// Skip is the number of hits, in their order, to leave out.
	Skip int
	// Limit is the highest number of hits; 0 means 50.
	Limit int
}

// Term is a condition on some fields: it holds if one of them matches.
type Term struct {
	Fields Field // 0 means all
	Match  Match
	Text   string
}

// Field is a set of searchable fields.
type Field uint8

// The fields. Address is every mail address; Location is of places.
const (
	FullName Field = 1 << iota
	FirstName
	LastName
	ShortName
	Address
	Location

	Names     = FullName | FirstName | LastName | ShortName
	AllFields = Names | Address | Location
)

// Match is how a text is compared with a field, always caselessly.
type Match uint8

// The ways to match, those of CalendarServer's match-type attribute.
const (
	Contains Match = iota
	StartsWith
	EndsWith
	Equals
)

const defaultLimit = 50

// Search finds principals, sorted by short name; more says that there are others beyond the limit.
func (s *Snapshot) Search(q Query) (hits []*Principal, more bool) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	skip := q.Skip
	f := newFinder(q)
	found := s.search().candidates(f)
	s.later.addTo(found)
	for p := range s.sorted(found.each) {
		if !f.matches(p) || q.Among != nil && !q.Among(p) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(hits) == limit {
			return hits, true
		}
		hits = append(hits, p)
	}
	return hits, false
}

// finder is a query made ready: its texts are folded. It is used by one search.
type finder struct {
	words [][]byte // of Query.Text
	terms []Term
	texts [][]byte // of terms
	any   bool
	kinds []Kind
	seats int
	room  []byte
}

func newFinder(q Query) *finder {
	f := &finder{terms: q.Terms, any: q.Any, kinds: q.Kinds, seats: q.Seats}
	for _, word := range strings.Fields(q.Text) {
		f.words = append(f.words, appendFold(nil, word))
	}
	for _, term := range q.Terms {
		f.texts = append(f.texts, appendFold(nil, term.Text))
	}
	return f
}

// matches reports whether a principal of a kind asked for matches.
func (f *finder) matches(p *Principal) bool {
	if len(f.kinds) > 0 && !slices.Contains(f.kinds, p.Kind) {
		return false
	}
	if f.seats > 0 && (p.Place == nil || p.Place.Capacity < f.seats) {
		return false
	}
	for _, word := range f.words {
		if !f.holds(p, Names|Location, Contains, word) && !f.holds(p, Address, StartsWith, word) {
			return false
		}
	}
	if len(f.terms) == 0 {
		return true
	}
	failed := func(n int) bool { return !f.holds(p, f.terms[n].Fields, f.terms[n].Match, f.texts[n]) }
	for n := range f.terms {
		if failed(n) != f.any {
			return f.any
		}
	}
	return !f.any
}

// holds reports whether one of the fields matches the folded text.
func (f *finder) holds(p *Principal, fields Field, m Match, text []byte) bool {
	if fields == 0 {
		fields = AllFields
	}
	for _, name := range [...]struct {
		field Field
		value string
	}{{FullName, p.FullName}, {FirstName, p.FirstName}, {LastName, p.LastName}, {ShortName, p.ShortName}} {
		if fields&name.field != 0 && f.compare(name.value, m, text) {
			return true
		}
	}
	if fields&Location != 0 && p.Place != nil && f.compare(p.Place.Location, m, text) {
		return true
	}
	return fields&Address != 0 && slices.ContainsFunc(p.Mails, func(mail string) bool { return f.compare(mail, m, text) })
}

func (f *finder) compare(value string, m Match, text []byte) bool {
	f.room = appendFold(f.room[:0], value)
	switch m {
	case StartsWith:
		return bytes.HasPrefix(f.room, text)
	case EndsWith:
		return bytes.HasSuffix(f.room, text)
	case Equals:
		return bytes.Equal(f.room, text)
	}
	return bytes.Contains(f.room, text)
}
