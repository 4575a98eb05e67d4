package ldap

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// touch is an entry that may have changed, come or gone.
type touch struct {
	dn     string // where it is or was; may be empty if guid is not
	guid   string // if it is known
	filter string // finds it wherever it is; empty if only its DN does
}

// part is the reading of some entries and of what depends on them: the same steps as a reading of everything, within
// narrower filters, with the names of all others known already.
type part struct {
	*reading
	w       *watch
	before  *directory.Snapshot
	touched []touch
	old     map[string]*directory.Principal // by folded GUID: who may have changed, as they were
	now     map[string]*directory.Principal // and those of them who are there, with the others that were read
	patched map[string]*directory.Principal // groups that were not read, but whose members are others now
	numbers map[string]string               // of groups that may have changed: what they were
	owners  bool                            // groups of delegates have changed
	doubted []string                        // filters for groups that somebody seems to have left
}

// perFilter bounds the alternatives of one filter.
const perFilter = 100

// part reads the entries that may have changed, and answers what differs from before.
func (w *watch) part(ctx context.Context, c *conn, before *directory.Snapshot, touched []touch) (directory.Delta, error) {
	k := &w.known
	p := &part{
		w: w, before: before, touched: touched,
		old: make(map[string]*directory.Principal), now: make(map[string]*directory.Principal),
		patched: make(map[string]*directory.Principal), numbers: make(map[string]string),
		reading: &reading{
			d: w.d, sh: w.sh, c: c, names: k.names, delegates: k.delegates, delegateDN: k.delegateDN, primary: k.primary,
			joined: make(map[string][]string), fresh: make(map[string]bool),
		},
	}
	p.yield = p.take
	p.narrow, p.alsoJoined = p.narrowed, p.joinedBefore
	p.forget()
	for _, step := range []func(context.Context) error{
		p.rereadDelegateGroups, p.nameGroups, p.readPlaces, p.readPeople, p.readGroups, p.memberships, p.rereadDoubted, p.rereadHolders, p.release,
	} {
		if err := step(ctx); err != nil {
			return directory.Delta{}, err
		}
	}
	k.delegates, k.delegateDN = p.delegates, p.delegateDN
	delta := directory.Delta{Changed: slices.Collect(maps.Values(p.now))}
	for key, group := range p.patched {
		if p.now[key] == nil && p.old[key] == nil {
			delta.Changed = append(delta.Changed, group)
		}
	}
	for key, q := range p.old {
		if p.now[key] == nil {
			delta.Gone = append(delta.Gone, q.GUID)
			delete(w.joins, key)
		}
	}
	return delta, nil
}

// forget finds those who may have changed, and makes their names unknown until they are read.
func (p *part) forget() {
	for _, t := range p.touched {
		for _, guid := range [...]string{t.guid, p.names.byDN[dnKey(t.dn)]} {
			if q := p.before.ByGUID(guid); guid != "" && q != nil {
				p.old[directory.Fold(guid)] = q
			}
		}
	}
	groups := make(map[string]bool)
	for _, q := range p.old {
		p.names.remove(q)
		groups[q.GUID] = q.Kind == directory.Group
	}
	for number, guid := range p.primary {
		if groups[guid] {
			p.numbers[guid] = number
			delete(p.primary, number)
		}
	}
}

// take takes one who was read. Who was not known to be touched has got another DN.
func (p *part) take(q *directory.Principal) error {
	key := directory.Fold(q.GUID)
	p.now[key] = q
	if former := p.before.ByGUID(q.GUID); p.old[key] == nil && former != nil {
		p.old[key] = former
		if renamed(former, q) {
			p.names.remove(former)
			p.names.add(dnKey(q.DN), q.GUID)
			if q.Kind == directory.Individual {
				p.names.people[directory.Fold(q.ShortName)] = q.GUID
			}
		}
	}
	return nil
}

