package caldav

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"calport/directory"
	"calport/server/dav"
	"calport/server/store"
)

// This file is caldav-proxy: who acts for whom. Some delegates the directory names; others people name themselves, by the
// group-member-set of their two proxy groups. Those are kept in the store, and in memory, since every request asks.

// delegations are the delegates that people have named, as of the last load: each a directory.Delegates in
// store.Delegates. It is safe for concurrent use.
type delegations struct {
	store   *store.Store
	reading sync.Mutex // held while they are read, so that of two loads the later one wins; nobody who asks waits for it

	mu   sync.RWMutex
	of   map[string]directory.Delegates // by owner
	from map[string][]string            // owners, by delegate
}

// load reads them all anew.
func (d *delegations) load(ctx context.Context) error {
	d.reading.Lock()
	defer d.reading.Unlock()
	texts, err := d.store.Values(ctx, store.Delegates)
	if err != nil {
		return err
	}
	of, from := map[string]directory.Delegates{}, map[string][]string{}
	for owner, text := range texts {
		var named directory.Delegates
		if err := json.Unmarshal(text, &named); err != nil {
			return err
		}
		of[owner] = named
		for _, guid := range slices.Concat(named.Read, named.Write) {
			from[guid] = append(from[guid], owner)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.of, d.from = of, from
	return nil
}

// delegationsEvery is how often they are loaded, hence how long somebody still acts for another who has taken that back
// on another node.
const delegationsEvery = 5 * time.Second

// follow loads them again and again until ctx ends.
func (d *delegations) follow(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(delegationsEvery)
	defer tick.Stop()
	for {
		if err := d.load(ctx); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "the delegates that people have named cannot be read; those known go on", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (d *delegations) namedBy(owner string) directory.Delegates {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.of[owner]
}

func (d *delegations) owners(delegate string) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.from[delegate]
}

// delegatesOf are the delegates of a principal, of both kinds of origin.
func (v *visit) delegatesOf(p *directory.Principal) directory.Delegates {
	named := v.delegations.namedBy(ownerKey(p))
	if named.Read == nil && named.Write == nil {
		return p.Delegates
	}
	return directory.Delegates{Read: withNamed(p.Delegates.Read, named.Read), Write: withNamed(p.Delegates.Write, named.Write)}
}

func withNamed(all, named []string) []string {
	all = slices.Clip(all)
	for _, guid := range named {
		if !slices.ContainsFunc(all, func(have string) bool { return strings.EqualFold(have, guid) }) {
			all = append(all, guid)
		}
	}
	return all
}

// delegatorsOf are those whose delegate a principal is, itself or through groups, sorted by short name. Who may write is
// among write only.
func (v *visit) delegatorsOf(p *directory.Principal) (read, write []*directory.Principal) {
	read, write = v.people.DelegatorsOf(p.GUID)
	may := map[*directory.Principal]bool{} // whether to write
	for _, owner := range read {
		may[owner] = false
	}
	for _, owner := range write {
		may[owner] = true
	}
	before := len(may)
	changed := false
	for _, as := range append(v.people.MemberOf(p.GUID), p) {
		for _, key := range v.delegations.owners(ownerKey(as)) {
			owner := v.people.ByGUID(key)
			if owner == nil || owner == p {
				continue
			}
			writes := slices.Contains(v.delegations.namedBy(key).Write, ownerKey(as))
			changed = changed || writes && !may[owner]
			may[owner] = may[owner] || writes
		}
	}
	if !changed && len(may) == before {
		return read, write
	}
	read, write = nil, nil
	for _, owner := range slices.SortedFunc(maps.Keys(may), byShortName) {
		if may[owner] {
			write = append(write, owner)
		} else {
			read = append(read, owner)
		}
	}
	return read, write
}

func byShortName(a, b *directory.Principal) int { return cmp.Compare(a.ShortName, b.ShortName) }

// setProxyMembers names the members of a proxy group; the whole of it is set (RFC 3744 section 4.3). They are named by
// their principal URLs, of which everybody has one (section 4.2): the other paths that lead there are not taken.
func setProxyMembers(r *resource, value *dav.Element) error {
	members := []string{}
	if value != nil {
		for _, href := range value.Children {
			if href.Name != dav.Href {
				continue
			}
			at, err := locateHref(href.Trimmed())
			var p *directory.Principal
			if err == nil && at.place == atPrincipal && at.record == byGUID {
				p = r.principalAt(at)
			}
			if p == nil || !r.sees(p) { // to name somebody is to see him from then on, so one must see him before
				return &dav.Error{Status: http.StatusForbidden, Detail: href.Trimmed() + " is nobody's principal-URL."}
			}
			members = append(members, ownerKey(p))
		}
	}
	slices.Sort(members)
	members = slices.Compact(members)
	r.proxyMembers = &members
	return nil
}

// saveProxyMembers writes what setProxyMembers set. Nobody is in both groups: the one set last counts.
func (r *resource) saveProxyMembers(tx *store.Tx) error {
	if r.proxyMembers == nil {
		return nil
	}
	return r.changeNamed(tx, func(named *directory.Delegates) {
		set, other := &named.Read, &named.Write
		if r.kind == proxyWrite {
			set, other = other, set
		}
		*set = *r.proxyMembers
		*other = slices.DeleteFunc(*other, func(guid string) bool { return slices.Contains(*set, guid) })
	})
}

// changeNamed changes the delegates that a principal has named.
func (r *resource) changeNamed(tx *store.Tx, change func(*directory.Delegates)) error {
	key := ownerKey(r.whose)
	var named directory.Delegates
	text, err := tx.Value(store.Delegates, key)
	if err == nil {
		err = json.Unmarshal(text, &named)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	change(&named)
	return setNamed(tx, key, named)
}

// setNamed writes the delegates that an owner has named.
func setNamed(tx *store.Tx, owner string, named directory.Delegates) error {
	if len(named.Read)+len(named.Write) == 0 {
		return tx.DeleteValue(store.Delegates, owner)
	}
	text, err := json.Marshal(named)
	if err != nil {
		return err
	}
	return tx.SetValue(store.Delegates, owner, text)
}
