package contacts

import (
	"iter"
	"slices"
	"strings"

	"github.com/emersion/go-vcard"
	"github.com/emersion/go-webdav/carddav"

	"calport/directory"
)

// matches yields the principals whose cards a query describes (RFC 6352 section 10.5) and whom the visitor may find, at
// most enough of them. A query for names and addresses, which is what clients send as somebody types, is answered by the
// directory's index; any other looks at every card.
func (b *backend) matches(q *carddav.AddressBookQuery, enough int) iter.Seq[*directory.Principal] {
	if indexed, ok := indexed(q); ok {
		indexed.Among, indexed.Limit = b.sees, enough
		hits, _ := b.people.Search(indexed)
		return slices.Values(hits)
	}
	aboutPhotos := slices.ContainsFunc(q.PropFilters, func(f carddav.PropFilter) bool { return strings.EqualFold(f.Name, vcard.FieldPhoto) })
	return func(yield func(*directory.Principal) bool) {
		for p := range b.people.All() {
			if b.sees(p) && matchCard(q, b.card(p, aboutPhotos)) && !yield(p) {
				return
			}
		}
	}
}

// indexFields are the fields that the directory's index has. FN is the full name; N is made of the others, so that what
// is in one of them is in N.
var indexFields = map[string]directory.Field{
	vcard.FieldFormattedName: directory.FullName, vcard.FieldNickname: directory.ShortName, vcard.FieldEmail: directory.Address,
}

var indexMatches = map[carddav.MatchType]directory.Match{
	"": directory.Contains, carddav.MatchContains: directory.Contains, carddav.MatchStartsWith: directory.StartsWith,
	carddav.MatchEndsWith: directory.EndsWith, carddav.MatchEquals: directory.Equals,
}

// indexed is a query for the directory's index that finds the same, if there is one: where every filter is one text in
// one field that the index has.
func indexed(q *carddav.AddressBookQuery) (directory.Query, bool) {
	found := directory.Query{Any: q.FilterTest != carddav.FilterAllOf}
	for _, f := range q.PropFilters {
		field, known := indexFields[strings.ToUpper(f.Name)]
		if !known || f.IsNotDefined || len(f.Params) > 0 || len(f.TextMatches) != 1 || f.TextMatches[0].NegateCondition {
			return found, false
		}
		how, known := indexMatches[f.TextMatches[0].MatchType]
		if !known || f.TextMatches[0].Text == "" {
			return found, false
		}
		found.Terms = append(found.Terms, directory.Term{Fields: field, Match: how, Text: f.TextMatches[0].Text})
	}
	return found, len(found.Terms) > 0
}

// matchCard reports whether a card is what a query describes. A query without filters describes every card.
func matchCard(q *carddav.AddressBookQuery, c vcard.Card) bool {
	return test(q.FilterTest, q.PropFilters, func(f carddav.PropFilter) bool { return matchField(f, c) })
}

// test is the attribute test of a filter: one of the conditions, or all of them. No conditions hold.
func test[T any](how carddav.FilterTest, conditions []T, holds func(T) bool) bool {
	if how == carddav.FilterAllOf || len(conditions) == 0 {
		return !slices.ContainsFunc(conditions, func(c T) bool { return !holds(c) })
	}
	return slices.ContainsFunc(conditions, holds)
}

// matchField is RFC 6352 section 10.5.1.
func matchField(f carddav.PropFilter, c vcard.Card) bool {
	fields := c[strings.ToUpper(f.Name)]
	if f.IsNotDefined || len(fields) == 0 {
		return f.IsNotDefined && len(fields) == 0
	}
	return slices.ContainsFunc(fields, func(field *vcard.Field) bool {
		var conditions []func() bool
		for _, m := range f.TextMatches {
			conditions = append(conditions, func() bool { return matchText(m, field.Value) })
		}
		for _, p := range f.Params {
			conditions = append(conditions, func() bool { return matchParam(p, field.Params) })
		}
		return test(f.Test, conditions, func(holds func() bool) bool { return holds() })
	})
}

// matchParam is RFC 6352 section 10.5.2.
func matchParam(f carddav.ParamFilter, params vcard.Params) bool {
	var values []string
	for name, all := range params {
		if strings.EqualFold(name, f.Name) {
			values = all
		}
	}
	switch {
	case f.IsNotDefined || len(values) == 0:
		return f.IsNotDefined && len(values) == 0
	case f.TextMatch == nil:
		return true
	}
	return slices.ContainsFunc(values, func(value string) bool { return matchText(*f.TextMatch, value) })
}

// matchText is RFC 6352 section 10.5.4.
func matchText(m carddav.TextMatch, value string) bool {
	value, text := directory.Fold(value), directory.Fold(m.Text)
	var holds bool
	switch m.MatchType {
	case carddav.MatchEquals:
		holds = value == text
	case carddav.MatchStartsWith:
		holds = strings.HasPrefix(value, text)
	case carddav.MatchEndsWith:
		holds = strings.HasSuffix(value, text)
	default:
		holds = strings.Contains(value, text)
	}
	return holds != m.NegateCondition
}
