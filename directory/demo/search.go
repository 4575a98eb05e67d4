package demo

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// search answers a SearchRequest (RFC 4511 section 4.5): the entries, then the result.
func (c *conn) search(id int64, r searchRequest, controls []control) {
	base, missing := c.find(r.base)
	if base == nil {
		c.send(id, missing.packet(ldap.ApplicationSearchResultDone))
		return
	}
	found := c.tree.search(base, r)
	page, err := newPage(r, controls, len(found))
	if err != nil {
		c.send(id, result{ldap.LDAPResultUnwillingToPerform, "", err.Error()}.packet(ldap.ApplicationSearchResultDone))
		return
	}
	found = found[page.from:page.to]
	outcome := result{}
	if r.sizeLimit > 0 && int64(len(found)) > r.sizeLimit {
		found = found[:r.sizeLimit]
		outcome = result{ldap.LDAPResultSizeLimitExceeded, "", "the client's own size limit"}
	}
	for _, e := range found {
		c.send(id, entryPacket(e, e.selected(r.attributes), r.typesOnly))
	}
	done := outcome.packet(ldap.ApplicationSearchResultDone)
	if !page.asked {
		c.send(id, done)
		return
	}
	c.send(id, done, pagedControl(page.total, page.next()))
}

// search finds the entries in scope that the filter matches, in the order of the tree.
func (t *tree) search(base *entry, r searchRequest) []*entry {
	among, narrowed := t.candidates(r.filter)
	if !narrowed {
		among = t.entries
	}
	var found []*entry
	for _, e := range among {
		if within(e, base, r.scope) && r.filter.match(e) == isTrue {
			found = append(found, e)
		}
	}
	return found
}

// candidates narrows down by equalities which entries a filter may match, in the order of the tree; false means that
// it may be any.
func (t *tree) candidates(f filter) ([]*entry, bool) {
	switch f := f.(type) {
	case equalFilter:
		return t.byValue[value{f.attributeType, f.assertion}], true
	case andFilter:
		var fewest []*entry
		narrowed := false
		for _, part := range f {
			if some, ok := t.candidates(part); ok && (!narrowed || len(some) < len(fewest)) {
				fewest, narrowed = some, true
			}
		}
		return fewest, narrowed
	case orFilter:
		var union []*entry
		for _, part := range f {
			some, ok := t.candidates(part)
			if !ok {
				return nil, false
			}
			union = append(union, some...)
		}
		slices.SortFunc(union, func(a, b *entry) int { return cmp.Compare(a.place, b.place) })
		return slices.Compact(union), true
	case undefinedFilter:
		return nil, true
	}
	return nil, false
}

// selected picks the attributes that a client asked for (RFC 4511 section 4.5.1.8, RFC 3673 for "+").
func (e *entry) selected(names []string) []attribute {
	user := len(names) == 0 || slices.Contains(names, "*")
	operational := slices.Contains(names, "+")
	named := make(map[*attributeType]bool, len(names))
	for _, name := range names {
		named[lookup(name)] = true
	}
	var picked []attribute
	for _, a := range e.attributes {
		if named[a.attributeType] || a.operational && operational || !a.operational && user {
			picked = append(picked, a)
		}
	}
	return picked
}

// page is the part of the entries found that goes into one answer. The directory does not change, so the place in it
// and the request's fingerprint are all that a cookie needs to say, and the server keeps nothing between pages.
type page struct {
	asked       bool // whether the client asked for pages at all
	from, to    int
	total       int
	fingerprint string
}

var errCookie = errors.New("the cookie of paged results is not of this search")

func newPage(r searchRequest, controls []control, total int) (page, error) {
	p := page{to: total, total: total}
	i := slices.IndexFunc(controls, func(c control) bool { return c.oid == oidPaged })
	if i < 0 {
		return p, nil
	}
	size, cookie, err := pagedResults(controls[i].value)
	if err != nil {
		return p, err
	}
	p.asked = true
	sum := sha256.Sum256([]byte(r.print))
	p.fingerprint = hex.EncodeToString(sum[:8])
	if cookie != "" {
		place, print, _ := strings.Cut(cookie, "-")
		p.from, err = strconv.Atoi(place)
		if err != nil || p.from < 0 || p.from > total || print != p.fingerprint {
			return p, errCookie
		}
	}
	if size == 0 && cookie != "" { // the client has had enough (RFC 2696 section 3)
		p.from = total
	}
	p.to = min(p.from+int(size), total)
	return p, nil
}

// next is the cookie for the following page, empty if there is none.
func (p page) next() string {
	if p.to >= p.total {
		return ""
	}
	return strconv.Itoa(p.to) + "-" + p.fingerprint
}
