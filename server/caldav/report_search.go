package caldav

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"calport/directory"
	"calport/server/dav"
)

// searchable are the properties by which people can be found, with what the directory calls them and what
// principal-search-property-set says of them. Clients look no further where it says nothing.
var searchable = []searchableProperty{
	{name: dav.DisplayName, fields: directory.FullName, description: "Display Name"},
	{name: dav.EmailAddressSet, fields: directory.Address, description: "Email Addresses"},
	{name: dav.CalendarUserAddressSet, fields: directory.Address, address: true, description: "Calendar User Address Set"},
	{name: dav.CalendarUserType, kind: true, description: "Calendar User Type"},
	{name: dav.FirstName, fields: directory.FirstName},
	{name: dav.LastName, fields: directory.LastName},
	// As Nextcloud's clients look for rooms: so many seats, or more.
	{name: dav.RoomSeatingCapacity, seats: true},
	{name: dav.RoomBuildingAddress, fields: directory.Location},
}

type searchableProperty struct {
	name        dav.Name
	fields      directory.Field
	address     bool   // a calendar user address, with its scheme
	kind        bool   // a calendar user type
	seats       bool   // how many people a place has room for, at least
	description string // empty: works, but is not told
}

// matchTypes are the values of match-type, an extension of Apple's; without it a text is looked for anywhere (RFC 3744
// section 9.4).
var matchTypes = map[string]directory.Match{
	"": directory.Contains, "contains": directory.Contains, "starts-with": directory.StartsWith,
	"ends-with": directory.EndsWith, "equals": directory.Equals,
}

// principalSearchPropertySet says by what people can be found (RFC 3744 section 9.5).
func (e *exchange) principalSearchPropertySet(*dav.Element) error {
	return dav.WriteXML(e.w, http.StatusOK, dav.PrincipalSearchPropertySet, func(w *dav.Writer) error {
		for _, s := range searchable {
			if s.description == "" {
				continue
			}
			w.Start(dav.PrincipalSearchProperty)
			w.Start(dav.Prop)
			w.Empty(s.name)
			w.End(dav.Prop)
			w.Element(&dav.Element{Name: dav.Description, Attr: []xml.Attr{english}, Text: s.description})
			w.End(dav.PrincipalSearchProperty)
		}
		return nil
	})
}

// principalPropertySearch finds people by their properties (RFC 3744 section 9.4), with Apple's attributes test, type
// and match-type. Apple's clients send it to some collection of principals and Evolution to a calendar; all mean
// everybody, save that below one record type its principals are meant.
func (e *exchange) principalPropertySearch(body *dav.Element) error {
	q, err := onlyProps(body)
	if err != nil {
		return err
	}
	query, err := e.readSearch(body)
	if err != nil {
		return err
	}
	if kind, ok := recordKind(e.res.loc.record); ok && e.res.kind == principalCollection &&
		body.Child(dav.ApplyToPrincipalCollectionSet) == nil {
		if len(query.Kinds) > 0 && !slices.Contains(query.Kinds, kind) {
			return e.respond(q, nil)
		}
		query.Kinds = []directory.Kind{kind}
	}
	return e.found(q, query)
}

func (e *exchange) readSearch(body *dav.Element) (directory.Query, error) {
	query := directory.Query{Limit: e.limits.SearchHits}
	switch test, _ := body.Attribute("test"); test {
	case "", "allof":
	case "anyof":
		query.Any = true
	default:
		return query, dav.BadRequest("test is %q; it may be anyof or allof.", test)
	}
	if name, ok := body.Attribute("type"); ok {
		kind, known := kindNamed(name)
		if !known {
			return query, dav.BadRequest("type is %q, which is no calendar user type.", name)
		}
		query.Kinds = []directory.Kind{kind}
	}
	for _, search := range body.Children {
		if search.Name != dav.PropertySearch {
			continue
		}
		if err := readTerm(&query, search); err != nil {
			return query, err
		}
	}
	if len(query.Terms) == 0 && len(query.Kinds) == 0 && query.Seats == 0 {
		return query, dav.BadRequest("principal-property-search needs a property-search.")
	}
	return query, readLimit(&query, body)
}

