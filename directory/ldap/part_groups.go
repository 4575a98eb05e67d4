package ldap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// Which groups those are in who were read as a part.

// memberships finds out which groups the touched are in, and notes the groups whose members change by that: by what
// the groups say, if somebody came or is called otherwise, and by what a person's own entry says.
func (p *part) memberships(ctx context.Context) error {
	joins := make(map[string][]string)
	for group, people := range p.joined {
		for _, guid := range people {
			joins[directory.Fold(guid)] = append(joins[directory.Fold(guid)], group)
		}
	}
	a := &p.sh.attributes
	joinable := len(a.MemberOf)+len(a.PrimaryGroup) > 0
	for key, now := range p.here() {
		mine := joins[key]
		slices.Sort(mine)
		last, knew := p.w.joins[key]
		if now.Kind == directory.Individual {
			p.w.joins[key] = mine
		}
		if !renamed(p.old[key], now) && (!joinable || now.Kind != directory.Individual || knew && slices.Equal(last, mine)) {
			continue
		}
		named, err := p.naming(ctx, now)
		if err != nil {
			return err
		}
		p.patch(now.GUID, append(named, mine...))
	}
	return nil
}

// patch lets a principal be in these groups directly. A group that it was in, but is not found to name it any more,
// is read anew: a server may compare more strictly than we do.
func (p *part) patch(guid string, groups []string) {
	in := make(map[string]bool)
	for _, group := range groups {
		in[directory.Fold(group)] = true
	}
	for _, g := range p.before.Naming(guid) {
		if key := directory.Fold(g.GUID); in[key] {
			delete(in, key)
		} else if p.old[key] == nil {
			p.doubted = append(p.doubted, p.sh.guidFilter(g.GUID))
		}
	}
	for key := range in {
		g := p.patched[key]
		if g == nil {
			before := p.before.ByGUID(key)
			if before == nil || before.Kind != directory.Group {
				continue
			}
			copied := *before
			g = &copied
			p.patched[key] = g
		}
		g.Members = append(slices.Clone(g.Members), guid)
		slices.Sort(g.Members)
		g.Members = slices.Compact(g.Members)
	}
}

func (p *part) rereadDoubted(ctx context.Context) error {
	slices.Sort(p.doubted)
	filters := slices.Compact(p.doubted)
	narrow := p.narrow
	p.narrow = func(*area) []narrowing { return anyOf(filters) }
	err := p.readGroups(ctx)
	p.narrow = narrow
	return err
}

// naming asks for the groups that have a principal among their members.
func (p *part) naming(ctx context.Context, q *directory.Principal) ([]string, error) {
	a, at := &p.sh.attributes, p.sh.areas[directory.Group]
	if at == nil {
		return nil, nil
	}
	var b strings.Builder
	for _, source := range a.Members {
		name, key := splitSource(source)
		for _, value := range memberValues(name, q) {
			if key != "" {
				value = key + "=" + value
			}
			fmt.Fprintf(&b, "(%s=%s)", name, goldap.EscapeFilter(value))
		}
	}
	var groups []string
	filter := "(&" + at.filter + "(|" + b.String() + "))"
	err := p.c.pages(ctx, at.base, filter, []string{"1.1"}, p.d.o.PageSize, func(e *goldap.Entry) error {
		if guid := p.names.byDN[dnKey(e.DN)]; guid != "" && !p.delegateDN[dnKey(e.DN)] {
			groups = append(groups, guid)
		}
		return nil
	})
	return groups, p.bearing(at, err)
}

// memberValues lists what an attribute of a group may call a member. Attributes of a known syntax are not asked for
// values that they cannot have.
func memberValues(attribute string, q *directory.Principal) []string {
	switch strings.ToLower(attribute) {
	case "member", "uniquemember":
		return []string{q.DN}
	case "memberuid":
		return []string{q.ShortName}
	}
	return []string{q.DN, q.ShortName, q.GUID}
}

// joinedBefore answers who is in a group by their own entry, of those who were in it before and are not by its own
// members; of all people if the group came or is called otherwise.
func (p *part) joinedBefore(ctx context.Context, e *goldap.Entry, g *directory.Principal) ([]string, error) {
	says, at := p.sh.joining(e), p.sh.areas[directory.Individual]
	if says == "" {
		return nil, nil
	}
	searches := []narrowing{{filter: says}}
	old := p.before.ByGUID(g.GUID)
	if !renamed(old, g) && p.numbers[g.GUID] == first(e, p.sh.attributes.PrimaryGroupID) {
		has := make(map[string]bool, len(g.Members))
		for _, guid := range g.Members {
			has[guid] = true
		}
		var filters []string
		for _, guid := range old.Members {
			if p.old[directory.Fold(guid)] == nil && !has[guid] {
				filters = append(filters, p.sh.guidFilter(guid))
			}
		}
		if len(filters) <= 2*perFilter {
			searches = anyOf(filters)
		}
	}
	var joined []string
	for _, s := range searches {
		filter := "(&" + at.filter + says + s.filter + ")"
		err := p.c.pages(ctx, at.base, filter, []string{"1.1"}, p.d.o.PageSize, func(e *goldap.Entry) error {
			if guid := p.names.byDN[dnKey(e.DN)]; guid != "" {
				joined = append(joined, guid)
			}
			return nil
		})
		if err := p.bearing(at, err); err != nil {
			return nil, err
		}
	}
	return joined, nil
}

// joining is the filter for people whose own entry says that they are in the group; empty if that cannot be.
func (sh *shape) joining(group *goldap.Entry) string {
	var b strings.Builder
	for _, source := range sh.attributes.MemberOf {
		fmt.Fprintf(&b, "(%s=%s)", source, goldap.EscapeFilter(group.DN))
	}
	if number := first(group, sh.attributes.PrimaryGroupID); number != "" {
		for _, source := range sh.attributes.PrimaryGroup {
			fmt.Fprintf(&b, "(%s=%s)", source, goldap.EscapeFilter(number))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "(|" + b.String() + ")"
}
