package ldap

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// splitSource splits a source of Attributes into the attribute and the key, empty if it has none.
func splitSource(source string) (name, key string) {
	name, key, _ = strings.Cut(source, ":")
	return name, key
}

// values answers the values of all sources together, in order, without repetitions.
func values(e *goldap.Entry, sources []string) []string {
	var all []string
	for _, source := range sources {
		name, key := splitSource(source)
		for _, value := range e.GetEqualFoldAttributeValues(name) {
			if key != "" {
				var ok bool
				if value, ok = strings.CutPrefix(value, key+"="); !ok {
					continue
				}
			}
			if value = strings.TrimSpace(value); value != "" && !slices.Contains(all, value) {
				all = append(all, value)
			}
		}
	}
	return all
}

// first answers the first value of the first source that has one.
func first(e *goldap.Entry, sources []string) string {
	for i := range sources {
		if found := values(e, sources[i:i+1]); len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// guid answers the stable id of an entry, empty if it has none.
func (sh *shape) guid(e *goldap.Entry) string {
	for _, source := range sh.attributes.GUID {
		if strings.EqualFold(source, "objectGUID") {
			if text, ok := formatObjectGUID(e.GetEqualFoldRawAttributeValue(source)); ok {
				return text
			}
			continue
		}
		if text := first(e, []string{source}); text != "" {
			return text
		}
	}
	return ""
}

// shortNames answers the short name of an entry and its further values. Values have no order (RFC 4512 section 2.2):
// the one that the entry is named by comes first.
func shortNames(e *goldap.Entry, sources []string) []string {
	for i, source := range sources {
		names := values(e, sources[i:i+1])
		if len(names) == 0 {
			continue
		}
		if len(names) > 1 {
			if n := slices.Index(names, rdnValue(e.DN, source)); n > 0 {
				names[0], names[n] = names[n], names[0]
			}
		}
		return names
	}
	return nil
}

// rdnValue answers the value of an attribute in the first component of a DN.
func rdnValue(dn, attribute string) string {
	parsed, err := goldap.ParseDN(dn)
	if err != nil || len(parsed.RDNs) == 0 {
		return ""
	}
	for _, a := range parsed.RDNs[0].Attributes {
		if strings.EqualFold(a.Type, attribute) {
			return a.Value
		}
	}
	return ""
}

// mails answers the addresses of an entry, once each.
func mails(e *goldap.Entry, sources []string) []string {
	var all []string
	for i, source := range sources {
		for _, value := range values(e, sources[i:i+1]) {
			if mailPrefixed[strings.ToLower(source)] {
				scheme, address, _ := strings.Cut(value, ":")
				if !strings.EqualFold(scheme, "smtp") {
					continue
				}
				value = address
			}
			if !slices.ContainsFunc(all, func(other string) bool { return strings.EqualFold(other, value) }) {
				all = append(all, value)
			}
		}
	}
	return all
}

// person makes a person of an entry, but for delegates; nil if it lacks a stable id or a name.
func (sh *shape) person(e *goldap.Entry, now time.Time) *directory.Principal {
	a := &sh.attributes
	p := sh.named(directory.Individual, e, a.ShortName)
	if p == nil {
		return nil
	}
	p.FirstName, p.LastName = first(e, a.FirstName), first(e, a.LastName)
	p.JobTitle, p.MobilePhone = first(e, a.JobTitle), first(e, a.MobilePhone)
	p.LoginNames = append(p.LoginNames, sh.loginNames(e, p.ShortName)...)
	p.State, _ = sh.stateOf(e, now)
	for _, name := range sh.keep {
		if kept := e.GetEqualFoldAttributeValues(name); len(kept) > 0 {
			if p.Attributes == nil {
				p.Attributes = make(map[string][]string, len(sh.keep))
			}
			p.Attributes[strings.ToLower(name)] = kept
		}
	}
	return p
}

// loginNames answers the names beside the short name, and what Active Directory accepts without an attribute for it:
// the implicit user principal name and DOMAIN\name ([MS-ADTS] section 5.1.1.1.1).
func (sh *shape) loginNames(e *goldap.Entry, shortName string) []string {
	names := values(e, sh.attributes.LoginNames)
	if sh.dnsDomain != "" {
		implicit := shortName + "@" + sh.dnsDomain
		if !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, implicit) }) {
			names = append(names, implicit)
		}
	}
	if sh.domain != "" {
		names = append(names, sh.domain+`\`+shortName)
	}
	return names
}

// place makes a room or resource of an entry, but for what refers to others; nil if it lacks a stable id or a name.
// An unknown auto-schedule mode is answered in problem and leaves the default.
func (sh *shape) place(k directory.Kind, e *goldap.Entry) (p *directory.Principal, problem error) {
	a := &sh.attributes
	if p = sh.named(k, e, a.ShortName); p == nil {
		return nil, nil
	}
	p.LoginNames = nil // places do not sign in
	p.Place = &directory.Place{Location: first(e, a.Location)}
	p.Place.Capacity, _ = strconv.Atoi(first(e, a.Capacity))
	if mode := first(e, a.AutoSchedule); mode != "" {
		p.Place.AutoSchedule, problem = directory.ParseAutoSchedule(strings.ToLower(mode))
	}
	return p, problem
}

// named makes what all kinds have in common.
func (sh *shape) named(k directory.Kind, e *goldap.Entry, nameSources []string) *directory.Principal {
	guid, names := sh.guid(e), shortNames(e, nameSources)
	if guid == "" || len(names) == 0 {
		return nil
	}
	p := &directory.Principal{
		Kind: k, GUID: guid, ShortName: names[0], FullName: first(e, sh.attributes.FullName),
		Mails: mails(e, sh.attributes.Mails), DN: e.DN,
	}
	if p.FullName == "" {
		p.FullName = p.ShortName
	}
	if len(names) > 1 {
		p.LoginNames = names[1:]
	}
	return p
}

// attributeNames lists the attributes of some sources.
func attributeNames(of ...[]string) []string {
	var names []string
	for _, source := range slices.Concat(of...) {
		name, _ := splitSource(source)
		names = append(names, name)
	}
	return names
}
