package caldav

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"calport/directory"
	"calport/server/dav"
	"calport/server/store"
)

// DelegateInfo is somebody, or a group, who may act for somebody else.
type DelegateInfo struct {
	Who   *directory.Principal
	Write bool
	// Fixed says that the directory names the delegate: he cannot be taken away here.
	Fixed bool
}

// Delegates lists who may act for a principal, as far as the visitor may see them: those who may write first, each by
// short name.
func (a Visitor) Delegates(ctx context.Context, whose *directory.Principal) ([]DelegateInfo, error) {
	v := a.visit()
	var all []DelegateInfo
	for _, kind := range []dav.Kind{proxyWrite, proxyRead} {
		r, err := v.at(ctx, "PROPPATCH", proxyHref(whose, kind)) // to see who acts for somebody is as much as to say it
		if err != nil {
			return nil, err
		}
		fixed := r.whose.Delegates.Read
		if kind == proxyWrite {
			fixed = r.whose.Delegates.Write
		}
		members := r.members()
		slices.SortFunc(members, byShortName)
		for _, who := range members {
			if slices.ContainsFunc(all, func(d DelegateInfo) bool { return d.Who == who }) {
				continue // may write, so may read
			}
			all = append(all, DelegateInfo{Who: who, Write: kind == proxyWrite,
				Fixed: slices.ContainsFunc(fixed, func(guid string) bool { return strings.EqualFold(guid, who.GUID) })})
		}
	}
	return all, nil
}

// AddDelegate lets somebody, or a group, act for a principal: as a PROPPATCH of the group-member-set of its
// calendar-proxy-write or -read group does that names one more. Who could write may only read afterwards, if write is
// false.
func (a Visitor) AddDelegate(ctx context.Context, whose, who *directory.Principal, write bool) error {
	kind := proxyRead
	if write {
		kind = proxyWrite
	}
	return a.changeDelegates(ctx, proxyHref(whose, kind), func(r *resource, named *directory.Delegates) error {
		switch {
		case who.Kind != directory.Individual && who.Kind != directory.Group, !r.sees(who):
			return errNothing()
		case strings.EqualFold(who.GUID, r.whose.GUID):
			return &dav.Error{Status: http.StatusForbidden, Detail: "Nobody needs to act for himself."}
		}
		removeNamed(named, who)
		set := &named.Read
		if write {
			set = &named.Write
		}
		*set = append(*set, ownerKey(who))
		slices.Sort(*set)
		return nil
	})
}

// RemoveDelegate takes the right to act for a principal from somebody, or a group. Who has it by the directory, or as a
// member of a group, has it still.
func (a Visitor) RemoveDelegate(ctx context.Context, whose *directory.Principal, guid string) error {
	return a.changeDelegates(ctx, proxyHref(whose, proxyWrite), func(_ *resource, named *directory.Delegates) error {
		if !removeNamed(named, &directory.Principal{GUID: guid}) {
			return errNothing()
		}
		return nil
	})
}

func removeNamed(named *directory.Delegates, who *directory.Principal) (found bool) {
	for _, set := range []*[]string{&named.Read, &named.Write} {
		before := len(*set)
		*set = slices.DeleteFunc(*set, func(guid string) bool { return guid == ownerKey(who) })
		found = found || len(*set) < before
	}
	return found
}

func (a Visitor) changeDelegates(ctx context.Context, path string, change func(*resource, *directory.Delegates) error) error {
	err := a.visit().within(ctx, "PROPPATCH", path, func(tx *store.Tx, r *resource) (err error) {
		failed := r.changeNamed(tx, func(named *directory.Delegates) { err = change(r, named) })
		if err != nil {
			return err // nothing of the transaction is kept
		}
		return failed
	})
	if err != nil {
		return err
	}
	return a.delegations.load(ctx)
}

// Delegators lists those for whom the visitor may act, rooms and resources among them, by short name: those whose calendars
// he may read only, and those for whom he may write.
func (a Visitor) Delegators() (read, write []*directory.Principal) {
	return a.visit().delegatorsOf(a.who)
}

// Finds is whom the visitor may find by searching, as of now. It is for one search: it is not safe for concurrent use.
func (a Visitor) Finds() func(*directory.Principal) bool { return a.visit().sees }
