package ldap

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// names leads from what the directory calls somebody to the GUID.
type names struct {
	byDN           map[string]string // by dnKey; people, rooms, resources and groups
	byGUID         map[string]string // by folded GUID; the same
	people, groups map[string]string // by folded short name
}

func newNames() names {
	return names{
		byDN: make(map[string]string), byGUID: make(map[string]string),
		people: make(map[string]string), groups: make(map[string]string),
	}
}

// add makes an entry known.
func (n names) add(dnKey, guid string) {
	n.byDN[dnKey] = guid
	n.byGUID[directory.Fold(guid)] = guid
}

// resolve turns DNs (member, uniqueMember), short names (memberUid) and GUIDs (apple-group-memberguid) into GUIDs.
// What leads to nobody is left out.
func (n names) resolve(values []string) []string {
	var guids []string
	for _, value := range values {
		if guid := cmp.Or(n.people[directory.Fold(value)], n.any(value)); guid != "" {
			guids = append(guids, guid)
		}
	}
	return guids
}

// group turns the DN, short name or GUID of a group into its GUID; empty if it leads to nobody.
func (n names) group(value string) string {
	return cmp.Or(n.groups[directory.Fold(value)], n.any(value))
}

// any turns a DN or GUID of anybody into the GUID.
func (n names) any(value string) string {
	if strings.Contains(value, "=") {
		return n.byDN[dnKey(value)]
	}
	return n.byGUID[directory.Fold(value)]
}

// members answers the values of all member attributes of a group. Active Directory hands out large attributes in
// pieces named member;range=0-1499 ([MS-ADTS] section 3.1.1.3.1.3.3); the others are fetched here.
func (r *reading) members(ctx context.Context, e *goldap.Entry) ([]string, error) {
	all := values(e, r.sh.attributes.Members)
	for _, source := range r.sh.attributes.Members {
		name, _ := splitSource(source)
		for piece, next := rangeOf(e, name); piece != nil; {
			all = append(all, piece.Values...)
			if next < 0 {
				break
			}
			wanted := fmt.Sprintf("%s;range=%d-*", name, next)
			more, err := r.c.read(ctx, e.DN, "(objectClass=*)", []string{wanted})
			if err != nil {
				return nil, err
			}
			if more == nil {
				return nil, fmt.Errorf("%w: %q vanished while its members were read", directory.ErrIncomplete, e.DN)
			}
			before := next
			if piece, next = rangeOf(more, name); next >= 0 && next <= before {
				return nil, fmt.Errorf("%w: %s repeats the members of %q", directory.ErrIncomplete, r.c.server, e.DN)
			}
		}
	}
	return all, nil
}

// rangeOf finds the piece of an attribute in an entry and the position after it, negative if it is the last.
func rangeOf(e *goldap.Entry, name string) (piece *goldap.EntryAttribute, next int) {
	for _, a := range e.Attributes {
		base, option, ok := strings.Cut(a.Name, ";")
		if !ok || !strings.EqualFold(base, name) {
			continue
		}
		bounds, ok := strings.CutPrefix(strings.ToLower(option), "range=")
		if !ok {
			continue
		}
		_, end, _ := strings.Cut(bounds, "-")
		last, err := strconv.Atoi(end)
		if err != nil { // an asterisk
			return a, -1
		}
		return a, last + 1
	}
	return nil, -1
}
