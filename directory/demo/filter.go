package demo

import (
	"slices"
	"strings"
)

// truth is the outcome of a filter: RFC 4511 section 4.5.1.7 has three. And is the minimum, or the maximum, not the
// negation.
type truth int8

const (
	isFalse   truth = -1
	undefined truth = 0
	isTrue    truth = 1
)

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

// filter is a search filter, decoded.
type filter interface{ match(*entry) truth }

type (
	andFilter []filter // none: true (RFC 4526)
	orFilter  []filter // none: false
	notFilter struct{ filter }

	presentFilter struct{ *attributeType }

	// equalFilter is an equality, or an approximate match, which is the same here.
	equalFilter struct {
		*attributeType
		assertion string
	}

	// orderFilter is by octets: accept says which outcome of comparing an entry's value with the assertion passes.
	orderFilter struct {
		*attributeType
		assertion string
		accept    func(int) bool
	}

	// substringsFilter has the parts prepared; initial and final are empty if absent.
	substringsFilter struct {
		*attributeType
		initial, final string
		any            []string
	}

	// extensibleFilter compares by a matching rule all attributes, or the one of a type, and with dn those in the
	// entry's DN too.
	extensibleFilter struct {
		*attributeType
		rule      syntax
		assertion string
		dn        bool
	}

	// undefinedFilter asks for what the schema does not have.
	undefinedFilter struct{}
)

func atLeast(n int) bool { return n >= 0 }
func atMost(n int) bool  { return n <= 0 }

func (f andFilter) match(e *entry) truth {
	all := isTrue
	for _, part := range f {
		all = min(all, part.match(e))
	}
	return all
}

func (f orFilter) match(e *entry) truth {
	one := isFalse
	for _, part := range f {
		one = max(one, part.match(e))
	}
	return one
}

func (f notFilter) match(e *entry) truth { return -f.filter.match(e) }

func (undefinedFilter) match(*entry) truth { return undefined }

func (f presentFilter) match(e *entry) truth { return truthOf(e.get(f.attributeType) != nil) }

func (f equalFilter) match(e *entry) truth {
	a := e.get(f.attributeType)
	return truthOf(a != nil && slices.Contains(a.keys, f.assertion))
}

func (f orderFilter) match(e *entry) truth {
	return f.anyKey(e, func(key string) bool { return f.accept(strings.Compare(key, f.assertion)) })
}

func (f substringsFilter) match(e *entry) truth { return f.anyKey(e, f.has) }

// anyKey says whether one of the entry's values of this type passes.
func (t *attributeType) anyKey(e *entry, passes func(string) bool) truth {
	a := e.get(t)
	return truthOf(a != nil && slices.ContainsFunc(a.keys, passes))
}

// has finds the parts in their order and without overlap (RFC 4517 section 4.2.13).
func (f substringsFilter) has(key string) bool {
	rest, ok := strings.CutPrefix(key, f.initial)
	for _, part := range f.any {
		_, after, found := strings.Cut(rest, part)
		rest, ok = after, ok && found
	}
	return ok && strings.HasSuffix(rest, f.final)
}

func (f extensibleFilter) match(e *entry) truth {
	for i := range e.attributes {
		a := &e.attributes[i]
		if f.attributeType == nil || f.attributeType == a.attributeType {
			if slices.ContainsFunc(a.values, f.equals) {
				return isTrue
			}
		}
	}
	return truthOf(f.dn && f.matchDN(e))
}

func (f extensibleFilter) equals(value string) bool {
	key, ok := f.rule.prepare(value)
	return ok && key == f.assertion
}

func (f extensibleFilter) matchDN(e *entry) bool {
	for name, value := range nameParts(e.dn) {
		if (f.attributeType == nil || f.attributeType == lookup(name)) && f.equals(value) {
			return true
		}
	}
	return false
}