// narrowed answers the searches that find the touched entries in an area.
func (p *part) narrowed(a *area) []narrowing {
	var found []narrowing
	var filters []string
	for _, t := range p.touched {
		switch {
		case t.filter != "":
			filters = append(filters, t.filter)
		case within(dnKey(t.dn), a.key):
			found = append(found, narrowing{dn: t.dn})
		}
	}
	return append(found, anyOf(filters)...)
}

// anyOf joins filters, some at a time.
func anyOf(filters []string) []narrowing {
	var found []narrowing
	for some := range slices.Chunk(filters, perFilter) {
		found = append(found, narrowing{filter: "(|" + strings.Join(some, "") + ")"})
	}
	return found
}

// rereadDelegateGroups reads all groups of delegates if one of them may have changed.
func (p *part) rereadDelegateGroups(ctx context.Context) error {
	at := p.sh.delegates
	if at == nil || !slices.ContainsFunc(p.touched, func(t touch) bool {
		key := dnKey(t.dn)
		return t.dn == "" || within(key, at.key) || p.delegateDN[key]
	}) {
		return nil
	}
	p.owners = true
	former := p.delegates
	p.delegates, p.delegateDN = make(map[string]*delegateGroup), make(map[string]bool)
	narrow := p.narrow
	p.narrow = nil
	err := p.readDelegateGroups(ctx)
	p.narrow = narrow
	for owner := range former {
		if p.delegates[owner] == nil {
			p.delegates[owner] = &delegateGroup{}
		}
	}
	return err
}

// here yields the touched that are there: read, or held back until all names are known.
func (p *part) here() map[string]*directory.Principal {
	all := maps.Clone(p.now)
	for _, h := range p.held {
		all[directory.Fold(h.GUID)] = h.Principal
	}
	return all
}

// renamed says whether what others may know a principal by has changed.
func renamed(old, now *directory.Principal) bool {
	return old == nil || now == nil || old.Kind != now.Kind || old.ShortName != now.ShortName || dnKey(old.DN) != dnKey(now.DN)
}

// guidFilter finds the entry of a GUID.
func (sh *shape) guidFilter(guid string) string {
	var b strings.Builder
	for _, source := range sh.attributes.GUID {
		name, key := splitSource(source)
		value := guid
		if key != "" {
			value = key + "=" + guid
		}
		if value = goldap.EscapeFilter(value); strings.EqualFold(source, "objectGUID") {
			value = escapeObjectGUID(guid)
		}
		fmt.Fprintf(&b, "(%s=%s)", name, value)
	}
	if len(sh.attributes.GUID) == 1 {
		return b.String()
	}
	return "(|" + b.String() + ")"
}

// rereadHolders reads those who refer to others, as delegates or as the group whose members a room accepts, if what
// these are called has changed, or groups of delegates have.
func (p *part) rereadHolders(ctx context.Context) error {
	a := &p.sh.attributes
	refers := p.sh.delegates != nil || len(a.DelegatesRead)+len(a.DelegatesWrite)+len(a.AutoAcceptGroup) > 0
	if !refers || !p.owners && !p.renamedAny() {
		return nil
	}
	narrow := p.narrow
	defer func() { p.narrow = narrow }()
	p.narrow = nil
	if err := p.readPlaces(ctx); err != nil {
		return err
	}
	var filters []string
	for _, name := range attributeNames(a.DelegatesRead, a.DelegatesWrite) {
		filters = append(filters, "("+name+"=*)")
	}
	for owner := range p.delegates {
		for _, name := range attributeNames(a.ShortName) {
			filters = append(filters, "("+name+"="+goldap.EscapeFilter(owner)+")")
		}
	}
	p.narrow = func(*area) []narrowing { return anyOf(filters) }
	return p.readPeople(ctx)
}

func (p *part) renamedAny() bool {
	here := p.here()
	for key, now := range here {
		if renamed(p.old[key], now) {
			return true
		}
	}
	return slices.ContainsFunc(slices.Collect(maps.Keys(p.old)), func(key string) bool { return here[key] == nil })
}
