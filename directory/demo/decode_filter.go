package demo

import (
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// filter reads a Filter (RFC 4511 section 4.5.1.7).
func (d *decoder) filter(p *ber.Packet) filter {
	if d.err != nil {
		return undefinedFilter{}
	}
	if p.ClassType != ber.ClassContext {
		d.fail("filter of class %d", p.ClassType)
		return undefinedFilter{}
	}
	inner := &decoder{rest: p.Children}
	defer func() { d.err = inner.err }()
	switch p.Tag {
	case ldap.FilterAnd:
		return andFilter(inner.filters())
	case ldap.FilterOr:
		return orFilter(inner.filters())
	case ldap.FilterNot:
		return notFilter{inner.filter(inner.next())}
	case ldap.FilterEqualityMatch, ldap.FilterApproxMatch:
		return inner.comparison(nil)
	case ldap.FilterGreaterOrEqual:
		return inner.comparison(atLeast)
	case ldap.FilterLessOrEqual:
		return inner.comparison(atMost)
	case ldap.FilterSubstrings:
		return inner.substrings()
	case ldap.FilterPresent:
		return present(string(inner.octets(p, ber.ClassContext, ldap.FilterPresent)))
	case ldap.FilterExtensibleMatch:
		return inner.extensible()
	}
	// Section 4.5.1.7: a filter that the server does not recognise is Undefined.
	return undefinedFilter{}
}

func (d *decoder) filters() []filter {
	var all []filter
	for d.err == nil && len(d.rest) > 0 {
		all = append(all, d.filter(d.next()))
	}
	return all
}

func present(name string) filter {
	if t := lookup(name); t != nil {
		return presentFilter{t}
	}
	return undefinedFilter{}
}

// comparison reads an AttributeValueAssertion: an ordering, or an equality if accept is nil.
func (d *decoder) comparison(accept func(int) bool) filter {
	t, value := lookup(d.text()), d.text()
	if t == nil {
		return undefinedFilter{}
	}
	key, ok := t.syntax.prepare(value)
	if !ok {
		return undefinedFilter{}
	}
	if accept == nil {
		return equalFilter{t, key}
	}
	return orderFilter{t, key, accept}
}

func (d *decoder) substrings() filter {
	f := substringsFilter{attributeType: lookup(d.text())}
	parts := d.into(ber.ClassUniversal, ber.TagSequence)
	for parts.err == nil && len(parts.rest) > 0 {
		tag := parts.rest[0].Tag
		part, ok := string(parts.context(tag)), true
		if f.attributeType != nil {
			part, ok = f.syntax.prepare(part)
		}
		switch {
		case !ok:
			f.attributeType = nil
		case tag == ldap.FilterSubstringsInitial:
			f.initial = part
		case tag == ldap.FilterSubstringsAny:
			f.any = append(f.any, part)
		case tag == ldap.FilterSubstringsFinal:
			f.final = part
		default:
			parts.fail("substring of tag %d", tag)
		}
	}
	d.err = parts.err
	if f.attributeType == nil {
		return undefinedFilter{}
	}
	return f
}

func (d *decoder) extensible() filter {
	rule, name := string(d.optional(ldap.MatchingRuleAssertionMatchingRule)), string(d.optional(ldap.MatchingRuleAssertionType))
	value := string(d.context(ldap.MatchingRuleAssertionMatchValue))
	dn := d.optional(ldap.MatchingRuleAssertionDNAttributes)
	if rule == "" && name == "" {
		d.fail("extensible match without rule and type")
	}
	f := extensibleFilter{attributeType: lookup(name), dn: len(dn) == 1 && dn[0] != 0}
	if name != "" && f.attributeType == nil {
		return undefinedFilter{}
	}
	f.rule = matchingRules[strings.ToLower(rule)]
	if rule == "" && f.attributeType != nil {
		f.rule = f.syntax
	}
	if f.rule == 0 {
		return undefinedFilter{}
	}
	var ok bool
	if f.assertion, ok = f.rule.prepare(value); !ok {
		return undefinedFilter{}
	}
	return f
}
