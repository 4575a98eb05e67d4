package demo

import (
	"cmp"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-ldap/ldap/v3"
)

// entry is one entry of the directory information tree.
type entry struct {
	place      int // among the entries of the tree
	dn         string
	key        string // canonical dn
	parent     string // canonical dn of the superior entry, the root DSE's if that is elsewhere
	attributes []attribute
}

// attribute has its values as written and in the form in which they compare.
type attribute struct {
	*attributeType
	values, keys []string
}

// get answers the attribute of an entry, nil if it has none.
func (e *entry) get(t *attributeType) *attribute {
	for i := range e.attributes {
		if e.attributes[i].attributeType == t {
			return &e.attributes[i]
		}
	}
	return nil
}

// tree is the whole directory, superiors before their subordinates, the root DSE first. Only passwords ever change.
type tree struct {
	entries []*entry
	byKey   map[string]*entry
	byValue map[value][]*entry

	mu        sync.RWMutex
	passwords map[string]string // by canonical dn
}

// value is a prepared value of an attribute.
type value struct {
	*attributeType
	key string
}

// record is an entry as organisation writes it.
type record struct {
	dn       string
	password string
	values   [][]string // the name of an attribute, then its values
}

func newTree(records []record) (*tree, error) {
	t := &tree{byKey: make(map[string]*entry), byValue: make(map[value][]*entry), passwords: make(map[string]string)}
	for _, r := range records {
		e, err := newEntry(r)
		if err != nil {
			return nil, err
		}
		if t.byKey[e.key] != nil {
			return nil, fmt.Errorf("%s is there twice", r.dn)
		}
		t.add(e)
		if r.password != "" {
			t.passwords[e.key] = r.password
		}
	}
	return t, nil
}

func (t *tree) add(e *entry) {
	if t.byKey[e.parent] == nil { // a naming context: the root DSE stands for what is above it
		e.parent = ""
	}
	e.place = len(t.entries)
	t.entries = append(t.entries, e)
	t.byKey[e.key] = e
	for _, a := range e.attributes {
		for _, key := range a.keys {
			t.byValue[value{a.attributeType, key}] = append(t.byValue[value{a.attributeType, key}], e)
		}
	}
}

func newEntry(r record) (*entry, error) {
	rdns, err := parseDN(r.dn)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.dn, err)
	}
	e := &entry{dn: r.dn, key: joinDN(rdns)}
	if len(rdns) > 0 {
		e.parent = joinDN(rdns[1:])
	}
	for _, row := range r.values {
		a, err := newAttribute(row[0], row[1:])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.dn, err)
		}
		if len(a.values) > 0 {
			e.attributes = append(e.attributes, a)
		}
	}
	return e, nil
}

func newAttribute(name string, values []string) (attribute, error) {
	a := attribute{attributeType: lookup(name), values: values}
	if a.attributeType == nil {
		return a, fmt.Errorf("the schema has no attribute %q", name)
	}
	for _, v := range values {
		key, ok := a.syntax.prepare(v)
		if !ok {
			return a, fmt.Errorf("%s cannot be %q", name, v)
		}
		a.keys = append(a.keys, key)
	}
	return a, nil
}

// canonicalRDN writes a relative name with the attributes' own names, prepared values, and in order.
func canonicalRDN(rdn *ldap.RelativeDN) string {
	parts := make([]string, len(rdn.Attributes))
	for i, a := range rdn.Attributes {
		name, value := strings.ToLower(a.Type), a.Value
		if t := lookup(name); t != nil {
			name = t.name
		}
		value, _ = caseIgnore.prepare(value)
		parts[i] = name + "=" + ldap.EscapeDN(value)
	}
	slices.Sort(parts)
	return strings.Join(parts, "+")
}

// nearest answers the nearest superior of a DN that exists, for matchedDN (RFC 4511 section 4.1.9).
func (t *tree) nearest(rdns []string) string {
	for i := range rdns {
		if e := t.byKey[joinDN(rdns[i:])]; e != nil {
			return e.dn
		}
	}
	return ""
}

// within says whether e is in the scope of a search from base (RFC 4511 section 4.5.1.2). The root DSE is in no scope
// but its own.
func within(e, base *entry, scope int64) bool {
	switch scope {
	case ldap.ScopeBaseObject:
		return e == base
	case ldap.ScopeSingleLevel:
		return e.key != "" && e.parent == base.key
	case ldap.ScopeWholeSubtree:
		return e.key != "" && (e == base || e.below(base))
	default: // ldap.ScopeChildren
		return e.key != "" && e != base && e.below(base)
	}
}

func (e *entry) below(base *entry) bool {
	return base.key == "" || strings.HasSuffix(e.key, ","+base.key)
}

// verify says whether the password is that of the entry with the canonical DN key.
func (t *tree) verify(key, password string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	stored, ok := t.passwords[key]
	return subtle.ConstantTimeCompare([]byte(stored), []byte(password)) == 1 && ok
}

func (t *tree) setPassword(shortName, password string) error {
	want, _ := caseIgnore.prepare(shortName)
	uid := lookup("uid")
	for _, e := range t.entries {
		a := cmp.Or(e.get(uid), &attribute{})
		if _, has := t.passwords[e.key]; !has || !slices.Contains(a.keys, want) {
			continue
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.passwords[e.key] = password
		return nil
	}
	return fmt.Errorf("demo directory: there is no person %q", shortName)
}