// readTerm reads a property-search: each of its properties must match, which are the alternatives of one term when they
// are of one kind.
func readTerm(query *directory.Query, search *dav.Element) error {
	prop, match := search.Child(dav.Prop), search.Child(dav.Match)
	if prop == nil || match == nil {
		return dav.BadRequest("property-search needs prop and match.")
	}
	matchType, _ := match.Attribute("match-type")
	how, known := matchTypes[matchType]
	if !known {
		return dav.BadRequest("match-type is %q, which is unknown.", matchType)
	}
	if caseless, ok := match.Attribute("caseless"); ok && caseless != "yes" && caseless != "no" {
		return dav.BadRequest("caseless is %q; it may be yes or no.", caseless)
	}
	for _, p := range prop.Children {
		i := slices.IndexFunc(searchable, func(s searchableProperty) bool { return s.name == p.Name })
		if i < 0 {
			query.Terms = append(query.Terms, nobody)
			continue
		}
		s := searchable[i]
		text := match.Text
		if s.kind {
			if kind, ok := kindNamed(strings.TrimSpace(text)); ok {
				query.Kinds = append(query.Kinds, kind)
			} else {
				query.Terms = append(query.Terms, nobody)
			}
			continue
		}
		if s.seats {
			seats, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil || seats <= 0 {
				return dav.BadRequest("%q is no number of seats.", text)
			}
			query.Seats = max(query.Seats, seats)
			continue
		}
		if s.address {
			if !strings.Contains(text, ":") {
				return dav.BadRequest("%q is no calendar user address.", text)
			}
			text = addressText(text)
		}
		query.Terms = append(query.Terms, directory.Term{Fields: s.fields, Match: how, Text: text})
	}
	return nil
}

// nobody is a condition that holds of nobody.
var nobody = directory.Term{Match: directory.Equals, Text: "\x00"}

// kindNamed is the kind of a calendar user type.
func kindNamed(cuType string) (directory.Kind, bool) {
	for _, kind := range directory.Kinds() {
		if strings.EqualFold(kind.CUType(), cuType) {
			return kind, true
		}
	}
	return 0, false
}

// addressText is a calendar user address as the directory keeps it: without mailto.
func addressText(address string) string {
	if rest, ok := cutPrefixFold(strings.TrimSpace(address), "mailto:"); ok {
		return rest
	}
	return address
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

// readLimit reads Apple's limit, which may lower ours.
func readLimit(query *directory.Query, body *dav.Element) error {
	limit := body.Child(csLimit)
	if limit == nil {
		return nil
	}
	n, err := strconv.Atoi(limit.Child(csNResults).Trimmed())
	if err != nil || n <= 0 {
		return dav.BadRequest("nresults is no positive number.")
	}
	query.Limit = min(query.Limit, n)
	return nil
}

// english marks words for people.
var english = xml.Attr{Name: xml.Name{Space: "http://www.w3.org/XML/1998/namespace", Local: "lang"}, Value: "en"}

var (
	csLimit    = dav.Name{Space: dav.CalendarServer, Local: "limit"}
	csNResults = dav.Name{Space: dav.CalendarServer, Local: "nresults"}
)

// contexts are the values of the context attribute of calendarserver-principal-search.
var contexts = map[string][]directory.Kind{
	"": nil, "attendee": nil,
	"user": {directory.Individual}, "group": {directory.Group}, "resource": {directory.Resource}, "location": {directory.Room},
}

// calendarServerPrincipalSearch finds people by what somebody types, one request with each key (Apple's
// calendarserver-principal-search): every token must be in a name or begin an address.
func (e *exchange) calendarServerPrincipalSearch(body *dav.Element) error {
	q, err := onlyProps(body)
	if err != nil {
		return err
	}
	context, _ := body.Attribute("context")
	kinds, known := contexts[context]
	if !known {
		return dav.BadRequest("context is %q, which is unknown.", context)
	}
	var tokens []string
	worth := false
	for _, child := range body.Children {
		if child.Name == dav.SearchToken {
			tokens = append(tokens, child.Trimmed())
			worth = worth || utf8.RuneCountInString(child.Trimmed()) > 1
		}
	}
	if !worth {
		return &dav.Error{Status: http.StatusForbidden, Detail: "Type at least two letters."}
	}
	query := directory.Query{Text: strings.Join(tokens, " "), Kinds: kinds, Limit: e.limits.SearchHits}
	if err := readLimit(&query, body); err != nil {
		return err
	}
	return e.found(q, query)
}

// found answers with the principals that a query finds; if there are more than the limit, with a last response that
// says so (RFC 3744 section 9.4: number-of-matches-within-limits).
func (e *exchange) found(q *dav.PropFind, query directory.Query) error {
	if e.finds != nil {
		query.Among = e.sees
	}
	hits, more := e.people.Search(query)
	l := &listing{exchange: e, q: q, selection: e.properties.Select(q, e.minimal())}
	return dav.WriteMultiStatus(e.w, func(w *dav.Writer) error {
		l.w = w
		for _, p := range hits {
			if err := l.one(e.principalResource(p, principal)); err != nil {
				return err
			}
		}
		if more {
			w.Failure(e.res.href, &dav.Error{Status: http.StatusInsufficientStorage, Condition: dav.NumberOfMatchesWithinLimits})
		}
		return nil
	})
}
